"""What people do in the local workspace: write, reply, react, save, share, have themselves forgotten.

Each goes to the workspace's own records, as on a chat platform's server, and to Paperboy's, as that platform's
event would.
"""

from __future__ import annotations

import re
from typing import Final

from bot.core.digests import MessageRef
from bot.core.errors import InputError, NotAllowed, NotFound
from bot.core.messages import msg
from bot.core.workspace import LocalMessage, may_see_channel
from bot.usecases import converse, track
from bot.usecases.answers import ForgetAct, NoticeAnswer
from bot.web.courier import WebCourier
from bot.web.hub import Event, EventKind
from bot.web.viewing import EMOJI, message_of
from bot.web.visitor import Visitor

LONGEST_MESSAGE: Final = 4_000
_TOKEN = re.compile(r"[0-9A-Za-z-]{8,64}")


async def write(visitor: Visitor, channel_id: str, text: str, token: str, *, thread_of: int | None) -> LocalMessage:
    """Post what a person wrote, in a channel or a thread. The same token twice is one message.

    Raises:
        InputError: nothing to say, or too much.
        NotFound: no such channel, or the message to reply to is gone.
    """
    parts = visitor.parts
    message = LocalMessage(
        channel_id=channel_id,
        author=visitor.persona.value,
        thread_of=thread_of,
        key=_key(visitor, "chat", token),
        text=_readable(text),
        sent_at=parts.clock.now(),
    )
    kept = await parts.stores.workspace.post(message)
    _tell(visitor, EventKind.POSTED, kept)
    if thread_of is not None:
        await track.replied(
            parts.stores, _ref(visitor, channel_id, thread_of), visitor.caller.person, str(kept.id), at=kept.sent_at
        )
    return kept


async def reply(visitor: Visitor, message_id: int, text: str, token: str) -> LocalMessage:
    """Reply in the thread of a message.

    Raises:
        InputError, NotFound: as for `write`.
    """
    parent = await message_of(visitor, message_id)
    if parent.thread_of is not None:
        parent = await message_of(visitor, parent.thread_of)
    return await write(visitor, parent.channel_id, text, token, thread_of=parent.id)


async def delete(visitor: Visitor, message_id: int) -> None:
    """Delete one's own message.

    Raises:
        NotAllowed: somebody else's.
        NotFound: it is gone already.
    """
    parts = visitor.parts
    message = await message_of(visitor, message_id)
    if message.author != visitor.persona.value:
        raise NotAllowed(msg("Only your own messages can be deleted."))
    await parts.stores.workspace.delete(message.id)
    if message.thread_of is not None:
        await track.unreplied(parts.stores, _ref(visitor, message.channel_id, message.thread_of), str(message.id))
    _tell(visitor, EventKind.DELETED, message)


async def react(visitor: Visitor, message_id: int, emoji: str, *, on: bool) -> LocalMessage:
    """Add a reaction or take it back; the message as it is then.

    Raises:
        InputError: no emoji of the picker.
        NotFound: the message is gone.
    """
    if emoji not in EMOJI:
        raise InputError(msg("That emoji is not one of those here."))
    parts, persona = visitor.parts, visitor.persona.value
    message = await message_of(visitor, message_id)
    ref = _ref(visitor, message.channel_id, message.id)
    if on:
        await parts.stores.workspace.react(message.id, persona, emoji)
        await track.reacted(parts.stores, ref, visitor.caller.person, emoji, at=parts.clock.now())
    else:
        await parts.stores.workspace.unreact(message.id, persona, emoji)
        await track.unreacted(parts.stores, ref, visitor.caller.person, emoji)
    _tell(visitor, EventKind.CHANGED, message)
    return await message_of(visitor, message_id)


async def save(visitor: Visitor, entry_id: str, *, on: bool) -> None:
    """Put an entry on the person's list, or take it off.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    parts = visitor.parts
    if on:
        await track.save(parts.stores, visitor.caller, entry_id, at=parts.clock.now())
    else:
        await track.unsave(parts.stores, visitor.caller, entry_id)
    parts.hub.publish(Event(EventKind.ENTRY, entry_id=entry_id))


async def share(visitor: Visitor, channel_id: str, entry_id: str, token: str) -> None:
    """Post an entry into a channel for everybody. The same token twice is one post.

    Raises:
        NotFound: no such entry, or not for this person.
        NotAllowed: the entry is not published.
        ChannelUnavailable: no such channel.
    """
    parts = visitor.parts
    entry = await converse.shareable(visitor.desk, visitor.caller, entry_id)
    courier = WebCourier(parts.stores.workspace, parts.hub, parts.clock)
    key = _key(visitor, "share", token)
    await courier.share(visitor.channel(channel_id), entry.id, visitor.persona.value, key=key)


async def forget_me(visitor: Visitor) -> NoticeAnswer:
    """Erase the visitor's records here and in the archive, once confirmed."""
    said = await converse.perform(visitor.desk, visitor.caller, visitor.channel(""), ForgetAct())
    await visitor.parts.stores.workspace.forget(visitor.persona.value)
    visitor.parts.hub.publish(Event(EventKind.REFRESH))
    return said


async def channel_must_exist(visitor: Visitor, channel_id: str) -> None:
    """Refuse a channel nobody knows.

    Raises:
        NotFound: no such channel.
    """
    channels = {channel.id for channel in await visitor.parts.stores.workspace.channels()}
    if channel_id not in channels or not may_see_channel(channel_id, visitor.persona.value):
        raise NotFound(msg("There is no such channel."))


def _key(visitor: Visitor, kind: str, token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise InputError(msg("This message could not be sent. Reload the page and try again."))
    return f"{kind}/{visitor.persona.value}/{token}"


def _readable(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise InputError(msg("There is nothing to send."))
    if len(text) > LONGEST_MESSAGE:
        raise InputError(
            msg("At most {limit} characters fit here; these are {length}.", limit=LONGEST_MESSAGE, length=len(text))
        )
    return text


def _ref(visitor: Visitor, channel_id: str, message_id: int) -> MessageRef:
    return MessageRef(visitor.channel(channel_id), str(message_id))


def _tell(visitor: Visitor, kind: EventKind, message: LocalMessage) -> None:
    visitor.parts.hub.publish(Event(kind, message.channel_id, message.id, message.thread_of))
