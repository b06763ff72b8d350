"""What Discord answers instead of doing what it was asked, and what that means for a post.

discord.py's errors cross no border: whoever calls it does so within `translated()`.

DiscordError
├── DiscordRefused      it said no, with a code such as 50013
├── DiscordBusy         it said not now, and when: nothing was done
└── DiscordUnreachable  no answer, or none that can be read: it may have been done or not
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import isnan
from typing import Final

import aiohttp
import discord

from bot.core.errors import ChannelUnavailable, ContentRefused, CourierError, DeliveryUncertain, PlatformBusy
from bot.core.messages import Message, msg


class ServerFault(Exception):
    """Discord answered a request that must not be repeated unseen with `status` 500 or above.

    It ends the request before discord.py would send it again: the first one may have been carried out.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class DiscordError(Exception):
    """Base of all."""


class DiscordRefused(DiscordError):
    """Discord said no. `code` is its error code, 0 where it gave none; `status` that of HTTP."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code


class DiscordBusy(DiscordError):
    """Discord said not now; come back at `retry_at` (UTC)."""

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(f"rate limited until {retry_at:%H:%M:%S}")
        self.retry_at = retry_at


class DiscordUnreachable(DiscordError):
    """Nobody knows whether it was done; unless there was no connection, then `sent` is False and it was not."""

    def __init__(self, said: str, *, sent: bool = True) -> None:
        super().__init__(said)
        self.sent = sent


_LEAST: Final = 1.0
_UNSAID: Final = 300.0
_MOST: Final = 6 * 3_600.0
"""Seconds to wait."""
_TOO_LONG: Final = 10
"""Digits of a code."""

UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
THREAD_EXISTS: Final = 160004
ARCHIVED: Final = 50083
"""The thread is archived: it has to be opened first."""
LOCKED: Final = 160005
"""The thread is locked: only who may manage threads writes in it."""
CANNOT_WRITE_TO_PERSON: Final = 50007
EDITED_TOO_OFTEN: Final = 30046
"""Too many edits of messages that are more than an hour old."""

GONE: Final = frozenset({UNKNOWN_MESSAGE})
"""The message itself is not there."""
EXPIRED: Final = frozenset({10062, 10015, 50027})
"""An interaction that is over: it was not answered in time, or its fifteen minutes have passed."""

# Limits of whole servers and of Discord itself that pass by without anybody acting; some have no Retry-After.
_NOT_NOW: Final = frozenset({20016, 20022, 20028, 20029, 30046, 31002, 40003, 40004, 40006, 40062, 110001, 130000})
_CLOSED: Final = frozenset(
    {
        *(10003, 10004, 10013, 20001, 20002, 20012, 30033, 40001, 40002, 40007, 40012, 40066, 40067),
        *(50001, 50002, 50007, 50008, 50009, 50013, 50014, 50024, 50025, 50055, 50083, 50095, 50155, 50278),
        *(160005, 160006, 160007),
    }
)
"""No post at all is taken there until a person acts."""

_WORDS: Final[dict[int, Message]] = {
    10003: msg("This channel does not exist any more."),
    10004: msg(
        "Paperboy is not on this server any more. `paperboy invite discord` prints the link that brings it back."
    ),
    10013: msg("Discord does not know this person any more."),
    30033: msg("The thread has as many people in it as there may be."),
    40066: msg("This forum requires a tag, and has none that everybody may use. Add one, or require none."),
    40067: msg("This forum requires a tag, and has none that everybody may use. Add one, or require none."),
    50001: msg("Paperboy cannot see this channel. Give it the permission to view the channel."),
    50007: msg("Discord does not let Paperboy write to this person. Their privacy settings may forbid it."),
    50013: msg(
        "Paperboy lacks permissions in this channel. `paperboy doctor` names them; "
        "the link of `paperboy invite discord` grants them all."
    ),
    50278: msg("Discord does not let Paperboy write to this person. Their privacy settings may forbid it."),
    160005: msg("The thread is locked."),
    160006: msg("This channel has as many active threads as there may be."),
    160007: msg("This channel has as many active threads as there may be."),
}


def words_for(error: DiscordError) -> Message:
    """What to tell a person."""
    match error:
        case DiscordRefused(code=code) if code in EXPIRED:
            return msg("Discord takes an answer for fifteen minutes only, and this one came later. Please ask again.")
        case DiscordRefused(status=401):
            return msg("Discord does not accept Paperboy's token any more. Set a new DISCORD_TOKEN, and restart.")
        case DiscordRefused(code=code):
            return _WORDS.get(code) or msg("Discord did not accept this (code {code}).", code=str(code))
        case DiscordBusy():
            return msg("Discord asks Paperboy to wait a little.")
        case _:
            return msg("Discord did not answer.")


@contextmanager
def translated(now: datetime) -> Iterator[None]:
    """The library's errors as ours; `now` (UTC) is what a rate limit counts from."""
    try:
        yield
    except discord.RateLimited as error:
        raise DiscordBusy(_after(now, error.retry_after)) from error
    except discord.HTTPException as error:
        raise _of_answer(error, now) from error
    except ServerFault as error:
        raise DiscordUnreachable(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise DiscordUnreachable(type(error).__name__, sent=False) from error
    except (TimeoutError, aiohttp.ClientError, discord.DiscordException, OSError) as error:
        raise DiscordUnreachable(type(error).__name__) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the library takes an answer for what it is
        raise DiscordUnreachable("an answer that cannot be read") from error


def _of_answer(error: discord.HTTPException, now: datetime) -> DiscordError:
    said = str(error.code)  # as it came; the library takes it for a number
    code = int(said) if said.isascii() and said.isdecimal() and len(said) < _TOO_LONG else 0
    if error.status == 429:
        return DiscordBusy(_after(now, error.response.headers.get("Retry-After")))
    if code in _NOT_NOW:
        return DiscordBusy(_after(now, None))
    if error.status >= 500:
        return DiscordUnreachable(f"HTTP {error.status}")
    return DiscordRefused(error.status, code)


def _after(now: datetime, said: object) -> datetime:
    """When Discord wants to be asked again: after so many seconds, but soon enough to see that it has changed its mind.

    After five minutes where it does not say, as when a proxy before it shuts us out.
    """
    try:
        seconds = float(str(said))
    except ValueError:
        seconds = _UNSAID
    if isnan(seconds):
        seconds = _UNSAID
    return now + timedelta(seconds=min(max(_LEAST, seconds), _MOST))


def as_courier_error(error: DiscordError) -> CourierError:
    """What an error means for a post.

    A code that nobody here knows refuses the post it was answered to, and not its channel: were it the channel, each
    post would hear so. But whatever is forbidden (401, 403), or not there without a word about what, is the channel's.
    """
    said = words_for(error)
    match error:
        case DiscordBusy(retry_at=retry_at):
            return PlatformBusy(said, retry_at=retry_at)
        case DiscordUnreachable(sent=False):
            return PlatformBusy(said)
        case DiscordUnreachable():
            return DeliveryUncertain(said)
        case DiscordRefused(status=401 | 403) | DiscordRefused(status=404, code=0):
            return ChannelUnavailable(said)
        case DiscordRefused(code=code) if code in _CLOSED:
            return ChannelUnavailable(said)
        case _:
            return ContentRefused(said)
