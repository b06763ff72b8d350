"""Opening a database: the one way to everything that is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.core.messages import Message
from storage import sqlite
from storage.database import Backend, Database
from storage.deliveries import DeliveryLedger
from storage.engagement import EngagementRecord
from storage.entries import EntryArchive
from storage.faults import SETTING, wrong_address
from storage.inbox import EventInbox, touch
from storage.index import tidy
from storage.questions import KeptQuestions
from storage.search import EntrySearch
from storage.subscriptions import SubscriptionBook
from storage.workspace import WorkspaceServer

if TYPE_CHECKING:
    from storage.installations import SlackInstallations, SlackStates


@dataclass(frozen=True, slots=True)
class Storage:
    """An opened database, as the ports of `bot.core.ports`."""

    database: Database
    archive: EntryArchive
    search: EntrySearch
    subscriptions: SubscriptionBook
    ledger: DeliveryLedger
    engagement: EngagementRecord
    inbox: EventInbox
    questions: KeptQuestions
    workspace: WorkspaceServer

    async def close(self) -> None:
        """Let what runs end, and close all connections."""
        await self.database.close()

    async def touch(self) -> None:
        """See the port."""
        await self.database.write(touch)

    async def backup(self, path: Path) -> None:
        """Write a copy of the whole database to a new file, while everything goes on.

        Raises:
            StorageError: the file exists, or cannot be written.
        """
        from storage.backup import write_backup  # noqa: PLC0415 - a lookup starts without it

        await self.database.read_long(write_backup, path)

    async def check(self) -> Sequence[Message]:
        """What is wrong with the database; empty when nothing is."""
        from storage.checking import problems  # noqa: PLC0415 - a lookup starts without it

        return await self.database.read_long(problems)

    async def reindex(self, told: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """Make the index of words anew, while lookups and changes go on; `told` hears how many entries of how many."""
        from storage import reindexing  # noqa: PLC0415 - a lookup starts without it

        await self.database.write_long(reindexing.start)
        await self._go_on(told)

    async def keep_index(self) -> bool:
        """Make the index of words anew where another version of Paperboy has made it; whether that was so."""
        from storage import reindexing  # noqa: PLC0415 - a lookup starts without it

        if not await self.database.read_long(reindexing.is_stale):
            return False
        if not await self.database.read_long(reindexing.is_under_way):
            await self.database.write_long(reindexing.start)
        await self._go_on(lambda _done, _of: None)
        return True

    async def _go_on(self, told: Callable[[int, int], None]) -> None:
        from storage import reindexing  # noqa: PLC0415 - a lookup starts without it

        done, of = await self.database.read_long(reindexing.progress)
        told(done, of)
        while entered := await self.database.write_long(reindexing.step):
            done += entered
            told(min(done, of), of)
        self.database.when_idle(tidy)

    def slack_installations(self, client_id: str, keys: Sequence[str]) -> SlackInstallations:
        """Where Slack has installed the app with this client id; tokens are sealed with the first of the keys.

        Raises:
            SettingsError: no key, or one that is none.
        """
        from storage.installations import SlackInstallations  # noqa: PLC0415 - brings slack_sdk and cryptography
        from storage.sealing import Seal  # noqa: PLC0415

        return SlackInstallations(self.database, client_id, Seal(keys))

    def slack_states(self) -> SlackStates:
        """The states of installations under way."""
        from storage.installations import SlackStates  # noqa: PLC0415 - brings slack_sdk

        return SlackStates(self.database)


WORKER: Final = "paperboy"
"""Who acts on posts where there is only one who does."""
BATCH_SIZE: Final = 2_000
"""Rows of a copy that go over in one transaction: some ten megabytes at most, of the longest texts."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, by the names that messages have for databases."""

    source: str
    target: str
    rows: int


async def open_storage(url: str, *, migrate: bool = False, worker: str = WORKER) -> Storage:
    """Open the database at an address.

    Such as `sqlite:///paperboy.db` (relative), `sqlite:////var/lib/paperboy.db`, `postgresql://user@host/name`, or with
    a socket's folder `postgresql:///name?host=/run/postgresql`. A file that does not exist is created, and an empty
    database gets its tables. With `migrate`, an older one is upgraded first. `worker` is who acts on posts here: what
    is claimed is held by this name, which no other process may have at the same time.

    Raises:
        SchemaMismatch: another version has written it. It is left as it is.
        StorageError: the address cannot be used, or the database behind it.
    """
    database = Database(await asyncio.to_thread(_prepared, url, migrate=migrate))
    return Storage(
        database,
        EntryArchive(database),
        EntrySearch(database),
        SubscriptionBook(database),
        DeliveryLedger(database, worker),
        EngagementRecord(database),
        EventInbox(database),
        KeptQuestions(database),
        WorkspaceServer(database),
    )


def migrated(url: str) -> None:
    """Bring a database to the newest schema, and leave it.

    Raises:
        StorageError: the address cannot be used, or the database behind it.
    """
    _prepared(url, migrate=True).engine.dispose()


def copy_storage(url: str, to_url: str, report: Callable[[int, int], None], *, batch_size: int = BATCH_SIZE) -> Copied:
    """Copy all of one database to another, of either kind; a copy that was broken off goes on. Blocks for long.

    `report` is told how many rows are there and how many there will be, after each batch: at most `batch_size` rows of
    one table go over in one transaction. Nobody can write to either meanwhile.

    Raises:
        SchemaMismatch: one of them is of another version.
        Conflict: the target holds something else, or the source has changed since its copy was begun.
        StorageError: one of them cannot be used.
    """
    from storage.copying import copy_database  # noqa: PLC0415 - a lookup starts without it

    source = _prepared(url, migrate=False)
    try:
        target = _prepared(to_url, migrate=False, copying=True)
        try:
            rows = copy_database(source, target, report, batch_size=batch_size)
            return Copied(source.name, target.name, rows)
        finally:
            target.engine.dispose()
    finally:
        source.engine.dispose()


def _prepared(url: str, *, migrate: bool, copying: bool = False) -> Backend:
    given_in = "--to" if copying else SETTING
    address = address_of(url, given_in)
    if address.get_backend_name() == "sqlite":
        return sqlite.prepared(sqlite.path_of(address, given_in), migrate=migrate, copying=copying)
    from storage import postgresql  # noqa: PLC0415 - brings psycopg

    return postgresql.prepared(address, migrate=migrate, copying=copying)


def address_of(url: str, given_in: str = SETTING) -> URL:
    """An address taken apart, `given_in` a setting or an option.

    Raises:
        StorageError: it is none, or one of a database that is neither SQLite nor PostgreSQL.
    """
    try:
        address = make_url(url.replace("postgres:", "postgresql:", 1) if url.startswith("postgres:") else url)
    except (ArgumentError, ValueError) as error:
        raise wrong_address(given_in) from error
    if address.get_backend_name() not in {"sqlite", "postgresql"} or not address.database:
        raise wrong_address(given_in)
    return address
