"""Who is asking on Slack: language, time zone and what they may do, from Slack's own records."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from bot.core.errors import StorageError
from bot.core.people import Caller, Language, Person, Staff
from bot.core.ports import Clock
from bot.slack.errors import SlackError, SlackRefused
from bot.slack.workspaces import Workspaces, is_revoked

PLATFORM: Final = "slack"
_KEPT_SECONDS: Final = 300.0
"""How long what Slack said about a person or a group is believed, also that it knows none or may not tell."""
_MOST_KEPT: Final = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says about a person. `is_bot` also for apps and workflows; `manages`: an admin or owner.

    `name` is what others see; it is never kept beyond these minutes.
    """

    language: Language | None = None
    zone: str | None = None
    is_bot: bool = False
    manages: bool = False
    name: str = ""


class People:
    """Looks people up, and remembers them for a few minutes."""

    def __init__(self, workspaces: Workspaces, staff: Staff, clock: Clock, *, language: Language, zone: str) -> None:
        self._workspaces = workspaces
        self._staff = staff
        self._clock = clock
        self._language = language
        self._zone = zone
        self._profiles: OrderedDict[tuple[str, str], tuple[float, Profile]] = OrderedDict()
        self._members: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}

    async def caller(self, team_id: str, user_id: str) -> Caller:
        """A person at this moment. What Slack does not tell falls back to the settings, and to the fewest rights."""
        profile = await self.profile(team_id, user_id)
        person = Person(PLATFORM, team_id, user_id)
        groups = await self._groups_of(team_id, user_id)
        return Caller(
            person=person,
            roles=self._staff.roles(person, groups=groups, manages=profile.manages),
            language=profile.language or self._language,
            today=self._clock.now().astimezone(_zone(profile.zone, self._zone)).date(),
            community_day=self._clock.now().astimezone(ZoneInfo(self._zone)).date(),
        )

    async def is_bot(self, team_id: str, user_id: str) -> bool:
        """Whether reactions and replies of this account do not count.

        Raises:
            SlackBusy, SlackUnreachable: that cannot be told now.
            StorageError: the workspace's token could not be read.
        """
        if user_id == "USLACKBOT":
            return True
        try:
            return (await self._ask(team_id, user_id)).is_bot
        except SlackRefused:  # the token itself is refused: nobody can be looked up
            return False

    async def profile(self, team_id: str, user_id: str) -> Profile:
        """What Slack says about a person; an empty profile when it says nothing now."""
        try:
            return await self._ask(team_id, user_id)
        except (SlackError, StorageError) as error:
            log.warning("slack.person_unknown", team=team_id, user=user_id, reason=str(error))
            return Profile()

    async def _ask(self, team_id: str, user_id: str) -> Profile:
        key = (team_id, user_id)
        known = self._profiles.get(key)
        if known and time.monotonic() - known[0] < _KEPT_SECONDS:
            self._profiles.move_to_end(key)
            return known[1]
        client = await self._workspaces.client(team_id)
        try:
            answer = await client.call("users.info", user=user_id, include_locale=True)
        except SlackRefused as error:
            if is_revoked(error):
                raise
            log.warning("slack.person_unknown", team=team_id, user=user_id, reason=str(error))
            answer = {}
        profile = _read(answer.get("user") or {})
        self._profiles[key] = (time.monotonic(), profile)
        while len(self._profiles) > _MOST_KEPT:
            self._profiles.popitem(last=False)
        return profile

    async def _groups_of(self, team_id: str, user_id: str) -> list[str]:
        """Those of the user groups named in the settings that the person belongs to."""
        return [group for group in self._named_groups(team_id) if user_id in await self._members_of(team_id, group)]

    def _named_groups(self, team_id: str) -> list[str]:
        """Ids of user groups begin with S; those of other workspaces are none of this one's business."""
        named = self._staff.maintainers | self._staff.operators
        split = [name.rpartition("/") for name in named]
        return [group for team, _, group in split if group.startswith("S") and team in ("", team_id)]

    async def _members_of(self, team_id: str, group: str) -> frozenset[str]:
        known = self._members.get((team_id, group))
        if known and time.monotonic() - known[0] < _KEPT_SECONDS:
            return known[1]
        try:
            client = await self._workspaces.client(team_id)
            answer = await client.call("usergroups.users.list", usergroup=group, team_id=team_id)
        except (SlackError, StorageError) as error:
            log.warning("slack.group_unknown", team=team_id, group=group, reason=str(error))
            if not isinstance(error, SlackRefused) or is_revoked(error):
                return frozenset()
            answer = {}
        members = frozenset(map(str, answer.get("users") or ()))
        self._members[team_id, group] = (time.monotonic(), members)
        return members


def _read(user: dict[str, Any]) -> Profile:
    return Profile(
        language=_language(str(user.get("locale") or "")),
        zone=user.get("tz") or None,
        is_bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
        name=_name(user),
        manages=any(user.get(flag) for flag in ("is_admin", "is_owner", "is_primary_owner")),
    )


def _name(user: dict[str, Any]) -> str:
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((str(name) for name in names if name), "")


def _language(locale: str) -> Language | None:
    """The language of a locale such as `ko-KR`; None for one that Paperboy does not speak."""
    code = locale.replace("_", "-").split("-")[0].lower()
    return Language(code) if code in list(Language) else None


def _zone(name: str | None, otherwise: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or otherwise)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)
