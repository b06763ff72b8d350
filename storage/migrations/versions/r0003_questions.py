"""What buttons and forms carry where a platform has no room for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import WORDS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table."""
    op.create_table(
        "questions",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_questions"),
    )
    op.create_index("ix_questions_at", "questions", ["at"], unique=False)


def downgrade() -> None:
    """Take it away again: buttons that refer to it say that they are no longer understood."""
    op.drop_table("questions")
