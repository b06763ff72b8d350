"""What a person follows comes to them alone, once, at the digest's time."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time

import pytest

from bot.core.errors import Conflict, InputError, NotFound, QueryError
from bot.core.people import Caller, Language, Person, Role
from bot.core.subscriptions import Channel
from bot.usecases.follow import MOST_FOLLOWED, Followed, follow, following, unfollow

from .conftest import HERE, READER, Desk

MINE = Channel("chat", "team", "direct-rex")
TODAY = date(2024, 6, 21)
NEXT_DAY = date(2024, 6, 22)


async def followed(desk: Desk, *queries: str, by: Caller = READER) -> Followed:
    result = Followed()
    for query in queries:
        result = await follow(desk.stores, desk.chat, by, query, zone="Asia/Seoul", at=desk.clock.now())
    return result


async def test_a_match_comes_as_one_message_with_the_digest(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif",))
    await desk.add("Other", tags=("vision",))
    await desk.subscribe()
    await followed(desk, "tag:rlaif", "author:three")
    assert desk.chat.shown(MINE) == [], "what has been delivered already is not sent again"
    await desk.add("One", NEXT_DAY, tags=("rlaif",))
    await desk.add("Two", NEXT_DAY, tags=("vision",))
    await desk.add("Three", NEXT_DAY, tags=("rlaif",))  # meets both
    desk.clock.moment = datetime(2024, 6, 21, 23, 59, tzinfo=UTC)
    await desk.round()
    assert desk.chat.shown(MINE) == []
    desk.clock.moment = datetime(2024, 6, 22, 0, 0, tzinfo=UTC)  # nine in Seoul, as the digest
    await desk.round()
    await desk.round()
    assert desk.chat.shown(MINE) == ["for tag:rlaif; author:three: One, Three", "  One", "  Three"]


async def test_a_day_without_a_match_says_nothing(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif",))
    await followed(desk, "tag:rlaif")
    await desk.add("Two", NEXT_DAY, tags=("vision",))
    desk.clock.pass_time(days=1)
    await desk.round()
    assert desk.chat.shown(MINE) == []


async def test_an_edit_reaches_direct_messages_too(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif",))
    await followed(desk, "tag:rlaif")
    one = await desk.add("One", NEXT_DAY, tags=("rlaif",))
    desk.clock.pass_time(days=1)
    await desk.round()
    await desk.change(one, title="Better")
    await desk.round()
    assert desk.chat.shown(MINE) == ["for tag:rlaif: Better", "  Better"]


async def test_the_time_is_that_of_the_workspaces_digest(desk: Desk) -> None:
    await desk.add("Old")
    await desk.subscribe()
    order = (await desk.stores.subscriptions.of_channel(HERE))[0]
    assert await followed(desk, "author:old") == Followed(("author:old",), order.at, order.zone)


async def test_without_a_digest_in_the_workspace_it_is_nine(desk: Desk) -> None:
    await desk.add("Old")
    result = await follow(desk.stores, desk.chat, READER, "author:old", zone="Europe/Berlin", at=desk.clock.now())
    assert result == Followed(("author:old",), time(9), "Europe/Berlin")


async def test_following_is_ones_own_business(desk: Desk) -> None:
    await desk.add("Old")
    await followed(desk, "author:old")
    assert await desk.stores.subscriptions.of_channel(MINE) == []
    other = Caller(Person("chat", "team", "ann"), frozenset({Role.READER}), Language.ENGLISH, TODAY)
    assert await following(desk.stores, other) == Followed()
    assert (await following(desk.stores, READER)).queries == ("author:old",)


async def test_unfollowing_by_query_or_number(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif", "llm"))
    await followed(desk, "#rlaif", "author:old", "#llm")
    removed, left = await unfollow(desk.stores, READER, "1")
    assert (removed, left.queries) == ("tag:rlaif", ("author:old", "tag:llm"))
    removed, left = await unfollow(desk.stores, READER, " AUTHOR:old ")
    assert (removed, left.queries) == ("author:old", ("tag:llm",))
    with pytest.raises(NotFound):
        await unfollow(desk.stores, READER, "2")
    with pytest.raises(NotFound):
        await unfollow(desk.stores, READER, "tag:")
    await unfollow(desk.stores, READER, "tag:llm")
    assert await following(desk.stores, READER) == Followed()
    with pytest.raises(NotFound):
        await unfollow(desk.stores, READER, "tag:llm")


async def test_what_cannot_be_followed(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif",))
    await followed(desk, "#rlaif")
    with pytest.raises(Conflict):
        await followed(desk, "tag:rlaif")
    for wrong in ("", "date:2024", "is:saved", "sort:new", "tag:rlfai", "tga:x"):
        with pytest.raises(QueryError):
            await followed(desk, wrong)
    await followed(desk, *(f"word{number}" for number in range(MOST_FOLLOWED - 1)))
    with pytest.raises(InputError):
        await followed(desk, "one more")


async def test_forgetting_ends_it(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif",))
    await followed(desk, "tag:rlaif", "author:old")
    await desk.add("One", NEXT_DAY, tags=("rlaif",))
    desk.clock.pass_time(days=1)
    await desk.round()
    assert await desk.stores.engagement.forget(READER.person) == 2
    assert await following(desk.stores, READER) == Followed()
    assert await desk.stores.ledger.recent_posts("chat", since=datetime(2024, 1, 1, tzinfo=UTC)) == []


async def test_following_several_things_at_once_loses_none(desk: Desk) -> None:
    await desk.add("Old", tags=("rlaif", "llm"))
    await asyncio.gather(*(followed(desk, query) for query in ("#rlaif", "#llm", "author:old")))
    assert set((await following(desk.stores, READER)).queries) == {"tag:rlaif", "tag:llm", "author:old"}
    await asyncio.gather(*(unfollow(desk.stores, READER, query) for query in ("#rlaif", "#llm")))
    assert (await following(desk.stores, READER)).queries == ("author:old",)
