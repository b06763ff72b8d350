"""The workspaces Paperboy is installed in: a token and a client for each, renewed where tokens expire."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import SystemRandom
from typing import Final, Protocol

import aiohttp
import structlog
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from bot.core.errors import SettingsError
from bot.core.messages import msg
from bot.core.ports import Clock
from bot.settings import SlackSettings
from bot.slack.calling import RateLimits, SlackClient, web_client
from bot.slack.errors import REVOKED, SlackError, SlackRefused, words_for
from bot.slack.organisations import Organisations
from bot.slack.renewing import Renewing, expiry

_RECHECKED: Final = timedelta(minutes=5)
"""How long a token from the database is used before it is read again: another process may have renewed it."""

log = structlog.get_logger(__name__)


class Installed(Protocol):
    """One workspace, or a whole organisation (`team_id` None), in which Paperboy is installed."""

    @property
    def enterprise_id(self) -> str | None: ...
    @property
    def team_id(self) -> str | None: ...


class Installations(Protocol):
    """Where OAuth installations are kept; see `storage.installations`."""

    @property
    def store(self) -> AsyncInstallationStore: ...
    async def workspaces(self) -> Sequence[Installed]: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who Paperboy is in a workspace. `url` is the workspace's, ending in a slash."""

    team_id: str
    url: str
    bot_user_id: str
    bot_id: str


@dataclass(slots=True)
class _Held:
    client: SlackClient
    until: datetime
    identity: Identity | None = None


class Workspaces:
    """A client for each workspace. With a bot token there is one workspace; else installations tell.

    `connections` are what all of them call over, and closed with this; without, each call makes its own.
    """

    def __init__(
        self,
        settings: SlackSettings,
        clock: Clock,
        installations: Installations | None = None,
        *,
        connections: aiohttp.ClientSession | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._installations = installations
        self._connections = connections
        self._limits = RateLimits()
        self._held: dict[str, _Held] = {}
        self._organisations = Organisations(clock)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._renewing = Renewing(settings, installations.store, clock) if installations else None

    async def start(self) -> Identity | None:
        """With a bot token: who that is, as soon as Slack can be asked. Nothing to be done for many workspaces.

        Raises:
            SettingsError: Slack does not accept the token.
        """
        if self._settings.bot_token is None:
            return None
        for attempt in count(1):
            try:
                return await self.identity("")
            except SlackRefused as error:
                raise SettingsError(msg("SLACK_BOT_TOKEN: {problem}", problem=words_for(error))) from error
            except SlackError as error:
                pause = min(60.0, 2.0**attempt) * SystemRandom().uniform(0.5, 1)
                log.warning("slack.not_reached", reason=str(error), seconds=round(pause, 1))
                await asyncio.sleep(pause)
        raise AssertionError("never comes here")

    async def client(self, team_id: str) -> SlackClient:
        """The client of a workspace.

        Raises:
            SlackRefused: Paperboy is not installed there (any more), or its token can be exchanged no more.
            SlackUnreachable: its token has expired and cannot be exchanged now.
            SlackBusy, SlackUnreachable: Slack cannot be asked now which organisation it belongs to.
        """
        return (await self._hold(team_id)).client

    async def identity(self, team_id: str) -> Identity:
        """Who Paperboy is there; asked once for each token.

        Raises:
            SlackRefused, SlackBusy, SlackUnreachable
        """
        held = await self._hold(team_id)
        if held.identity is None:
            answer = await held.client.call("auth.test")
            held.identity = Identity(
                team_id=str(answer.get("team_id") or team_id),
                url=str(answer.get("url") or ""),
                bot_user_id=str(answer.get("user_id") or ""),
                bot_id=str(answer.get("bot_id") or ""),
            )
            held.client.team_id = held.identity.team_id
        return held.identity

    async def close(self) -> None:
        """Close the connections; nothing may be called any more."""
        if self._connections is not None:
            await self._connections.close()

    def belongs_to(self, team_id: str, enterprise_id: str | None) -> None:
        """Note that a request from this workspace named its organisation."""
        if enterprise_id:
            self._organisations.note(team_id, enterprise_id)

    def organisation_of(self, team_id: str) -> str | None:
        """The organisation a workspace belongs to, as far as that is known without asking."""
        return self._organisations.known(team_id)

    def known_in(self, enterprise_id: str) -> frozenset[str]:
        """The workspaces that are known to belong to an organisation."""
        return self._organisations.teams_of(enterprise_id)

    async def is_good(self, team_id: str) -> bool | None:
        """Whether a workspace's token works at this moment; None when that cannot be told now.

        Raises:
            StorageError
        """
        self.drop(team_id)
        try:
            await (await self.client(team_id)).call("auth.test")
        except SlackError as error:
            return False if is_revoked(error) else None
        return True

    def drop(self, team_id: str) -> None:
        """Forget what is held in memory of a workspace: its token is no good any more, or there is a new one."""
        self._held.pop(self._key(team_id), None)

    def _key(self, team_id: str) -> str:
        return "" if self._settings.bot_token is not None else team_id

    async def _hold(self, team_id: str) -> _Held:
        key = self._key(team_id)
        held = self._held.get(key)
        if held is not None and self._clock.now() < held.until:
            return held
        async with self._locks[key]:
            held = self._held.get(key)
            if held is None or self._clock.now() >= held.until:
                held = self._held[key] = await self._make(key, held)
            return held

    async def _make(self, team_id: str, before: _Held | None) -> _Held:
        if self._settings.bot_token is not None:
            token, until = self._settings.bot_token, datetime.max.replace(tzinfo=UTC)
        else:
            token, until = await self._installed_token(team_id)
        web = web_client(token, self._settings.api_url, self._connections)
        client = SlackClient(team_id, web, self._limits, self._clock)
        return _Held(client, until, before.identity if before else None)

    async def _installed_token(self, team_id: str) -> tuple[str, datetime]:
        bot = await self._find(team_id)
        if bot is None or not bot.bot_token or self._renewing is None:
            raise SlackRefused("auth.test", "account_inactive")
        bot = await self._renewing.good(bot)
        until = self._clock.now() + _RECHECKED
        expires = expiry(bot)
        return bot.bot_token, min(until, expires) if expires else until

    async def _find(self, team_id: str) -> Bot | None:
        """The installation of a workspace: its own, else that of the organisation that it is known to belong to."""
        assert self._installations is not None
        store, installed = self._installations.store, await self._installations.workspaces()
        own = next((one for one in installed if one.team_id == team_id), None)
        if own is not None:
            return await store.async_find_bot(enterprise_id=own.enterprise_id, team_id=team_id)
        organisations = [one.enterprise_id for one in installed if one.team_id is None and one.enterprise_id]
        enterprise = await self._organisations.of(team_id, organisations, self.client)
        if enterprise is None:
            return None
        return await store.async_find_bot(enterprise_id=enterprise, team_id=None, is_enterprise_install=True)


def is_revoked(error: SlackError) -> bool:
    """Whether the token itself is what Slack does not accept."""
    return isinstance(error, SlackRefused) and error.code in REVOKED
