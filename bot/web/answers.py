"""What the local workspace answers to one person alone: small values, each with the template that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import ClassVar, Final

from bot.core import engagement, entry_form
from bot.core.entries import Entry
from bot.core.errors import (
    CommandError,
    Conflict,
    InputError,
    LookupUnavailable,
    NotAllowed,
    NotFound,
    PaperboyError,
    QueryError,
    StorageError,
)
from bot.core.messages import Message, msg
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Subscription
from bot.usecases import look_up
from bot.web.rendering import Payload

# --- answers --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultsAnswer:
    """One page of a lookup. `typed` is what was asked, word for word: paging asks it again."""

    template: ClassVar[str] = "chat/answer_results.html"
    typed: str
    results: look_up.Results


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """One day's digest."""

    template: ClassVar[str] = "chat/answer_digest.html"
    view: look_up.DigestView


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """One entry in full."""

    template: ClassVar[str] = "chat/answer_entry.html"
    hit: look_up.Hit
    card: Payload


@dataclass(frozen=True, slots=True)
class LikeAnswer:
    """What is like an entry."""

    template: ClassVar[str] = "chat/answer_like.html"
    entry: Entry
    hits: tuple[look_up.Hit, ...]


@dataclass(frozen=True, slots=True)
class DraftsAnswer:
    """The drafts that wait to be published."""

    template: ClassVar[str] = "chat/answer_drafts.html"
    hits: tuple[look_up.Hit, ...]


@dataclass(frozen=True, slots=True)
class HelpAnswer:
    """The commands this person may use, and the query language by examples."""

    template: ClassVar[str] = "chat/answer_help.html"
    view: look_up.HelpView
    commands: tuple[tuple[str, Message], ...]


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """Something was done, or is so; `suggestions` are commands that go on from here."""

    template: ClassVar[str] = "chat/answer_notice.html"
    messages: tuple[Message, ...]
    suggestions: tuple[str, ...] = ()
    is_error: bool = False
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class ConfirmAnswer:
    """Something that needs a second word: posting to `action` does it."""

    template: ClassVar[str] = "chat/answer_confirm.html"
    question: Message
    action: str
    label: Message


@dataclass(frozen=True, slots=True)
class SubscriptionsAnswer:
    """A channel's subscriptions."""

    template: ClassVar[str] = "chat/answer_subscriptions.html"
    subscriptions: Sequence[Subscription]


@dataclass(frozen=True, slots=True)
class PreviewAnswer:
    """What would be posted, as payloads."""

    template: ClassVar[str] = "chat/answer_preview.html"
    day: date
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class RecapAnswer:
    """A week."""

    template: ClassVar[str] = "chat/answer_recap.html"
    recap: engagement.Recap

    @property
    def most_per_day(self) -> int:
        """The tallest bar of the chart, at least 1."""
        return max(1, *(count for _, count in self.recap.per_day))

    @property
    def lists(self) -> tuple[tuple[Message, Sequence[tuple[Entry, engagement.Engagement]]], ...]:
        """The three lists with their headings."""
        return (
            (msg("Most liked"), self.recap.top),
            (msg("Most discussed"), self.recap.discussed),
            (msg("Overlooked"), self.recap.overlooked),
        )


@dataclass(frozen=True, slots=True)
class EntryFormAnswer:
    """The form for an entry; `entry_id` None for a new one. `wrong` has a message for each wrong field.

    `theirs` holds what somebody else wrote meanwhile in fields that were changed here too.
    """

    template: ClassVar[str] = "chat/form_entry.html"
    form: entry_form.EntryForm
    entry_id: str | None = None
    wrong: Mapping[str, Message] | None = None
    problem: Message | None = None
    status: HTTPStatus = HTTPStatus.OK
    theirs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionFormAnswer:
    """The form for a subscription; `subscription_id` None for a new one. `suggestions` are corrected queries."""

    template: ClassVar[str] = "chat/form_subscription.html"
    form: SubscriptionForm
    subscription_id: int | None = None
    wrong: Mapping[str, Message] | None = None
    suggestions: tuple[str, ...] = ()
    problem: Message | None = None
    status: HTTPStatus = HTTPStatus.OK


Answer = (
    ResultsAnswer
    | DigestAnswer
    | EntryAnswer
    | LikeAnswer
    | DraftsAnswer
    | HelpAnswer
    | NoticeAnswer
    | ConfirmAnswer
    | SubscriptionsAnswer
    | PreviewAnswer
    | RecapAnswer
    | EntryFormAnswer
    | SubscriptionFormAnswer
)


def notice(message: Message, *suggestions: str) -> NoticeAnswer:
    """One sentence, and where to go on."""
    return NoticeAnswer((message,), suggestions)


def status_of(answer: Answer) -> HTTPStatus:
    """The HTTP status an answer goes out with."""
    match answer:
        case NoticeAnswer(status=status) | EntryFormAnswer(status=status) | SubscriptionFormAnswer(status=status):
            return status
        case _:
            return HTTPStatus.OK


# --- errors ---------------------------------------------------------------------------------------------------------

_STATUSES: Final[tuple[tuple[type[PaperboyError], HTTPStatus], ...]] = (
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Conflict, HTTPStatus.CONFLICT),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (LookupUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)


# In the local workspace everybody may be either; elsewhere an operator decides.
_SWITCH: Final = msg("Here you can try it all the same: the switch at the foot of the sidebar makes you a maintainer.")


def http_status(error: PaperboyError) -> HTTPStatus:
    """What kind of error it is, in HTTP's words."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY)


def error_answer(error: PaperboyError) -> NoticeAnswer:
    """An error in the asker's words, with suggestions that work on a click."""
    messages = (error.message, _SWITCH) if isinstance(error, NotAllowed) else (error.message,)
    return NoticeAnswer(messages, _suggestions(error), is_error=True, status=http_status(error))


def _suggestions(error: PaperboyError) -> tuple[str, ...]:
    match error:
        case QueryError(suggestions=queries):
            return tuple(f"/paper {query}" for query in queries)
        case CommandError(suggestions=commands) | NotFound(suggestions=commands) | Conflict(suggestions=commands):
            return tuple(commands)
        case _:
            return ()
