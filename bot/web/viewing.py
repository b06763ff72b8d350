"""Messages as one visitor sees them: what is stored, with what their person may see, has saved and has reacted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.errors import NotFound
from bot.core.messages import msg
from bot.core.workspace import LocalChannel, LocalMessage, may_see_channel
from bot.usecases.look_up import may_see
from bot.web.rendering import card_of
from bot.web.visitor import Visitor

EMOJI: Final = ("👍", "❤️", "🔥", "🎉", "😂", "😮", "🤔", "👀", "🙏", "💯", "🚀", "✅")
PAGE_SIZE: Final = 40
_MOST_SHOWN: Final = 600
_NOTHING: Final = Engagement()


@dataclass(frozen=True, slots=True)
class ReactionView:
    """One emoji under a message: by how many, by whom, and whether by the visitor."""

    emoji: str
    personas: tuple[str, ...]
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message for one visitor.

    `kind` is the payload's, or `text` for what a person wrote, or `gone` for a shared entry that is not to be seen.
    """

    id: int
    channel_id: str
    thread_of: int | None
    author: str
    kind: str
    payload: Mapping[str, object]
    text: str
    sent_at: datetime
    is_edited: bool
    reply_count: int
    reactions: tuple[ReactionView, ...]
    is_mine: bool
    entry_id: str | None = None
    engagement: Engagement = _NOTHING
    is_saved: bool = False

    @property
    def day(self) -> date:
        """The calendar day on which it was sent, in the workspace's zone."""
        return self.sent_at.date()


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A stretch of a channel, oldest first. `position` is the hub's at the moment before it was read."""

    messages: tuple[MessageView, ...]
    has_more: bool
    position: str


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel in the sidebar; `latest` is the id of its newest message, 0 without one."""

    channel: LocalChannel
    latest: int


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A message with its replies."""

    parent: MessageView
    replies: tuple[MessageView, ...]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known about the entries that some messages show."""

    shared: Mapping[str, Entry]
    counts: Mapping[str, Engagement]
    saved: frozenset[str]


async def channels_of(visitor: Visitor) -> list[ChannelView]:
    """The channels that the visitor sees, in order."""
    workspace = visitor.parts.stores.workspace
    found: list[ChannelView] = []
    for channel in await workspace.channels():
        if not may_see_channel(channel.id, visitor.persona.value):
            continue
        newest = await workspace.history(channel.id, limit=1)
        found.append(ChannelView(channel, newest[-1].id if newest else 0))
    return found


async def history_of(
    visitor: Visitor, channel_id: str, *, before: int | None = None, since: int | None = None
) -> HistoryView:
    """A channel's newest page, the page before a message, or everything since one (as far as a page can show)."""
    position = visitor.parts.hub.position
    workspace = visitor.parts.stores.workspace
    messages = list(await workspace.history(channel_id, before=before, limit=PAGE_SIZE))
    more = len(messages) == PAGE_SIZE
    while more and since is not None and messages[0].id > since and len(messages) < _MOST_SHOWN:
        page = await workspace.history(channel_id, before=messages[0].id, limit=PAGE_SIZE)
        messages[:0] = page
        more = len(page) == PAGE_SIZE
    return HistoryView(tuple(await views_of(visitor, messages)), more, position)


async def message_of(visitor: Visitor, message_id: int) -> LocalMessage:
    """A stored message.

    Raises:
        NotFound: it was deleted, or never was.
    """
    message = await visitor.parts.stores.workspace.get(message_id)
    if message is None:
        raise NotFound(msg("This message is gone."))
    return message


async def thread_of(visitor: Visitor, message_id: int) -> ThreadView:
    """A message with its replies.

    Raises:
        NotFound: the message was deleted.
    """
    parent = await message_of(visitor, message_id)
    replies = await visitor.parts.stores.workspace.thread(message_id)
    shown, *rest = await views_of(visitor, [parent, *replies])
    return ThreadView(shown, tuple(rest))


async def view_of(visitor: Visitor, message: LocalMessage) -> MessageView:
    """One message for this visitor."""
    return (await views_of(visitor, [message]))[0]


async def views_of(visitor: Visitor, messages: Sequence[LocalMessage]) -> list[MessageView]:
    """Messages for this visitor, in three reads whatever their number."""
    facts = await _facts_about(visitor, messages)
    return [_view(visitor, message, facts) for message in messages]


async def _facts_about(visitor: Visitor, messages: Sequence[LocalMessage]) -> _Facts:
    stores = visitor.parts.stores
    ids = list(dict.fromkeys(entry_id for message in messages if (entry_id := _entry_id(message))))
    if not ids:
        return _Facts({}, {}, frozenset())
    shared = [entry_id for message in messages if _kind(message) == "share" and (entry_id := _entry_id(message))]
    entries = await stores.archive.get(shared) if shared else {}
    visible = {entry_id: entry for entry_id, entry in entries.items() if may_see(visitor.caller, entry)}
    counts = await stores.engagement.counts(ids)
    return _Facts(visible, counts, frozenset(await stores.engagement.saved(ids, visitor.caller.person)))


def _kind(message: LocalMessage) -> str:
    return "text" if message.payload is None else str(message.payload.get("kind", "text"))


def _entry_id(message: LocalMessage) -> str | None:
    payload = message.payload or {}
    card = payload.get("card")
    entry_id = card.get("entry_id") if isinstance(card, Mapping) else payload.get("entry_id")
    return entry_id if isinstance(entry_id, str) else None


def _view(visitor: Visitor, message: LocalMessage, facts: _Facts) -> MessageView:
    entry_id = _entry_id(message)
    kind, payload = _shown(visitor, message, entry_id, facts)
    me = visitor.persona.value
    return MessageView(
        id=message.id,
        channel_id=message.channel_id,
        thread_of=message.thread_of,
        author=message.author,
        kind=kind,
        payload=payload,
        text=message.text,
        sent_at=message.sent_at.astimezone(ZoneInfo(visitor.parts.zone)),
        is_edited=message.edited_at is not None,
        reply_count=message.reply_count,
        reactions=tuple(
            ReactionView(emoji, personas, me in personas) for emoji, personas in message.reactions.items() if personas
        ),
        is_mine=message.author == me,
        entry_id=entry_id,
        engagement=facts.counts.get(entry_id or "", _NOTHING),
        is_saved=entry_id in facts.saved,
    )


def _shown(
    visitor: Visitor, message: LocalMessage, entry_id: str | None, facts: _Facts
) -> tuple[str, Mapping[str, object]]:
    """The kind and payload to show: a shared entry as the archive has it now, everything else as it was posted."""
    payload = message.payload or {}
    if _kind(message) != "share":
        return _kind(message), payload
    entry = facts.shared.get(entry_id or "")
    if entry is None:
        return "gone", payload
    language = visitor.caller.language
    return "share", {**payload, "language": language.value, "card": card_of(entry, language)}
