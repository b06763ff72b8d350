"""What posts say is what their entries are now, and an entry is read once for all channels that it goes into."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.core.digests import EntryContent, HeaderContent, Post, PostKind
from bot.core.entries import Action, Entry, Status
from bot.core.ports import Stores
from bot.core.subscriptions import Subscription
from bot.usecases.contents import Contents
from bot.usecases.subscribe import begin
from storage.opening import Storage

from .conftest import HERE, THERE, clock, paper, stores

__all__ = ["clock", "stores"]
AT = datetime(2024, 6, 21, 1, tzinfo=UTC)


class Counting:
    """An archive that counts which entries are read."""

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        self.read: list[str] = []

    async def get(self, entry_ids: Collection[str]) -> Mapping[str, Entry]:
        self.read += entry_ids
        found: Mapping[str, Entry] = await self._archive.get(entry_ids)
        return found


@pytest.fixture
async def posts(stores: Storage) -> dict[str, Post]:
    """The posts of two entries in two channels, by channel and place."""
    for title in ("One", "Two"):
        await stores.archive.add(paper(title), by=None, at=AT)
    found: dict[str, Post] = {}
    for name, channel in (("here", HERE), ("there", THERE)):
        order = await begin(stores, Subscription(channel=channel), at=AT)
        (delivery,) = await stores.ledger.deliveries(order.id, [AT.date()])
        found |= {f"{name} {place}": post for place, post in enumerate(await stores.ledger.posts([delivery.id]))}
    return found


@pytest.fixture
def archive(stores: Storage) -> Counting:
    return Counting(stores.archive)


@pytest.fixture
def contents(stores: Storage, archive: Counting) -> Contents:
    return Contents(cast("Stores", replace(stores, archive=cast("Any", archive))))


async def anew(stores: Storage, post: Post) -> Post:
    """The post as the ledger hands it out now."""
    return next(one for one in await stores.ledger.posts([post.delivery_id]) if one.id == post.id)


async def change(stores: Storage, post: Post, **fields: Any) -> None:
    assert post.entry_id is not None
    entry = (await stores.archive.get([post.entry_id]))[post.entry_id]
    await stores.archive.replace(replace(entry, **fields), action=Action.EDIT, by=None, at=AT)


async def test_an_entry_that_goes_into_many_channels_is_read_once(
    contents: Contents, archive: Counting, posts: dict[str, Post]
) -> None:
    said = [await contents.of(posts[name]) for name in ("here 1", "there 1", "here 1")]
    assert said[0] == said[1] == said[2]
    assert archive.read == [posts["here 1"].entry_id]
    head = await contents.of(posts["there 0"])
    assert head == (HeaderContent((AT.date(),), 2), 0)
    assert archive.read == [posts["here 1"].entry_id, posts["here 2"].entry_id]


async def test_an_entry_that_was_changed_is_read_again(
    stores: Storage, contents: Contents, archive: Counting, posts: dict[str, Post]
) -> None:
    await contents.of(posts["here 1"])
    await change(stores, posts["here 1"], title="One more")
    made = await contents.of(await anew(stores, posts["there 1"]))
    assert made is not None
    content, revision = made
    assert isinstance(content, EntryContent)
    assert (content.entry.title, revision) == ("One more", 2)
    assert len(archive.read) == 2


async def test_an_entry_that_was_removed_says_nothing_any_more(
    stores: Storage, contents: Contents, posts: dict[str, Post]
) -> None:
    await contents.of(posts["here 2"])
    await change(stores, posts["here 2"], status=Status.REMOVED)
    assert await contents.of(await anew(stores, posts["here 2"])) is None
    assert await contents.of(posts["here 0"]) == (HeaderContent((AT.date(),), 1), 0)


async def test_posts_say_whose_language_they_are_in_and_which_change_of_their_entry_is_the_newest(
    stores: Storage, posts: dict[str, Post]
) -> None:
    subscription = await stores.subscriptions.get(posts["here 0"].subscription_id)
    assert subscription is not None
    assert {post.language for post in posts.values()} == {subscription.language}
    assert [posts[f"here {place}"].entry_change for place in range(3)] == [None, 1, 2]
    assert posts["here 0"].kind is PostKind.HEADER
    await change(stores, posts["here 1"], title="One more")
    assert (await anew(stores, posts["here 1"])).entry_change == 3
