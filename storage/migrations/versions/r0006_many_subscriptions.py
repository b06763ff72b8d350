"""Indexes by which very many subscriptions are gone through: those due, those behind, and the posts of each."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Very many are due at the same moment: in an order of their own each page of them is a range of the index."""
    op.drop_index("ix_subscriptions_next_run_at", "subscriptions")
    op.create_index("ix_subscriptions_due", "subscriptions", ["next_run_at", "id"])
    op.create_index("ix_subscriptions_behind", "subscriptions", ["seen_change", "id"])
    op.create_index("ix_posts_subscription_id_entry_id", "posts", ["subscription_id", "entry_id"])


def downgrade() -> None:
    """Back to one page for all."""
    op.drop_index("ix_posts_subscription_id_entry_id", "posts")
    op.drop_index("ix_subscriptions_behind", "subscriptions")
    op.drop_index("ix_subscriptions_due", "subscriptions")
    op.create_index("ix_subscriptions_next_run_at", "subscriptions", ["next_run_at"])
