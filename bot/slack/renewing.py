"""Tokens that expire, exchanged for the next in time. A refresh token works once: nothing it brought may be lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError, SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.core.errors import StorageError
from bot.core.ports import Clock
from bot.settings import SlackSettings
from bot.slack.errors import SlackRefused, SlackUnreachable
from bot.slack.exchanging import ExchangeClient

METHOD: Final = "oauth.v2.access"
_RENEWED_BEFORE: Final = timedelta(hours=2)
"""How long before its end a token is exchanged for the next one."""
_ALWAYS: Final = 60 * 24 * 365 * 10
"""Minutes: whether it is time is decided here, by our own clock."""
_NOT_ANSWERED: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError)

log = structlog.get_logger(__name__)

_Key = tuple[str | None, str | None]


class Renewing:
    """Exchanges the tokens of bots that an installation store keeps."""

    def __init__(self, settings: SlackSettings, store: AsyncInstallationStore, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._unsaved: dict[_Key, tuple[str, Bot]] = {}
        """What an exchange has brought, with the token that is still in the database in its place."""

    async def good(self, bot: Bot) -> Bot:
        """The same bot with a token that is good for a while.

        Raises:
            SlackRefused: it has expired, and Slack does not exchange it any more.
            SlackUnreachable: it has expired, and cannot be exchanged now.
        """
        stored = bot.bot_token
        bot = await self._saved(self._newest(bot))
        expires = expiry(bot)
        if expires is None or expires - _RENEWED_BEFORE > self._clock.now():
            return bot
        rotator = AsyncTokenRotator(
            client_id=self._settings.client_id or "",
            client_secret=self._settings.client_secret or "",
            client=ExchangeClient(self._settings.api_url),
        )
        try:
            renewed = await rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=_ALWAYS)
        except _NOT_ANSWERED as error:
            return await self._otherwise(bot, stored, error)
        if renewed is None:
            return bot
        self._unsaved[_key(renewed)] = stored, renewed
        return await self._saved(renewed)

    def _newest(self, bot: Bot) -> Bot:
        """What an exchange of this very token has brought, if that is not kept yet.

        Another token in the database is newer: of another process, or of a new installation, and is not overwritten.
        """
        stored, renewed = self._unsaved.get(_key(bot), (bot.bot_token, bot))
        if stored == bot.bot_token:
            return renewed
        del self._unsaved[_key(bot)]
        return bot

    async def _saved(self, bot: Bot) -> Bot:
        """Keep what an exchange has brought; where the database does not take it now, it is used and kept later."""
        if _key(bot) in self._unsaved:
            try:
                await self._store.async_save_bot(bot)
            except StorageError as error:
                log.error("slack.token_not_saved", team=bot.team_id, reason=str(error))
            else:
                del self._unsaved[_key(bot)]
        return bot

    async def _otherwise(self, bot: Bot, stored: str, error: Exception) -> Bot:
        """Another process may have exchanged it, and kept what it got; else the old one, as long as it lasts."""
        again = await self._store.async_find_bot(
            enterprise_id=bot.enterprise_id, team_id=bot.team_id, is_enterprise_install=bot.is_enterprise_install
        )
        if again is not None and again.bot_token not in (bot.bot_token, stored):
            return again
        expires = expiry(bot)
        if expires is not None and expires > self._clock.now():
            log.warning("slack.token_not_renewed", team=bot.team_id, reason=type(error).__name__)
            return bot
        if _is_refusal(error):
            raise SlackRefused(METHOD, "token_expired") from error
        raise SlackUnreachable(METHOD, type(error).__name__) from error


def expiry(bot: Bot) -> datetime | None:
    """When a bot's token ends (UTC); None for one that does not."""
    at = bot.bot_token_expires_at
    return datetime.fromtimestamp(at, UTC) if at else None


def _is_refusal(error: Exception) -> bool:
    """Whether Slack has said no to this very refresh token."""
    if not isinstance(error, SlackTokenRotationError):
        return False
    data = getattr(error.api_error.response, "data", None)
    return isinstance(data, dict) and data.get("error") in {"invalid_refresh_token", "invalid_grant", "token_revoked"}


def _key(bot: Bot) -> _Key:
    return bot.enterprise_id, bot.team_id
