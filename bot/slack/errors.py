"""What Slack answers instead of doing what it was asked, and what that means for a post.

SlackError
├── SlackRefused      it said no, with a code such as `channel_not_found`
├── SlackBusy         it said not now, and when: nothing was done
└── SlackUnreachable  no answer, or none that can be read: it may have been done or not
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.errors import ChannelUnavailable, ContentRefused, CourierError, DeliveryUncertain, PlatformBusy
from bot.core.messages import Message, msg


class SlackError(Exception):
    """Base of all; `method` is the Web API method that was called."""

    def __init__(self, method: str, said: str) -> None:
        super().__init__(f"{method}: {said}")
        self.method = method


class SlackRefused(SlackError):
    """Slack said no. `code` is its error code; `needed` the scopes that are missing, if that is why."""

    def __init__(self, method: str, code: str, needed: str = "") -> None:
        super().__init__(method, f"{code} {needed}".strip())
        self.code = code
        self.needed = needed


class SlackBusy(SlackError):
    """Slack said not now; come back at `retry_at` (UTC)."""

    def __init__(self, method: str, retry_at: datetime) -> None:
        super().__init__(method, f"rate limited until {retry_at:%H:%M:%S}")
        self.retry_at = retry_at


class SlackUnreachable(SlackError):
    """Nobody knows whether it was done; unless there was no connection, then `sent` is False and it was not."""

    def __init__(self, method: str, said: str, *, sent: bool = True) -> None:
        super().__init__(method, said)
        self.sent = sent


# Slack itself says of these that part of the operation may have succeeded.
_MAYBE_DONE: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_NOT_NOW: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"})
REVOKED: Final = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "org_login_required"}
)
"""The token is no good any more."""
GONE: Final = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "cant_delete_message"})
"""The message itself is not there, or is not ours."""
_PASSING: Final = frozenset({"accesslimited", "external_channel_migrating", "update_failed"})
"""Nothing was done, and it may go by itself: a network that is shut out for now, a channel on the move."""
_CLOSED: Final = REVOKED | {
    *("channel_not_found", "not_in_channel", "is_archived", "is_inactive", "invalid_channel"),
    *("missing_scope", "no_permission", "not_allowed_token_type", "access_denied", "ekm_access_denied"),
    *("team_access_not_granted", "team_not_found", "enterprise_is_restricted", "two_factor_setup_required"),
    *("channel_is_limited_access", "posting_to_general_channel_denied"),
    *("user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"),
    *("messages_tab_disabled", "not_allowed"),
}
"""No post at all is taken there until a person acts; so is every code that begins with `restricted_action`."""

_WORDS: Final[dict[str, Message]] = {
    "channel_not_found": msg("Paperboy cannot see this channel. Invite it with /invite @Paperboy."),
    "not_in_channel": msg("Paperboy is not in this channel. Invite it with /invite @Paperboy."),
    **dict.fromkeys(("is_archived", "is_inactive"), msg("This channel is archived.")),
    "restricted_action": msg("The workspace does not let apps post in this channel."),
    "restricted_action_read_only_channel": msg("The workspace does not let apps post in this channel."),
    "restricted_action_thread_locked": msg("The thread is locked."),
    **dict.fromkeys(("user_not_found", "user_disabled"), msg("Slack does not know this person any more.")),
    "cannot_dm_bot": msg("Slack does not let an app write to this person."),
    **dict.fromkeys(
        REVOKED,
        msg("Slack does not accept Paperboy's token any more. Install the app again, then see paperboy doctor."),
    ),
}


def words_for(error: SlackError) -> Message:
    """What to tell a person."""
    match error:
        case SlackRefused(code="missing_scope", needed=needed):
            return msg("The Slack app lacks the scope {scope}. Add it and install the app again.", scope=needed)
        case SlackRefused(code=code):
            return _WORDS.get(code) or msg("Slack did not accept this ({code}).", code=code)
        case SlackBusy():
            return msg("Slack asks Paperboy to wait a little.")
        case _:
            return msg("Slack did not answer.")


@contextmanager
def translated(method: str, now: datetime) -> Iterator[None]:
    """The library's errors as ours; `now` (UTC) is what a rate limit counts from."""
    try:
        yield
    except SlackApiError as error:
        raise _of_answer(method, error, now) from error
    except aiohttp.ClientConnectorError as error:
        raise SlackUnreachable(method, type(error).__name__, sent=False) from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError, OSError) as error:
        raise SlackUnreachable(method, type(error).__name__) from error
    except (AttributeError, TypeError, ValueError) as error:  # the library takes every answer for an object
        raise SlackUnreachable(method, "an answer that cannot be read") from error


def _of_answer(method: str, error: SlackApiError, now: datetime) -> SlackError:
    status = int(getattr(error.response, "status_code", 0) or 0)
    data = getattr(error.response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or code in _NOT_NOW:
        headers = {str(name).lower(): value for name, value in dict(getattr(error.response, "headers", {})).items()}
        seconds = str(headers.get("retry-after", ""))
        return SlackBusy(method, now + timedelta(seconds=max(1, int(seconds)) if seconds.isdecimal() else 30))
    if not code or status >= 500 or code in _MAYBE_DONE:
        return SlackUnreachable(method, code or f"HTTP {status}")
    needed = str(data.get("needed", "")) if isinstance(data, dict) else ""
    return SlackRefused(method, code, needed)


def as_courier_error(error: SlackError) -> CourierError:
    """What an error means for a post.

    Slack has more codes than anybody lists, most of them about what was said. One that is not known refuses the post
    it was answered to, therefore, and not its channel: were it the channel, each post would hear so.
    """
    said = words_for(error)
    match error:
        case SlackBusy(retry_at=retry_at):
            return PlatformBusy(said, retry_at=retry_at)
        case SlackUnreachable(sent=False):
            return PlatformBusy(said)
        case SlackUnreachable():
            return DeliveryUncertain(said)
        case SlackRefused() if is_passing(error):
            return PlatformBusy(said)
        case SlackRefused(code=code) if code not in _CLOSED and not code.startswith("restricted_action"):
            return ContentRefused(said)
        case _:
            return ChannelUnavailable(said)


def is_passing(error: SlackRefused) -> bool:
    """Whether it may be different a little later, without anybody doing anything."""
    return error.code in _PASSING


def is_of_content(error: SlackRefused) -> bool:
    """Whether the same message said more simply may be taken; so of codes that nobody here knows."""
    return error.code not in GONE and isinstance(as_courier_error(error), ContentRefused)
