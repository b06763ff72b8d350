"""What stands below posts now: their reactions and replies, read with as few requests as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Final

from bot.core.digests import MessageRef, Post
from bot.core.engagement import Seen, SeenReaction, SeenReply
from bot.core.people import Person
from bot.core.subscriptions import Channel
from bot.discord.api import Api
from bot.discord.labels import Payload, ids, own_numbers, part_key
from bot.discord.people import PLATFORM
from bot.discord.places import Place, place_of
from bot.discord.reading import (
    Kind,
    emoji_name,
    id_of,
    is_from,
    is_said_by_person,
    made_at,
    messages_after,
    page_after,
    thread_after,
    users_who_reacted,
)

_MOST_PARTS: Final = 40
"""Messages that continue a post, of which reactions are counted."""


async def seen_below(api: Api, channel: Channel, kind: Kind, posts: Sequence[Post]) -> Mapping[int, Seen]:
    """By post id, what is below the posts that are there.

    Raises:
        DiscordRefused, DiscordBusy, DiscordUnreachable
    """
    places = {post.id: place_of(MessageRef(channel, post.message_id)) for post in posts if post.message_id}
    look = _Look(api, await api.log_in(), channel)
    inside: defaultdict[int, set[int]] = defaultdict(set)
    for place in places.values():
        inside[place.channel_id].add(place.message_id)
    own = inside.pop(int(channel.id), set())
    await (look.at_end_of_channel(own) if kind is Kind.DIRECT else look.at_channel(own))
    with_threads = {place.message_id for place, message in look.messages.items() if message.get("thread")}
    for thread in sorted(with_threads | inside.keys()):
        await look.at_thread(thread)
    there = {post_id: place for post_id, place in places.items() if place in look.messages}
    return {post_id: await look.below(place) for post_id, place in there.items()}


class _Look:
    """What is told of a channel, gathered request by request."""

    def __init__(self, api: Api, me: int, channel: Channel) -> None:
        self.messages: dict[Place, Payload] = {}
        self._threads: dict[int, list[Payload]] = {}
        self._parts: dict[tuple[int, int], tuple[int, Payload]] = {}  # by label, what continues posts, and where
        self._api = api
        self._me = me
        self._channel = channel

    async def at_channel(self, wanted: Collection[int]) -> None:
        """Find the messages with these ids in the channel itself, skipping what was said between them."""
        left = sorted(wanted)
        while left:
            page, is_more = await page_after(self._api, int(self._channel.id), left[0] - 1)
            self._gather(int(self._channel.id), page)
            end = id_of(page[-1]) if page else 0
            left = [one for one in left if one > end] if is_more else []

    async def at_end_of_channel(self, wanted: Collection[int]) -> None:
        """Read a channel from the first of these messages on: what continues them stands there too."""
        if wanted:
            first = min(wanted) - 1
            self._gather(
                int(self._channel.id), [one async for one in messages_after(self._api, int(self._channel.id), first)]
            )

    async def at_thread(self, thread_id: int) -> None:
        """Read a thread; nothing when it is gone."""
        thread = await thread_after(self._api, thread_id, 0)
        if thread is not None:
            self._threads[thread_id] = thread
            self._gather(thread_id, thread)

    def _gather(self, place: int, messages: Iterable[Payload]) -> None:
        for message in messages:
            self.messages[Place(place, id_of(message))] = message
            label = own_numbers(message) if is_from(message, self._me) else None
            if label is not None:
                self._parts[label] = (place, message)

    async def below(self, place: Place) -> Seen:
        """The reactions to a post, also to what continues it, and what people replied to it."""
        labels = [ids(part_key(place.message_id), part) for part in range(1, _MOST_PARTS)]
        whole = [(place.channel_id, self.messages[place])]
        whole += [self._parts[label] for label in labels if label in self._parts]
        reactions = [one for where, message in whole async for one in self._reactions(where, message)]
        replies = [one for one in self._threads.get(place.message_id, ()) if is_said_by_person(one)]
        return Seen(tuple(dict.fromkeys(reactions)), tuple(map(self._reply, replies)))

    async def _reactions(self, place: int, message: Payload) -> AsyncIterator[SeenReaction]:
        """A person who reacts with an emoji both normally and with a burst has reacted with it."""
        for reaction in message.get("reactions") or ():
            emoji = emoji_name(reaction["emoji"])
            counts = reaction.get("count_details") or {"normal": reaction.get("count", 1), "burst": 0}
            for burst, count in ((False, counts.get("normal")), (True, counts.get("burst"))):
                if not count:
                    continue
                async for user in users_who_reacted(self._api, place, id_of(message), emoji, burst=burst):
                    if not (user.get("bot") or user.get("system")):
                        yield SeenReaction(self._person(user), emoji)

    def _reply(self, message: Payload) -> SeenReply:
        return SeenReply(self._person(message["author"]), str(message["id"]), made_at(message))

    def _person(self, user: Payload) -> Person:
        return Person(PLATFORM, self._channel.workspace, str(user["id"]))
