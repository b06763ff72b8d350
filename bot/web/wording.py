"""Words for the chat page's scripts, and sentences with `code` in them as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel.dates import get_day_names
from markupsafe import Markup, escape

from bot.core.people import Language
from bot.locale import Translator

_CODE = re.compile(r"`([^`]+)`")


def said(sentence: str) -> Markup:
    """A sentence as HTML, with what stands between backticks as code.

    >>> said("Write `/paper <x>`.")
    Markup('Write <code>/paper &lt;x&gt;</code>.')
    """
    parts = _CODE.split(sentence)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part) for index, part in enumerate(parts)
    )


def weekday_names(days: Iterable[int], language: Language) -> str:
    """Short names of weekdays, Monday 0 to Sunday 6, in their order."""
    names = get_day_names("abbreviated", locale=language.value)
    return ", ".join(names[day] for day in sorted(days))


def page_strings(speaker: Translator) -> dict[str, str]:
    """What the scripts say, in the visitor's language."""
    t = speaker.t
    return {
        "new": t("New"),
        "newBelow": t("New messages below"),
        "newPost": t("New message"),
        "offline": t("Paperboy does not answer. Trying again…"),
        "failed": t("That did not work. Please try again."),
        "tooLong": t("That is more text than Paperboy takes at once"),
        "gone": t("This message is gone."),
        "thinking": t("Looking…"),
        "discard": t("Press Esc once more to throw away what you have typed."),
        "deleteAgain": t("Press again to delete"),
        "shared": t("Shared into this channel."),
        "saved": t("Saved"),
        "notSaved": t("No longer saved"),
        "copied": t("The link is copied."),
        "restricted": t("maintainers only"),
        "offers": t("{count} suggestions", count="{count}"),
        "beginning": t("This is where the channel begins."),
    }
