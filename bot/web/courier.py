"""Carries posts into the local workspace: stored first, then told to every open tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import uuid4

from bot.core.digests import Content, MessageRef, NoteContent, Post
from bot.core.engagement import Seen, SeenReaction, SeenReply
from bot.core.errors import ChannelUnavailable, DeliveryUncertain, NotFound, PlatformBusy, StorageBusy, StorageError
from bot.core.messages import Message, msg
from bot.core.people import Language, Person
from bot.core.ports import Clock, LocalWorkspace
from bot.core.subscriptions import Channel
from bot.core.workspace import LocalChannel, LocalMessage, direct_channel_id
from bot.web.hub import Event, EventKind, Hub
from bot.web.rendering import Payload, payload_of, share_payload, withdrawn_payload

PLATFORM: Final = "web"
PAPERBOY: Final = "paperboy"
_LAST: Final = 1_000  # where direct messages stand among the channels


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

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:  # noqa: ARG002
        """The message that carries this key; the whole workspace is looked through, so place and time matter not.

        Raises:
            PlatformBusy: the database cannot be asked.
        """
        with _translated(reading=True):
            message = await self._workspace.by_key(key)
        return str(message.id) if message else None

    def message_at(self, channel: Channel, link: str) -> str | None:  # noqa: ARG002 - a port's
        """None: here it can always be told whether a post is there."""
        return None

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        """The reactions and replies of these posts now.

        Raises:
            PlatformBusy: the database cannot be asked.
        """
        found: dict[int, Seen] = {}
        for post in posts:
            number = _number(post.message_id or "")
            with _translated(reading=True):
                message = await self._workspace.get(number)
                thread = await self._workspace.thread(number) if message and message.reply_count else ()
            if message is not None:
                found[post.id] = Seen(_reactions(message.reactions, channel), _replies(thread, channel))
        return found

    async def enter(self, channel: Channel) -> None:
        """Nothing to be done: Paperboy is in every channel here."""

    async def direct_channel(self, person: Person) -> Channel:
        """The persona's own channel, made when it is first needed.

        Raises:
            PlatformBusy, DeliveryUncertain: the database did not take it, or may have.
        """
        own = LocalChannel(direct_channel_id(person.user_id), "direct", "", _LAST)
        with _translated():
            await self._workspace.add_channel(own)
        return Channel(PLATFORM, person.workspace, own.id)

    async def tell(self, person: Person, message: Message, *, language: Language) -> None:
        """A note in the persona's own channel.

        Raises:
            PlatformBusy, DeliveryUncertain: the database did not take it, or may have.
        """
        channel = await self.direct_channel(person)
        payload = payload_of(NoteContent(message), language)
        await self._post(channel.id, payload, key=f"note/{uuid4()}", thread_of=None)

    async def _show(self, number: int, payload: Payload) -> None:
        with _translated():
            message = await self._workspace.edit(number, payload, at=self._clock.now())
        if message is not None:
            self._tell(EventKind.CHANGED, message)

    def _tell(self, kind: EventKind, message: LocalMessage) -> None:
        self._hub.publish(Event(kind, message.channel_id, message.id, message.thread_of))


def _reactions(reactions: Mapping[str, tuple[str, ...]], channel: Channel) -> tuple[SeenReaction, ...]:
    return tuple(
        SeenReaction(Person(PLATFORM, channel.workspace, persona), emoji)
        for emoji, personas in reactions.items()
        for persona in personas
    )


def _replies(thread: Sequence[LocalMessage], channel: Channel) -> tuple[SeenReply, ...]:
    return tuple(
        SeenReply(Person(PLATFORM, channel.workspace, reply.author), str(reply.id), reply.sent_at)
        for reply in thread
        if reply.author not in ("", PAPERBOY)  # nobody's: they had themselves forgotten
    )


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
