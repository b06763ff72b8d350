"""What every platform says about an entry and a digest, in one person's or subscription's language: pure.

Platforms differ in how they show it; what it says stands here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.markup import clean, host_of, safe_url
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Language
from bot.core.subscriptions import EVERY_DAY, LatePolicy, Layout, Subscription
from bot.core.text import shorten_authors
from bot.locale import Translator

MOST_NAME = 200
"""Characters of one name on a byline; a longer one ends in `…`."""
MOST_QUERIES = 300
"""Characters of the queries a person follows, where a digest says why it comes."""

LAYOUTS: Final[Mapping[Layout, tuple[Message, Message]]] = {
    Layout.CARDS: (msg("Cards"), msg("One message per entry, to react to and discuss by itself")),
    Layout.COMPACT: (msg("Compact"), msg("One message with the list; the entries follow in its thread")),
    Layout.FORUM: (msg("Forum posts"), msg("One post per entry, with the forum's tags")),
}
"""What the layouts are called, and what they are."""
LANGUAGES: Final[Mapping[Language, str]] = {Language.KOREAN: "한국어", Language.ENGLISH: "English"}
"""What the languages call themselves."""
LATE_POLICIES: Final[Mapping[LatePolicy, Message]] = {
    LatePolicy.IN_ORDER: msg("Post them in order"),
    LatePolicy.MERGED: msg("Post them as one"),
    LatePolicy.SKIP: msg("Leave them out, with a note"),
}
"""What happens to missed digests."""
_BAR: Final = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a digest: its days in words, and how many entries there are."""

    title: str
    summary: str


def heading(days: Sequence[date], count: int, speaker: Translator) -> Heading:
    """The head of a digest of `count` entries; several days when digests were merged."""
    title = " · ".join(speaker.day(day) for day in days)
    return Heading(title, speaker.say(msg_n("{n} entry", "{n} entries", n=count)))


def late_mark(speaker: Translator) -> str:
    """What stands on an entry that reached its digest after the digest was delivered."""
    return speaker.say(msg("Late addition"))


def late_head_mark(speaker: Translator) -> str:
    """What stands on the head of such entries."""
    return speaker.say(msg("Late additions"))


def followed(queries: Sequence[str], speaker: Translator) -> str:
    """What stands on a digest of what a person follows."""
    return speaker.say(msg("You follow {queries}", queries=_shortened(clean(", ".join(queries)), MOST_QUERIES)))


def withdrawn(speaker: Translator) -> str:
    """What stands in place of a withdrawn post whose thread stays."""
    return speaker.say(msg("This post was withdrawn; what was said about it stays."))


def byline(entry: Entry, speaker: Translator) -> str:
    """The organisation and the first authors on one line, and how many more there are; empty when nobody is known."""
    short = shorten_authors(entry.authors, entry.organisation)
    names = ", ".join(_name(name) for name in short.names)
    if not short.more:
        return names
    return speaker.say(msg_n("{names} and {n} more", "{names} and {n} more", n=short.more, names=names))


def is_shortened(entry: Entry) -> bool:
    """Whether the byline leaves out authors, or the end of a name."""
    short = shorten_authors(entry.authors, entry.organisation)
    return short.more > 0 or any(_name(name) != clean(" ".join(name.split())) for name in short.names)


def _name(name: str) -> str:
    return _shortened(" ".join(clean(name).split()), MOST_NAME)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def source_of(entry: Entry) -> str | None:
    """Where the title leads, in a few letters: the arXiv id, else the host."""
    if entry.arxiv_id:
        return f"arXiv:{entry.arxiv_id}"
    return host_of(entry.url) or None if entry.url else None


def commentaries(entry: Entry, language: Language) -> tuple[str | None, str | None]:
    """The commentary to show in this language, and the other one: in this language where there is one, else any."""
    korean, english = entry.commentary, entry.commentary_en
    if language is Language.ENGLISH or korean is None:
        return english or korean, korean if english else None
    return korean, english


def further_links(entry: Entry) -> tuple[str, ...]:
    """The addresses to show beside the one of the title."""
    return tuple(link for link in entry.links if safe_url(link) and link != entry.url)


def weekdays(days: Iterable[int], language: Language) -> str:
    """Short names of weekdays, Monday 0 to Sunday 6, in their order."""
    from babel.dates import get_day_names  # noqa: PLC0415 - slow to import

    names = get_day_names("abbreviated", locale=language.value)
    return ", ".join(names[day] for day in sorted(days))


def gathered(engagement: Engagement, speaker: Translator) -> str:
    """What an entry has gathered, in words; empty for nothing."""
    counted = (
        (engagement.reactions, msg_n("{n} reaction", "{n} reactions", n=engagement.reactions)),
        (engagement.replies, msg_n("{n} reply", "{n} replies", n=engagement.replies)),
        (engagement.saves, msg_n("saved once", "saved {n} times", n=engagement.saves)),
    )
    return " · ".join(speaker.say(said) for count, said in counted if count)


def rhythm(one: Subscription, speaker: Translator) -> str:
    """When, how and in which language a subscription's digests come, on one line."""
    days = speaker.t("every day") if one.weekdays == EVERY_DAY else weekdays(one.weekdays, speaker.language)
    return " · ".join(
        (f"{one.at:%H:%M} {one.zone}", days, speaker.say(LAYOUTS[one.layout][0]), LANGUAGES[one.language])
    )


def chart(per_day: Sequence[tuple[date, int]], language: Language) -> str:
    """A week's days with a bar each, a line a day, for a typeface of equal widths."""
    tallest = max((count for _, count in per_day), default=0)
    return "\n".join(f"{weekdays([day.weekday()], language)} {_bar(count, tallest)} {count}" for day, count in per_day)


def _bar(count: int, tallest: int) -> str:
    return _BAR[(len(_BAR) - 1) * count // tallest] if count else " "
