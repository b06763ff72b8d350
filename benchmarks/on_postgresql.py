"""The same archives on a PostgreSQL server of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, make_url

from benchmarks.building import IMPORTED, SETTLED, Moved, archive
from storage.opening import copy_storage
from storage.postgresql import postgresql_backend
from tests.postgres import Server, running_server

_SETTINGS = ("shared_buffers=1GB", "maintenance_work_mem=1GB", "max_wal_size=8GB")
_DAY = "(date '0001-01-01' + ({} - 1)::int)"


@contextmanager
def archive_on_server(count: int) -> Iterator[Engine]:
    """The archive of so many entries, as it is after a while of quiet; gone with the server at the end of the block."""
    with running_server(*_SETTINGS) as server:
        name = server.create()
        copy_storage(f"sqlite:///{archive(min(count, IMPORTED))}", server.url(name), lambda _done, _of: None)
        _multiply(server, name, count // IMPORTED)
        backend = postgresql_backend(make_url(server.url(name)))
        try:
            yield backend.engine.execution_options(paperboy_begin=backend.begin_reading)
        finally:
            backend.engine.dispose()


def _multiply(server: Server, name: str, times: int) -> None:
    """As `benchmarks.building.multiply` does in SQLite: the same entries at the same places."""
    with server.connected(name) as connection:
        if times > 1:
            of_words = "SELECT indexname FROM pg_indexes WHERE tablename = 'lookup' AND indexdef LIKE '%USING gin%'"
            for (index,) in connection.execute(of_words.encode()).fetchall():
                connection.execute(f"DROP INDEX {index}".encode())
            for copy in range(1, times):
                print(
                    f"  building {IMPORTED * times:,} on PostgreSQL: {IMPORTED * copy:,}", file=sys.stderr, flush=True
                )
                _copy(connection, copy)
            for table in ("tags", "names", "terms"):
                connection.execute(f"UPDATE {table} SET uses = uses * {times}".encode())
            connection.execute(f"UPDATE archive_state SET change_no = change_no * {times}".encode())
            connection.execute(SETTLED.encode())
            connection.execute("CREATE INDEX ON lookup USING gin (tokens)")
        connection.execute("VACUUM ANALYZE")


def _copy(connection: psycopg.Connection, copy: int) -> None:
    """Every one of the first entries once more, on another day."""

    def value(sql: str) -> int:
        row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])

    own = f"FROM entries WHERE no <= {IMPORTED}"
    low, high = value(f"SELECT min(place) >> 20 {own}"), value(f"SELECT max(place) >> 20 {own}")
    a_day = value(f"SELECT max(place & 1048575) + 1 {own}")
    moved = Moved(copy, low, high, a_day)
    new, place = moved.columns("chr", f"to_char({_DAY}, 'YYYY-MM-DD')"), moved.place
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'entries' ORDER BY ordinal_position"
    ).fetchall()
    values = ", ".join(new.get(name, f'"{name}"') for (name,) in rows)
    connection.execute(f"INSERT INTO entries SELECT {values} {own}".encode())
    first = f"WHERE place & 1048575 < {a_day}"
    connection.execute(
        f"INSERT INTO entry_tags (tag_id, place) SELECT tag_id, {place} FROM entry_tags {first}".encode()
    )
    periods = [f"'d:' || ({day} >> 3)" for day in ("(place >> 20)", moved.day)]
    tokens = f"ts_delete(tokens, {periods[0]}) || array_to_tsvector(ARRAY[{periods[1]}])"
    connection.execute(f"INSERT INTO lookup (place, tokens) SELECT {place}, {tokens} FROM lookup {first}".encode())
