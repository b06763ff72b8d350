"""A table for what single changes add to the counts of words, so that they need not write all over them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import WORDS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """It is empty: what `terms` says is true until the next change."""
    op.create_table(
        "term_changes",
        sa.Column("term", WORDS, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_term_changes"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Count everything in."""
    op.execute(
        "UPDATE terms SET uses = uses + (SELECT c.uses FROM term_changes c WHERE c.term = terms.term) "
        "WHERE term IN (SELECT term FROM term_changes)"
    )
    op.drop_table("term_changes")
