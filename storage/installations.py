"""Where Paperboy has been installed by OAuth: slack_sdk's own stores on the threads of `Database`, with tokens sealed.

They bring `sqlalchemy.ext.asyncio` and more: this is imported only where it is needed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, ParamSpec, TypeVar, cast

from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import SQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import SQLAlchemyOAuthStateStore
from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import Conflict
from bot.core.messages import msg
from storage.database import Database
from storage.locks import lock_rows
from storage.sealing import Seal
from storage.tables import slack_bots as bots
from storage.tables import slack_oauth_states as states

_STATE_SECONDS: Final = 600
"""How long a person may take from the page with the button to the return from Slack."""
_MOST_STATES: Final = 1000
"""How many people may be on that way at once: anybody may set out on it, and each time a row is written."""
_SECRETS: Final = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")

Held = TypeVar("Held", Bot, Installation)
P = ParamSpec("P")
T = TypeVar("T")

_silent = logging.Logger(__name__, logging.CRITICAL)  # noqa: LOG001 - outside the tree: states would be logged


class _Joined(threading.local):
    """An engine, as far as slack_sdk's stores use one: what they begin is part of the transaction this thread is in.

    With a real one they would begin another for each table, and could save an installation without its bot.
    """

    _connection: Connection
    _fault: SQLAlchemyError | None

    def during(self, connection: Connection, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a store that has this engine. A fault of the database is raised even if the store swallows it.

        slack_sdk takes a database that cannot be used for a state that is wrong.
        """
        self._connection, self._fault = connection, None
        answer = call(*args, **kwargs)
        if self._fault:
            raise self._fault
        return answer

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """See SQLAlchemy."""
        try:
            yield self._connection
        except SQLAlchemyError as error:
            self._fault = error
            raise

    connect = begin


@dataclass(frozen=True, slots=True)
class InstalledWorkspace:
    """A workspace with a bot token; `team_id` is None for a whole organisation (`is_enterprise_install`)."""

    enterprise_id: str | None
    team_id: str | None
    team_name: str | None
    is_enterprise_install: bool


class SlackInstallations(AsyncInstallationStore):
    """slack_sdk's store of installations of one app: each is kept, the newest counts. All methods raise `StorageError`.

    The installation of a whole organisation has no team.
    """

    def __init__(self, database: Database, client_id: str, seal: Seal) -> None:
        self._database = database
        self._client_id = client_id
        self._seal = seal
        self._engine = _Joined()
        self._kept = SQLAlchemyInstallationStore(client_id, cast("Engine", self._engine))

    @property
    def logger(self) -> logging.Logger:
        """See slack_sdk."""
        return self._kept.logger

    async def async_save(self, installation: Installation) -> None:
        """See slack_sdk. The bot it brings is saved with it, or neither is."""
        await self._write(self._kept.save, _with_secrets(installation, self._seal.sealed))

    async def async_save_bot(self, bot: Bot) -> None:
        """See slack_sdk."""
        await self._write(self._kept.save_bot, _with_secrets(bot, self._seal.sealed))

    async def async_find_bot(self, **which: Any) -> Bot | None:
        """See slack_sdk."""
        return await self._find(self._kept.find_bot, **which)

    async def async_find_installation(self, **which: Any) -> Installation | None:
        """See slack_sdk. With the newest bot token where a user is asked for, or where it has none of its own."""
        return await self._find(self._kept.find_installation, **which)

    async def async_delete_bot(self, **which: Any) -> None:
        """See slack_sdk."""
        await self._write(self._kept.delete_bot, **which)

    async def async_delete_installation(self, **which: Any) -> None:
        """See slack_sdk. Without a user, everybody's."""
        await self._write(self._kept.delete_installation, **which)

    async def async_delete_all(self, **which: Any) -> None:
        """See slack_sdk. All of it, or nothing."""
        await self._write(self._kept.delete_all, **which)

    @property
    def store(self) -> AsyncInstallationStore:
        """What slack_sdk's own code is handed."""
        return self

    async def workspaces(self) -> list[InstalledWorkspace]:
        """Where the app is installed now, oldest first."""
        return await self._database.read(_workspaces, self._client_id)

    async def _find(self, find: Callable[P, Held | None], *args: P.args, **kwargs: P.kwargs) -> Held | None:
        found = await self._database.read(self._engine.during, find, *args, **kwargs)
        return found and _with_secrets(found, self._seal.opened)

    async def _write(self, call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        await self._database.write(self._engine.during, call, *args, **kwargs)


class SlackStates(AsyncOAuthStateStore):
    """What tells a return from Slack from a forged one: issued once, good once, for ten minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = _Joined()
        self._kept = SQLAlchemyOAuthStateStore(_STATE_SECONDS, cast("Engine", self._engine), logger=_silent)

    @property
    def logger(self) -> logging.Logger:
        """See slack_sdk."""
        return self._kept.logger

    async def async_issue(self, *_args: object, **_kwargs: object) -> str:
        """See slack_sdk. Those that nobody came back with in time are deleted.

        Raises:
            Conflict: too many are out already.
            StorageError
        """
        return await self._database.write(self._issue)

    async def async_consume(self, state: str) -> bool:
        """See slack_sdk.

        Raises:
            StorageError
        """
        return await self._database.write(self._consume, state)

    def _consume(self, connection: Connection, state: str) -> bool:
        if not state.isascii():  # none of ours
            return False
        lock_rows(connection, select(states.c.id).where(states.c.state == state))  # good once, also for two at once
        return self._engine.during(connection, self._kept.consume, state)

    def _issue(self, connection: Connection) -> str:
        now = datetime.now(UTC).replace(tzinfo=None)  # as slack_sdk keeps moments: in UTC without saying so
        connection.execute(delete(states).where(states.c.expire_at <= now))
        if (connection.scalar(select(func.count()).select_from(states)) or 0) >= _MOST_STATES:
            raise Conflict(msg("Too many people are installing Paperboy at this moment. Try again in ten minutes."))
        return self._engine.during(connection, self._kept.issue)


def _with_secrets(held: Held, change: Callable[[str], str]) -> Held:
    """A copy with its secrets sealed or opened; one that it has not stays None."""
    copied = copy(held)
    for name in _SECRETS:
        secret = getattr(copied, name, None)
        if secret is not None:
            setattr(copied, name, change(secret))
    return copied


def _workspaces(connection: Connection, client_id: str) -> list[InstalledWorkspace]:
    columns = (bots.c[name] for name in ("enterprise_id", "team_id", "team_name", "is_enterprise_install"))
    of_app = select(*columns).where(bots.c.client_id == client_id, bots.c.bot_token.is_not(None))
    rows = connection.execute(of_app.order_by(bots.c.installed_at, bots.c.id))
    newest = {(row.enterprise_id, row.team_id): InstalledWorkspace(*row) for row in rows}
    return list(newest.values())
