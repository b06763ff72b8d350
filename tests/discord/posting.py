"""Entries that are posted into the loopback Discord, and what Paperboy has counted below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.digests import Post
from bot.core.entries import Entry
from bot.core.subscriptions import Layout
from bot.discord.labels import own_numbers
from tests.discord.conftest import Served
from tests.platforms.discord.world import Channel, Message

LONG = "\n\n".join(f"Paragraph {number}. " + "A word and another. " * 20 for number in range(45))
"""More than three messages hold."""


@dataclass
class Posted:
    """One entry, posted."""

    entry: Entry
    post: Post
    message: Message


async def posted(served: Served, layout: Layout = Layout.CARDS, title: str = "Attention", **more: Any) -> Posted:
    """Post an entry, with the head of its digest before it."""
    (entry,) = await served.add(title, **more)
    await served.subscribe(layout)
    post = next(one for one in await served.deliver() if one.entry_id == entry.id)
    return Posted(entry, post, served.message_of(post))


async def settled(served: Served) -> None:
    """Wait until Paperboy has heard of all that has happened, and has done what it leads to."""
    gateway, client = served.server.gateway, served.parts.client

    def has_heard() -> bool:  # of a session that nobody came back to, nothing is heard any more
        sessions = [one for one in gateway.sessions if one.connection is not None]
        ours = [one for one in sessions if one.shard[0] in client.shards]
        return bool(ours) and all(client.shards[one.shard[0]]._parent.ws.sequence == one.seq for one in ours)

    await served.server.until(has_heard)
    await served.parts.client.drain(10)
    await served.platform._lanes.drain(10)


async def counted(served: Served, entry: Entry) -> tuple[int, int]:
    """Reactions and replies of an entry, once all is told."""
    await settled(served)
    engagement = await served.engagement(entry)
    return engagement.reactions, engagement.replies


def continuations(served: Served, post: Message) -> Sequence[Message]:
    """What continues a post, in the thread that was started from it."""
    thread = thread_of(served, post)
    bot = served.server.state.application.bot
    return [
        one
        for one in thread.messages.values()
        if one.author is bot and one is not post and own_numbers({"components": one.components})
    ]


def thread_of(served: Served, post: Message) -> Channel:
    """The thread that was started from a post, or that it is in."""
    found = served.server.state.channel(post.id) or served.server.state.channel(post.channel_id)
    assert found is not None
    return found
