"""The archive with its lookups, subscriptions and the ledger, engagement, and the local workspace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import NUMBER, WORDS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    _record()
    op.execute("INSERT INTO archive_state (id, change_no) VALUES (1, 0)")
    _lookups()
    _ledger()
    _engagement()
    _workspace()


def _record() -> None:
    op.create_table(
        "entries",
        sa.Column("no", NUMBER, autoincrement=False, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=True),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.Column("reactions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("saves", sa.Integer(), server_default="0", nullable=False),
        sa.Column("popularity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("title_derived", sa.Boolean(), nullable=False),
        sa.Column("digest_date", WORDS, nullable=True),
        sa.Column("paper_date", WORDS, nullable=True),
        sa.Column("authors", WORDS, nullable=False),
        sa.Column("organisation", WORDS, nullable=True),
        sa.Column("url", WORDS, nullable=True),
        sa.Column("arxiv_id", WORDS, nullable=True),
        sa.Column("tags", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("warnings", WORDS, nullable=False),
        sa.Column("sources", WORDS, nullable=False),
        sa.Column("related", WORDS, nullable=False),
        sa.Column("links", WORDS, nullable=False),
        sa.Column("abstract", WORDS, nullable=True),
        sa.Column("commentary", WORDS, nullable=True),
        sa.Column("commentary_en", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_entries"),
        sa.UniqueConstraint("change_no", name="uq_entries_change_no"),
        sa.UniqueConstraint("id", name="uq_entries_id"),
        sa.UniqueConstraint("place", name="uq_entries_place"),
        sa.UniqueConstraint("shown", name="uq_entries_shown"),
    )
    op.create_index("ix_entries_arxiv_id", "entries", ["arxiv_id"], unique=False)
    op.create_index("ix_entries_digest_date_shown", "entries", ["digest_date", "shown"], unique=False)
    op.create_index("ix_entries_popularity_shown", "entries", ["popularity", "shown"], unique=False)
    op.create_index("ix_entries_replies_shown", "entries", ["replies", "shown"], unique=False)
    op.create_index("ix_entries_status_change_no", "entries", ["status", "change_no"], unique=False)
    op.create_table(
        "archive_state",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_archive_state"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("entry_no", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("platform", WORDS, nullable=True),
        sa.Column("workspace", WORDS, nullable=True),
        sa.Column("user_id", WORDS, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", WORDS, nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entry_no"], ["entries.no"], name="fk_revisions_entry_no_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
        sa.UniqueConstraint("entry_no", "number", name="uq_revisions_entry_no_number"),
    )
    op.create_index("ix_revisions_person", "revisions", ["platform", "workspace", "user_id", "id"], unique=False)
    op.create_table(
        "match_keys",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("entry_no", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["entry_no"], ["entries.no"], name="fk_match_keys_entry_no_entries"),
        sa.PrimaryKeyConstraint("key", "entry_no", name="pk_match_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_keys_entry_no", "match_keys", ["entry_no"], unique=False)
    op.create_table(
        "documents",
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_documents"),
        sqlite_with_rowid=False,
    )


def _lookups() -> None:
    op.create_table(
        "tags",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("key", name="uq_tags_key"),
    )
    op.create_index("ix_tags_uses", "tags", ["uses"], unique=False)
    op.create_table(
        "tag_spellings",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("tag_id", NUMBER, nullable=False),
        sa.Column("spelling", WORDS, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_tag_spellings_tag_id_tags"),
        sa.PrimaryKeyConstraint("id", name="pk_tag_spellings"),
        sa.UniqueConstraint("tag_id", "spelling", name="uq_tag_spellings_tag_id_spelling"),
    )
    op.create_table(
        "tag_aliases",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("tag_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_tag_aliases_tag_id_tags"),
        sa.PrimaryKeyConstraint("key", name="pk_tag_aliases"),
    )
    op.create_index("ix_tag_aliases_tag_id", "tag_aliases", ["tag_id"], unique=False)
    op.create_table(
        "entry_tags",
        sa.Column("tag_id", NUMBER, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_entry_tags_tag_id_tags"),
        sa.PrimaryKeyConstraint("tag_id", "place", name="pk_entry_tags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "names",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_names"),
        sa.UniqueConstraint("key", name="uq_names_key"),
    )
    op.create_index("ix_names_uses", "names", ["uses"], unique=False)
    op.create_table(
        "name_words",
        sa.Column("word", WORDS, nullable=False),
        sa.Column("name_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["name_id"], ["names.id"], name="fk_name_words_name_id_names"),
        sa.PrimaryKeyConstraint("word", "name_id", name="pk_name_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_name_words",
        sa.Column("word", WORDS, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", "place", "position", name="pk_entry_name_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_texts",
        sa.Column("place", NUMBER, autoincrement=False, nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("body", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_entry_texts"),
    )


def _ledger() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("channel_id", WORDS, nullable=False),
        sa.Column("query", WORDS, nullable=False),
        sa.Column("at_minute", sa.Integer(), nullable=False),
        sa.Column("zone", WORDS, nullable=False),
        sa.Column("weekdays", WORDS, nullable=False),
        sa.Column("layout", WORDS, nullable=False),
        sa.Column("language", WORDS, nullable=False),
        sa.Column("late_policy", WORDS, nullable=False),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("note_when_empty", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_through", WORDS, nullable=True),
        sa.Column("seen_change", sa.BigInteger(), nullable=False),
        sa.Column("created_by_platform", WORDS, nullable=True),
        sa.Column("created_by_workspace", WORDS, nullable=True),
        sa.Column("created_by_user_id", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_channel", "subscriptions", ["platform", "workspace", "channel_id"], unique=False)
    op.create_index("ix_subscriptions_next_run_at", "subscriptions", ["next_run_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subscription_id", NUMBER, nullable=False),
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("channel_id", WORDS, nullable=False),
        sa.Column("digest_date", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", WORDS, nullable=True),
        sa.Column("merged_dates", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_deliveries_subscription_id_subscriptions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("subscription_id", "digest_date", name="uq_deliveries_subscription_id_digest_date"),
    )
    op.create_table(
        "posts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("delivery_id", NUMBER, nullable=False),
        sa.Column("subscription_id", NUMBER, nullable=False),
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("channel_id", WORDS, nullable=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("entry_id", WORDS, nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("in_thread", sa.Boolean(), nullable=False),
        sa.Column("note", WORDS, nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("change", WORDS, nullable=True),
        sa.Column("change_taken", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("message_id", WORDS, nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", WORDS, nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_posts_delivery_id_deliveries"),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_posts_entry_id_entries"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_posts_subscription_id_subscriptions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("key", name="uq_posts_key"),
    )
    op.create_index("ix_posts_delivery_id", "posts", ["delivery_id"], unique=False)
    op.create_index(
        "ix_posts_entry_id_platform_workspace", "posts", ["entry_id", "platform", "workspace"], unique=False
    )
    op.create_index("ix_posts_message", "posts", ["message_id", "channel_id", "workspace", "platform"], unique=False)
    op.create_index("ix_posts_platform_sent_at", "posts", ["platform", "sent_at"], unique=False)
    op.create_index(
        "ix_posts_turn",
        "posts",
        ["platform", "workspace", "channel_id", "turn", "id"],
        unique=False,
        sqlite_where=sa.text("turn IS NOT NULL"),
        postgresql_where=sa.text("turn IS NOT NULL"),
    )


def _engagement() -> None:
    op.create_table(
        "reactions",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("emoji", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_reactions_post_id_posts"),
        sa.PrimaryKeyConstraint("post_id", "platform", "workspace", "user_id", "emoji", name="pk_reactions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reactions_person", "reactions", ["platform", "workspace", "user_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("message_id", WORDS, nullable=False),
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_replies_post_id_posts"),
        sa.PrimaryKeyConstraint("post_id", "message_id", name="pk_replies"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_replies_person", "replies", ["platform", "workspace", "user_id"], unique=False)
    op.create_table(
        "saves",
        sa.Column("platform", WORDS, nullable=False),
        sa.Column("workspace", WORDS, nullable=False),
        sa.Column("user_id", WORDS, nullable=False),
        sa.Column("entry_no", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_no"], ["entries.no"], name="fk_saves_entry_no_entries"),
        sa.PrimaryKeyConstraint("platform", "workspace", "user_id", "entry_no", name="pk_saves"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_saves_entry_no", "saves", ["entry_no"], unique=False)


def _workspace() -> None:
    op.create_table(
        "workspace_channels",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("topic", WORDS, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspace_channels"),
    )
    op.create_table(
        "workspace_messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("channel_id", WORDS, nullable=False),
        sa.Column("author", WORDS, nullable=False),
        sa.Column("thread_of", NUMBER, nullable=True),
        sa.Column("key", WORDS, nullable=True),
        sa.Column("payload", WORDS, nullable=True),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["workspace_channels.id"], name="fk_workspace_messages_channel_id_workspace_channels"
        ),
        sa.ForeignKeyConstraint(
            ["thread_of"],
            ["workspace_messages.id"],
            name="fk_workspace_messages_thread_of_workspace_messages",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workspace_messages"),
        sa.UniqueConstraint("key", name="uq_workspace_messages_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_workspace_messages_channel_id_thread_of_id",
        "workspace_messages",
        ["channel_id", "thread_of", "id"],
        unique=False,
    )
    op.create_index("ix_workspace_messages_thread_of_id", "workspace_messages", ["thread_of", "id"], unique=False)
    op.create_table(
        "workspace_reactions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("message_id", NUMBER, nullable=False),
        sa.Column("emoji", WORDS, nullable=False),
        sa.Column("persona", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["workspace_messages.id"],
            name="fk_workspace_reactions_message_id_workspace_messages",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workspace_reactions"),
        sa.UniqueConstraint("message_id", "emoji", "persona", name="uq_workspace_reactions_message_id_emoji_persona"),
    )
    op.create_index("ix_workspace_reactions_persona", "workspace_reactions", ["persona"], unique=False)


def downgrade() -> None:
    """Take all tables away."""
    op.drop_table("workspace_reactions")
    op.drop_table("workspace_messages")
    op.drop_table("workspace_channels")
    op.drop_table("saves")
    op.drop_table("replies")
    op.drop_table("reactions")
    op.drop_table("posts")
    op.drop_table("deliveries")
    op.drop_table("subscriptions")
    op.drop_table("entry_texts")
    op.drop_table("entry_name_words")
    op.drop_table("name_words")
    op.drop_table("names")
    op.drop_table("entry_tags")
    op.drop_table("tag_aliases")
    op.drop_table("tag_spellings")
    op.drop_table("tags")
    op.drop_table("documents")
    op.drop_table("match_keys")
    op.drop_table("revisions")
    op.drop_table("archive_state")
    op.drop_table("entries")
