"""Which organisation (Enterprise Grid) a workspace belongs to: its requests say so, else the organisation's token."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from bot.core.ports import Clock
from bot.slack.calling import SlackClient
from bot.slack.errors import REVOKED, SlackError, SlackRefused

_PAGE: Final = 1000
_MOST_PAGES: Final = 20
_ASKED_AGAIN: Final = timedelta(minutes=5)
"""How long after an organisation was asked a workspace that it did not name is not asked about again."""

ClientOf = Callable[[str], Awaitable[SlackClient]]
"""The client of an organisation."""


class Organisations:
    """What is known of workspaces and their organisations; nothing of it outlives a restart, so it is asked again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, str] = {}
        self._named: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def note(self, team_id: str, enterprise_id: str) -> None:
        """A request from this workspace named its organisation."""
        self._said[team_id] = enterprise_id

    def known(self, team_id: str) -> str | None:
        """The organisation of a workspace, as far as that is known without asking."""
        if team_id in self._said:
            return self._said[team_id]
        return next((enterprise for enterprise, (_, teams) in self._named.items() if team_id in teams), None)

    def teams_of(self, enterprise_id: str) -> frozenset[str]:
        """The workspaces that are known to belong to an organisation."""
        named = self._named[enterprise_id][1] if enterprise_id in self._named else frozenset()
        said = {team for team, enterprise in self._said.items() if enterprise == enterprise_id}
        return frozenset(team for team in named | said if self.known(team) == enterprise_id)

    async def of(self, team_id: str, installed: Iterable[str], client_of: ClientOf) -> str | None:
        """Which of these organisations a workspace belongs to; None for one of no organisation, or of another.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable: an organisation that might be the one cannot be asked.
        """
        organisations = set(installed)
        known = team_id if team_id in organisations else self.known(team_id)
        if known is not None:
            return known if known in organisations else None
        unasked: SlackError | None = None
        for enterprise in sorted(organisations):
            try:
                if team_id in await self._teams(enterprise, client_of):
                    return enterprise
            except SlackError as error:
                if not (isinstance(error, SlackRefused) and error.code in REVOKED):
                    unasked = unasked or error
        if unasked is not None:
            raise unasked
        return None

    async def _teams(self, enterprise: str, client_of: ClientOf) -> frozenset[str]:
        async with self._locks[enterprise]:
            asked = self._named.get(enterprise)
            if asked is None or self._clock.now() - asked[0] >= _ASKED_AGAIN:
                teams = await _listed(await client_of(enterprise))
                asked = self._named[enterprise] = (self._clock.now(), teams)
            return asked[1]


async def _listed(client: SlackClient) -> frozenset[str]:
    teams: set[str] = set()
    cursor = ""
    for _ in range(_MOST_PAGES):
        more = {"cursor": cursor} if cursor else {}
        answer = await client.call("auth.teams.list", limit=_PAGE, **more)
        teams |= {str(team.get("id")) for team in answer.get("teams") or ()}
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return frozenset(teams)
