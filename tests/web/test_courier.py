"""Posts in the local workspace, and the events that open tabs hear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.core.digests import EntryContent, MessageRef, NoteContent, Post, PostKind, PostState
from bot.core.engagement import Seen, SeenReaction
from bot.core.entries import Entry
from bot.core.errors import (
    ChannelUnavailable,
    DeliveryUncertain,
    PaperboyError,
    PlatformBusy,
    StorageBusy,
    StorageError,
)
from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel
from bot.core.workspace import LocalChannel, LocalMessage
from bot.web.courier import WebCourier
from bot.web.hub import Event, EventKind, Hub, Tab
from bot.web.parts import WebParts
from storage.opening import Storage
from storage.workspace import WorkspaceServer

HERE = Channel("web", "local", "papers")
NOTE = NoteContent(msg("A note."))
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def courier(parts: WebParts, papers: LocalChannel) -> WebCourier:
    return WebCourier(parts.stores.workspace, parts.hub, parts.clock)


async def _send(courier: WebCourier, key: str = "1/2024-07-19/head", thread_id: str | None = None) -> str:
    return await courier.send(HERE, NOTE, key=key, language=Language.ENGLISH, thread_id=thread_id)


async def _reply(storage: Storage, to: str, parts: WebParts) -> LocalMessage:
    return await storage.workspace.post(
        LocalMessage(
            channel_id="papers", author="reader", thread_of=int(to), text="Interesting.", sent_at=parts.clock.now()
        )
    )


def _next(tab: Tab) -> Event:
    coming = tab.events.get_nowait()
    assert coming is not None
    return coming[1]


async def test_a_post_is_stored_and_told(courier: WebCourier, storage: Storage, parts: WebParts) -> None:
    with parts.hub.listening() as tab:
        sent = await _send(courier)
        position, event = tab.events.get_nowait() or ("", None)
    assert event == Event(EventKind.POSTED, "papers", int(sent))
    assert position == parts.hub.position
    stored = await storage.workspace.get(int(sent))
    assert stored is not None
    assert stored.payload == {"kind": "note", "language": "en", "text": "A note."}
    assert stored.author == "paperboy"


async def test_the_same_key_twice_is_one_post(courier: WebCourier, storage: Storage) -> None:
    assert await _send(courier) == await _send(courier)
    assert len(await storage.workspace.history("papers")) == 1


async def test_a_post_is_found_by_its_key(courier: WebCourier) -> None:
    sent = await _send(courier, "1/2024-07-19/x")
    assert await courier.find(HERE, "1/2024-07-19/x", thread_id=None, since=LONG_AGO) == sent
    assert await courier.find(HERE, "1/2024-07-19/y", thread_id=None, since=LONG_AGO) is None


async def test_a_channel_nobody_made_is_unavailable(courier: WebCourier) -> None:
    with pytest.raises(ChannelUnavailable):
        await courier.send(Channel("web", "local", "nowhere"), NOTE, key="k", language=Language.ENGLISH, thread_id=None)


async def test_a_thread_that_is_gone_is_unavailable(courier: WebCourier) -> None:
    with pytest.raises(ChannelUnavailable):
        await _send(courier, thread_id="999")


async def test_a_post_in_a_thread_is_told_with_its_thread(courier: WebCourier, parts: WebParts) -> None:
    head = await _send(courier)
    with parts.hub.listening() as tab:
        sent = await _send(courier, "other", thread_id=head)
        assert _next(tab) == Event(EventKind.POSTED, "papers", int(sent), int(head))


def _post(message_id: str) -> Post:
    """A post that is this message."""
    return Post(
        id=1,
        delivery_id=1,
        subscription_id=1,
        channel=HERE,
        language=Language.ENGLISH,
        digest_date=date(2024, 7, 19),
        key="k",
        kind=PostKind.ENTRY,
        entry_id=None,
        entry_change=None,
        late=False,
        in_thread=False,
        note=None,
        state=PostState.SENT,
        change=None,
        message_id=message_id,
        thread_id=None,
        revision=1,
        attempts=1,
        tried_at=LONG_AGO,
        next_attempt_at=None,
        sent_at=LONG_AGO,
        reason=None,
    )


async def test_an_edit_replaces_what_is_shown(courier: WebCourier, storage: Storage, parts: WebParts) -> None:
    ref = MessageRef(HERE, await _send(courier))
    with parts.hub.listening() as tab:
        await courier.edit(ref, EntryContent(Entry(id="a", title="T")), language=Language.ENGLISH)
        assert _next(tab).kind is EventKind.CHANGED
    stored = await storage.workspace.get(int(ref.message_id))
    assert stored is not None
    assert stored.payload is not None
    assert stored.payload["kind"] == "entry"
    assert stored.edited_at is not None


@pytest.mark.parametrize("gone", ["999", "not-a-number", "٣", "9" * 30])
async def test_what_is_gone_is_left_alone(courier: WebCourier, parts: WebParts, gone: str) -> None:
    ref = MessageRef(HERE, gone)
    with parts.hub.listening() as tab:
        await courier.edit(ref, NOTE, language=Language.ENGLISH)
        await courier.withdraw(ref)
        assert await courier.seen(HERE, [_post(gone)]) == {}
        assert tab.events.empty()


async def test_withdrawing_deletes_a_post(courier: WebCourier, storage: Storage, parts: WebParts) -> None:
    sent = await _send(courier)
    with parts.hub.listening() as tab:
        await courier.withdraw(MessageRef(HERE, sent))
        assert _next(tab) == Event(EventKind.DELETED, "papers", int(sent))
    assert await storage.workspace.get(int(sent)) is None


async def test_withdrawing_keeps_what_people_said(courier: WebCourier, storage: Storage, parts: WebParts) -> None:
    sent = await _send(courier)
    await _reply(storage, sent, parts)
    await courier.withdraw(MessageRef(HERE, sent))
    stored = await storage.workspace.get(int(sent))
    assert stored is not None
    assert stored.payload is not None
    assert stored.payload["kind"] == "withdrawn"
    assert stored.reply_count == 1


async def test_a_reply_of_the_very_moment_of_a_withdrawal_is_not_lost(
    courier: WebCourier, storage: Storage, parts: WebParts
) -> None:
    class Overtaken(WorkspaceServer):
        async def get(self, message_id: int) -> LocalMessage | None:
            found = await super().get(message_id)
            await _reply(storage, sent, parts)
            return found

    sent = await _send(courier)
    await WebCourier(Overtaken(storage.database), parts.hub, parts.clock).withdraw(MessageRef(HERE, sent))
    kept = await storage.workspace.get(int(sent))
    assert kept is not None
    assert (kept.reply_count, (kept.payload or {})["kind"]) == (1, "withdrawn")


async def test_replies_of_people_who_had_themselves_forgotten_are_nobodys(
    courier: WebCourier, storage: Storage, parts: WebParts
) -> None:
    sent = await _send(courier)
    await _reply(storage, sent, parts)
    await storage.workspace.forget("reader")
    assert await courier.seen(HERE, [_post(sent)]) == {1: Seen()}


async def test_seen_counts_people_only(courier: WebCourier, storage: Storage, parts: WebParts) -> None:
    sent = await _send(courier)
    await storage.workspace.react(int(sent), "maintainer", "🔥")
    reply = await _reply(storage, sent, parts)
    await _send(courier, "in-thread", thread_id=sent)
    seen = (await courier.seen(HERE, [_post(sent)]))[1]
    assert seen.reactions == (SeenReaction(Person("web", "local", "maintainer"), "🔥"),)
    assert [(one.person.user_id, one.message_id) for one in seen.replies] == [("reader", str(reply.id))]


async def test_direct_messages_go_into_a_channel_of_ones_own(courier: WebCourier, storage: Storage) -> None:
    reader = Person("web", "local", "reader")
    channel = await courier.direct_channel(reader)
    assert channel == await courier.direct_channel(reader) != await courier.direct_channel(replace(reader, user_id="m"))
    await courier.tell(reader, msg("Something happened."), language=Language.ENGLISH)
    told = await storage.workspace.history(channel.id)
    assert [(message.payload or {}).get("text") for message in told] == ["Something happened."]


class Broken(WorkspaceServer):
    """A workspace whose database has a fault."""

    def __init__(self, fault: StorageError) -> None:
        self._fault = fault

    async def post(self, message: LocalMessage) -> LocalMessage:
        raise self._fault

    async def edit(self, message_id: int, payload: Mapping[str, object], *, at: object) -> LocalMessage | None:
        raise self._fault

    async def get(self, message_id: int) -> LocalMessage | None:
        raise self._fault

    async def by_key(self, key: str) -> LocalMessage | None:
        raise self._fault


@pytest.mark.parametrize(
    ("fault", "writing"),
    [
        (StorageBusy(msg("The database is busy.")), PlatformBusy),
        (StorageError(msg("The disk is full.")), DeliveryUncertain),
    ],
)
async def test_faults_of_the_database_are_said_in_a_couriers_words(
    parts: WebParts, fault: StorageError, writing: type[PaperboyError]
) -> None:
    courier = WebCourier(Broken(fault), parts.hub, parts.clock)
    ref = MessageRef(HERE, "1")
    with pytest.raises(writing):
        await _send(courier)
    with pytest.raises(writing):
        await courier.edit(ref, NOTE, language=Language.ENGLISH)
    with pytest.raises(writing):
        await courier.withdraw(ref)
    with pytest.raises(PlatformBusy):
        await courier.find(HERE, "k", thread_id=None, since=LONG_AGO)
    with pytest.raises(PlatformBusy):
        await courier.seen(HERE, [_post("1")])


# --- the hub --------------------------------------------------------------------------------------------------------


def test_a_tab_that_does_not_keep_up_is_let_go() -> None:
    hub = Hub()
    with hub.listening() as slow, hub.listening() as other:
        while hub.tab_count == 2:
            hub.publish(Event(EventKind.REFRESH))
            other.events.get_nowait()
        assert slow.events.get_nowait() is None
        hub.publish(Event(EventKind.REFRESH))
        assert slow.events.empty()
        assert other.events.qsize() == 1
    assert hub.tab_count == 0


def test_a_position_is_the_same_only_when_nothing_has_happened() -> None:
    hub = Hub()
    before = hub.position
    assert hub.position == before
    hub.publish(Event(EventKind.REFRESH))
    assert hub.position != before
    assert Hub().position != before
