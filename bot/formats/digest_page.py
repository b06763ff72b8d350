"""A digest page: the plain text of one day's digest, pasted from where it was published.

    2024년 6월 21일
    Title                       or [Title](https://...)
    (authors or organisation)
    The abstract, one line without Korean; may be absent.
    Remarks, one to seven lines.
    #tag #tag                   may be absent

There are no blank lines and no separators, so an entry begins where a line without Korean is followed by a line
that is one parenthesised byline. A page may be cut anywhere; what is there is kept and marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.core.addresses import clean_url, find_urls
from bot.core.entries import Entry, Kind, Status
from bot.core.imports import Doubt, Parsed, Skipped, SkipReason
from bot.core.text import has_hangul
from bot.formats.authors import Byline, looks_like_byline, read_byline
from bot.formats.links import arxiv_id_in, is_paper_address
from bot.formats.tags import is_tag_line, take_tags

_KOREAN_DATE = re.compile(
    r"\s*(?:#+\s*)?(\d{4})\s*년\s*(\d{1,2})\s*월\s*(\d{1,2})\s*일(?:\s*\(?[월화수목금토일](?:요일)?\)?)?\s*"
)
_ISO_DATE = re.compile(r"\s*(?:#+\s*)?(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?\s*")


def read_page_date(line: str) -> date | None:
    """The date that a whole line is: `2024년 6월 21일`, or `2024-06-21`.

    >>> read_page_date("2024년 6월 21일"), read_page_date("2024년 6월 31일")
    (datetime.date(2024, 6, 21), None)
    """
    if len(line) > 100:
        return None
    found = _KOREAN_DATE.fullmatch(line) or _ISO_DATE.fullmatch(line)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def parse_page(path: str, text: str) -> Parsed:
    """The entries of a page, in order, with the page's date as digest date. Never raises."""
    lines = [(number, line.strip()) for number, line in enumerate(_lines(text), start=1) if line.strip()]
    if not lines:
        return Parsed(skipped=(Skipped(path, SkipReason.EMPTY),))
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    for day, block in _days(lines):
        blocks, before = _blocks(block)
        skipped.extend(_left_out(path, before))
        entries.extend(_entry(path, day, part) for part in blocks)
    return Parsed(tuple(entries), tuple(skipped))


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


Numbered = tuple[int, str]


def _days(lines: Sequence[Numbered]) -> Iterator[tuple[date | None, list[Numbered]]]:
    """The lines of each day of a page; a page is usually one day."""
    day: date | None = None
    block: list[Numbered] = []
    for number, line in lines:
        found = read_page_date(line)
        if found is None:
            block.append((number, line))
            continue
        if block:
            yield day, block
        day, block = found, []
    if block:
        yield day, block


def _left_out(path: str, lines: Sequence[Numbered]) -> Iterator[Skipped]:
    for number, line in lines:
        yield Skipped(path, SkipReason.NOT_AN_ENTRY, f"line {number}: before the first entry: {line}")


# --- where entries begin ------------------------------------------------------------------------------------------

_LONGEST_TITLE = 300
_LINKED_TITLE = re.compile(r"(?:\d+[.)]\s*|[-*]\s+)?\[(?P<title>.+)\]\((?P<url>\S+)\)")
_BYLINE = re.compile(r"\((?P<names>.+)\)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FORMULA = re.compile(r"\$\$|\\[\[(]|\\begin\b")
_SENTENCE_END = re.compile(r"[.:;,…]$")


@dataclass(slots=True)
class _Block:
    """The lines of one entry. `last`: no other entry follows on the page."""

    title: str
    names: str | None
    body: list[str] = field(default_factory=list)
    last: bool = False


def _blocks(lines: Sequence[Numbered]) -> tuple[list[_Block], list[Numbered]]:
    texts = [line for _, line in lines]
    starts: list[int] = []
    for position in range(len(texts)):
        is_byline = bool(starts) and starts[-1] == position - 1 and _names(texts[position]) is not None
        if not is_byline and _begins(texts, position):
            starts.append(position)
    ends = [*starts, len(texts)]
    blocks = []
    for start, end in zip(starts, ends[1:], strict=True):
        names = _names(texts[start + 1]) if start + 1 < end else None
        block = _Block(texts[start], names, texts[start + (1 if names is None else 2) : end])
        blocks.append(block)
    if blocks:
        blocks[-1].last = True
    return blocks, list(lines[: ends[0]])


def _begins(lines: Sequence[str], position: int) -> bool:
    """Whether an entry begins here.

    At the top and after tags the shape is enough; elsewhere it must read like a title and its authors.
    """
    line = lines[position]
    if has_hangul(line) or is_tag_line(line):
        return False
    expected = position == 0 or is_tag_line(lines[position - 1])
    names = _names(lines[position + 1]) if position + 1 < len(lines) else None
    if names is None or has_hangul(names):
        return expected and _is_cut_title(lines, position)
    linked = _LINKED_TITLE.fullmatch(line) is not None
    return (
        linked or (_reads_like_title(line) and looks_like_byline(names, line)) or (expected and _could_be_title(line))
    )


def _reads_like_title(line: str) -> bool:
    return _could_be_title(line) and _SENTENCE_END.search(line) is None and _names(line) is None


def _could_be_title(line: str) -> bool:
    is_text = _WORD.search(line) is not None and _FORMULA.match(line) is None
    return is_text and len(line) <= _LONGEST_TITLE and not line.lower().startswith(("http://", "https://"))


def _names(line: str) -> str | None:
    """What a line that is wholly one pair of parentheses holds."""
    found = _BYLINE.fullmatch(line)
    if not found:
        return None
    depth = 0
    for position, letter in enumerate(line):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and position < len(line) - 1:
            return None
    return found["names"].strip() or None


def _is_cut_title(lines: Sequence[str], position: int) -> bool:
    """Whether a page was cut in the title or in the byline of the entry that begins here."""
    line, following = lines[position], lines[position + 1 :]
    if not (_reads_like_title(line) or _LINKED_TITLE.fullmatch(line)) or has_hangul(line):
        return False
    return not following or (len(following) == 1 and following[0].startswith("(") and ")" not in following[0])


# --- one entry ----------------------------------------------------------------------------------------------------


def _entry(path: str, day: date | None, block: _Block) -> Entry:
    title, url = _title(block.title)
    body, unclosed = _without_cut_byline(block)
    byline = read_byline(unclosed or block.names or "")
    abstract = body[0] if body and _is_abstract(body[0]) else None
    remarks, tags, stray = _remarks(body[1:] if abstract else body)
    return Entry(
        id="",
        title=title,
        digest_date=day,
        authors=byline.authors,
        organisation=byline.organisation,
        url=url,
        arxiv_id=arxiv_id_in(url) if url else None,
        abstract=abstract,
        commentary="\n".join(remarks) or None,
        tags=tags,
        links=tuple(link for link in find_urls("\n".join(body)) if link != url),
        kind=_kind(byline, url, abstract),
        status=Status.PUBLISHED if day else Status.DRAFT,
        sources=(path,),
        warnings=_doubts(
            {
                Doubt.UNDATED: day is None,
                Doubt.AUTHORS_UNCLOSED: unclosed is not None,
                Doubt.STRAY_AFTER_TAGS: stray,
                Doubt.PARTIAL_ENTRY: block.last and (stray or _is_cut(block, abstract, remarks, tags)),
                Doubt.NO_TEXT: not (abstract or remarks),
            }
        ),
    )


def _doubts(found: dict[Doubt, bool]) -> tuple[str, ...]:
    return tuple(doubt.value for doubt, holds in found.items() if holds)


def _title(line: str) -> tuple[str, str | None]:
    linked = _LINKED_TITLE.fullmatch(line)
    url = clean_url(linked["url"]) if linked else None
    return (linked["title"], url) if linked and url else (line, None)


def _without_cut_byline(block: _Block) -> tuple[list[str], str | None]:
    """The body, and the names in a byline that the end of the page cut off."""
    if block.names is None and block.body:
        return block.body[1:], block.body[0].removeprefix("(").strip()
    return block.body, None


def _is_abstract(line: str) -> bool:
    return not has_hangul(line) and not is_tag_line(line) and not re.fullmatch(r"https?://\S+", line)


def _remarks(lines: Iterable[str]) -> tuple[list[str], tuple[str, ...], bool]:
    remarks: list[str] = []
    tags: list[str] = []
    stray = False
    for line in lines:
        tagged = take_tags(line)
        tags.extend(tagged.tags)
        stray = stray or tagged.stray
        if tagged.text.strip():
            remarks.append(tagged.text.strip())
    return remarks, tuple(dict.fromkeys(tags)), stray


def _kind(byline: Byline, url: str | None, abstract: str | None) -> Kind:
    has_paper = bool(byline.authors or abstract or (url and is_paper_address(url)))
    return Kind.PAPER if has_paper else Kind.ANNOUNCEMENT


_FINISHED = re.compile(r"[.!?…)\]\"'”’]$|[다요죠네]$|https?://\S+$")


def _is_cut(block: _Block, abstract: str | None, remarks: Sequence[str], tags: Sequence[str]) -> bool:
    """Whether the page seems to end within its last entry."""
    if tags:
        return False
    if not remarks:
        return block.names is None or abstract is None or _FINISHED.search(abstract) is None
    return _FINISHED.search(remarks[-1]) is None


# --- printing -----------------------------------------------------------------------------------------------------


def print_page(digest_date: date, entries: Iterable[Entry]) -> str:
    """A page that reads back as these entries: titles linked, every text on one line, remarks line by line."""
    lines = [f"{digest_date.year}년 {digest_date.month}월 {digest_date.day}일"]
    for entry in entries:
        title = " ".join(entry.title.split())
        lines.append(f"[{title}]({entry.url})" if entry.url else title)
        names = ", ".join(entry.authors)
        lines.append(f"({': '.join(filter(None, (entry.organisation, names)))})")
        lines.extend(filter(None, [" ".join((entry.abstract or "").split())]))
        lines.extend(line.strip() for line in (entry.commentary or "").split("\n") if line.strip())
        lines.extend(filter(None, [" ".join(f"#{tag}" for tag in entry.tags)]))
    return "\n".join(lines) + "\n"
