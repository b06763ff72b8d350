"""The title line of a note: `*Title* (Authors)` in all the ways people have written it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.addresses import clean_url
from bot.core.text import has_hangul
from bot.formats.authors import Byline, is_venue, looks_like_byline, read_byline
from bot.formats.organisations import is_organisation, looks_like_person
from bot.formats.tags import is_tag_line


@dataclass(frozen=True, slots=True)
class TitleBlock:
    """A title with its byline; `lines` were read for it, `rest` is what follows on the last of them.

    `url` is the address of a title written `Title (https://...)`. `unclosed`: the byline's parenthesis never closes.
    """

    title: str
    byline: Byline = field(default_factory=Byline)
    url: str | None = None
    unclosed: bool = False
    lines: int = 1
    rest: str = ""


_LINKED = re.compile(r"\[(?P<title>.+)\]\((?P<url>https?://\S+)\)")
_HEADED = re.compile(r"\s*#{1,6}\s+(?P<title>\S.*\(.+\).*)")
_MOST_LINES = 40
_LONGEST_LINE = 12_000
_LONGEST_TITLE = 400
_LONGEST_LONE_TITLE = 220
_NO_TITLE = re.compile(r"\s*(?:>|＞|#{1,6}\s|[-+•]\s|\d+[.)]\s|\||```|!\[|\[\[|https?:|</?\s*eng)", re.IGNORECASE)
_CONTINUED = re.compile(r"(?: {2,}|\t)\S")
_ENDS_LIKE_PROSE = re.compile(r"(?:[.:;,]|\.{3}|…)$")
_URL_IN_TEXT = re.compile(r"https?://|www\.", re.IGNORECASE)
_WIDE = str.maketrans("（）", "()")
_AFTER_BYLINE = re.compile(r"(?P<end>\)[*_]*)(?P<rest>[ \t.,;:]*(?:\s(?:#\S+|https?://\S+))*\s*)$")


def read_title(lines: Sequence[str], *, likely: bool = True) -> TitleBlock | None:
    """The title block that the first of these lines begins, None when it begins none.

    `likely`: after a link a lone line of English is a title; elsewhere it needs a byline or emphasis.
    """
    headed = _HEADED.fullmatch(lines[0]) if likely and lines else None
    block = _paragraph([headed["title"], *lines[1:_MOST_LINES]] if headed else lines)
    if not block or (headed and has_hangul(block[0])):
        return None
    if has_hangul(block[0]):
        return _before_korean(block[0])
    return _closed(block) or _emphasised(block) or _unclosed(block) or (_lone(block) if likely else None)


def _paragraph(lines: Sequence[str]) -> list[str]:
    """The lines up to the first that cannot be part of a title; the first one may be Korean."""
    block: list[str] = []
    for line in lines[:_MOST_LINES]:
        ends = not line.strip() or len(line) > _LONGEST_LINE or _NO_TITLE.match(line) or is_tag_line(line)
        if ends or (block and has_hangul(line)):
            break
        block.append(line)
    return block


def _closed(block: Sequence[str]) -> TitleBlock | None:
    """The shortest run of lines that ends with a closed byline, the longest where lines are indented as wrapped."""
    found: TitleBlock | None = None
    joined, depth = "", 0
    for number, line in enumerate(block, start=1):
        if (found and not _CONTINUED.match(line)) or len(joined) > _LONGEST_LINE:
            break
        joined = f"{joined} {line.strip()}".strip()
        depth += line.count("(") + line.count("（") - line.count(")") - line.count("）")
        if ")" in line or "）" in line:
            found = _split(joined, number) or found
    return found


def _split(text: str, lines: int) -> TitleBlock | None:
    """A joined title line cut into title and byline, None when it does not end with one."""
    text, link = _without_link_after(text.translate(_WIDE))
    found = _cut(text, lines)
    return replace(found, rest=f"{found.rest} {link}".strip()) if found and link else found


def _cut(text: str, lines: int) -> TitleBlock | None:
    end = _AFTER_BYLINE.match(text, max(text.rfind(")"), 0))
    if not end:
        return None
    rest = end["rest"].strip(" \t.,;:")
    whole, marks = _unwrapped(text[: end.end("end")])
    inside = _last_parentheses(whole)
    if inside is None:
        return None
    start, stop = inside
    before, names = whole[:start].rstrip(), whole[start + 1 : stop]
    title = _plain(before.rstrip(" \t(,-–—"))
    if not title or len(title) > _LONGEST_TITLE or (marks and not _surely_authors(names)):
        return None
    url = clean_url(names) if _URL_IN_TEXT.match(names.strip()) else None
    linked = _LINKED.fullmatch(title)
    if linked and clean_url(linked["url"]):
        title, url = linked["title"], clean_url(linked["url"])
    elif url:
        return _before_remark(before, whole[start:], lines) or TitleBlock(title, url=url, lines=lines, rest=rest)
    if not looks_like_byline(names, title):
        return _before_remark(before, whole[start:], lines)
    return TitleBlock(title, read_byline(names), url, lines=lines, rest=rest)


def _without_link_after(text: str) -> tuple[str, str]:
    """A text without the `[code](https://...)` that follows its byline, and that link."""
    start = text.rfind("[")
    before, link = text[: max(start, 0)].rstrip(), text[start:].strip()
    return (before, link) if before.endswith(")") and _LINKED.fullmatch(link) else (text, "")


def _before_remark(text: str, remark: str, lines: int) -> TitleBlock | None:
    """A title and byline with something else in parentheses after them, such as where it appeared or its code."""
    found = _split(text, lines) if text.endswith(")") and len(remark) < _LONGEST_TITLE else None
    return replace(found, rest=f"{found.rest} {remark}".strip()) if found and _has_names(found) else None


def _has_names(title: TitleBlock) -> bool:
    return bool(title.byline.authors or title.byline.organisation)


def _last_parentheses(text: str) -> tuple[int, int] | None:
    """Where the last balanced parentheses of a text that ends with `)` open and close; surplus `)` are passed over."""
    stop = len(text.rstrip("*_ ")) - 1
    while stop >= 0 and text[stop] == ")":
        depth = 0
        for position in range(stop, -1, -1):
            depth += (text[position] == ")") - (text[position] == "(")
            if depth == 0:
                return position, stop
        stop -= 1
        while stop >= 0 and text[stop] == " ":
            stop -= 1
        if depth > _MOST_LINES:
            return None
    return None


def _surely_authors(names: str) -> bool:
    """Whether parentheses inside the emphasis hold authors all the same: several persons, or a known organisation."""
    byline = read_byline(names)
    return len(byline.authors) > 1 or (byline.organisation is not None and is_organisation(byline.organisation))


def _unwrapped(text: str) -> tuple[str, bool]:
    """A text without the emphasis around all of it, byline included, and whether there was any."""
    for mark in ("***", "**", "*", "__", "_"):
        if text.startswith(mark) and text.endswith(")" + mark):
            return text[len(mark) : -len(mark)].strip(), True
    return text, False


def _plain(title: str) -> str:
    """A title on one line, without the emphasis that wraps the whole of it; marks inside it, and `ReST-MCTS*`, stay."""
    title = " ".join(title.split())
    title = title[:-1] if _DOTTED.fullmatch(title) else title
    for mark in ("*", "_"):
        before = len(title) - len(title.lstrip(mark))
        after = len(title) - len(title.rstrip(mark))
        width = min(before, after)
        if width and len(title) > 2 * width:
            title = title[width:-width].strip()
        elif mark == "*" and before and title.count("*") == before:
            title = title[before:].strip()  # opened and never closed
    return title


_DOTTED = re.compile(r"([*_]{1,3})(?=[^\s*_]).+\1[.,;:]")  # `*Title*.`
_EMPHASISED = re.compile(r"\s*(\*{1,3}|_{1,2})(?=\S)(?P<title>.{1,400}?)(?<=\S)\1\s*(?P<rest>.*)", re.DOTALL)
_STRICT = re.compile(
    r"\s*(?P<title>\*{1,3}(?=[^\s*])[^*]{1,400}\*{1,3})\s*\((?P<names>[^()]{2,3000})\)\s*(?P<rest>.*)", re.DOTALL
)


def _emphasised(block: Sequence[str]) -> TitleBlock | None:
    """`*Title*` without a byline, over one line or several."""
    joined = ""
    for number, line in enumerate(block[:4], start=1):
        joined = f"{joined} {line.strip()}".strip()
        found = _EMPHASISED.fullmatch(joined)
        if found and found["rest"].strip("() ") == "":
            return TitleBlock(found["title"].strip(), lines=number)
    return None


def _before_korean(line: str) -> TitleBlock | None:
    """A title and byline with Korean in them, or with Korean prose after them on the same line."""
    strict = _STRICT.fullmatch(line.translate(_WIDE))
    if strict:
        return TitleBlock(_plain(strict["title"]), read_byline(strict["names"]), rest=strict["rest"].strip())
    named = _named_at_end(line.translate(_WIDE).strip())
    if named:
        return named
    latin = line[: next(position for position, letter in enumerate(line) if has_hangul(letter))]
    end = latin.rfind(")") + 1
    found = _split(latin[:end].strip(), 1) if end else None
    if found is None or found.url or not (len(found.byline.authors) > 1 or latin.lstrip().startswith("*")):
        return None
    return TitleBlock(found.title, found.byline, rest=line[end:].strip())


def _named_at_end(line: str) -> TitleBlock | None:
    """A line with Korean in it that ends with parentheses in which nothing stands but two persons' names or more."""
    inside = _last_parentheses(line) if line.endswith(")") else None
    if inside is None or inside[1] != len(line) - 1:
        return None
    title, byline = _plain(line[: inside[0]]), read_byline(line[inside[0] + 1 : -1])
    persons = len(byline.authors) > 1 and not byline.organisation and all(map(looks_like_person, byline.authors))
    return TitleBlock(title, byline) if persons and 0 < len(title) <= _LONGEST_TITLE else None


_ANY_NAMES = re.compile(
    r"\s*([*_]{1,3})(?=\S)(?P<title>[^()]{1,400}?)(?<=\S)\1\s*\((?P<names>[^()]{2,3000})\)\s*", re.DOTALL
)
_LIST_MARK = re.compile(r"\A(?:#{1,6}|[-+•])\s+")


def title_whatever_its_look(text: str, lines: int) -> TitleBlock | None:
    """The title block that a joined text is known to be from its place; `lines` were read for it."""
    text = _LIST_MARK.sub("", text, count=1)
    if len(text) > _LONGEST_LINE:
        return None
    named = _ANY_NAMES.fullmatch(text)
    if named and not is_venue(named["names"]):
        return _split(text, lines) or TitleBlock(named["title"].strip(), read_byline(named["names"]), lines=lines)
    found = _split(text, lines)
    if found or _ENDS_LIKE_PROSE.search(text):
        return found
    title = _plain(text)
    return TitleBlock(title, lines=lines) if 0 < len(title) <= _LONGEST_TITLE else None


def _unclosed(block: Sequence[str]) -> TitleBlock | None:
    """`Title (A, B, C` whose parenthesis never closes: what is there is kept."""
    joined, lines = block[0].strip(), 1
    for line in block[1:]:
        if not _CONTINUED.match(line):
            break
        joined, lines = f"{joined} {line.strip()}", lines + 1
    joined = joined.translate(_WIDE)
    start = _open_parenthesis(joined)
    if start is None:
        return None
    title, names = _plain(joined[:start].rstrip()), joined[start + 1 :].strip()
    several = len(read_byline(names).authors) > 1 or title != joined[:start].strip()
    if not title or len(title) > _LONGEST_TITLE or not several or not looks_like_byline(names, title):
        return None
    return TitleBlock(title, read_byline(names), unclosed=True, lines=lines)


def _open_parenthesis(text: str) -> int | None:
    """Where the first parenthesis stands that is never closed."""
    opened: list[int] = []
    for position, letter in enumerate(text):
        if letter == "(":
            opened.append(position)
        elif letter == ")" and opened:
            opened.pop()
    return opened[0] if opened else None


def _lone(block: Sequence[str]) -> TitleBlock | None:
    """One line of English by itself, or wrapped, that does not read like a sentence."""
    if len(block) > 1 and not all(map(_CONTINUED.match, block[1:])):
        return None
    title = _plain(" ".join(line.strip() for line in block))
    too_long = not 2 <= len(title) <= _LONGEST_LONE_TITLE
    if too_long or _ENDS_LIKE_PROSE.search(title) or _URL_IN_TEXT.search(title) or not any(map(str.isalpha, title)):
        return None
    return TitleBlock(title, lines=len(block))
