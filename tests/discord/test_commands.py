"""Commands: what a person types into options arrives as what it is, and is answered in time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.typing import EventDict

from bot.core.commands import DIGEST_SUBCOMMANDS, Follow, Unfollow, parse_command
from bot.core.errors import QueryError
from bot.core.ports import Clock, Stores
from bot.core.query import AuthorTerm, DateTerm, IdTerm, PartialDate, Query, RelativeDay, Sort, TagTerm, TextTerm
from bot.core.query_syntax import parse
from bot.discord.client import PaperboyClient
from bot.discord.commands import register
from bot.discord.query_options import QueryOptions, query_of, tags_in
from bot.discord.sync import payloads
from bot.settings import DiscordSettings
from storage.opening import Storage
from tests.discord.commanding import StandingClock, Stuck, words
from tests.discord.conftest import Served, parts_for, serving
from tests.platforms.discord import Acme, DiscordServer
from tests.platforms.discord.refusals import NotPossible

DAY = PartialDate(2024, 6, 21)
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


@pytest.fixture
def clock() -> Clock:
    return StandingClock()


# --- options as a query -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "query"),
    [
        (QueryOptions(tag="rlaif"), Query((TagTerm(("rlaif",)),))),
        (QueryOptions(tag="#rlaif, weak to strong"), Query((TagTerm(("rlaif", "weak to strong")),))),
        (QueryOptions(tag="rlaif · 12 entries, x"), Query((TagTerm(("rlaif", "x")),))),
        (QueryOptions(tag="rlaif · 항목 1,204개"), Query((TagTerm(("rlaif",)),))),
        (QueryOptions(tag='say "x"'), Query((TagTerm(('say "x"',)),))),
        (QueryOptions(date="2024-06-21"), Query((DateTerm(DAY, DAY),))),
        (QueryOptions(date="2024-06-21 · 3 entries"), Query((DateTerm(DAY, DAY),))),
        (QueryOptions(date="2024년 6월 21일"), Query((DateTerm(DAY, DAY),))),
        (QueryOptions(date="2024-06-21.."), Query((DateTerm(DAY, None),))),
        (QueryOptions(date="2024 .. 2024-06-21"), Query((DateTerm(PartialDate(2024), DAY),))),
        (QueryOptions(date="어제"), Query((DateTerm(RelativeDay.YESTERDAY, RelativeDay.YESTERDAY),))),
        (QueryOptions(tag="#"), Query((TagTerm(("#",)),))),
        (QueryOptions(tag="c#"), Query((TagTerm(("c#",)),))),
        (QueryOptions(author='tag:x "Q"  Kim'), Query((AuthorTerm('tag:x "Q" Kim'),))),
        (QueryOptions(text="weak -strong"), Query((TextTerm("weak"), TextTerm("strong", negated=True)))),
        (QueryOptions(text='"weak to strong"'), Query((TextTerm("weak to strong", phrase=True),))),
        (QueryOptions(text="2406.14548"), Query((IdTerm("2406.14548"),))),
        (QueryOptions(text="help"), Query((TextTerm("help"),))),
        (
            QueryOptions(text='is:saved "open'),
            Query((TextTerm("is:saved", phrase=True), TextTerm("open", phrase=True))),
        ),
        (QueryOptions(query="rlaif sort:old"), Query((TextTerm("rlaif"),), Sort.OLD)),
        (QueryOptions(query="rlaif sort:old", sort="new"), Query((TextTerm("rlaif"),), Sort.NEW)),
        (
            QueryOptions(query="#a", date="2024-06-21", text="~ 2025"),
            Query((TagTerm(("a",)), DateTerm(DAY, DAY), TextTerm("2025"))),
        ),
        (QueryOptions(), Query()),
    ],
)
def test_options_become_the_query_that_is_meant(options: QueryOptions, query: Query) -> None:
    assert parse(query_of(options)) == query


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (QueryOptions(date="soon"), "soon"),
        (QueryOptions(date='2024 tag:x "'), "2024 tag:x"),
        (QueryOptions(author="—"), "—"),
        (QueryOptions(text="—"), "—"),
        (QueryOptions(query='tag:"open', tag="x y"), '"open'),
    ],
)
def test_what_no_option_takes_is_said_not_passed_over(options: QueryOptions, words: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(query_of(options))
    assert words in str(refused.value)


_TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=40) | st.lists(
    st.sampled_from(
        ['"', "“", "\\", "-", "#", ",", "tag:", "date:2024", "..", "2025", "~", "sort:new", "is:saved", "ab"]
    ),
    max_size=8,
).map("".join)


@given(_TEXTS, _TEXTS, _TEXTS, st.sampled_from(["", *Sort]))
@example("rlaif", '"', "\\", "")
def test_each_option_stays_what_it_is_beside_any_other(tag: str, author: str, query: str, sort: str) -> None:
    """No text of one option changes what another means."""
    options = QueryOptions(tag=tag, author=author, query=query, sort=sort, date="2024-06-21", text="weak")
    try:
        read = parse(query_of(options))
    except QueryError:
        alone = (QueryOptions(tag=tag), QueryOptions(author=author), QueryOptions(query=query))
        assert any(_read(query_of(one)) is None for one in alone)
        return
    assert DateTerm(DAY, DAY) in read.terms
    assert TextTerm("weak") in read.terms
    if names := tags_in(tag):
        assert TagTerm(names) in read.terms
    if author.strip():
        assert any(isinstance(term, AuthorTerm) and _folded(term.name) == _folded(author) for term in read.terms)
    if sort:
        assert read.sort == sort
    assert len(read.terms) == 2 + bool(tag.strip()) + bool(author.strip()) + len((_read(query) or Query()).terms)


def _read(text: str) -> Query | None:
    try:
        return parse(text)
    except QueryError:
        return None


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@given(st.text(max_size=60))
def test_any_text_in_any_option_is_a_query_or_is_said_to_be_none(text: str) -> None:
    for name in ("tag", "date", "author", "text", "sort", "query"):
        try:
            parse(query_of(replace(QueryOptions(), **{name: text})))
        except QueryError:
            continue


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_what_follows_a_command_arrives_as_it_is(text: str) -> None:
    assert parse_command(f"/paper follow {text}") == Follow(text)
    assert parse_command(f"/paper unfollow {text}") == Unfollow(text)


# --- what is registered -----------------------------------------------------------------------------------------------


def _all(commands: list[dict[str, object]]) -> Iterator[dict[str, Any]]:
    for one in commands:
        yield one
        yield from _all(one.get("options") or [])  # type: ignore[arg-type]


async def test_names_and_descriptions_are_what_discord_takes_in_both_languages() -> None:
    registered = await payloads(tree())
    assert {one["name"] for one in registered if one["type"] == 1} == {
        *("paper", "paper-help", "paper-follow", "paper-following", "paper-unfollow", "paper-forget-me", "digest"),
        *("paper-add", "paper-edit", "paper-remove", "paper-undo"),
    }
    for one in _all([one for one in registered if one["type"] == 1]):
        korean = one["name_localizations"]["ko"]
        for name in (one["name"], korean):
            assert re.fullmatch(r"[-\w]{1,32}", name), name
            assert name == name.lower()
        assert re.search("[가-힣]", korean), korean
        assert 1 <= len(one["description"]) <= 100
        assert 1 <= len(one["description_localizations"]["ko"]) <= 100
        assert len({each["name"] for each in one.get("options", [])}) == len(one.get("options", []))
        local = [each["name_localizations"]["ko"] for each in one.get("options", [])]
        assert len(set(local)) == len(local)


async def test_everybody_asks_anywhere_and_only_servers_have_digests() -> None:
    registered = {one["name"]: one for one in await payloads(tree())}
    for name in ("paper", "paper-help"):
        assert registered[name]["contexts"] == [0, 1, 2]
        assert registered[name]["integration_types"] == [0, 1]
    assert registered["paper-forget-me"]["integration_types"] == [0, 1]
    for name in ("paper-follow", "paper-following", "paper-unfollow"):
        assert registered[name]["contexts"] == [0, 1]
        assert registered[name]["integration_types"] == [0]
    for name in ("digest", "paper-add", "paper-edit", "paper-remove", "paper-undo"):
        assert registered[name]["contexts"] == [0]
        assert registered[name]["integration_types"] == [0]


async def test_every_subcommand_of_digest_is_there() -> None:
    (digest,) = [one for one in await payloads(tree()) if one["name"] == "digest"]
    assert {one["name"] for one in digest["options"]} == set(DIGEST_SUBCOMMANDS) - {"help"}


def tree() -> PaperboyClient:
    """A client with all commands, connected to nothing."""
    parts = parts_for(DiscordSettings(token="1.2.3"), cast(Stores, Stuck()))
    register(parts.client, parts)
    return parts.client


# --- typed by somebody ------------------------------------------------------------------------------------------------


async def test_a_lookup_by_options_is_answered_in_private(served: Served) -> None:
    await served.add("Weak to Strong", tags=("rlaif",), authors=("Jane Kim",))
    await served.add("Something Else", tags=("vision",), authors=("Jane Kim",))
    asked = await served.guest.command(
        served.acme.papers, "paper", tag="rlaif", author='Kim "Jane', date="2024-06", text="strong", sort="old"
    )
    answer = words(await asked.shown())
    assert "Weak to Strong" in answer
    assert "Something Else" not in answer
    assert served.reader.sees(served.acme.papers) == []


async def test_what_discord_shows_first_is_that_it_is_being_looked_up_whatever_the_database_does(
    discord: DiscordServer, acme: Acme, storage: Storage
) -> None:
    async with serving(discord, acme, storage, stores=cast(Stores, Stuck())) as served:
        asked = await served.guest.command(served.acme.papers, "paper", tag="rlaif")
        assert asked.answered_after is not None
        assert asked.reply is not None
        assert asked.reply.is_loading


async def test_paper_alone_is_the_latest_digest(served: Served) -> None:
    await served.add("Weak to Strong")
    asked = await served.guest.command(served.acme.papers, "paper")
    assert "Weak to Strong" in words(await asked.shown())


async def test_commands_may_be_typed_in_korean(served: Served) -> None:
    await served.add("Weak to Strong")
    asked = await served.reader.command(served.acme.papers, "다이제스트 보기", date="2024-06-21")
    assert "Weak to Strong" in words(await asked.shown())


async def test_a_date_that_is_none_is_said(served: Served) -> None:
    asked = await served.guest.command(served.acme.papers, "digest show", date="soon")
    assert "`soon` is not a date" in words(await asked.shown()).replace("\\", "")


async def test_somebody_who_has_installed_paperboy_asks_in_direct_messages(served: Served) -> None:
    await served.add("Weak to Strong")
    served.server.state.application.user_installs.add(served.acme.guest.id)
    direct = served.guest.direct()
    asked = await served.guest.command(direct, "paper", text="strong")
    assert "Weak to Strong" in words(await asked.shown())
    with pytest.raises(NotPossible):
        await served.guest.command(direct, "digest show")


async def test_only_maintainers_remove_whatever_the_client_offers(served: Served) -> None:
    (entry,) = await served.add("Weak to Strong")
    asked = await served.guest.command(served.acme.papers, "paper-remove", entry=entry.id)
    assert "Only maintainers" in words(await asked.shown())


async def test_a_form_opens_as_the_first_that_discord_hears(served: Served) -> None:
    asked = await served.maintainer.command(served.acme.papers, "paper-add")
    assert asked.modal is not None
    assert served.maintainer.private == []


async def test_a_command_of_another_version_is_answered_with_what_to_do(served: Served) -> None:
    (paper,) = [one for one in served.server.state.application.commands if one["name"] == "paper"]
    served.server.state.application.commands.append({**paper, "name": "paper-old"})
    asked = await served.guest.command(served.acme.papers, "paper-old", tag="x")
    assert "type it again" in words(await asked.shown())


async def test_discord_hears_of_a_command_that_failed_before_the_log_does(served: Served) -> None:
    """To write an error down with where it came from may take seconds."""
    (paper,) = [one for one in served.server.state.application.commands if one["name"] == "paper"]
    served.server.state.application.commands.append({**paper, "name": "paper-old"})
    answered: list[bool] = []

    def look(_logger: Any, _method: str, line: EventDict) -> EventDict:
        if line["event"] == "discord.command_failed":
            answered.append(bool(served.server.calls("POST", CALLBACK)))
        raise structlog.DropEvent

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[look])
    try:
        await (await served.guest.command(served.acme.papers, "paper-old", tag="x")).shown()
        await served.server.until(lambda: answered)
    finally:
        structlog.configure(processors=before)
    assert answered == [True]
