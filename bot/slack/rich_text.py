"""Runs of text as Slack's `rich_text` blocks: pure.

Whatever an entry says goes through here. The elements made are `text` and `link` only, and there Slack takes text as
it is: no mention, quote or markup can come out of it. A text that is too long for one block is cut at the end of a
paragraph, line, sentence or word, and every part keeps its bold runs and links.

Limits: Slack documents none for `rich_text`, but other texts end at 3,000 characters, and a whole message at about
12,000 characters of what seems to be its JSON (https://github.com/slackapi/bolt-js/issues/2867). An element without
text, or a section without elements, is refused.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.core.markup import Run
from bot.core.text import split_paragraphs

MOST_TEXT = 2_900
"""Characters of text in one block."""
MOST_JSON = 4_500
"""Characters of one block as JSON, so that two have room beside what a message holds anyway."""
MOST_URL = 3_000
"""Characters of an address that may be linked, as JSON."""

_FRAME = 200  # of MOST_JSON: what stands around the elements of a section, in a list too
_AHEAD = 200  # how far to look past what fits, to tell a word's end from its middle

Block = dict[str, object]
"""A block as Slack takes it, ready for JSON."""


@dataclass(frozen=True, slots=True)
class Section:
    """Text that begins a block of its own."""

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A bullet of a list, which stands in one block with what comes before it where there is room."""

    runs: tuple[Run, ...]


Piece = Section | Item


def blocks_of(pieces: Iterable[Piece]) -> list[Block]:
    """Pieces as blocks within the limits above, in order. A piece without a letter to show is left out."""
    parts: list[list[Piece]] = []
    for piece in pieces:
        for runs in split(piece.runs):
            part = replace(piece, runs=runs)
            if parts and isinstance(part, Item) and _fits([*parts[-1], part]):
                parts[-1].append(part)
            else:
                parts.append([part])
    return [_block(part) for part in parts]


def json_length(value: object) -> int:
    """How many characters a value takes as JSON, with nothing escaped that need not be."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def split(runs: Iterable[Run]) -> Iterator[tuple[Run, ...]]:
    """Runs in parts that each fit into a block, without white space at either end.

    Nothing but white space at the cuts is left out. A link is never cut, unless it is too long for a block of its own:
    then every part of it leads there.
    """
    waiting = deque(_tidy(runs))
    while _skip_space(waiting):
        yield _without_end(_take(waiting))


# --- cutting --------------------------------------------------------------------------------------------------------


def _tidy(runs: Iterable[Run]) -> Iterator[Run]:
    """The same text in as few runs as possible, without links that Slack would not take."""
    for (bold, url, code), same in groupby(map(_linkable, runs), lambda run: (run.bold, run.url, run.code)):
        text = "".join(run.text for run in same)
        if text:
            yield Run(text, bold, url, code)


def _linkable(run: Run) -> Run:
    if run.url is None or not run.text.strip():
        return replace(run, url=None)
    is_address = run.text == run.url  # which is read as one, or as text
    most = MOST_TEXT if is_address else MOST_URL
    return run if json_length(run.url) <= most + len('""') else replace(run, url=None)


def _skip_space(waiting: deque[Run]) -> bool:
    """Take white space off the beginning; whether anything is left."""
    while waiting:
        text = waiting[0].text.lstrip()
        if text:
            waiting[0] = replace(waiting[0], text=text)
            return True
        waiting.popleft()
    return False


def _without_end(runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs without white space at the end; there is something else before it."""
    kept = list(runs)
    while not kept[-1].text.strip():
        kept.pop()
    kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip())
    return tuple(kept)


def _take(waiting: deque[Run]) -> list[Run]:
    """The runs of the next part; the rest stays waiting. There is something else than white space at the beginning."""
    taken: list[Run] = []
    text_room, json_room = MOST_TEXT, MOST_JSON - _FRAME
    fits = 0
    while waiting:
        fits = _fitting(waiting[0], text_room, json_room)
        if fits < len(waiting[0].text):
            break
        taken.append(waiting.popleft())
        text_room -= fits
        json_room -= json_length(_element(taken[-1])) + 1
    if not waiting:
        return taken
    if not taken and not fits:
        return [_start_of_long_link(waiting)]
    return _cut(taken, waiting, fits)


def _fitting(run: Run, text_room: int, json_room: int) -> int:
    """How many characters of a run fit; a link fits whole or not at all."""
    if len(run.text) <= text_room and json_length(_element(run)) + 1 <= json_room:
        return len(run.text)
    return 0 if run.url is not None else _fitting_text(run, text_room, json_room)


def _fitting_text(run: Run, text_room: int, json_room: int) -> int:
    """How many characters of a run fit when not all do and it may be cut."""
    lengths = range(min(text_room, len(run.text) - 1) + 1)
    fitting = bisect_left(lengths, json_room, key=lambda n: json_length(_element(replace(run, text=run.text[:n]))))
    return max(fitting - 1, 0)


def _start_of_long_link(waiting: deque[Run]) -> Run:
    """As much of a link as fits into a block of its own."""
    link = waiting.popleft()
    fits = _fitting_text(link, MOST_TEXT, MOST_JSON - _FRAME)
    start = split_paragraphs(link.text[: fits + _AHEAD], fits)[0]
    waiting.appendleft(replace(link, text=link.text[len(start) :]))
    return replace(link, text=start)


def _cut(taken: list[Run], waiting: deque[Run], fits: int) -> list[Run]:
    """What is taken, with what fits of the next run, up to the best place to cut; the rest goes back to the waiting."""
    text = "".join(run.text for run in taken)
    place = len(split_paragraphs(text + waiting[0].text[: fits + _AHEAD], len(text) + fits)[0])
    if place > len(text):
        taken.append(waiting.popleft())
    else:
        place = _beside_links(taken, place)
    _give_back(taken, waiting, place)
    return taken


def _beside_links(runs: Iterable[Run], place: int) -> int:
    """The place, or the beginning of the link that it would cut; its end when nothing stands before it."""
    start = 0
    for run in runs:
        end = start + len(run.text)
        if run.url is not None and start < place < end:
            return start or end
        start = end
    return place


def _give_back(taken: list[Run], waiting: deque[Run], place: int) -> None:
    """Move what is behind the first `place` characters from the taken to the beginning of the waiting."""
    start = sum(len(run.text) for run in taken)
    while start > place:
        run = taken.pop()
        start -= len(run.text)
        kept, rest = run.text[: max(place - start, 0)], run.text[max(place - start, 0) :]
        waiting.appendleft(replace(run, text=rest))
        if kept:
            taken.append(replace(run, text=kept))


# --- what Slack takes -----------------------------------------------------------------------------------------------


def _fits(part: Sequence[Piece]) -> bool:
    text = sum(len(run.text) for piece in part for run in piece.runs)
    return text <= MOST_TEXT and json_length(_block(part)) <= MOST_JSON


def _block(part: Sequence[Piece]) -> Block:
    """One block of pieces, in which bullets one after the other are one list."""
    elements: list[object] = []
    for kind, same in groupby(part, type):
        sections = [_section(piece.runs) for piece in same]
        elements += [{"type": "rich_text_list", "style": "bullet", "elements": sections}] if kind is Item else sections
    return {"type": "rich_text", "elements": elements}


def _section(runs: Iterable[Run]) -> dict[str, object]:
    return {"type": "rich_text_section", "elements": [_element(run) for run in runs]}


def _element(run: Run) -> dict[str, object]:
    made: dict[str, object] = {"type": "text", "text": run.text}
    if run.url is not None:
        made = {"type": "link", "url": run.url}
        if run.text != run.url:
            made["text"] = run.text
    style = {name: True for name, is_on in (("bold", run.bold), ("code", run.code)) if is_on}
    return {**made, "style": style} if style else made
