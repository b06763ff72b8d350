"""The index of words takes the place of folded copies of all texts, and of the words of names.

It is empty here: `storage.reindexing` fills it, since what its tokens are is a matter of the code.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.kinds import NUMBER, WORDS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index, and note that it is still to be filled; names stand in the order in which they are offered."""
    op.drop_table("entry_texts")
    op.drop_table("entry_name_words")
    op.drop_index("ix_names_uses", "names")
    op.create_index("ix_names_uses_key", "names", ["uses", "key"])
    op.create_table(
        "terms",
        sa.Column("term", WORDS, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_terms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "near_terms",
        sa.Column("rest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("rest", "term", name="pk_near_terms"),
        sqlite_with_rowid=False,
    )
    state = op.create_table(
        "index_state",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("next_version", sa.Integer(), nullable=True),
        sa.Column("next_through", sa.BigInteger(), nullable=True),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("next_bits", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_index_state"),
    )
    op.bulk_insert(state, [{"id": 1, "version": 0, "bits": 12}])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE lookup USING fts5(tokens, content='', columnsize=0, detail=none, "
            "tokenize=\"ascii tokenchars ':#'\")"
        )
        for option, value in (("automerge", 0), ("crisismerge", 64), ("hashsize", 32 * 1024 * 1024)):
            op.execute(f"INSERT INTO lookup(lookup, rank) VALUES ('{option}', {value})")  # noqa: S608
    else:
        op.execute("CREATE TABLE lookup (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ON lookup USING gin (tokens)")


def downgrade() -> None:
    """Take the index away. The older Paperboy finds its own tables empty, until entries are changed."""
    op.drop_table("lookup")
    op.drop_table("index_state")
    op.drop_table("near_terms")
    op.drop_table("terms")
    op.drop_index("ix_names_uses_key", "names")
    op.create_index("ix_names_uses", "names", ["uses"])
    op.create_table(
        "entry_texts",
        sa.Column("place", NUMBER, autoincrement=False, nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("body", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_entry_texts"),
    )
    op.create_table(
        "entry_name_words",
        sa.Column("word", WORDS, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", "place", "position", name="pk_entry_name_words"),
        sqlite_with_rowid=False,
    )
