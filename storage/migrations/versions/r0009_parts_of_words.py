"""Words are kept by what is left of them without each part of three letters, not without each letter.

The table is left empty: `storage.spelling` fills it from `terms`, since what it keeps is a matter of the code.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty the table."""
    _empty()


def downgrade() -> None:
    """The older Paperboy corrects only words that are new to it, until `paperboy reindex` has made its index anew."""
    _empty()


def _empty() -> None:
    for table in ("lookup_next", "terms_next", "near_terms_next"):  # of an index that was being made anew: it is left
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("UPDATE index_state SET next_version = NULL, next_through = NULL, next_bits = NULL")
    op.execute("DELETE FROM near_terms")
