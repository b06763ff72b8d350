"""Where the words that were asked for stand in an entry: a short piece of its texts, with them marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from operator import itemgetter
from typing import NamedTuple

from bot.core.entries import Entry
from bot.core.hits import Excerpt
from bot.core.latex import readable
from bot.core.markup import clean
from bot.core.text import between_letters
from storage.asking import Run
from storage.tokens import LONGEST, names_on
from storage.words import CJK, WORD, is_cjk, joined, stem

_BEFORE, _AFTER = 50, 130
_AROUND = 300
"""So many characters on either side of what is shown are made readable with it."""
_MOST_TEXT = 20_000
_MOST_SPANS = 20
"""So many times each of the runs is looked for, to find where they stand together."""
_SPACE = re.compile(r"\s+")
_HYPHEN = re.compile("[-\u2010\u2011]")
_LAST_LATIN = re.compile(rf"[^\W_{CJK}]+\Z")
Span = tuple[int, int]


def snippet_of(entry: Entry, runs: Sequence[Run]) -> tuple[Excerpt, ...]:
    """The piece of the text that has most of what was asked for together; of the names, where only these have it.

    Nothing where it stands in the title or a tag.
    """
    best, text = _Place(0, 0), ""
    for whole in filter(None, (entry.commentary, entry.abstract, entry.commentary_en)):
        for written in _ways_to_write(whole[:_MOST_TEXT]):
            place = _place(written, runs)
            if place.together > best.together:
                best, text = place, written
            if place.together == len(runs):
                break
        if best.together == len(runs):
            break
    if not best.together and not _place(entry.title, runs).together:
        text = ", ".join(names_on(entry))
        best = _place(text, runs)
    return _piece(text, best.at, runs) if best.together else ()


class _Place(NamedTuple):
    """Where so many of the runs stand near each other."""

    together: int
    at: int


def _place(text: str, runs: Sequence[Run]) -> _Place:
    """Where most of the runs stand together, the first such place."""
    most = _MOST_SPANS if len(runs) > 1 else 1
    starts = sorted((first, number) for number, run in enumerate(runs) for first, _ in islice(_spans(text, run), most))
    best = _Place(0, 0)
    for place, (at, _) in enumerate(starts):
        near = takewhile(lambda start: start[0] < at + _AFTER, starts[place:])  # noqa: B023 - gone through at once
        best = max(best, _Place(len({number for _, number in near}), at), key=itemgetter(0))
        if best.together == len(runs):
            break
    return best


def _ways_to_write(text: str) -> Iterator[str]:
    """A text as it is, and where that differs with letters as they are compared: `ﬁ` and `Ｌ`, Korean in parts."""
    yield text
    if not text.isascii() and (as_compared := unicodedata.normalize("NFKC", text)) != text:
        yield as_compared


def _spans(text: str, run: Run) -> Iterator[Span]:
    """Where a run stands in a text, in any of the ways to write it; each way first to last."""
    yield from _words_in(text, run)
    for words in run.otherwise:
        yield from _words_in(text, replace(run, words=words, otherwise=()))
    if len(run.words) == 1 and not is_cjk(run.words[0]):
        yield from _with_a_hyphen(text, run)


def _with_a_hyphen(text: str, run: Run) -> Iterator[Span]:
    """Where a word stands with a hyphen in it: `pre-training` for `pretraining`."""
    for hyphen in _HYPHEN.finditer(text):
        at, end = hyphen.span()
        first, second = _LAST_LATIN.search(text, max(0, at - LONGEST), at), WORD.match(text, end)
        if first and second:
            words = joined(f"{first[0]}-{second[0]}")
            yield from ((first.start(), second.end()) for word in words if _fits(word, run.words[0], begun=run.begun))


def _words_in(text: str, run: Run) -> Iterator[Span]:
    first = run.words[0]
    beginning = first if is_cjk(first) else _shared(stem(first), first)
    lower = text.lower()
    if len(lower) != len(text):  # `İ` becomes two letters
        lower = "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)
    at = lower.find(beginning)
    while at >= 0:
        found = _run_at(text, at, run)
        if found:
            yield found
        at = lower.find(beginning, found[1] if found else at + 1)


def _shared(stem_of_it: str, word: str) -> str:
    """What all inflections of a word begin with: `stud` of `studies` and `study`."""
    length = 0
    for one, other in zip(stem_of_it, word, strict=False):
        if one != other:
            break
        length += 1
    shared = word[:length]
    return shared[:-1] if len(shared) > 2 and shared[-1] in "ye" else shared


def _run_at(text: str, at: int, run: Run) -> Span | None:
    first = run.words[0]
    if is_cjk(first):
        end = at + len(first)
    elif at and (text[at - 1].isalnum() and not is_cjk(text[at - 1])):
        return None
    else:
        found = WORD.match(text, at)
        if not found or not _fits(found[0], first, begun=run.begun and len(run.words) == 1):
            return None
        end = found.end()
    for word in run.words[1:]:
        found = WORD.search(text, end, end + len(word) + 40)
        last = word is run.words[-1]
        if not found or not _fits(found[0], word, begun=run.begun and last):
            return None
        end = found.start() + len(word) if is_cjk(word) else found.end()
    return at, end


def _fits(written: str, asked: str, *, begun: bool) -> bool:
    word = unicodedata.normalize("NFKC", written).casefold()
    if is_cjk(asked):
        return word.startswith(asked)
    return stem(word) == stem(asked) or (begun and word.startswith(asked))


def _piece(whole: str, at: int, runs: Sequence[Run]) -> tuple[Excerpt, ...]:
    """What stands around the first match of a text, which is at `at`."""
    low, high = max(0, at - _AROUND), min(len(whole), at + _AROUND)
    if low and (space := _SPACE.search(whole, low, at)):
        low = space.end()
    around = clean(whole[low:high])
    text = readable(around)
    place = _place(text, runs)
    if not place.together:  # it stood in a leftover of some markup
        text, place = around, _place(around, runs)
    start, end = _start(text, place.at), _end(text, place.at)
    piece = text[start:end]
    pieces: list[Excerpt] = []
    done = 0
    spans = [span for run in runs for span in _spans(piece, run)]
    for first, last in _joined(sorted(spans, key=lambda span: (span[0], -span[1]))):
        pieces += [Excerpt(_on_one_line(piece[done:first])), Excerpt(_on_one_line(piece[first:last]), matched=True)]
        done = last
    pieces.append(Excerpt(_on_one_line(piece[done:])))
    if low + start:
        pieces.insert(0, Excerpt("… "))
    if end < len(text) or high < len(whole):
        pieces.append(Excerpt(" …"))
    return tuple(_merged(pieces))


def _start(text: str, at: int) -> int:
    """Where a piece begins: at a word, if there is a space that is not too near."""
    start = max(0, at - _BEFORE)
    if not start:
        return 0
    space = _SPACE.search(text, start, at - _BEFORE // 2)
    return space.end() if space else between_letters(text, start)


def _end(text: str, at: int) -> int:
    """Where it ends: behind a word, if there is a space that is not too near."""
    end = min(len(text), at + _AFTER)
    if end == len(text):
        return end
    spaces = [space.start() for space in _SPACE.finditer(text, at + _AFTER // 2 + 1, end)]
    return spaces[-1] if spaces else between_letters(text, end)


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """The same without overlaps."""
    end = 0
    for first, last in spans:
        if first >= end:
            yield first, last
            end = last


def _merged(pieces: Sequence[Excerpt]) -> Iterator[Excerpt]:
    """Neighbours of a kind as one, and none that is empty."""
    text, matched = "", False
    for piece in pieces:
        if piece.matched != matched and text:
            yield Excerpt(text, matched)
            text = ""
        matched = piece.matched if piece.text else matched
        text += piece.text
    if text:
        yield Excerpt(text, matched)


def _on_one_line(text: str) -> str:
    return _SPACE.sub(" ", text)
