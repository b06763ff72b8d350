"""How the local workspace shows an answer: with which template and values, and under which HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from bot.core.errors import (
    Conflict,
    InputError,
    LookupUnavailable,
    NotAllowed,
    NotFound,
    PaperboyError,
    StorageError,
)
from bot.core.messages import msg
from bot.core.people import Language
from bot.usecases import answers
from bot.usecases.answers import Act, Answer, EndAct, ForgetAct, NoticeAnswer, RemoveAct, ResendAct
from bot.web.rendering import card_of, payload_of

TEMPLATES: Final[Mapping[type[Answer], str]] = {
    answers.ResultsAnswer: "chat/answer_results.html",
    answers.DigestAnswer: "chat/answer_digest.html",
    answers.EntryAnswer: "chat/answer_entry.html",
    answers.LikeAnswer: "chat/answer_like.html",
    answers.DraftsAnswer: "chat/answer_drafts.html",
    answers.HelpAnswer: "chat/answer_help.html",
    answers.FollowingAnswer: "chat/answer_following.html",
    answers.NoticeAnswer: "chat/answer_notice.html",
    answers.ConfirmAnswer: "chat/answer_confirm.html",
    answers.SubscriptionsAnswer: "chat/answer_subscriptions.html",
    answers.PreviewAnswer: "chat/answer_preview.html",
    answers.RecapAnswer: "chat/answer_recap.html",
    answers.EntryFormAnswer: "chat/form_entry.html",
    answers.SubscriptionFormAnswer: "chat/form_subscription.html",
}
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


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as a piece of the page; `values` are for the template, beside the `answer` itself."""

    template: str
    status: HTTPStatus = HTTPStatus.OK
    values: Mapping[str, object] = field(default_factory=dict)


def shown(answer: Answer, *, language: Language, channel_id: str) -> Shown:
    """How an answer is shown to a reader of this language who asked in this channel ("" where it was in none)."""
    return Shown(TEMPLATES[type(answer)], status_of(answer), _values(answer, language, channel_id))


def status_of(answer: Answer) -> HTTPStatus:
    """The HTTP status an answer goes out with."""
    match answer:
        case NoticeAnswer() | answers.EntryFormAnswer() | answers.SubscriptionFormAnswer() if answer.error:
            return http_status(answer.error)
        case _:
            return HTTPStatus.OK


def http_status(error: PaperboyError) -> HTTPStatus:
    """What kind of error it is, in HTTP's words."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), HTTPStatus.BAD_GATEWAY)


def _values(answer: Answer, language: Language, channel_id: str) -> Mapping[str, object]:
    match answer:
        case NoticeAnswer():
            return _sentences(answer)
        case answers.ConfirmAnswer():
            return {"action": address_of(answer.act, channel_id)}
        case answers.EntryAnswer():
            return {"card": card_of(answer.hit.entry, language)}
        case answers.PreviewAnswer():
            return {"payloads": [payload_of(content, answer.language) for content in answer.contents]}
        case _:
            return {}


def _sentences(answer: NoticeAnswer) -> Mapping[str, object]:
    """What a notice says, and whether its suggestions are what was probably meant rather than what comes next."""
    more = (_SWITCH,) if isinstance(answer.error, NotAllowed) else ()
    meant = answer.error is not None and not isinstance(answer.error, NotFound | Conflict)
    return {"sentences": (*answer.messages, *more), "is_error": answer.error is not None, "are_meant": meant}


def address_of(act: Act, channel_id: str) -> str:
    """Where to post to do what was confirmed, in this channel."""
    match act:
        case RemoveAct(entry_id):
            return f"/chat/entries/{entry_id}/remove"
        case EndAct(subscription_id):
            return f"/chat/channels/{channel_id}/subscriptions/{subscription_id}/end"
        case ResendAct(post_id):
            return f"/chat/channels/{channel_id}/posts/{post_id}/resend"
        case ForgetAct():
            return "/chat/forget-me"
