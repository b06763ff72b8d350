"""Opening a database: the one way to everything that is kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.core.errors import StorageError
from bot.core.messages import Message, msg
from storage.database import Database, sqlite_engine
from storage.deliveries import DeliveryLedger
from storage.engagement import EngagementRecord
from storage.entries import EntryArchive
from storage.faults import not_a_database, translated
from storage.inbox import EventInbox
from storage.questions import KeptQuestions
from storage.schema_version import Standing, needs_upgrade, standing_of
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

    async def backup(self, path: Path) -> None:
        """Write a copy of the whole database to a new file, while everything goes on.

        Raises:
            StorageError: the file exists, or cannot be written.
        """
        from storage.backup import write_backup  # noqa: PLC0415 - a lookup starts without it

        await self.database.read(write_backup, path)

    async def check(self) -> Sequence[Message]:
        """What is wrong with the database; empty when nothing is."""
        from storage.checking import problems  # noqa: PLC0415 - a lookup starts without it

        return await self.database.read(problems)

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


WORKER = "paperboy"
"""Who acts on posts where there is only one who does."""


async def open_storage(url: str, *, migrate: bool = False, worker: str = WORKER) -> Storage:
    """Open the database at an address such as `sqlite:///paperboy.db` (relative) or `sqlite:////var/lib/paperboy.db`.

    One that does not exist is created. With `migrate`, an older one is upgraded first. `worker` is
    who acts on posts here: what is claimed is held by this name, which no other process may have at the same time.

    Raises:
        SchemaMismatch: another version has written it. It is left as it is.
        StorageError: the address cannot be used, or the database behind it.
    """
    path = path_of(url)
    access = await asyncio.to_thread(_prepare, path, migrate=migrate)
    database = Database(sqlite_engine(str(path), mode=access.mode, immutable=access.immutable), str(path))
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


def path_of(url: str) -> Path:
    """The absolute path of a SQLite address.

    Raises:
        StorageError: it is no address, or one of another kind of database.
    """
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StorageError(_wrong_address()) from error
    if parts.get_backend_name() == "postgresql":
        raise StorageError(msg("PostgreSQL is not supported yet. Use an address such as sqlite:///paperboy.db."))
    is_file = parts.get_backend_name() == "sqlite" and parts.database not in {None, "", ":memory:"}
    if not is_file or parts.host or parts.query or parts.database is None:
        raise StorageError(_wrong_address())
    return Path(parts.database).expanduser().absolute()


def _wrong_address() -> Message:
    return msg("DATABASE_URL is not the address of a database. Use one such as sqlite:///paperboy.db.")


@dataclass(frozen=True, slots=True)
class _Access:
    """How to open the file: SQLite's mode, and whether nobody can change it meanwhile."""

    mode: str = "rw"
    immutable: bool = False


def _prepare(path: Path, *, migrate: bool) -> _Access:
    """Make the database ready to be opened."""
    with translated(str(path)):
        if path.is_dir():
            raise not_a_database(str(path))
        if not path.exists():
            _upgrade(path)
            return _Access()
        access = _access_to(path)
        standing = standing_of(str(path), immutable=access.immutable)
        if standing is Standing.OLDER and not migrate:
            raise needs_upgrade(str(path))
        if standing is not Standing.CURRENT:
            _upgrade(path)
        return access


def _access_to(path: Path) -> _Access:
    """Read only where the file or its folder cannot be written.

    SQLite wants to put files beside the database even to read it, unless it is told that nothing can change it. That
    holds where nobody has left a log beside it.
    """
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return _Access()
    return _Access("ro", immutable=not path.with_name(path.name + "-wal").exists())


def _upgrade(path: Path) -> None:
    from storage.migrating import upgrade  # noqa: PLC0415 - brings Alembic

    upgrade(str(path))
