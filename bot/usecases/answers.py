"""What a person is answered in private: small values, which each platform shows in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import structlog

from bot.core.digests import Content
from bot.core.engagement import Engagement, Recap
from bot.core.entries import Entry
from bot.core.entry_form import EntryForm
from bot.core.errors import CommandError, Conflict, NotFound, PaperboyError, QueryError, StorageError
from bot.core.hits import Hit
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import Subscription
from bot.usecases.follow import Followed
from bot.usecases.look_up import DigestView, HelpView, Results

_UNAVAILABLE: Final = msg("The archive cannot be used at the moment. Please try again shortly.")

log = structlog.get_logger(__name__)

# --- what a second click does -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoveAct:
    """Remove an entry from the archive and from every channel."""

    entry_id: str


@dataclass(frozen=True, slots=True)
class EndAct:
    """End a subscription of the channel in which it was asked for."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class ForgetAct:
    """Erase the asker's own records."""


@dataclass(frozen=True, slots=True)
class ResendAct:
    """Send a post again of which nobody can tell whether it is there."""

    post_id: int


Act = RemoveAct | EndAct | ForgetAct | ResendAct
"""Something that is done once it has been confirmed; small enough to travel in a button."""

# --- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResultsAnswer:
    """One page of a lookup. `typed` is what was asked, word for word: paging asks it again."""

    typed: str
    results: Results


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """One day's digest."""

    view: DigestView


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """One entry in full."""

    hit: Hit


@dataclass(frozen=True, slots=True)
class AbstractAnswer:
    """The abstract of an entry, which only buttons ask for: a page shows it folded, and no command does."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class LikeAnswer:
    """What is like an entry."""

    entry: Entry
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class DraftsAnswer:
    """The drafts that wait to be published."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class HelpAnswer:
    """The commands this person may use, as they are typed, and the query language by examples."""

    view: HelpView
    commands: tuple[tuple[str, Message], ...]


@dataclass(frozen=True, slots=True)
class FollowingAnswer:
    """What the asker follows; nothing at all when `queries` are empty."""

    followed: Followed


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """Something was done, or is so, or with `error` could not be done; `suggestions` are commands that go on from here.

    Sentences may hold `code` between backticks.
    """

    messages: tuple[Message, ...]
    suggestions: tuple[str, ...] = ()
    error: PaperboyError | None = None


@dataclass(frozen=True, slots=True)
class ConfirmAnswer:
    """Something that needs a second word: the button `label` does `act`."""

    question: Message
    act: Act
    label: Message


@dataclass(frozen=True, slots=True)
class SubscriptionsAnswer:
    """A channel's subscriptions, oldest first."""

    subscriptions: Sequence[Subscription]


@dataclass(frozen=True, slots=True)
class PreviewAnswer:
    """What would be posted, in order, in the language it would be posted in."""

    day: date
    contents: tuple[Content, ...]
    language: Language


@dataclass(frozen=True, slots=True)
class RecapAnswer:
    """A week."""

    recap: Recap

    @property
    def most_per_day(self) -> int:
        """The tallest bar of the chart, at least 1."""
        return max(1, *(count for _, count in self.recap.per_day))

    @property
    def lists(self) -> tuple[tuple[Message, Sequence[tuple[Entry, Engagement]]], ...]:
        """The three lists with their headings."""
        return (
            (msg("Most liked"), self.recap.top),
            (msg("Most discussed"), self.recap.discussed),
            (msg("Overlooked"), self.recap.overlooked),
        )


@dataclass(frozen=True, slots=True)
class EntryFormAnswer:
    """The form for an entry; `entry_id` None for a new one.

    When it could not be saved, `error` is why and `problem` says it; `wrong` has a message for each wrong field.
    `theirs` holds what somebody else wrote meanwhile in fields that were changed here too.
    """

    form: EntryForm
    entry_id: str | None = None
    wrong: Mapping[str, Message] | None = None
    problem: Message | None = None
    error: PaperboyError | None = None
    theirs: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionFormAnswer:
    """The form for a subscription; `subscription_id` None for a new one.

    When it could not be saved, `error` is why and `problem` says it; `wrong` has a message for each wrong field, and
    `suggestions` are corrected queries.
    """

    form: SubscriptionForm
    subscription_id: int | None = None
    wrong: Mapping[str, Message] | None = None
    suggestions: tuple[str, ...] = ()
    problem: Message | None = None
    error: PaperboyError | None = None


Answer = (
    ResultsAnswer
    | DigestAnswer
    | EntryAnswer
    | LikeAnswer
    | DraftsAnswer
    | HelpAnswer
    | FollowingAnswer
    | NoticeAnswer
    | ConfirmAnswer
    | SubscriptionsAnswer
    | PreviewAnswer
    | RecapAnswer
    | EntryFormAnswer
    | SubscriptionFormAnswer
)


def hits_in(answer: Answer | AbstractAnswer) -> tuple[Hit, ...]:
    """The entries that an answer shows as the asker sees them."""
    match answer:
        case ResultsAnswer(results=results):
            return results.hits
        case DigestAnswer(view=view):
            return view.hits
        case EntryAnswer(hit=hit):
            return (hit,)
        case LikeAnswer(hits=hits) | DraftsAnswer(hits=hits):
            return hits
        case _:
            return ()


def notice(message: Message, *suggestions: str) -> NoticeAnswer:
    """One sentence, and where to go on."""
    return NoticeAnswer((message,), suggestions)


def error_answer(error: PaperboyError) -> NoticeAnswer:
    """An error in the asker's words, with suggestions that work on a click.

    Where the database is, and what is the matter with it, is for who runs Paperboy: it stands in the log.
    """
    if isinstance(error, StorageError):
        log.warning("converse.storage_unavailable", reason=str(error))
        return NoticeAnswer((_UNAVAILABLE,), (), error)
    return NoticeAnswer((error.message,), _suggestions(error), error)


def _suggestions(error: PaperboyError) -> tuple[str, ...]:
    match error:
        case QueryError(suggestions=queries):
            return tuple(f"/paper {query}" for query in queries)
        case CommandError(suggestions=commands) | NotFound(suggestions=commands) | Conflict(suggestions=commands):
            return tuple(commands)
        case _:
            return ()
