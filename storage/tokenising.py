"""Tokens of many entries, made by other processes while this one writes: a large import takes half as long by it.

Such a process reads no more of the code than it takes to make tokens, so that it is at work soon.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import ref

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.tokens import Tokens, make_tokens

if TYPE_CHECKING:
    from storage.index import ReadyTokens

_WORTH_IT = 4_000
"""So many entries take longer than it takes to start a process."""
_AT_ONCE = 100
_MOST_PROCESSES = 4
_MOST_WAITING = 10.0
"""Seconds for a piece, which takes some hundredths: of a process that was killed nothing may be heard."""


@contextmanager
def tokens_beside(entries: Sequence[Entry]) -> Iterator[ReadyTokens | None]:
    """Have the tokens of entries made, where there are enough of them, and processors to do it; None otherwise."""
    processes = min(_MOST_PROCESSES, (os.cpu_count() or 1) - 1)
    public = [entry for entry in entries if entry.is_public]
    if processes < 1 or len(public) < _WORTH_IT:
        yield None
        return
    import multiprocessing  # noqa: PLC0415 - a lookup starts without it

    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin)
    made = _Made([_Piece(some, pool.submit(_make_all, some)) for some in chunked(public, _AT_ONCE)])
    pool.shutdown(wait=False)  # they end as soon as there is nothing left to do
    try:
        yield made
    finally:
        made.give_up()


def _begin() -> None:
    """Let this process do its work quickly, and end when the one it works for is killed, not wait for ever."""
    import multiprocessing  # noqa: PLC0415 - as above

    gc.disable()  # nothing here refers to itself, and what is kept of words would be gone through again and again

    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _make_all(entries: Sequence[Entry]) -> Mapping[str, Tokens]:
    return {entry.id: make_tokens(entry) for entry in entries}


@dataclass(slots=True, weakref_slot=True, eq=False)
class _Piece:
    """Some entries, and their tokens once they have been made, in another process or here."""

    entries: Sequence[Entry]
    elsewhere: Future[Mapping[str, Tokens]]
    here: Mapping[str, Tokens] | None = None

    def made(self) -> Mapping[str, Tokens]:
        """Made here where nobody has begun, else waited for; and here in the end where a process was killed."""
        if self.here is None and not self.elsewhere.cancel():
            try:
                return self.elsewhere.result(_MOST_WAITING)
            except (BrokenExecutor, TimeoutError):
                pass
        if self.here is None:
            self.here = _make_all(self.entries)
        return self.here


class _Made:
    """`storage.index.ReadyTokens` that arrive in pieces; each piece is let go when the next one is asked for."""

    def __init__(self, pieces: list[_Piece]) -> None:
        self._piece_of = {entry.id: piece for piece in pieces for entry in piece.entries}
        self._may_be_free = list(map(ref, pieces))

    def of(self, entry: Entry) -> Tokens:
        """See the port. While they are being made, those that nobody has begun are made here, the last first."""
        piece = self._piece_of.pop(entry.id, None)
        if piece is None:
            return make_tokens(entry)
        while self._may_be_free and not piece.elsewhere.done():
            last = self._may_be_free.pop()()
            if last and last.elsewhere.cancel():
                last.made()
        return piece.made()[entry.id]

    def give_up(self) -> None:
        """Have nobody begin what is not begun."""
        for piece in set(self._piece_of.values()):
            piece.elsewhere.cancel()
