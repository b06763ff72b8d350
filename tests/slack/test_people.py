"""Who is asking: what Slack says about people, and what that lets them do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from bot.core.people import Language, Person, Role, Staff
from bot.settings import SlackSettings
from bot.slack.people import People, Profile
from bot.slack.workspaces import Workspaces
from tests.platforms.slack import Acme, SlackServer, furnish, slack_server
from tests.slack.carrying import ToldClock

EVENING = datetime(2024, 6, 21, 20, 0, tzinfo=UTC)  # the next morning in Seoul, the afternoon in New York


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with slack_server() as server:
        yield server


@pytest.fixture
def acme(server: SlackServer) -> Acme:
    return furnish(server)


def _people(server: SlackServer, acme: Acme, *, language: Language = Language.ENGLISH, **staff: set[str]) -> People:
    clock = ToldClock(EVENING)
    workspaces = Workspaces(SlackSettings(bot_token=acme.token, api_url=server.api_url), clock)
    named = Staff(**{name: frozenset(ids) for name, ids in staff.items()})
    return People(workspaces, named, clock, language=language, zone="Asia/Seoul")


async def _roles(people: People, user: str, team: str = "T1") -> set[str]:
    caller = await people.caller(team, user)
    return {role.value for role in caller.roles} - {"reader"}


async def test_a_reader_has_their_own_language_and_day(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme)
    reader, guest = await people.caller("T1", "U2"), await people.caller("T1", "U3")
    assert reader.person == Person("slack", "T1", "U2")
    assert reader.roles == {Role.READER}
    assert (reader.language, reader.today) == (Language.KOREAN, date(2024, 6, 22))
    assert (guest.language, guest.today) == (Language.ENGLISH, date(2024, 6, 21))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("ko-KR", Language.KOREAN), ("ko_KR", Language.KOREAN), ("en-GB", Language.ENGLISH), ("fr-FR", Language.KOREAN)],
)
async def test_a_language_paperboy_does_not_speak_falls_back(
    server: SlackServer, acme: Acme, locale: str, expected: Language
) -> None:
    acme.reader.locale = locale
    people = _people(server, acme, language=Language.KOREAN)
    assert (await people.caller("T1", "U2")).language == expected


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd"])
async def test_a_zone_nobody_knows_falls_back(server: SlackServer, acme: Acme, zone: str) -> None:
    acme.reader.tz = zone
    assert (await _people(server, acme).caller("T1", "U2")).today == date(2024, 6, 22)


async def test_admins_and_owners_manage(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme)
    assert await _roles(people, "U1") == {"operator"}
    acme.guest.is_owner = True
    assert await _roles(people, "U3") == {"operator"}


async def test_named_people_hold_their_roles(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme, maintainers={"U2", "T2/U3"}, operators={"T1/U2"})
    assert await _roles(people, "U2") == {"maintainer", "operator"}
    assert await _roles(people, "U3") == set()


async def test_members_of_a_named_group_hold_its_role(server: SlackServer, acme: Acme) -> None:
    acme.workspace.add_group("S1", "editors", ["U2"])
    acme.workspace.add_group("S2", "hosts", ["U3"])
    people = _people(server, acme, maintainers={"S1", "T2/S2"}, operators={"T1/S2"})
    assert await _roles(people, "U2") == {"maintainer"}
    assert await _roles(people, "U3") == {"operator"}
    assert len(server.calls_of("usergroups.users.list")) == 2


async def test_what_slack_said_is_believed_for_a_while(server: SlackServer, acme: Acme) -> None:
    acme.workspace.add_group("S1", "editors", ["U2"])
    people = _people(server, acme, maintainers={"S1"})
    for _ in range(3):
        await people.caller("T1", "U2")
    assert len(server.calls_of("users.info")) == len(server.calls_of("usergroups.users.list")) == 1


async def test_where_slack_says_nothing_there_are_no_rights(server: SlackServer, acme: Acme) -> None:
    acme.workspace.add_group("S1", "editors", ["U1"])
    people = _people(server, acme, maintainers={"S1"})
    server.faults.error_before("users.info")
    server.faults.error_before("usergroups.users.list")
    assert await _roles(people, "U1") == set()
    assert await _roles(people, "U1") == {"maintainer", "operator"}  # asked anew: it was not kept


async def test_a_missing_scope_takes_a_groups_role_only(server: SlackServer, acme: Acme) -> None:
    acme.workspace.add_group("S1", "editors", ["U2"])
    server.tokens[acme.token].scopes.remove("usergroups:read")
    people = _people(server, acme, maintainers={"S1"}, operators={"U2"})
    assert await _roles(people, "U2") == {"operator"}


@pytest.mark.parametrize(("group", "scope"), [("S404", None), ("S1", "usergroups:read")])
async def test_what_slack_refuses_to_tell_is_not_asked_at_every_turn(
    server: SlackServer, acme: Acme, group: str, scope: str | None
) -> None:
    acme.workspace.add_group("S1", "editors", ["U2"])
    if scope:
        server.tokens[acme.token].scopes.remove(scope)
    people = _people(server, acme, maintainers={group})
    for _ in range(3):
        assert await _roles(people, "U404") == set()
        assert not await people.is_bot("T1", "U404")
    assert len(server.calls_of("users.info")) == len(server.calls_of("usergroups.users.list")) == 1


async def test_a_token_that_is_refused_says_nothing_about_people(server: SlackServer, acme: Acme) -> None:
    acme.workspace.add_group("S1", "editors", ["U1"])
    people = _people(server, acme, maintainers={"S1"})
    token = server.tokens[acme.token]
    token.state = "revoked"
    assert await _roles(people, "U1") == set()
    token.state = "good"
    assert await _roles(people, "U1") == {"maintainer", "operator"}


async def test_bots_are_known(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme)
    bots = ["U9", "USLACKBOT", acme.installation.bot_user]
    assert [await people.is_bot("T1", user) for user in [*bots, "U1", "U404"]] == [True, True, True, False, False]


async def test_somebody_unknown_is_a_reader(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme)
    assert await people.profile("T1", "U404") == Profile()
    caller = await people.caller("T1", "U404")
    assert caller.roles == {Role.READER}
    assert caller.language is Language.ENGLISH


async def test_people_of_two_workspaces_are_apart(server: SlackServer, acme: Acme) -> None:
    people = _people(server, acme, maintainers={"T1/U2"})
    assert await _roles(people, "U2") == {"maintainer"}
    assert await _roles(people, "U2", "T2") == set()
