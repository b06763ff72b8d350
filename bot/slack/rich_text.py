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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.core.markup import Run
from bot.core.run_splitting import Measure
from bot.core.run_splitting import split as cut

MOST_TEXT = 2_900
"""Characters of text in one block."""
MOST_JSON = 4_500
"""Characters of one block as JSON, so that two have room beside what a message holds anyway."""
MOST_URL = 3_000
"""Characters of an address that may be linked, as JSON."""

_FRAME = 200  # of MOST_JSON: what stands around the elements of a section, in a list too

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
    """Runs in parts that each fit into a block, without links that Slack would not take (see `core.run_splitting`)."""
    return cut((_linkable(run) for run in runs), _BLOCK)


def _linkable(run: Run) -> Run:
    if run.url is None:
        return run
    is_address = run.text == run.url  # which is read as one, or as text
    most = MOST_TEXT if is_address else MOST_URL
    return run if json_length(run.url) <= most + len('""') else replace(run, url=None)


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


_BLOCK = Measure((MOST_TEXT, MOST_JSON - _FRAME), lambda run: (len(run.text), json_length(_element(run)) + 1))
