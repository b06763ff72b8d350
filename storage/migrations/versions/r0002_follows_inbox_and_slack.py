"""Personal subscriptions, ids that never come back, events taken already, entries by address, Slack's installations."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import sqlalchemy as sa
from alembic import op
from alembic.operations.base import BatchOperations

from storage.migrations.kinds import NUMBER, WORDS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; SQLite makes the ledger's tables anew, as it does for every change of a key."""
    with _made_anew("subscriptions", autoincrement=True) as table:
        table.add_column(sa.Column("personal", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.create_index(
            "ix_subscriptions_person",
            ["created_by_platform", "created_by_workspace", "created_by_user_id", "personal"],
            unique=False,
        )
    with _made_anew("deliveries", autoincrement=True):
        pass
    with _made_anew("posts", autoincrement=True) as table:
        table.add_column(sa.Column("tried_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "inbox",
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("event_id", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "event_id", name="pk_inbox"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_at", "inbox", ["at"], unique=False)
    op.create_index("ix_entries_url", "entries", ["url"], unique=False)
    _slack()


def _slack() -> None:
    op.create_table(
        "slack_installations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("enterprise_url", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(32), nullable=True),
        sa.Column("bot_user_id", sa.String(32), nullable=True),
        sa.Column("bot_scopes", sa.String(1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("user_token", sa.Text(), nullable=True),
        sa.Column("user_scopes", sa.String(1000), nullable=True),
        sa.Column("user_refresh_token", sa.Text(), nullable=True),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("incoming_webhook_url", sa.Text(), nullable=True),
        sa.Column("incoming_webhook_channel", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_channel_id", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_configuration_url", sa.String(200), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("token_type", sa.String(32), nullable=True),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slack_installations"),
    )
    op.create_index(
        "slack_installations_idx",
        "slack_installations",
        ["client_id", "enterprise_id", "team_id", "user_id", "installed_at"],
        unique=False,
    )
    op.create_table(
        "slack_bots",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(32), nullable=True),
        sa.Column("bot_user_id", sa.String(32), nullable=True),
        sa.Column("bot_scopes", sa.String(1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slack_bots"),
    )
    op.create_index(
        "slack_bots_idx", "slack_bots", ["client_id", "enterprise_id", "team_id", "installed_at"], unique=False
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("state", sa.String(200), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slack_oauth_states"),
    )


def downgrade() -> None:
    """Take them away again. Nobody would keep personal subscriptions apart any more: they end."""
    op.drop_table("slack_oauth_states")
    op.drop_table("slack_bots")
    op.drop_table("slack_installations")
    op.drop_table("inbox")
    with _made_anew("posts", autoincrement=False) as table:
        table.drop_column("tried_at")
    with _made_anew("deliveries", autoincrement=False):
        pass
    op.execute("UPDATE subscriptions SET removed = true, next_run_at = NULL WHERE personal")
    with _made_anew("subscriptions", autoincrement=False) as table:
        table.drop_index("ix_subscriptions_person")
        table.drop_column("personal")


def _made_anew(table: str, *, autoincrement: bool) -> AbstractContextManager[BatchOperations]:
    """A table to be changed. PostgreSQL changes it where it is: its sequences never give a number twice anyway."""
    recreate: Literal["always", "never"] = "always" if op.get_context().dialect.name == "sqlite" else "never"
    return op.batch_alter_table(table, recreate=recreate, table_kwargs={"sqlite_autoincrement": autoincrement})
