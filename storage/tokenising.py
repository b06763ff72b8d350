"""Tokens of many entries, made by other processes while this one writes: a large import takes half as long by it.

Such a process reads no more of the code than it takes to make tokens, so that it is at work soon: `multiprocessing`
would read the whole program there again. Whatever becomes of it, the tokens are made: by this process in the end.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import starmap
from typing import IO, TYPE_CHECKING, Any
from weakref import ref

from bot.core.entries import Entry
from storage.chunks import chunked
from storage.tokens import EntryTexts, Tokens, make_tokens, make_tokens_of, texts_of

if TYPE_CHECKING:
    from subprocess import Popen

_WORTH_IT = 1_000
"""So many entries take longer than it takes to start a process."""
_AT_ONCE = 100
_PIPE = 1 << 20
"""Bytes that are under way each way, where the system lets a pipe be so large."""
_MOST_PROCESSES = 4
_MOST_WAITING = 10.0
"""Seconds for a piece, which takes some hundredths: of a process that was stopped nothing is heard."""
_ENDING = 1.0
"""Seconds for a process that has nothing left to do."""


@contextmanager
def tokens_beside(entries: Sequence[Entry]) -> Iterator[TokensBeside | None]:
    """Have the tokens of entries made, where there are enough of them, and processors to do it; None otherwise."""
    processes = min(_MOST_PROCESSES, (os.cpu_count() or 1) - 1)
    public = [entry for entry in entries if entry.is_public]
    if processes < 1 or len(public) < _WORTH_IT or not sys.executable:
        yield None
        return
    made = TokensBeside(public, processes)
    try:
        yield made
    finally:
        made.close()


@dataclass(slots=True, weakref_slot=True, eq=False)
class _Piece:
    """Some entries, and their tokens once they have been made, in another process or here."""

    entries: Sequence[Entry]
    elsewhere: Future[Sequence[Tokens]] = field(default_factory=Future)
    here: Sequence[Tokens] | None = None

    def made_here(self) -> Sequence[Tokens]:
        """Made by this process, once."""
        if self.here is None:
            self.here = list(map(make_tokens, self.entries))
        return self.here


class TokensBeside:
    """`storage.index.ReadyTokens` that arrive in pieces; each piece is let go when the next one is asked for."""

    def __init__(self, entries: Sequence[Entry], processes: int, patience: float = _MOST_WAITING) -> None:
        """`patience` is for how many seconds a piece is waited for."""
        self._patience = patience
        pieces = list(map(_Piece, chunked(entries, _AT_ONCE)))
        self._piece_of = {entry.id: (piece, at) for piece in pieces for at, entry in enumerate(piece.entries)}
        self._may_be_free = list(map(ref, pieces))
        self._waiting = deque(self._may_be_free)
        self._helpers: list[_Helper] = []
        with suppress(OSError, RuntimeError):  # the system lets no more begin
            for _ in range(processes):
                self._helpers.append(_Helper(self._waiting))

    @property
    def processes(self) -> Sequence[Popen[bytes]]:
        """Those that make them, whether or not they have ended."""
        return [helper.process for helper in self._helpers]

    def of(self, entry: Entry) -> Tokens:
        """See the port. While they are being made, those that nobody has begun are made here, the last first."""
        if entry.id not in self._piece_of:
            return make_tokens(entry)
        piece, at = self._piece_of.pop(entry.id)
        while self._may_be_free and not piece.elsewhere.done() and any(helper.is_at_work for helper in self._helpers):
            last = self._may_be_free.pop()()
            if last and last.elsewhere.cancel():
                last.made_here()
        return self._made(piece)[at]

    def _made(self, piece: _Piece) -> Sequence[Tokens]:
        """Made here where nobody has begun, else waited for; and here in the end where a process was killed."""
        if not piece.elsewhere.cancel():
            try:
                return piece.elsewhere.result(self._patience)
            except TimeoutError:
                self._end()
            except BrokenExecutor:
                pass
        return piece.made_here()

    def close(self) -> None:
        """Have nobody begin what is not begun, and nobody go on with what is not wanted."""
        self._waiting.clear()
        if self._piece_of:
            self._end()

    def _end(self) -> None:
        for process in self.processes:
            process.kill()


class _Helper:
    """A process that makes one piece after the other, and the two threads that keep it busy.

    One hands over and one takes back, so that neither end waits for the other to read.
    """

    def __init__(self, waiting: deque[ref[_Piece]]) -> None:
        """Begin.

        Raises:
            OSError, RuntimeError: the system lets no more processes, or threads, begin.
        """
        import subprocess  # noqa: PLC0415 - a lookup starts without it

        self._waiting = waiting
        self._begun: deque[_Piece] = deque()
        self.is_at_work = True
        taken, given = os.pipe()
        self._made = os.fdopen(taken, "rb")  # a thread closes it
        begin = f"import sys; sys.path[:] = {sys.path!r}; from storage.tokenising import serve; serve({given})"
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this same program, see `serve`
                [sys.executable, "-c", begin],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[given],
                process_group=0,  # Ctrl+C is for the process it works for
            )
        except OSError:
            self._made.close()
            raise
        finally:
            os.close(given)
        assert self.process.stdin
        for pipe in (self._made, self.process.stdin):
            _widen(pipe)
        try:
            threading.Thread(target=self._work, name="tokens", daemon=True).start()
        except RuntimeError:
            self._made.close()
            self.process.kill()
            self.process.communicate()
            raise

    def _work(self) -> None:
        """Keep the process busy until it has ended, and leave to others what it has not done."""
        handing = threading.Thread(target=self._hand_over, name="tokens", daemon=True)
        try:
            with self._made as pipe:
                handing.start()
                self._take_back(pipe)
        finally:
            from subprocess import TimeoutExpired  # noqa: PLC0415 - as above

            with suppress(TimeoutExpired):
                self.process.wait(_ENDING)
            self.process.kill()
            self.process.wait()
            if handing.ident:
                handing.join()  # soon: nobody reads what it writes
            self.is_at_work = False
            for piece in self._begun:
                piece.elsewhere.set_exception(BrokenExecutor())

    def _hand_over(self) -> None:
        assert self.process.stdin
        with suppress(IndexError, BrokenPipeError), self.process.stdin as pipe:
            while True:
                piece = self._waiting.popleft()()
                if piece and piece.elsewhere.set_running_or_notify_cancel():
                    self._begun.append(piece)
                    _write(pipe, [tuple(texts_of(entry)) for entry in piece.entries])

    def _take_back(self, pipe: IO[bytes]) -> None:
        with suppress(EOFError):
            while True:
                made = list(starmap(Tokens, _read(pipe)))
                self._begun.popleft().elsewhere.set_result(made)


def serve(given: int) -> None:
    """Make tokens of what comes in, and give them back by that file, until there is no more.

    That is what such a process does.
    """
    gc.disable()  # nothing here refers to itself, and what is kept of words would be gone through again and again
    with suppress(EOFError, BrokenPipeError), os.fdopen(given, "wb") as pipe:
        while True:
            texts = starmap(EntryTexts, _read(sys.stdin.buffer))
            _write(pipe, [tuple(make_tokens_of(one)) for one in texts])  # plain ones are soonest written and read


def _widen(pipe: IO[bytes]) -> None:
    """Let pieces lie ready in a pipe, where the system has it."""
    import fcntl  # noqa: PLC0415 - as above

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


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
