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
    _exchange(_MONTH, _EIGHT_DAYS, "SET (toast_tuple_target = 8160)")


def downgrade() -> None:
    """The other way round."""
    _exchange(_EIGHT_DAYS, _MONTH, "RESET (toast_tuple_target)")


def _exchange(old: str, new: str, target: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in (
        "lookup_next",
        "terms_next",
        "near_terms_next",
    ):  # of one that was being made anew, and stays as it is
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("UPDATE index_state SET next_version = NULL, next_through = NULL, next_bits = NULL")
    op.execute(f"ALTER TABLE lookup {target}")
    op.execute(
        "ALTER TABLE lookup ALTER COLUMN tokens TYPE tsvector "
        f"USING ts_delete(tokens, {old}) || array_to_tsvector(ARRAY[{new}])"
    )
