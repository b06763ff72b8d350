"""What is offered while somebody types into an option: fitting, whole, in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import pytest

from bot.core.entries import Status
from bot.core.ports import Clock, Stores
from bot.core.subscriptions import Channel, Subscription
from bot.discord.people import PLATFORM
from storage.opening import Storage
from tests.discord.commanding import StandingClock, Stuck
from tests.discord.conftest import Served, serving
from tests.platforms.discord import Acme, DiscordServer

Choices = Sequence[dict[str, Any]]


@pytest.fixture
def clock() -> Clock:
    return StandingClock()


def values(found: Choices) -> list[Any]:
    return [one["value"] for one in found]


def names(found: Choices) -> list[str]:
    return [one["name"] for one in found]


async def offered(served: Served, option: str, typed: str = "", command: str = "paper", **others: Any) -> Choices:
    return await served.guest.autocomplete(served.acme.papers, command, option, typed, **others)


async def test_tags_come_with_their_counts_and_each_once(served: Served) -> None:
    await served.add("One", tags=("rlaif", "vision"))
    await served.add("Two", tags=("rlaif", "reward models"))
    assert names(await offered(served, "tag", "r")) == ["rlaif · 2 entries", "reward models · 1 entry"]
    assert values(await offered(served, "tag", "r")) == ["rlaif", "reward models"]
    more = await offered(served, "tag", "rlaif · 2 entries, re")
    assert names(more) == ["rlaif, reward models · 1 entry"]
    assert values(more) == ["rlaif, reward models"]
    assert "rlaif" not in values(await offered(served, "tag", "rlaif, rl"))
    korean = await served.reader.autocomplete(served.acme.papers, "paper", "tag", "rl")
    assert names(korean) == ["rlaif · 항목 2개"]


async def test_dates_are_those_that_have_digests(served: Served) -> None:
    await served.add("One")
    await served.add("Two", day=date(2024, 6, 3))
    await served.add("Tomorrow's", day=date(2024, 6, 22))
    found = await offered(served, "date", "2024-06", command="digest show")
    assert values(found) == ["2024-06-21", "2024-06-03"]
    assert names(found)[0] == "2024-06-21 · 1 entry"


async def test_authors_go_into_their_option_without_quotes(served: Served) -> None:
    await served.add("One", authors=('Ann "Bo" Lee', "Kim Young"))
    assert values(await offered(served, "author", "ki")) == ["Kim Young"]
    assert values(await offered(served, "author", "ann")) == ['Ann "Bo" Lee']


async def test_a_query_goes_on_where_it_is_typed(served: Served) -> None:
    """With the tags of what the rest of it finds."""
    await served.add("Weak to strong", tags=("reward models",))
    await served.add("Another", tags=("red teaming",))
    found = await offered(served, "query", "weak tag:re")
    assert values(found) == names(found) == ['weak tag:"reward models"']


async def test_entries_are_found_by_words_and_named_by_id(served: Served) -> None:
    (entry,) = await served.add("Weak to Strong " + "and longer " * 12)
    (found,) = await offered(served, "entry", "strong", command="paper-remove")
    assert found["value"] == entry.id
    assert len(found["name"]) == 100
    assert found["name"].endswith("…")
    why = await offered(served, "about", "strong", command="digest why")
    assert values(why) == [entry.id]


async def test_drafts_come_first_where_an_entry_is_edited_by_who_may(served: Served) -> None:
    served.acme.maintainer.locale = "en-US"
    (entry,) = await served.add("Weak to Strong")
    draft, _ = await served.add("Weak Drafts", "Another", day=None, status=Status.DRAFT)
    found = await served.maintainer.autocomplete(served.acme.papers, "paper-edit", "entry", "weak")
    assert values(found) == [draft.id, entry.id]
    assert names(found)[0] == "Weak Drafts · Draft"
    others = await served.reader.autocomplete(served.acme.papers, "paper-edit", "entry", "weak")
    assert values(others) == [entry.id]


async def test_subscriptions_are_offered_to_operators_by_number(served: Served) -> None:
    channel = Channel(PLATFORM, str(served.acme.guild.id), str(served.acme.papers.id))
    order = await served.storage.subscriptions.add(Subscription(channel=channel, query="tag:rlaif"))
    found = await served.owner.autocomplete(served.acme.papers, "digest pause", "number", "")
    assert values(found) == [order.id]
    assert names(found) == [f"{order.id} · tag:rlaif"]
    assert await offered(served, "number", command="digest pause") == []


async def test_what_somebody_follows_is_offered_a_long_query_by_its_number(served: Served) -> None:
    person = served.parts.people.person(served.acme.guild.id, served.acme.guest.id)
    long = "tag:rlaif " + " ".join(f"word{number}" for number in range(20))
    channel = Channel(PLATFORM, str(served.acme.guild.id), "77")
    await served.storage.subscriptions.add(
        Subscription(channel=channel, query=f"tag:vision\n{long}", personal=True, created_by=person)
    )
    found = await offered(served, "query", "", command="paper-unfollow")
    assert values(found) == ["tag:vision", "2"]
    assert all(len(one["name"]) <= 100 for one in found)


async def test_what_does_not_fit_is_left_out_not_cut(served: Served) -> None:
    await served.add("One", tags=("rlaif",))
    many = ", ".join(f"tag-number-{number}" for number in range(8))
    assert await offered(served, "tag", f"{many}, rl") == []


async def test_nothing_is_offered_when_the_database_takes_too_long(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage, stores=cast(Stores, Stuck())) as served:
        assert await offered(served, "tag", "rl") == []
