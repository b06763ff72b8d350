"""The schema. Rows never leave this package: its functions hand out core values.

Two kinds of tables hold the archive. `entries` and its revisions are the record. What stands under "lookups" is an
index over the public entries only (published and dated), keyed by their place, and can be made again from the
record: an entry enters it when it becomes public, and leaves it when it is no longer.

Text is in the order of its code points on both databases: migrations make it so (`storage.migrations.kinds`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.core.digests import DeliveryState, PostChange, PostKind, PostState
from bot.core.entries import Action, Kind, Status
from bot.core.people import Language
from bot.core.subscriptions import LatePolicy, Layout
from storage.columns import NUMBER, Choice, Day, Moment, Said, Texts, Values

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _person(nullable: bool = False, primary_key: bool = False) -> list[Column[str]]:
    return [Column(name, Text, nullable=nullable, primary_key=primary_key) for name in PERSON_COLUMNS]


def _channel() -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in CHANNEL_COLUMNS]


PERSON_COLUMNS = ("platform", "workspace", "user_id")
CHANNEL_COLUMNS = ("platform", "workspace", "channel_id")

# --- the record ----------------------------------------------------------------------------------------------------

entries = Table(
    "entries",
    metadata,
    Column("no", NUMBER, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("place", BigInteger, nullable=False, unique=True),  # see storage.places
    Column("shown", BigInteger, unique=True),  # the place while public, else null: what lookups walk along
    Column("change_no", BigInteger, nullable=False, unique=True),
    Column("reactions", Integer, nullable=False, server_default="0"),
    Column("replies", Integer, nullable=False, server_default="0"),
    Column("saves", Integer, nullable=False, server_default="0"),
    Column("popularity", Integer, nullable=False, server_default="0"),  # reactions and saves
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_derived", Boolean, nullable=False),
    Column("digest_date", Day),
    Column("paper_date", Day),
    Column("authors", Texts, nullable=False),
    Column("organisation", Text),
    Column("url", Text, index=True),
    Column("arxiv_id", Text, index=True),  # not unique: a note about several papers has the id of the first
    Column("tags", Texts, nullable=False),
    Column("kind", Choice(Kind), nullable=False),
    Column("status", Choice(Status), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("warnings", Texts, nullable=False),
    Column("sources", Texts, nullable=False),
    Column("related", Texts, nullable=False),
    Column("links", Texts, nullable=False),
    Column("abstract", Text),  # the long texts last: reading what stands before them skips their pages
    Column("commentary", Text),
    Column("commentary_en", Text),
    Index(None, "digest_date", "shown"),
    Index(None, "popularity", "shown"),
    Index(None, "replies", "shown"),
    Index(None, "status", "change_no"),
)

archive_state = Table(  # one row
    "archive_state",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("change_no", BigInteger, nullable=False),  # the newest given to an entry
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("entry_no", ForeignKey(entries.c.no), nullable=False),
    Column("number", Integer, nullable=False),
    Column("action", Choice(Action), nullable=False),
    *_person(nullable=True),
    Column("at", Moment, nullable=False),
    Column("snapshot", Values),  # null while it is what the entry is now
    Column("undone", Boolean, nullable=False),
    UniqueConstraint("entry_no", "number"),
    Index("ix_revisions_person", *PERSON_COLUMNS, "id"),
)

match_keys = Table(
    "match_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("entry_no", ForeignKey(entries.c.no), primary_key=True),
    Index(None, "entry_no"),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("imported_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# --- lookups -------------------------------------------------------------------------------------------------------

tags = Table(
    "tags",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),  # the spelling most often written
    Column("uses", Integer, nullable=False),
    Index(None, "uses"),
)

tag_spellings = Table(
    "tag_spellings",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("tag_id", ForeignKey(tags.c.id), nullable=False),
    Column("spelling", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    UniqueConstraint("tag_id", "spelling"),
)

tag_aliases = Table(
    "tag_aliases",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tag_id", ForeignKey(tags.c.id), nullable=False),
    Index(None, "tag_id"),
)

entry_tags = Table(
    "entry_tags",
    metadata,
    Column("tag_id", ForeignKey(tags.c.id), primary_key=True),
    Column("place", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

names = Table(  # of authors and organisations
    "names",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),  # as first written
    Column("uses", Integer, nullable=False),
    Index(None, "uses", "key"),
)

name_words = Table(
    "name_words",
    metadata,
    Column("word", Text, primary_key=True),
    Column("name_id", ForeignKey(names.c.id), primary_key=True),
    sqlite_with_rowid=False,
)

# The index of words, `storage.index`: `lookup` holds tokens and places, in the database's own way, and is made by
# `storage.postings`. These are beside it.

terms = Table(
    "terms",
    metadata,
    Column("term", Text, primary_key=True),
    Column("uses", Integer, nullable=False),  # how many public entries have this token
    sqlite_with_rowid=False,
)

term_changes = Table(  # what the counts in `terms` are behind by: see storage.counting
    "term_changes",
    metadata,
    Column("term", Text, primary_key=True),
    Column("uses", Integer, nullable=False),  # more, or less
    sqlite_with_rowid=False,
)

near_terms = Table(  # each term by what is left of it without one of its parts, as a number: see storage.spelling
    "near_terms",
    metadata,
    Column("rest", BigInteger, primary_key=True, autoincrement=False),
    Column("term", Text, primary_key=True),
    sqlite_with_rowid=False,
)

index_state = Table(  # one row
    "index_state",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),  # of the tokens that the index holds; 0 before it was ever made
    Column("next_version", Integer),  # of those it is being made anew with
    Column("next_through", BigInteger),  # up to which place that has come
    Column(
        "bits", Integer, nullable=False
    ),  # how many of a row's number count the entries of one day, see storage.fts5
    Column("next_bits", Integer),
)

INDEX_OF_WORDS = (terms, term_changes, near_terms, index_state)

# --- subscriptions and the ledger ----------------------------------------------------------------------------------
#
# Their ids never come back, though forgetting a person deletes rows: somebody may still be at work on one of them, and
# a subscription's id is part of the keys that messages on the platforms carry.

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", NUMBER, primary_key=True),
    *_channel(),
    Column("query", Text, nullable=False),
    Column("at_minute", Integer, nullable=False),  # of the day
    Column("zone", Text, nullable=False),
    Column("weekdays", Text, nullable=False),  # their digits, Monday 0
    Column("layout", Choice(Layout), nullable=False),
    Column("language", Choice(Language), nullable=False),
    Column("late_policy", Choice(LatePolicy), nullable=False),
    Column("late_days", Integer, nullable=False),
    Column("note_when_empty", Boolean, nullable=False),
    Column("personal", Boolean, nullable=False, server_default=false()),
    Column("paused", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("next_run_at", Moment),
    Column("delivered_through", Day),
    Column("seen_change", BigInteger, nullable=False),
    Column("created_by_platform", Text),
    Column("created_by_workspace", Text),
    Column("created_by_user_id", Text),
    Index("ix_subscriptions_channel", *CHANNEL_COLUMNS),
    Index("ix_subscriptions_person", *(f"created_by_{name}" for name in PERSON_COLUMNS), "personal"),
    Index("ix_subscriptions_due", "next_run_at", "id"),  # gone through page by page, as is the next one
    Index("ix_subscriptions_behind", "seen_change", "id"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("subscription_id", ForeignKey(subscriptions.c.id), nullable=False),
    *_channel(),  # where it went, also when the subscription changes
    Column("digest_date", Day, nullable=False),
    Column("state", Choice(DeliveryState), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("reason", Said),
    Column("merged_dates", Texts, nullable=False),
    UniqueConstraint("subscription_id", "digest_date"),
    sqlite_autoincrement=True,
)

posts = Table(
    "posts",
    metadata,
    Column("id", NUMBER, primary_key=True),  # in the order they were planned
    Column("delivery_id", ForeignKey(deliveries.c.id), nullable=False),
    Column("subscription_id", ForeignKey(subscriptions.c.id), nullable=False),
    *_channel(),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Choice(PostKind), nullable=False),
    Column("entry_id", ForeignKey(entries.c.id)),
    Column("late", Boolean, nullable=False),
    Column("in_thread", Boolean, nullable=False),
    Column("note", Said),
    Column("state", Choice(PostState), nullable=False),
    Column("change", Choice(PostChange)),
    Column("change_taken", Boolean, nullable=False),  # handed out as it stands: not ordered anew since
    Column("turn", Integer),  # what is to be done: 0 to send, 1 to change, null nothing
    Column("message_id", Text),
    Column("sent_at", Moment),
    Column("revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", Moment),  # when it was first handed out to be sent
    Column("next_attempt_at", Moment),
    Column("held_by", Text),  # the worker that acts on it now
    Column("beat", Integer, nullable=False, server_default="0"),  # counts on while that worker does
    Column("reason", Said),
    Index(None, "delivery_id"),
    Index(None, "entry_id", "platform", "workspace"),
    Index(None, "subscription_id", "entry_id"),
    Index("ix_posts_message", "message_id", "channel_id", "workspace", "platform"),
    Index(None, "platform", "sent_at"),
    sqlite_autoincrement=True,
)
Index(  # partial on PostgreSQL too, but to say so here would import its dialect at every start
    "ix_posts_turn",
    *(posts.c[name] for name in (*CHANNEL_COLUMNS, "turn", "id")),
    sqlite_where=posts.c.turn.is_not(None),
)

Index("ix_posts_held_by", posts.c.held_by, sqlite_where=posts.c.held_by.is_not(None))

inbox = Table(
    "inbox",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

questions = Table(
    "questions",
    metadata,
    Column("key", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

# --- engagement ----------------------------------------------------------------------------------------------------

reactions = Table(
    "reactions",
    metadata,
    Column("post_id", ForeignKey(posts.c.id), primary_key=True),
    *_person(primary_key=True),
    Column("emoji", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Index("ix_reactions_person", *PERSON_COLUMNS),
    sqlite_with_rowid=False,
)

replies = Table(
    "replies",
    metadata,
    Column("post_id", ForeignKey(posts.c.id), primary_key=True),
    Column("message_id", Text, primary_key=True),
    *_person(),
    Column("at", Moment, nullable=False),
    Index("ix_replies_person", *PERSON_COLUMNS),
    sqlite_with_rowid=False,
)

saves = Table(
    "saves",
    metadata,
    *_person(primary_key=True),
    Column("entry_no", ForeignKey(entries.c.no), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "entry_no"),
    sqlite_with_rowid=False,
)

# --- the local workspace -------------------------------------------------------------------------------------------

workspace_channels = Table(
    "workspace_channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("position", Integer, nullable=False),
)

workspace_messages = Table(
    "workspace_messages",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("channel_id", ForeignKey(workspace_channels.c.id), nullable=False),
    Column("author", Text, nullable=False),
    Column("thread_of", ForeignKey("workspace_messages.id", ondelete="CASCADE")),
    Column("key", Text, unique=True),
    Column("payload", Values),
    Column("text", Text, nullable=False),
    Column("sent_at", Moment, nullable=False),
    Column("edited_at", Moment),
    Index(None, "channel_id", "thread_of", "id"),
    Index(None, "thread_of", "id"),
    sqlite_autoincrement=True,  # a deleted message's id never comes back: posts in the ledger may still name it
)

workspace_reactions = Table(
    "workspace_reactions",
    metadata,
    Column("id", NUMBER, primary_key=True),  # in the order they were given
    Column("message_id", ForeignKey(workspace_messages.c.id, ondelete="CASCADE"), nullable=False),
    Column("emoji", Text, nullable=False),
    Column("persona", Text, nullable=False),
    UniqueConstraint("message_id", "emoji", "persona"),
    Index(None, "persona"),
)

# --- Slack's installations -----------------------------------------------------------------------------------------
#
# As slack_sdk's own stores have them, which read and write them; only what is kept sealed needs more room.

slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("client_id", String(32), nullable=False),
    Column("app_id", String(32), nullable=False),
    Column("enterprise_id", String(32)),
    Column("enterprise_name", String(200)),
    Column("enterprise_url", String(200)),
    Column("team_id", String(32)),
    Column("team_name", String(200)),
    Column("bot_token", Text),
    Column("bot_id", String(32)),
    Column("bot_user_id", String(32)),
    Column("bot_scopes", String(1000)),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("user_id", String(32), nullable=False),
    Column("user_token", Text),
    Column("user_scopes", String(1000)),
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", String(200)),
    Column("incoming_webhook_channel_id", String(200)),
    Column("incoming_webhook_configuration_url", String(200)),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("token_type", String(32)),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_installations_idx", "client_id", "enterprise_id", "team_id", "user_id", "installed_at"),
)

slack_bots = Table(
    "slack_bots",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("client_id", String(32), nullable=False),
    Column("app_id", String(32), nullable=False),
    Column("enterprise_id", String(32)),
    Column("enterprise_name", String(200)),
    Column("team_id", String(32)),
    Column("team_name", String(200)),
    Column("bot_token", Text),
    Column("bot_id", String(32)),
    Column("bot_user_id", String(32)),
    Column("bot_scopes", String(1000)),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_bots_idx", "client_id", "enterprise_id", "team_id", "installed_at"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("state", String(200), nullable=False),
    Column("expire_at", DateTime, nullable=False),
)
