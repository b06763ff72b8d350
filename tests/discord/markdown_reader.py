r"""Discord's Markdown as its apps read it: what a person sees of a text, with which formats, links and mentions.

It is written from what is publicly known of the apps, and knows nothing of how Paperboy writes. The apps do not agree
in everything, so a text has to read the same in each of the dialects.

    read("**a** [b](https://c.org) <@1>")   the letters, each with its formats, its link, and what it mentions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

Match = re.Match[str]


class Dialect(Enum):
    """A way of reading where apps are known to differ."""

    DESKTOP = auto()
    MOBILE = auto()


@dataclass(frozen=True)
class Style:
    """How letters are shown. `formats` such as `bold` or `heading 2`; `mention` is what was written for it."""

    formats: frozenset[str] = frozenset()
    url: str | None = None
    mention: str | None = None


@dataclass(frozen=True)
class Span:
    """Letters in one style."""

    text: str
    style: Style = Style()


@dataclass
class _State:
    """Where reading has come to, and within what; `bare` is a text in which there are no links, as in one's label."""

    dialect: Dialect
    style: Style = Style()
    at_line_start: bool = True
    in_quote: bool = False
    bare: bool = False
    spans: list[Span] = field(default_factory=list)

    def show(self, text: str, *formats: str, url: str | None = None, mention: str | None = None) -> None:
        """Show a text as it is."""
        style = replace(self.style, formats=self.style.formats | set(formats))
        style = replace(style, url=url or style.url, mention=mention or style.mention)
        self.spans.append(Span(text, style))
        for letter in text:
            self.at_line_start = letter == "\n" or (self.at_line_start and letter.isspace())

    def within(self, text: str, *formats: str, url: str | None = None) -> None:
        """Read a text in one more format."""
        outside = self.style, self.bare
        self.style = replace(self.style, formats=self.style.formats | set(formats), url=url or self.style.url)
        self.bare = self.bare or url is not None
        _read(text, self)
        self.style, self.bare = outside

    def line(self, text: str, *formats: str) -> None:
        """Read a text that stands on a line of its own."""
        self.at_line_start = True
        self.within(text.removesuffix("\n"), *formats)
        if text.endswith("\n"):
            self.show("\n")
        self.at_line_start = True


def read(markdown: str, dialect: Dialect = Dialect.DESKTOP) -> list[Span]:
    """A text as it is shown; neighbours in one style are one span."""
    state = _State(dialect)
    _read(markdown, state)
    joined: list[Span] = []
    for span in state.spans:
        if joined and joined[-1].style == span.style:
            joined[-1] = Span(joined[-1].text + span.text, span.style)
        else:
            joined.append(span)
    return joined


def visible(spans: Iterable[Span]) -> str:
    """What a person sees."""
    return "".join(span.text for span in spans)


def links(spans: Iterable[Span]) -> list[tuple[str, str]]:
    """What can be pressed: what is shown of it, and where it leads."""
    return [(span.text, span.style.url) for span in spans if span.style.url is not None]


def mentions(spans: Iterable[Span]) -> list[str]:
    """Whoever and whatever is mentioned, pictured, or told as a time."""
    return [span.style.mention for span in spans if span.style.mention is not None]


def formats(spans: Iterable[Span]) -> set[str]:
    """All formats that anything is shown in."""
    return {name for span in spans for name in span.style.formats}


# --- rules ------------------------------------------------------------------------------------------------------------

Rule = Callable[[str, _State], int]
"""Reads what a text begins with, if the rule is for it, and hands out how many letters that were; 0 for none."""


def _read(text: str, state: _State) -> None:
    at = 0
    while at < len(text):
        rest = text[at:]
        taken = next((taken for rule in _RULES if (taken := rule(rest, state))), 0)
        if not taken:
            raise AssertionError(f"no rule for {rest[:20]!r}")
        at += taken


def _pattern(pattern: str, work: Callable[[Match, _State], None], *, line_start: bool = False) -> Rule:
    compiled = re.compile(pattern, re.DOTALL)

    def rule(text: str, state: _State) -> int:
        found = compiled.match(text) if state.at_line_start or not line_start else None
        if found is None or not found[0]:
            return 0
        work(found, state)
        return found.end()

    return rule


def _only(dialect: Dialect, rule: Rule) -> Rule:
    return lambda text, state: rule(text, state) if state.dialect is dialect else 0


def _formatted(name: str) -> Callable[[Match, _State], None]:
    return lambda found, state: state.within(found[1] if found[1] is not None else found[2], name)


def _mentioned(found: Match, state: _State) -> None:
    state.show(found[0], mention=found[0])


def _linked(found: Match, state: _State) -> None:
    if state.bare:
        state.show(found[0])
    else:
        state.show(found[1], url=found[1])


def _quote(text: str, state: _State) -> int:
    if not state.at_line_start or state.in_quote:
        return 0
    gap = " +" if state.dialect is Dialect.DESKTOP else " ?"
    found = re.match(rf" *>>>{gap}(.+)| *>(?!>>){gap}([^\n]+\n?)", text, re.DOTALL)
    if not found:
        return 0
    state.in_quote = True
    state.line(found[1] or found[2], "quote")
    state.in_quote = False
    return found.end()


def _code_block(found: Match, state: _State) -> None:
    state.show(found[1], "code block")


def _inline_code(text: str, state: _State) -> int:
    pattern = r"(`+)(.*?[^`])\1(?!`)" if state.dialect is Dialect.DESKTOP else r"(``?)(.*?)\1"
    found = re.match(pattern, text, re.DOTALL)
    if found is None or not found[2].strip("`"):
        return 0
    state.show(found[2], "code")
    return found.end()


_LABEL: Final = {
    Dialect.DESKTOP: r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]",
    Dialect.MOBILE: r"\[((?:\\.|[^\]\\])*)\]",
}


def _masked_link(text: str, state: _State) -> int:
    target = r"\(\s*<?((?:\([^)]*\)|[^\s\\()<>]|\\.)*?)>?\s*\)"
    found = None if state.bare else re.match(_LABEL[state.dialect] + target, text, re.DOTALL)
    if found is None or not re.match(r"https?://[^/]", found[2]):
        return 0
    label = _State(state.dialect, bare=True)
    _read(found[1], label)
    if not visible(label.spans).strip() or re.search(r"https?://\S", visible(label.spans)):
        return 0  # who reads it sees the brackets
    state.within(found[1], url=re.sub(r"\\(.)", r"\1", found[2]))
    return found.end()


def _emoji(found: Match, state: _State) -> None:
    state.show(found[0], mention=found[0])


def _text(text: str, state: _State) -> int:
    found = re.match(r".+?(?=[^0-9A-Za-z\s\u00c0-\U0010ffff]|\n|[A-Za-z0-9_]++:\S|$)", text, re.DOTALL)
    shown = found[0] if found else text[0]
    state.show(shown)
    return len(shown)


_TIME: Final = r"<t:-?\d{1,17}(?::[tTdDfFRsS])?>"
_OF_THE_APP: Final = r"<@!?\d+>|<@&\d+>|<#\d+>|</[^<>:\n]+:\d+>|<id:[\w-]+(?::\d+)?>|<a?:\w+:\d+>|<sound:[\d:]+>"
_RULES: Final[tuple[Rule, ...]] = (
    _only(
        Dialect.DESKTOP,
        _pattern(r" *(#{1,3}) (?!#) *([^\n]+\n?)", lambda m, s: s.line(m[2], f"heading {len(m[1])}"), line_start=True),
    ),
    _only(
        Dialect.MOBILE,
        _pattern(r"\s*(#{1,3})\s+([^\n]+\n?)", lambda m, s: s.line(m[2], f"heading {len(m[1])}"), line_start=True),
    ),
    _pattern(r"\s*-#\s+(?!-#)([^\n]+\n?)", lambda m, s: s.line(m[1], "small"), line_start=True),
    _pattern(r"\s*(?:[+*-]|\d+\.) +([^\n]+\n?)", lambda m, s: s.line(m[1], "list"), line_start=True),
    _quote,
    _pattern(r"```(?:[a-zA-Z0-9_+\-.#]+?\n)?\n*([^\n].*?)\n*```", _code_block),
    _pattern(r"¯\\_\(ツ\)_/¯", lambda m, s: s.show(m[0])),
    _pattern(r"\\([^0-9A-Za-z\s])", lambda m, s: s.show(m[1])),
    _pattern(r"<(https?://[^ >]+)>", _linked),
    _pattern(r"<((?:mailto:)?[^\s<>@:]+@[^\s<>@]+\.[^\s<>@]+|(?:tel:)?\+[\d() -]{2,})>", _linked),
    _pattern(r"((?:https?|steam|discord)://[^\s<]+[^<.,:;\"'\]\s])", _linked),
    _pattern(r"((?:discord\.gg|discord\.new|discord(?:app)?\.com/invite)/\w+)", _linked),
    _pattern(rf"{_TIME}|{_OF_THE_APP}|@everyone|@here", _mentioned),
    _masked_link,
    _pattern(r":(?:[\w+~-]+)(?:::skin-tone-\d)?:", _emoji),
    _pattern(r"\*\*(.+?)\*\*(?!\*)", _formatted("bold")),
    _pattern(r"__(.+?)__(?!_)", _formatted("underline")),
    _pattern(
        r"\b_((?:__|\\.|[^\\_])+?)_\b"
        r"|\*(?=\S)((?:\\\*|\*\*|\s+(?:[^*\s]|\\\*|\*\*)|[^\s*])+?)(?<!\\)\*(?!\*)",
        _formatted("italic"),
    ),
    _pattern(r"~~(.+?)~~", _formatted("strike")),
    _pattern(r"\|\|(.+?)\|\|", _formatted("spoiler")),
    _inline_code,
    _text,
)
