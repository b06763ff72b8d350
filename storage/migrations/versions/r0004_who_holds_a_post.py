"""Who is acting on a post: a claim has a holder, and a beat by which the holder is seen to be at work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import WORDS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SENDING = sa.text("UPDATE posts SET state = 'uncertain', next_attempt_at = NULL WHERE state = 'sending'")
_CHANGING = sa.text("UPDATE posts SET change_taken = :no, next_attempt_at = NULL WHERE change_taken").bindparams(
    sa.bindparam("no", False, sa.Boolean())
)


def upgrade() -> None:
    """Whoever was acting on a post is not any more: nobody upgrades while posts are sent."""
    op.add_column("posts", sa.Column("held_by", WORDS, nullable=True))
    op.add_column("posts", sa.Column("beat", sa.Integer(), nullable=False, server_default="0"))
    op.execute(_SENDING)
    op.execute(_CHANGING)
    held = sa.text("held_by IS NOT NULL")
    op.create_index("ix_posts_held_by", "posts", ["held_by"], sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    """The older rules know claims by the time at which they end."""
    op.drop_index("ix_posts_held_by", "posts")
    op.execute(_SENDING)
    op.execute(_CHANGING)
    op.drop_column("posts", "beat")
    op.drop_column("posts", "held_by")
