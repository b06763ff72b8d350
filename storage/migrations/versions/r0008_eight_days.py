"""PostgreSQL's index of words has the eight days of each place as a token, not its month; tokens stay in their rows."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_DAY = "(place >> 20)"
_DATE = f"(date '0001-01-01' + ({_DAY} - 1)::int)"
_MONTH = f"'m:' || (extract(year FROM {_DATE}) * 12 + extract(month FROM {_DATE}) - 1)::int"
_EIGHT_DAYS = "'d:' || (place >> 23)"


def upgrade() -> None:
    """Write the index once more: to make it of the entries would take several times as long."""
    _exchange(_MONTH, _EIGHT_DAYS, "WITH (toast_tuple_target = 8160)")


def downgrade() -> None:
    """The other way round."""
    _exchange(_EIGHT_DAYS, _MONTH, "")


def _exchange(old: str, new: str, options: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in ("lookup_next", "terms_next", "near_terms_next"):  # whoever was making it anew begins again
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("UPDATE index_state SET next_version = NULL, next_through = NULL, next_bits = NULL")
    op.execute("ALTER TABLE lookup RENAME TO lookup_before")
    op.execute(f"CREATE TABLE lookup (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL) {options}")
    op.execute(
        f"INSERT INTO lookup SELECT place, ts_delete(tokens, {old}) || array_to_tsvector(ARRAY[{new}]) "  # noqa: S608
        "FROM lookup_before"
    )
    op.execute("DROP TABLE lookup_before")
    op.execute("CREATE INDEX ON lookup USING gin (tokens)")
