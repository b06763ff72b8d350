"""Tokens of many entries, made by other processes while this one writes: a large import takes half as long by it.

Such a process reads no more of the code than it takes to make tokens, so that it is at work soon: `multiprocessing`
would read the whole program there again.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from weakref import ref

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.tokens import Tokens, make_tokens

if TYPE_CHECKING:
    from subprocess import Popen

_WORTH_IT = 1_000
"""So many entries take longer than it takes to start a process."""
_AT_ONCE = 100
_PIPE = 1 << 20
"""Bytes of a piece that are under way, where the system lets a pipe be so large."""
_MOST_PROCESSES = 4
_MOST_WAITING = 10.0
"""Seconds for a piece, which takes some hundredths: of a process that was stopped nothing may be heard."""


@contextmanager
def tokens_beside(entries: Sequence[Entry]) -> Iterator[TokensBeside | None]:
    """Have the tokens of entries made, where there are enough of them, and processors to do it; None otherwise."""
    processes = min(_MOST_PROCESSES, (os.cpu_count() or 1) - 1)
    public = [entry for entry in entries if entry.is_public]
    if processes < 1 or len(public) < _WORTH_IT:
        yield None
        return
    made = TokensBeside(public, processes)
    try:
        yield made
    finally:
        made.give_up()


@dataclass(slots=True, weakref_slot=True, eq=False)
class _Piece:
    """Some entries, and their tokens once they have been made, in another process or here."""

    entries: Sequence[Entry]
    elsewhere: Future[Mapping[str, Tokens]] = field(default_factory=Future)
    here: Mapping[str, Tokens] | None = None

    def made(self) -> Mapping[str, Tokens]:
        """Made here where nobody has begun, else waited for; and here in the end where a process was killed."""
        if self.here is None and not self.elsewhere.cancel():
            with suppress(BrokenExecutor, TimeoutError):
                return self.elsewhere.result(_MOST_WAITING)
        if self.here is None:
            self.here = _make_all(self.entries)
        return self.here


class TokensBeside:
    """`storage.index.ReadyTokens` that arrive in pieces; each piece is let go when the next one is asked for."""

    def __init__(self, entries: Sequence[Entry], processes: int) -> None:
        pieces = list(map(_Piece, chunked(entries, _AT_ONCE)))
        self._piece_of = {entry.id: piece for piece in pieces for entry in piece.entries}
        self._may_be_free = list(map(ref, pieces))
        self._waiting = deque(pieces)
        self.processes: list[Popen[bytes]] = []
        """Those that make them; fewer where the system lets no more begin."""
        with suppress(OSError):
            for _ in range(processes):
                self.processes.append(_Helper(self._waiting).process)

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
        self._waiting.clear()


class _Helper:
    """A process that makes one piece after the other, and the two threads that keep it busy.

    One hands over and one takes back, so that neither end waits for the other to read.
    """

    def __init__(self, waiting: deque[_Piece]) -> None:
        import subprocess  # noqa: PLC0415 - a lookup starts without it

        begin = f"import sys; sys.path[:] = {sys.path!r}; from storage.tokenising import serve; serve()"
        self._waiting = waiting
        self._begun: deque[_Piece] = deque()
        self.process = subprocess.Popen(  # noqa: S603 - this same program
            [sys.executable, "-c", begin], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=_PIPE
        )
        for work in (self._hand_over, self._take_back):
            threading.Thread(target=work, name="tokens", daemon=True).start()

    def _hand_over(self) -> None:
        assert self.process.stdin
        try:
            with self.process.stdin as pipe:
                while True:
                    piece = self._waiting.popleft()
                    if piece.elsewhere.set_running_or_notify_cancel():
                        self._begun.append(piece)
                        _write(pipe, piece.entries)
        except IndexError:  # nothing is left
            pass
        except BrokenPipeError:
            self._give_back()

    def _take_back(self) -> None:
        assert self.process.stdout
        with suppress(EOFError), self.process.stdout as pipe:
            while True:
                made = _read(pipe)
                self._begun.popleft().elsewhere.set_result(made)
        self.process.wait()
        self._give_back()

    def _give_back(self) -> None:
        """Leave to others what is not done: the process is gone."""
        with suppress(IndexError):
            while True:
                self._begun.popleft().elsewhere.set_exception(BrokenExecutor())


def serve() -> None:
    """Make tokens of what comes in, until there is no more: what such a process does."""
    gc.disable()  # nothing here refers to itself, and what is kept of words would be gone through again and again
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever gave the work says when it is over
    with suppress(EOFError, BrokenPipeError):
        while True:
            _write(sys.stdout.buffer, _make_all(_read(sys.stdin.buffer)))


def _write(pipe: IO[bytes], what: object) -> None:
    """In one piece, before which stands how long it is: for every part, a busy process would wait for its turn."""
    written = pickle.dumps(what)
    pipe.write(len(written).to_bytes(8) + written)
    pipe.flush()


def _read(pipe: IO[bytes]) -> Any:
    """What the other end has written.

    Raises:
        EOFError: it is gone.
    """
    size = int.from_bytes(pipe.read(8))
    written = pipe.read(size)
    if not size or len(written) < size:
        raise EOFError
    return pickle.loads(written)  # noqa: S301 - both ends are this module


def _make_all(entries: Sequence[Entry]) -> Mapping[str, Tokens]:
    return {entry.id: make_tokens(entry) for entry in entries}
