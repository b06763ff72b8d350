"""What stands below posts now: their reactions and replies, read with as few calls as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.core.digests import Post
from bot.core.engagement import Seen, SeenReaction, SeenReply
from bot.core.people import Person
from bot.core.subscriptions import Channel
from bot.slack.asking import Api
from bot.slack.errors import GONE, SlackRefused
from bot.slack.people import PLATFORM, People
from bot.slack.reading import Reaction, Told, channel_page, reactions_of, thread_messages
from bot.slack.workspaces import Identity

_SAID: Final = frozenset({"", "thread_broadcast", "file_share", "me_message"})
"""Subtypes of messages that people write."""


async def seen_below(api: Api, people: People, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
    """By post id, what is below the posts that are there.

    Raises:
        SlackRefused, SlackBusy, SlackUnreachable, StorageError
    """
    look = _Look(api, await api.identity(), people, channel)
    sent = {post.message_id: post for post in posts if post.message_id}
    inside = {ts: post.thread_id for ts, post in sent.items() if post.thread_id not in (None, ts)}
    await look.at_channel(sent.keys() - inside.keys())
    roots = {ts for ts, message in look.messages.items() if message.has_replies}
    for root in sorted(roots.union(filter(None, inside.values()))):
        await look.at_thread(root)
    there = {post.id: look.messages[ts] for ts, post in sent.items() if ts in look.messages}
    return {post_id: await look.below(message) for post_id, message in there.items() if not message.is_gone}


class _Look:
    """What is told of a channel, gathered call by call."""

    def __init__(self, api: Api, me: Identity, people: People, channel: Channel) -> None:
        self.messages: dict[str, Told] = {}
        self._replies: dict[str, list[Told]] = {}
        self._parts: defaultdict[str, list[Told]] = defaultdict(list)  # by key, what continues a post
        self._bots: dict[str, bool] = {"": True}
        self._api = api
        self._me = me
        self._people = people
        self._channel = channel

    async def at_channel(self, wanted: Collection[str]) -> None:
        """Find the messages with these ts in the channel itself, skipping what was said between them."""
        left = sorted(wanted)
        while left:
            page, is_more = await channel_page(self._api, self._me, self._channel.id, oldest=left[0], latest=left[-1])
            self.messages |= {message.ts: message for message in page if message.ts in wanted}
            end = min((message.ts for message in page), default="")
            left = [ts for ts in left[:-1] if ts < end] if is_more else []

    async def at_thread(self, root: str) -> None:
        """Read a thread; nothing when it is gone."""
        try:
            thread = [m async for m in thread_messages(self._api, self._me, self._channel.id, root)]
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            self.messages.pop(root, None)
            return
        self.messages |= {message.ts: message for message in thread}
        self._replies[root] = [message for message in thread if message.ts != root]
        for message in thread:
            if message.label is not None and message.label.part:
                self._parts[message.label.key].append(message)

    async def below(self, post: Told) -> Seen:
        """The reactions to a post, also to what continues it, and what people replied to it."""
        parts = self._parts[post.label.key] if post.label else []
        reactions = dict.fromkeys([one for part in (post, *parts) for one in await self._reactions(part)])
        return Seen(tuple(reactions), tuple([one async for one in self._said(self._replies.get(post.ts, ()))]))

    async def _reactions(self, message: Told) -> list[SeenReaction]:
        reactions = message.reactions
        if any(reaction.count > len(reaction.users) for reaction in reactions):
            reactions = await self._all_reactions(message)
        return [
            SeenReaction(self._person(user), reaction.emoji)
            for reaction in reactions
            for user in reaction.users
            if not await self._is_bot(user)
        ]

    async def _all_reactions(self, message: Told) -> tuple[Reaction, ...]:
        """Messages come with some of those who reacted, where they are many."""
        try:
            answer = await self._api.call("reactions.get", channel=self._channel.id, timestamp=message.ts, full=True)
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            return ()
        return reactions_of(answer.get("message") or {})

    async def _said(self, replies: Iterable[Told]) -> AsyncIterator[SeenReply]:
        for reply in replies:
            if reply.subtype in _SAID and not (reply.ours or reply.bot_id or await self._is_bot(reply.user)):
                yield SeenReply(self._person(reply.user), reply.ts, datetime.fromtimestamp(float(reply.ts), UTC))

    async def _is_bot(self, user: str) -> bool:
        if user not in self._bots:
            self._bots[user] = user == self._me.bot_user_id or await self._people.is_bot(self._channel.workspace, user)
        return self._bots[user]

    def _person(self, user: str) -> Person:
        return Person(PLATFORM, self._channel.workspace, user)
