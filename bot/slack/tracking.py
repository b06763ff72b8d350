"""What readers do below Paperboy's posts, as Slack tells of it: reactions and replies in threads.

Bots do not count, and nor do Paperboy's own messages. A long post goes on in its thread: a reaction to such a part
counts for the post.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.digests import MessageRef
from bot.core.people import Person
from bot.core.subscriptions import Channel
from bot.slack.errors import SlackError
from bot.slack.events import EventLanes, SlackEvent
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM
from bot.slack.reading import Told, messages_in
from bot.slack.workspaces import Identity
from bot.usecases import track

_REPLIES: Final = frozenset({None, "", "thread_broadcast", "file_share", "me_message"})
"""Subtypes of what people write; the others are the system's words, or tell of changes."""
_MOST_KEPT: Final = 5_000

log = structlog.get_logger(__name__)


def register(app: AsyncApp, parts: SlackParts, lanes: EventLanes) -> None:
    """Listen to reactions and messages."""
    tracking = _Tracking(parts)
    app.event("reaction_added")(lanes.to(tracking.reaction_added))
    app.event("reaction_removed")(lanes.to(tracking.reaction_removed))
    app.event("message")(lanes.to(tracking.message, wanted=_concerns_threads))


class _Tracking:
    def __init__(self, parts: SlackParts) -> None:
        self._parts = parts
        self._stores = parts.desk.stores
        self._posts_of_parts: OrderedDict[MessageRef, MessageRef] = OrderedDict()

    # --- reactions --------------------------------------------------------------------------------------------------

    async def reaction_added(self, event: SlackEvent) -> None:
        """Somebody reacted to a message."""
        ref = await self._reacted_to(event)
        person = _person(event, event.fields.get("user"))
        if ref is None or await self._is_bot(person):
            return
        await track.reacted(self._stores, ref, person, str(event.fields.get("reaction")), at=event.at)

    async def reaction_removed(self, event: SlackEvent) -> None:
        """Somebody took a reaction back."""
        ref = await self._reacted_to(event)
        if ref is not None:
            person = _person(event, event.fields.get("user"))
            await track.unreacted(self._stores, ref, person, str(event.fields.get("reaction")))

    async def _reacted_to(self, event: SlackEvent) -> MessageRef | None:
        """The post that gathers this reaction; None when it is none of ours."""
        item = event.fields.get("item") or {}
        if item.get("type") != "message":
            return None
        ref = MessageRef(_channel(event), str(item.get("ts") or ""))
        if await self._stores.ledger.post_of(ref) is not None:
            return ref
        return await self._post_of_part(event, ref)

    async def _post_of_part(self, event: SlackEvent, part: MessageRef) -> MessageRef | None:
        """The post that a message of ours continues; Slack is asked about our own messages only."""
        known = self._posts_of_parts.get(part)
        if known is not None:
            return known
        try:
            me = await self._parts.workspaces.identity(event.team_id)
            if event.fields.get("item_user") != me.bot_user_id:
                return None
            message = await self._read(me, part)
        except SlackError as error:
            log.warning("slack.part_unknown", team=event.team_id, reason=str(error))
            return None
        if message is None or message.label is None:
            return None
        root = MessageRef(part.channel, message.thread_ts)
        found = await track.post_with_key(self._stores, root, message.label.key)
        if found is not None:
            self._posts_of_parts[part] = found
            while len(self._posts_of_parts) > _MOST_KEPT:
                self._posts_of_parts.popitem(last=False)
        return found

    async def _read(self, me: Identity, ref: MessageRef) -> Told | None:
        """One message, which stands in a thread."""
        client = await self._parts.workspaces.client(ref.channel.workspace)
        answer = await client.call(
            "conversations.replies",
            channel=ref.channel.id,
            ts=ref.message_id,
            oldest=ref.message_id,
            latest=ref.message_id,
            inclusive=True,
            limit=10,  # Slack may put the beginning of the thread before it
            include_all_metadata=True,
        )
        return next((message for message in messages_in(answer, me) if message.ts == ref.message_id), None)

    # --- messages ---------------------------------------------------------------------------------------------------

    async def message(self, event: SlackEvent) -> None:
        """Somebody wrote in a thread, or deleted a message."""
        fields = event.fields
        match fields.get("subtype"):
            case "message_deleted":
                await self._deleted(event, fields.get("previous_message") or {}, fields.get("deleted_ts"))
            case "message_changed":
                message = fields.get("message") or {}
                await self._deleted(event, message, message.get("ts"))
            case _:
                await self._written(event, str(fields.get("thread_ts")), str(fields.get("ts")))

    async def _written(self, event: SlackEvent, thread: str, ts: str) -> None:
        ref = MessageRef(_channel(event), thread)
        if await self._stores.ledger.post_of(ref) is None:
            return
        person = _person(event, event.fields.get("user"))
        if not await self._is_bot(person):
            await track.replied(self._stores, ref, person, ts, at=event.at)

    async def _deleted(self, event: SlackEvent, message: dict[str, Any], ts: object) -> None:
        thread = str(message.get("thread_ts") or "")
        if thread and thread != str(ts):
            await track.unreplied(self._stores, MessageRef(_channel(event), thread), str(ts))
        elif await self._stores.ledger.post_of(MessageRef(_channel(event), str(ts))) is not None:
            # Paperboy itself withdraws posts; when somebody else did, the post is not sent once more.
            log.info("slack.post_deleted", team=event.team_id, channel=event.channel_id)

    async def _is_bot(self, person: Person) -> bool:
        """Whether it does not count; who cannot be asked about now does, until the next reconciliation."""
        if not person.user_id:
            return True
        try:
            return await self._parts.people.is_bot(person.workspace, person.user_id)
        except SlackError as error:
            log.warning("slack.person_unknown", team=person.workspace, user=person.user_id, reason=str(error))
            return False


def _concerns_threads(fields: Mapping[str, Any]) -> bool:
    """Whether a message is a person's reply, or one that was deleted: most of what is written somewhere is neither.

    It is asked before the event is written down anywhere, and so those cost nothing.
    """
    match fields.get("subtype"):
        case "message_deleted":
            return True
        case "message_changed":  # the trace of a deleted message with replies
            return (fields.get("message") or {}).get("subtype") == "tombstone"
        case subtype:
            thread, ts = fields.get("thread_ts"), fields.get("ts")
            return subtype in _REPLIES and bool(thread and ts) and thread != ts and not fields.get("bot_id")


def _channel(event: SlackEvent) -> Channel:
    return Channel(PLATFORM, event.team_id, event.channel_id)


def _person(event: SlackEvent, user_id: object) -> Person:
    return Person(PLATFORM, event.team_id, str(user_id or ""))
