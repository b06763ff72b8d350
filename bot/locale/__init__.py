"""Korean and English: puts a `Message`, a date or a count into a person's language.

The catalogues `ko.po` and `en.po` beside this file are read as they are, so nothing is compiled or generated.
`tests/locale` keeps them complete: every sentence of the code stands in both.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from bot.core.messages import Message, msg, msg_n
from bot.core.people import Language

_DATE_PATTERNS = {
    Language.KOREAN: "y년 M월 d일 (E)",
    Language.ENGLISH: "EEE, d MMM y",
}


class Translator:
    """Says things in one language."""

    def __init__(self, language: Language, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def say(self, message: Message) -> str:
        """A message in this language. Values that are messages, dates or numbers are put into it too."""
        if message.plural is None:
            form = self._catalogue.gettext(message.id)
        else:
            form = self._catalogue.ngettext(message.id, message.plural, _count(message.values))
        return form.format_map({key: self._value(value) for key, value in message.values.items()})

    def t(self, id: str, /, **values: object) -> str:  # noqa: A002 - the catalogue's own word
        """A sentence straight from a template."""
        return self.say(msg(id, **values))

    def n(self, singular: str, plural: str, n: int, /, **values: object) -> str:
        """A sentence with a count, straight from a template."""
        return self.say(msg_n(singular, plural, n=n, **values))

    def day(self, day: date) -> str:
        """A calendar day with its weekday."""
        from babel.dates import format_date  # noqa: PLC0415 - slow to import, and seldom needed on the command line

        return format_date(day, _DATE_PATTERNS[self.language], locale=self.language.value)

    def clock(self, moment: datetime) -> str:
        """Hours and minutes of a moment, in the zone it carries."""
        return moment.strftime("%H:%M")

    def _value(self, value: object) -> str:
        match value:
            case Message():
                return self.say(value)
            case datetime():
                return f"{self.day(value.date())} {value:%H:%M}"
            case date():
                return value.isoformat()
            case bool():
                return str(value)
            case int():
                return f"{value:,}"
            case _:
                return str(value)


def _count(values: Mapping[str, object]) -> int:
    n = values.get("n")
    return n if isinstance(n, int) else 0


@cache
def translator(language: Language) -> Translator:
    """The one translator of a language; its catalogue is read at first use."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - slow to import
    from babel.messages.pofile import read_po  # noqa: PLC0415

    source = files(__name__).joinpath(f"{language.value}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=language.value))
    compiled.seek(0)
    return Translator(language, gettext.GNUTranslations(compiled))


def language_of(tag: str | None, default: Language) -> Language:
    """The language for a locale tag such as `ko-KR` or an Accept-Language header, else the default."""
    for part in (tag or "").split(","):
        name = part.split(";")[0].strip().replace("_", "-").split("-")[0].casefold()
        if name in (language.value for language in Language):
            return Language(name)
    return default
