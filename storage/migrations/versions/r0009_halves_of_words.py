"""Words are kept by their halves, of which each has two, not by what is left of them without one of their letters.

The table is empty here: `storage.spelling` fills it from `terms`, since what it keeps is a matter of the code.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import WORDS

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table anew."""
    _make_anew("half")


def downgrade() -> None:
    """The older Paperboy corrects no words until `paperboy reindex` has made its index anew."""
    _make_anew("rest")


def _make_anew(key: str) -> None:
    for table in ("lookup_next", "terms_next", "near_terms_next"):  # of an index that was being made anew: it is left
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("UPDATE index_state SET next_version = NULL, next_through = NULL, next_bits = NULL")
    op.drop_table("near_terms")
    op.create_table(
        "near_terms",
        sa.Column(key, sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", WORDS, nullable=False),
        sa.PrimaryKeyConstraint(key, "term", name="pk_near_terms"),
        sqlite_with_rowid=False,
    )
