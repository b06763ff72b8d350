"""Carries posts into Discord's channels (what a post consists of there: see `bot.discord.posts`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from discord.http import Route

from bot.core.digests import Content, MessageRef, NoteContent, Post
from bot.core.engagement import Seen
from bot.core.errors import CourierError, DeliveryUncertain
from bot.core.messages import Message
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel, Layout
from bot.discord import entering
from bot.discord.api import Api, at_border
from bot.discord.components import DiscordMessage
from bot.discord.errors import UNKNOWN_CHANNEL, DiscordRefused, DiscordUnreachable, words_for
from bot.discord.forum import Forum
from bot.discord.parts import LAYOUTS
from bot.discord.people import PLATFORM
from bot.discord.places import Place, message_id_of, place_of
from bot.discord.posts import Posts
from bot.discord.reading import Kind, channel_at, kind_of, snowflake
from bot.discord.rendering import ForumPost, forum_post_of, messages_of
from bot.discord.seeing import seen_below

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far Discord's clock may be behind ours."""
_LINK: Final = re.compile(r"/channels/(?P<guild>[0-9]+)/(?P<place>[0-9]{15,20})/(?P<message>[0-9]{15,20})(?![0-9])")
"""The end of the address of a message."""
_GONE_FOR_GOOD: Final = frozenset({10003, 10004})


class DiscordCourier:
    """The `discord` platform's courier (see `bot.core.ports.Courier`).

    It needs REST only, and how fast it may post is known to the library, which keeps a bucket for each channel.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._kinds: dict[str, Kind] = {}

    @property
    def platform(self) -> str:
        """Always `discord`."""
        return PLATFORM

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        """Post it, and what continues it; where the post is, in the ledger's words.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy: nothing was posted.
            DeliveryUncertain: it may be there, or not all of it; `edit` completes it.
        """
        posts = await self._posts(channel)
        post = forum_post_of(content, language)
        first, *rest = post.messages
        if await self._kind(channel) is Kind.FORUM and thread_id is None:
            place = await self._send_to_forum(channel, post, key)
        else:
            place = await self._send_message(channel, posts, first, key=key, thread_id=thread_id)
        try:
            with at_border(posting=True):
                await _continue(posts, place, rest, post.name)
        except CourierError as error:
            raise DeliveryUncertain(error.message) from error
        return message_id_of(channel.id, place)

    async def _send_to_forum(self, channel: Channel, post: ForumPost, key: str) -> Place:
        forum = Forum(self._api, channel)
        with at_border():
            tags = await forum.tags_for(post.tags)
        with at_border(posting=True):
            return await forum.add(post, tags, key)

    async def _send_message(
        self, channel: Channel, posts: Posts, message: DiscordMessage, *, key: str, thread_id: str | None
    ) -> Place:
        """Into the channel, or the thread of a digest, which is started with the first message that goes there."""
        head = place_of(MessageRef(channel, thread_id)) if thread_id else None
        where = posts.below(head) if head else int(channel.id)
        with at_border(posting=True):
            try:
                return await posts.add(where, message, key)
            except DiscordRefused as error:
                if error.code != UNKNOWN_CHANNEL or head is None or where != head.message_id:
                    raise
        with at_border():
            where = await posts.start_thread_of_head(head.message_id)
        with at_border(posting=True):
            return await posts.add(where, message, key)

    async def edit(self, ref: MessageRef, content: Content, *, language: Language) -> None:
        """Show this content instead, in as many messages as it needs; a post that is gone is left alone.

        Raises:
            ChannelUnavailable, PlatformBusy: it may show some of it; the same again completes it.
            ContentRefused: it shows what it showed, or some of this.
        """
        posts, place = await self._posts(ref.channel), place_of(ref)
        post = forum_post_of(content, language)
        with at_border(saying=True):
            standing = await posts.standing(place)
            if standing is None:
                return
            await posts.show(standing, post.messages, post.name)
            if place.channel_id == place.message_id:
                await Forum(self._api, ref.channel).rename(place, post)

    async def withdraw(self, ref: MessageRef) -> None:
        """Delete the post with what continues it, or where people have replied, leave a withdrawn mark.

        Raises:
            ChannelUnavailable, PlatformBusy: some of it may be there still; the same again completes it.
        """
        posts = await self._posts(ref.channel)
        with at_border():
            standing = await posts.standing(place_of(ref))
            if standing is not None:
                await posts.take_back(standing)

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        """Where the post with this key is, or None when it is certainly not there.

        Raises:
            ChannelUnavailable: the channel is gone, or Discord does not accept the token.
            PlatformBusy: it cannot be told now.
            DeliveryUncertain: it cannot be told as long as Paperboy may not read the channel, which is `lasting`.
        """
        with at_border():
            try:
                place = await self._find(channel, key, thread_id, since - _CLOCKS_DIFFER)
            except DiscordRefused as error:
                if error.code in _GONE_FOR_GOOD or error.status == 401:
                    raise
                raise DeliveryUncertain(words_for(error), lasting=True) from error
        return message_id_of(channel.id, place) if place else None

    async def _find(self, channel: Channel, key: str, thread_id: str | None, since: datetime) -> Place | None:
        about = await channel_at(self._api, int(channel.id))
        if kind_of(about) is Kind.FORUM and thread_id is None:
            return await Forum(self._api, channel).find(key, since)
        posts = Posts(self._api, channel, kind_of(about))
        thread = posts.below(place_of(MessageRef(channel, thread_id))) if thread_id else None
        found = await posts.find(key, thread=thread, after=snowflake(since))
        if found is None and not await entering.may_read(self._api, about):
            raise DiscordRefused(403, 50013)
        return found

    def message_at(self, channel: Channel, link: str) -> str | None:
        """Where a link to a message of this channel, or of a thread, leads, in the ledger's words.

        Which channel a thread belongs to is not in its links.
        """
        found = _LINK.search(link)
        if found is None or found["guild"] != channel.workspace:
            return None
        return message_id_of(channel.id, Place(int(found["place"]), int(found["message"])))

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        """By post id the reactions and replies of people now; a post that is gone is left out.

        Raises:
            ChannelUnavailable, PlatformBusy
        """
        if not posts:
            return {}
        kind = await self._kind(channel)
        with at_border():
            return await seen_below(self._api, channel, kind, posts)

    async def enter(self, channel: Channel) -> None:
        """Make sure that posts can go into a channel; on Discord nobody has to join one.

        Raises:
            ChannelUnavailable: it is gone, or Paperboy lacks permissions, which are named.
            PlatformBusy
        """
        with at_border():
            await entering.require(self._api, await channel_at(self._api, int(channel.id)))

    async def layouts_in(self, channel: Channel) -> frozenset[Layout]:
        """How a digest can be laid out in a channel.

        Raises:
            ChannelUnavailable, PlatformBusy
        """
        is_forum = await self._kind(channel) is Kind.FORUM
        return frozenset({Layout.FORUM}) if is_forum else LAYOUTS - {Layout.FORUM}

    async def direct_channel(self, person: Person) -> Channel:
        """The person's direct messages with Paperboy.

        Raises:
            ChannelUnavailable, PlatformBusy
        """
        with at_border():
            route = Route("POST", "/users/@me/channels")  # the library's own function sends the id as a number
            wanted = {"recipient_id": person.user_id}
            opened: Any = await self._api.call(lambda http: http.request(route, json=wanted))
            if not opened.get("id"):
                raise DiscordUnreachable("an answer without a channel")
            channel = Channel(PLATFORM, person.workspace, str(opened["id"]))
        self._kinds[channel.id] = Kind.DIRECT
        return channel

    async def tell(self, person: Person, message: Message, *, language: Language) -> None:
        """A sentence in the person's direct messages with Paperboy.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy, DeliveryUncertain
        """
        channel = await self.direct_channel(person)
        posts = await self._posts(channel)
        with at_border(posting=True):
            for part in messages_of(NoteContent(message), language):
                await posts.add(int(channel.id), part)

    async def _posts(self, channel: Channel) -> Posts:
        return Posts(self._api, channel, await self._kind(channel))

    async def _kind(self, channel: Channel) -> Kind:
        """What a channel is; asked once, because a channel does not become one of another kind."""
        if channel.id not in self._kinds:
            with at_border():
                self._kinds[channel.id] = kind_of(await channel_at(self._api, int(channel.id)))
        return self._kinds[channel.id]


async def _continue(posts: Posts, place: Place, rest: Sequence[DiscordMessage], name: str) -> None:
    """What continues a new post, where that is or in a thread of its own."""
    if not rest:
        return
    home = posts.home_of_rest(place)
    if home is None:
        home = await posts.start_thread(place.message_id, name)
    for part, message in enumerate(rest, 1):
        await posts.continue_post(home, place.message_id, message, part)
