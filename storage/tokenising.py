"""Tokens of many entries, made by other processes while this one writes: a large import takes half as long by it.

Such a process reads no more of the code than it takes to make tokens, so that it is at work soon.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.tokens import Tokens, make_tokens

if TYPE_CHECKING:
    from storage.index import ReadyTokens

_WORTH_IT = 4_000
"""So many entries take longer than it takes to start a process."""
_AT_ONCE = 100
_MOST_PROCESSES = 4


@contextmanager
def tokens_beside(entries: Sequence[Entry]) -> Iterator[ReadyTokens | None]:
    """Have the tokens of entries made, where there are enough of them, and processors to do it; None otherwise."""
    processes = min(_MOST_PROCESSES, (os.cpu_count() or 1) - 1)
    public = [entry for entry in entries if entry.is_public]
    if processes < 1 or len(public) < _WORTH_IT:
        yield None
        return
    import multiprocessing  # noqa: PLC0415 - a lookup starts without it

    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin) as pool:
        made: dict[str, Future[Mapping[str, Tokens]]] = {}
        for some in chunked(public, _AT_ONCE):
            made.update(dict.fromkeys([entry.id for entry in some], pool.submit(_make_all, some)))
        try:
            yield _Made(made)
        finally:
            pool.shutdown(cancel_futures=True)


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


class _Made:
    """`storage.index.ReadyTokens` that arrive in pieces; each piece is let go when the next one is asked for."""

    def __init__(self, made: dict[str, Future[Mapping[str, Tokens]]]) -> None:
        self._made = made

    def of(self, entry: Entry) -> Tokens:
        """See the port. What nobody has begun is made here, rather than waited for."""
        found = self._made.pop(entry.id, None)
        return make_tokens(entry) if found is None or found.cancel() or found.cancelled() else found.result()[entry.id]
