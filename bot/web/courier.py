"""Carries posts into the local workspace: stored first, then told to every open tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from bot.core.digests import Content, MessageRef
from bot.core.engagement import SeenReaction, SeenReply
from bot.core.errors import ChannelUnavailable, DeliveryUncertain, NotFound, PlatformBusy, StorageBusy, StorageError
from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.ports import Clock, LocalWorkspace
from bot.core.subscriptions import Channel
from bot.core.workspace import LocalMessage
from bot.web.hub import Event, EventKind, Hub
from bot.web.rendering import Payload, payload_of, share_payload, withdrawn_payload

PLATFORM: Final = "web"
PAPERBOY: Final = "paperboy"


class WebCourier:
    """The `web` platform's courier (see `bot.core.ports.Courier`)."""

    def __init__(self, workspace: LocalWorkspace, hub: Hub, clock: Clock) -> None:
        self._workspace = workspace
        self._hub = hub
        self._clock = clock

    @property
    def platform(self) -> str:
        """Always `web`."""
        return PLATFORM

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        """Post it; the same key twice is one message.

        Raises:
            ChannelUnavailable: no such channel, or the message whose thread it belongs in is gone.
            PlatformBusy, DeliveryUncertain: the database did not take it, or may have.
        """
        thread_of = _number(thread_id) if thread_id is not None else None
        return str(await self._post(channel.id, payload_of(content, language), key=key, thread_of=thread_of))

    async def share(self, channel: Channel, entry_id: str, persona: str, *, key: str) -> str:
        """Post an entry that a person shares into the channel; the same key twice is one message.

        Raises:
            ChannelUnavailable, PlatformBusy, DeliveryUncertain: as for `send`.
        """
        return str(await self._post(channel.id, share_payload(entry_id, persona), key=key, thread_of=None))

    async def _post(self, channel_id: str, payload: Payload, *, key: str, thread_of: int | None) -> int:
        message = LocalMessage(
            channel_id=channel_id,
            author=PAPERBOY,
            thread_of=thread_of,
            key=key,
            payload=payload,
            sent_at=self._clock.now(),
        )
        with _translated():
            kept = await self._workspace.post(message)
        self._tell(EventKind.POSTED, kept)
        return kept.id

    async def edit(self, ref: MessageRef, content: Content, *, language: Language) -> None:
        """Show this content instead; a message that is gone is left alone.

        Raises:
            PlatformBusy, DeliveryUncertain: the database did not take it, or may have.
        """
        await self._show(_number(ref.message_id), payload_of(content, language))

    async def withdraw(self, ref: MessageRef) -> None:
        """Delete the message, or where people have replied, leave a withdrawn mark.

        Raises:
            PlatformBusy, DeliveryUncertain: the database did not take it, or may have.
        """
        number = _number(ref.message_id)
        with _translated():
            message = await self._workspace.get(number)
        if message is None:
            return
        with _translated():  # asked there whether anybody has replied, so that no reply of this very moment is lost
            gone = await self._workspace.delete(number, unless_replied=True)
        if gone is not None:
            self._tell(EventKind.DELETED, gone)
        else:
            await self._show(number, withdrawn_payload(message.payload or {}))

    async def find(self, channel: Channel, key: str, *, thread_id: str | None) -> str | None:  # noqa: ARG002
        """The message that carries this key; the whole workspace is looked through, so place matters not.

        Raises:
            PlatformBusy: the database cannot be asked.
        """
        with _translated(reading=True):
            message = await self._workspace.by_key(key)
        return str(message.id) if message else None

    async def seen(self, ref: MessageRef) -> tuple[Sequence[SeenReaction], Sequence[SeenReply]]:
        """The reactions and replies of a message now; none when it is gone.

        Raises:
            PlatformBusy: the database cannot be asked.
        """
        number = _number(ref.message_id)
        with _translated(reading=True):
            message = await self._workspace.get(number)
            thread = await self._workspace.thread(number) if message and message.reply_count else ()
        reactions = message.reactions if message else {}
        return _reactions(reactions, ref.channel), _replies(thread, ref.channel)

    async def _show(self, number: int, payload: Payload) -> None:
        with _translated():
            message = await self._workspace.edit(number, payload, at=self._clock.now())
        if message is not None:
            self._tell(EventKind.CHANGED, message)

    def _tell(self, kind: EventKind, message: LocalMessage) -> None:
        self._hub.publish(Event(kind, message.channel_id, message.id, message.thread_of))


def _reactions(reactions: Mapping[str, tuple[str, ...]], channel: Channel) -> list[SeenReaction]:
    return [
        SeenReaction(Person(PLATFORM, channel.workspace, persona), emoji)
        for emoji, personas in reactions.items()
        for persona in personas
    ]


def _replies(thread: Sequence[LocalMessage], channel: Channel) -> list[SeenReply]:
    return [
        SeenReply(Person(PLATFORM, channel.workspace, reply.author), str(reply.id), reply.sent_at)
        for reply in thread
        if reply.author not in ("", PAPERBOY)  # nobody's: they had themselves forgotten
    ]


def _number(message_id: str) -> int:
    """The workspace's own number of a message; 0, which is nobody's, for anything else."""
    return int(message_id) if message_id.isascii() and message_id.isdigit() and len(message_id) < 19 else 0


@contextmanager
def _translated(*, reading: bool = False) -> Iterator[None]:
    """Say what went wrong in a courier's words; reading leaves nothing that could be uncertain."""
    try:
        yield
    except NotFound as error:
        raise ChannelUnavailable(error.message) from error
    except StorageBusy as error:
        raise PlatformBusy(error.message) from error
    except StorageError as error:
        if reading:
            raise PlatformBusy(error.message) from error
        raise DeliveryUncertain(msg("The local workspace did not answer: {reason}", reason=error.message)) from error
