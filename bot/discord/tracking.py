"""What readers do below Paperboy's posts, as Discord tells of it: reactions, threads, deletions.

Only raw events are used, because they come for messages of any age. Bots do not count, and nor do Paperboy's own
messages. A long post goes on in its thread: a reaction to such a part counts for the post.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar

import discord
import structlog
from discord.utils import snowflake_time

from bot.core.digests import MessageRef, Post
from bot.core.people import Person
from bot.core.subscriptions import Channel
from bot.discord.client import PaperboyClient
from bot.discord.errors import GONE, UNKNOWN_CHANNEL, DiscordError, DiscordRefused
from bot.discord.labels import ids, own_numbers, part_key
from bot.discord.parts import DiscordParts
from bot.discord.people import PLATFORM
from bot.discord.places import Place, message_id_of, place_of
from bot.discord.reading import channel_at, message_at, reacts
from bot.usecases import track
from bot.usecases.lanes import Lanes

_MOST_KEPT: Final = 5_000
_MOST_PARTS: Final = 40
_UNKNOWN: Final = GONE | {UNKNOWN_CHANNEL}
_WRITTEN: Final = frozenset({discord.MessageType.default, discord.MessageType.reply})
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds to wait for the ledger to hear of a post that is there already."""
_FRESH: Final = 60.0
"""Seconds after which a message of ours is a post, or is none."""

Value = TypeVar("Value")

log = structlog.get_logger(__name__)


def register(client: PaperboyClient, parts: DiscordParts, lanes: Lanes, missed: Callable[[], None]) -> None:
    """Listen to reactions, threads and deletions; `missed` is told of what only reading again can put right."""
    tracking = _Tracking(client, parts, lanes, missed)
    client.on("raw_reaction_add", tracking.reaction_added)
    client.on("raw_reaction_remove", tracking.reaction_removed)
    client.on("raw_reaction_clear", tracking.reactions_cleared)
    client.on("raw_reaction_clear_emoji", tracking.reactions_cleared)
    client.on("message", tracking.written)
    client.on("raw_message_delete", tracking.deleted)
    client.on("raw_bulk_message_delete", tracking.deleted_many)
    client.on("raw_thread_delete", tracking.thread_deleted)


Reaction = discord.RawReactionActionEvent
Cleared = discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent


class _Tracking:
    """Each event goes into the lane of the channel or thread it happened in."""

    def __init__(self, client: PaperboyClient, parts: DiscordParts, lanes: Lanes, missed: Callable[[], None]) -> None:
        self._client = client
        self._parts = parts
        self._stores = parts.desk.stores
        self._lanes = lanes
        self._missed = missed
        self._parents: OrderedDict[int, int] = OrderedDict()  # of threads that the gateway has not told of
        self._no_posts: OrderedDict[int, None] = OrderedDict()
        self._own_id = 0

    def _put(self, channel_id: int, kind: str, work: Callable[[], Awaitable[None]]) -> None:
        gaps = self._client.gaps

        async def done() -> None:
            try:
                await work()
            except DiscordError as error:
                if isinstance(error, DiscordRefused) and error.code in _UNKNOWN:
                    log.debug("discord.event_of_what_is_gone", kind=kind, channel=channel_id)
                    return
                log.warning("discord.event_not_understood", kind=kind, channel=channel_id, reason=str(error))
                self._missed()
            if self._client.gaps != gaps:  # what happened next may be lost, and read again already
                self._missed()

        self._lanes.put(channel_id, kind, done, at=self._parts.desk.clock.now().timestamp())

    # --- reactions --------------------------------------------------------------------------------------------------

    async def reaction_added(self, event: Reaction) -> None:
        """Somebody reacted to a message."""
        is_bot = event.member is not None and event.member.bot
        if event.guild_id is not None and not is_bot and event.user_id != self._me:
            self._put(event.channel_id, "reaction_add", lambda: self._reacted(event))

    async def _reacted(self, event: Reaction) -> None:
        post = await self._post_reacted_to(event, is_ours=event.message_author_id in (None, self._me))
        if post is not None:
            now = self._parts.desk.clock.now()
            await self._stores.engagement.react(post.id, _person(event), _emoji(event.emoji), at=now)

    async def reaction_removed(self, event: Reaction) -> None:
        """Somebody took a reaction back, or somebody else did it for them."""
        if event.guild_id is not None:
            self._put(event.channel_id, "reaction_remove", lambda: self._unreacted(event))

    async def _unreacted(self, event: Reaction) -> None:
        post = await self._post_reacted_to(event, is_ours=None)
        if post is not None and not await self._reacts_otherwise(event):
            await self._stores.engagement.unreact(post.id, _person(event), _emoji(event.emoji))

    async def _reacts_otherwise(self, event: Reaction) -> bool:
        """Whether the person still reacts with the emoji: normally where a burst ended, or the other way round."""
        where, message, emoji = event.channel_id, event.message_id, _emoji(event.emoji)
        return await reacts(self._parts.api, where, message, emoji, event.user_id, burst=not event.burst)

    async def reactions_cleared(self, event: Cleared) -> None:
        """Somebody took all reactions away from a message, or all of one emoji."""
        if event.guild_id is not None:
            self._put(event.channel_id, "reaction_clear", lambda: self._look_again(event))

    async def _look_again(self, event: Cleared) -> None:
        post = await self._post_reacted_to(event, is_ours=None)
        if post is not None:
            await track.look_again(self._stores, self._parts.courier, self._parts.desk.clock, post)

    async def _post_reacted_to(self, event: Reaction | Cleared, *, is_ours: bool | None) -> Post | None:
        """The post that gathers a reaction; `is_ours` says whether Paperboy may have written the message just now."""
        if is_ours is False or event.message_id in self._no_posts:
            return None
        guild = event.guild_id or 0
        post = await self._post_at(guild, event.channel_id, event.message_id)
        if post is None:
            post = await self._post_of_part(guild, event.channel_id, event.message_id)
        if post is None and is_ours:
            post = await self._post_to_be(event)
        return post

    async def _post_to_be(self, event: Reaction | Cleared) -> Post | None:
        """The post that a message of ours is which the ledger does not know: Discord's answer to us is late, or lost.

        A message without a label is no post, and never will be one.
        """
        message = await message_at(self._parts.api, event.channel_id, event.message_id)
        if message is None or own_numbers(message) is None:
            _remember(self._no_posts, event.message_id, None)
            return None
        post = await self._post_soon(event.guild_id or 0, event.channel_id, event.message_id)
        if post is None:
            self._missed()
        return post

    async def _post_soon(self, guild: int, channel_id: int, message_id: int) -> Post | None:
        """A post that is so new that people are quicker than Discord's answer to us."""
        made = snowflake_time(message_id)
        if (self._parts.desk.clock.now() - made).total_seconds() > _FRESH:
            return None
        for pause in _PAUSES:
            await asyncio.sleep(pause)
            if (post := await self._post_at(guild, channel_id, message_id)) is not None:
                return post
        return None

    async def _post_of_part(self, guild: int, channel_id: int, message_id: int) -> Post | None:
        """The post that a message continues, which stands in a thread."""
        parent = await self._parent_of(guild, channel_id)
        root = await self._root_of(guild, parent, channel_id) if parent is not None else None
        if root is None:
            return None
        message = await message_at(self._parts.api, channel_id, message_id)
        label = own_numbers(message) if message is not None else None
        if label is None:
            return None
        below = await self._stores.ledger.posts([root.delivery_id])
        return next((post for post in (root, *below) if label in _labels(post)), None)

    # --- messages ---------------------------------------------------------------------------------------------------

    async def written(self, message: discord.Message) -> None:
        """Somebody wrote a message; what it says is not told, and not needed."""
        is_person = not (message.author.bot or message.author.system or message.webhook_id)
        if message.guild is None or not is_person or message.type not in _WRITTEN:
            return
        if self._is_channel(message.guild.id, message.channel.id):
            return
        guild, author = message.guild.id, message.author.id
        at, thread = message.created_at, message.channel.id
        person = Person(PLATFORM, str(guild), str(author))

        async def replied() -> None:
            root = await self._root(guild, thread)
            if root is not None and message.id != thread:
                await self._stores.engagement.reply(root.id, person, str(message.id), at=at)

        self._put(thread, "message", replied)

    async def deleted(self, event: discord.RawMessageDeleteEvent) -> None:
        """Somebody deleted a message."""
        self._unwritten(event.guild_id, event.channel_id, [event.message_id])

    async def deleted_many(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator deleted several messages."""
        self._unwritten(event.guild_id, event.channel_id, event.message_ids)

    def _unwritten(self, guild_id: int | None, channel_id: int, message_ids: Collection[int]) -> None:
        if guild_id is None:
            return

        async def unreplied() -> None:
            if not self._is_channel(guild_id, channel_id):
                root = await self._root(guild_id, channel_id)
                if root is not None:
                    for message_id in message_ids:
                        await self._stores.engagement.unreply(root.id, str(message_id))
            for message_id in message_ids:
                if await self._post_at(guild_id, channel_id, message_id) is not None:
                    # Paperboy itself withdraws posts; when somebody else did, the post is not sent once more.
                    log.info("discord.post_deleted", guild=guild_id, channel=channel_id)

        self._put(channel_id, "message_delete", unreplied)

    async def thread_deleted(self, event: discord.RawThreadDeleteEvent) -> None:
        """Somebody deleted a thread with everything in it."""

        async def look_again() -> None:
            root = await self._root_of(event.guild_id, event.parent_id, event.thread_id)
            if root is not None:
                await track.look_again(self._stores, self._parts.courier, self._parts.desk.clock, root)

        self._put(event.thread_id, "thread_delete", look_again)

    # --- where things are -------------------------------------------------------------------------------------------

    @property
    def _me(self) -> int:
        """Paperboy's own user id, also while the client begins anew and knows nothing."""
        self._own_id = self._client.user.id if self._client.user else self._own_id
        return self._own_id

    def _is_channel(self, guild_id: int, channel_id: int) -> bool:
        """Whether this is a channel rather than a thread: most of what happens does so in channels."""
        guild = self._client.get_guild(guild_id)
        return guild is not None and guild.get_channel(channel_id) is not None

    async def _parent_of(self, guild_id: int, channel_id: int) -> int | None:
        """The channel a thread is in; None for what is no thread. Discord is asked once where it has not told.

        Raises:
            DiscordRefused, DiscordBusy, DiscordUnreachable
        """
        if self._is_channel(guild_id, channel_id):
            return None
        guild = self._client.get_guild(guild_id)
        thread = guild.get_thread(channel_id) if guild else None
        if thread is not None:
            return thread.parent_id
        if channel_id not in self._parents:
            told = await channel_at(self._parts.api, channel_id)
            is_thread = "thread_metadata" in told
            _remember(self._parents, channel_id, int(told.get("parent_id") or 0) if is_thread else 0)
        return self._parents[channel_id] or None

    async def _root(self, guild_id: int, thread_id: int) -> Post | None:
        """The post whose thread this is."""
        parent = await self._parent_of(guild_id, thread_id)
        return await self._root_of(guild_id, parent, thread_id) if parent is not None else None

    async def _root_of(self, guild_id: int, parent_id: int, thread_id: int) -> Post | None:
        """The post of a channel that began this thread, or that is its first message in a forum."""
        for place in (Place(parent_id, thread_id), Place(thread_id, thread_id)):
            if (post := await self._post(guild_id, parent_id, place)) is not None:
                return post
        return None

    async def _post_at(self, guild_id: int, channel_id: int, message_id: int) -> Post | None:
        """The post that is this message."""
        parent = await self._parent_of(guild_id, channel_id)
        return await self._post(guild_id, parent or channel_id, Place(channel_id, message_id))

    async def _post(self, guild_id: int, channel_id: int, place: Place) -> Post | None:
        channel = Channel(PLATFORM, str(guild_id), str(channel_id))
        return await self._stores.ledger.post_of(MessageRef(channel, message_id_of(channel.id, place)))


def _remember(kept: OrderedDict[int, Value], key: int, value: Value) -> None:
    kept[key] = value
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)


def _labels(post: Post) -> set[tuple[int, int]]:
    """What the messages are numbered with that continue a post."""
    if post.message_id is None:
        return set()
    key = part_key(place_of(MessageRef(post.channel, post.message_id)).message_id)
    return {ids(key, part) for part in range(1, _MOST_PARTS)}


def _person(event: Reaction) -> Person:
    return Person(PLATFORM, str(event.guild_id), str(event.user_id))


def _emoji(emoji: discord.PartialEmoji) -> str:
    """How an emoji is recorded, as `bot.discord.reading.emoji_name` has it."""
    return f"{emoji.name or '_'}:{emoji.id}" if emoji.id else str(emoji.name)
