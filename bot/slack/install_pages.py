"""The two pages that somebody who installs Paperboy comes to see, and what went wrong in words. Pure.

They carry nothing but text: no script, no style, and never a token, a code or a state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.locale import translator

_PAGE: Final = Markup("""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{address}">{link}</a></p>
</main>
</body>
</html>
""")

_START_AGAIN: Final = msg("Start again")
_INSTALL: Final = "install"  # relative, so that a prefix that a proxy takes away does no harm


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it goes out."""

    status: int
    html: str


@dataclass(frozen=True, slots=True)
class _Failure:
    status: HTTPStatus
    title: Message
    text: Message


_NOT_INSTALLED: Final = msg("Paperboy was not installed")
_TOO_OLD: Final = _Failure(
    HTTPStatus.BAD_REQUEST,
    _NOT_INSTALLED,
    msg("This page was opened more than ten minutes ago, a second time, or in another browser than the one before."),
)
_REFUSED: Final = _Failure(
    HTTPStatus.BAD_REQUEST,
    _NOT_INSTALLED,
    msg("Slack did not confirm the installation. If it happens again, whoever runs Paperboy finds why in its log."),
)
UNREACHABLE: Final = "slack_unreachable"
"""The reason when Slack could not be asked."""
TOO_MANY: Final = "too_many_states"
"""The reason when no state was issued."""
_FAILURES: Final = {
    "access_denied": _Failure(HTTPStatus.OK, _NOT_INSTALLED, msg("You cancelled it on Slack's page. Nothing changed.")),
    "invalid_browser": _TOO_OLD,
    "invalid_state": _TOO_OLD,
    "missing_code": _REFUSED,
    "invalid_code": _REFUSED,
    "storage_error": _Failure(
        HTTPStatus.SERVICE_UNAVAILABLE, _NOT_INSTALLED, msg("Paperboy's database cannot be used at the moment.")
    ),
    TOO_MANY: _Failure(
        HTTPStatus.SERVICE_UNAVAILABLE,
        _NOT_INSTALLED,
        msg("Too many people are installing Paperboy at this moment. Try again in ten minutes."),
    ),
    UNREACHABLE: _Failure(HTTPStatus.BAD_GATEWAY, _NOT_INSTALLED, msg("Slack did not answer.")),
}


def installed_page(language: Language, *, team_name: str, team_id: str, app_id: str, slack: str) -> Page:
    """What follows when all went well; `slack` is the address of Slack's own pages, without a slash at its end."""
    words = translator(language)
    names = {name: value for name, value in (("app", app_id), ("team", team_id)) if value}
    html = _PAGE.format(
        language=language.value,
        title=words.t("Paperboy is installed in {team}", team=team_name),
        text=words.t(
            "Type /digest subscribe in the channel that is to get the digest. /paper help shows how to look papers up."
        ),
        address=f"{slack}/app_redirect?{urlencode(names)}",
        link=words.t("Open Paperboy in Slack"),
    )
    return Page(HTTPStatus.OK, html)


def failure_page(language: Language, reason: str) -> Page:
    """What went wrong; `reason` is bolt's, or what Slack sent along, which anybody may have written."""
    words = translator(language)
    failure = _FAILURES.get(reason) or _Failure(
        HTTPStatus.BAD_REQUEST,
        _NOT_INSTALLED,
        msg("Slack did not allow it ({code}).", code=re.sub(r"[^\w.:-]", "", reason, flags=re.ASCII)[:60]),
    )
    html = _PAGE.format(
        language=language.value,
        title=words.say(failure.title),
        text=words.say(failure.text),
        address=_INSTALL,
        link=words.say(_START_AGAIN),
    )
    return Page(failure.status, html)
