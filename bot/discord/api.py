"""Asking Discord over REST: one way in for whoever does, with discord.py's own routes and buckets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

import discord
from discord.http import HTTPClient, MultipartParameters, handle_message_parameters

from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy
from bot.core.ports import Clock
from bot.discord.client import PaperboyClient
from bot.discord.components import DiscordMessage
from bot.discord.errors import DiscordError, DiscordRefused, DiscordUnreachable, as_courier_error, translated
from bot.discord.views import view_of

Done = TypeVar("Done")

_NOBODY: Final = discord.AllowedMentions.none()


class Api:
    """Discord's REST API as the bot of one token; logged in at the first question.

    Whoever connects the client to the gateway calls `log_in` before, instead of the library's own `start` or `login`:
    posts may be on their way already.
    """

    def __init__(self, client: PaperboyClient, token: str, clock: Clock) -> None:
        self._client = client
        self._token = token
        self._clock = clock
        self._entering = asyncio.Lock()
        self._me: int | None = None

    def now(self) -> datetime:
        """The moment (UTC)."""
        return self._clock.now()

    async def log_in(self) -> int:
        """The bot's own user id.

        Raises:
            DiscordRefused: the token is not accepted.
            DiscordBusy, DiscordUnreachable
        """
        async with self._entering:
            if self._me is None:
                with translated(self._clock.now()):
                    self._me = await self._logged_in()
            return self._me

    async def reopen(self) -> None:
        """Take a client into use again that the library has closed: whoever asks next logs in anew."""
        async with self._entering:
            self._me = None
            await self._client.reopen()

    async def _logged_in(self) -> int:
        try:
            await self._client.login(self._token)
        except BaseException as error:  # the next attempt makes a session of its own
            await self._client.http.close()
            self._client.http.connector = discord.utils.MISSING
            if isinstance(error, discord.LoginFailure):
                raise DiscordRefused(401, 0) from error
            raise
        assert self._client.user is not None  # who logs in is told who it is
        return self._client.user.id

    async def call(self, work: Callable[[HTTPClient], Awaitable[Done]]) -> Done:
        """One request, made by the library's client that `work` is handed.

        Raises:
            DiscordRefused, DiscordBusy, DiscordUnreachable
        """
        await self.log_in()
        if self._client.is_closed():
            raise DiscordUnreachable("closed", sent=False)
        with translated(self._clock.now()):
            done = await work(self._client.http)
        if isinstance(done, str) and done:  # a page of whoever stands before Discord; an empty answer is one too
            raise DiscordUnreachable("an answer that is not Discord's")
        return done


@contextmanager
def at_border(*, posting: bool = False, saying: bool = False) -> Iterator[None]:
    """What Discord says, as what it means for a post.

    Only `posting` leaves anything uncertain: what was asked for, changed or deleted can be so again. Only what is being
    said, by `posting` or `saying`, can be refused for what it is.
    """
    try:
        yield
    except DiscordError as error:
        meant = as_courier_error(error)
        if isinstance(meant, DeliveryUncertain) and not posting:
            meant = PlatformBusy(meant.message)
        if isinstance(meant, ContentRefused) and not (posting or saying):
            meant = ChannelUnavailable(meant.message)
        raise meant from error


def said(
    message: DiscordMessage, *, ids: tuple[int, int] | None = None, nonce: str | None = None
) -> MultipartParameters:
    """A message as the library sends it, which mentions nobody; the same shape begins and changes one."""
    made = handle_message_parameters(view=view_of(message, ids), nonce=nonce, allowed_mentions=_NOBODY)
    if made.payload is not None:
        made.payload.pop("tts", None)  # Discord knows it where a message is new, and nowhere else
    return made
