"""What buttons and forms carry where a platform has no room for it, for thirty days after its last use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import Connection, delete, select

from storage.database import Database
from storage.dialects import upsert
from storage.tables import questions

_KEPT_FOR = timedelta(days=30)
_KEY_BYTES = 16


class KeptQuestions:
    """`bot.core.ports.Questions` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, texts: Sequence[str], *, at: datetime) -> Sequence[str]:
        """See the port."""
        keys = tuple(map(_key, texts))
        if keys:
            await self._database.write(_keep, dict(zip(keys, texts, strict=True)), at)
        return keys

    async def get(self, key: str) -> str | None:
        """See the port."""
        return await self._database.read(_get, key)


def _key(text: str) -> str:
    """A text's key: nobody can guess that of a text they do not have."""
    digest = hashlib.sha256(text.encode()).digest()[:_KEY_BYTES]
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _keep(connection: Connection, texts: dict[str, str], at: datetime) -> None:
    connection.execute(delete(questions).where(questions.c.at < at - _KEPT_FOR))
    new = upsert(connection, questions)
    new = new.on_conflict_do_update(index_elements=["key"], set_={"at": new.excluded.at})
    rows = [{"key": key, "text": text, "at": at} for key, text in texts.items()]
    connection.execute(new, sorted(rows, key=itemgetter("key")))  # in one order, whoever else keeps them just now


def _get(connection: Connection, key: str) -> str | None:
    return connection.scalar(select(questions.c.text).where(questions.c.key == key))
