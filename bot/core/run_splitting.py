"""Runs of text cut into parts that a platform takes, at the best places: pure.

What there is room for is measured by the platform, in as many ways as it has limits: characters that are seen, for
instance, and characters of JSON.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bot.core.markup import Run
from bot.core.text import split_paragraphs

_AHEAD = 200  # how far to look past what fits, to tell a word's end from its middle

Sizes = tuple[int, ...]
"""What a run takes, or what there is room for: one number for each limit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A platform's limits: the room in a part, and what a run takes of it. A longer run never takes less."""

    room: Sizes
    of: Callable[[Run], Sizes]

    def left(self, room: Sizes, run: Run) -> Sizes:
        """What is left of a room when this run is in."""
        return tuple(before - size for before, size in zip(room, self.of(run), strict=True))

    def fits(self, run: Run, left: Sizes) -> bool:
        """Whether a run fits into what is left."""
        return all(size <= room for size, room in zip(self.of(run), left, strict=True))


def split(runs: Iterable[Run], measure: Measure) -> Iterator[tuple[Run, ...]]:
    """Runs in parts that each fit, without white space at either end.

    Nothing but white space at the cuts is left out. Parts end at the end of a paragraph, line, sentence or word. A link
    is never cut, unless it is too long for a part of its own: then every part of it leads there.
    """
    waiting = deque(_tidy(runs))
    while _skip_space(waiting):
        yield _without_end(_take(waiting, measure))


def _tidy(runs: Iterable[Run]) -> Iterator[Run]:
    """The same text in as few runs as possible; white space leads nowhere."""
    seen = (run if run.text.strip() else replace(run, url=None) for run in runs)
    for (bold, url, code), same in groupby(seen, lambda run: (run.bold, run.url, run.code)):
        text = "".join(run.text for run in same)
        if text:
            yield Run(text, bold, url, code)


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


def _take(waiting: deque[Run], measure: Measure) -> list[Run]:
    """The runs of the next part; the rest stays waiting. There is something else than white space at the beginning."""
    taken: list[Run] = []
    room, fits = measure.room, 0
    while waiting:
        fits = _fitting(waiting[0], measure, room)
        if fits < len(waiting[0].text):
            break
        room = measure.left(room, waiting[0])
        taken.append(waiting.popleft())
    if not waiting:
        return taken
    if not taken and not fits:
        return [_start_of_long_link(waiting, measure)]
    return _cut(taken, waiting, fits)


def _fitting(run: Run, measure: Measure, left: Sizes) -> int:
    """How many characters of a run fit; a link fits whole or not at all."""
    if measure.fits(run, left):
        return len(run.text)
    return 0 if run.url is not None else _fitting_text(run, measure, left)


def _fitting_text(run: Run, measure: Measure, left: Sizes) -> int:
    """How many characters of a run fit when not all do and it may be cut: few, of what may be very long."""

    def is_too_long(characters: int) -> bool:
        return not measure.fits(replace(run, text=run.text[:characters]), left)

    most = 1
    while most < len(run.text) and not is_too_long(most):
        most *= 2
    return bisect_left(range(1, min(most, len(run.text))), True, key=is_too_long)


def _start_of_long_link(waiting: deque[Run], measure: Measure) -> Run:
    """As much of a link as fits into a part of its own."""
    link = waiting.popleft()
    fits = max(_fitting_text(link, measure, measure.room), 1)
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
