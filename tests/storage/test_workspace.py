from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.errors import NotFound
from bot.core.workspace import LocalChannel, LocalMessage
from storage.opening import Storage

GENERAL = LocalChannel("general", "일반", "Everything", 1)
RANDOM = LocalChannel("random", "잡담", "", 0)


@pytest.fixture
async def message(storage: Storage, now: datetime) -> LocalMessage:
    """The first message of a channel, as it was kept."""
    await storage.workspace.add_channel(GENERAL)
    payload = {"title": "논문", "tags": ["a"], "count": 2, "late": False, "more": {"x": None}}
    new = LocalMessage(channel_id="general", author="paperboy", key="1/head", payload=payload, sent_at=now)
    kept = await storage.workspace.post(new)
    assert kept == replace(new, id=kept.id)
    return kept


def reply_to(message: LocalMessage, text: str = "reply", author: str = "mina") -> LocalMessage:
    return LocalMessage(
        channel_id=message.channel_id, author=author, thread_of=message.id, text=text, sent_at=message.sent_at
    )


async def test_channels_by_position(storage: Storage) -> None:
    for channel in (GENERAL, RANDOM, replace(GENERAL, name="other")):
        await storage.workspace.add_channel(channel)
    assert await storage.workspace.channels() == [RANDOM, GENERAL]


async def test_a_message_with_the_same_key_is_handed_back(storage: Storage, message: LocalMessage) -> None:
    again = await storage.workspace.post(replace(message, id=0, payload={"other": 1}))
    assert again == message
    assert await storage.workspace.by_key("1/head") == message
    assert await storage.workspace.by_key("2/head") is None
    assert len(await storage.workspace.history("general")) == 1


async def test_nowhere_to_post(storage: Storage, message: LocalMessage) -> None:
    await storage.workspace.add_channel(RANDOM)
    with pytest.raises(NotFound):
        await storage.workspace.post(replace(message, id=0, key=None, channel_id="none"))
    with pytest.raises(NotFound):
        await storage.workspace.post(replace(reply_to(message), thread_of=99))
    with pytest.raises(NotFound):
        await storage.workspace.post(replace(reply_to(message), channel_id="random"))


async def test_editing(storage: Storage, message: LocalMessage, now: datetime) -> None:
    later = now + timedelta(seconds=1)
    edited = await storage.workspace.edit(message.id, {"title": "new"}, at=later)
    assert edited == replace(message, payload={"title": "new"}, edited_at=later)
    assert await storage.workspace.get(message.id) == edited
    assert await storage.workspace.edit(99, {}, at=later) is None


async def test_threads(storage: Storage, message: LocalMessage) -> None:
    replies = [await storage.workspace.post(reply_to(message, str(number))) for number in range(3)]
    assert await storage.workspace.thread(message.id) == replies
    assert await storage.workspace.thread(message.id, limit=2) == replies[:2]
    assert await storage.workspace.history("general") == [replace(message, reply_count=3)]


async def test_deleting_takes_the_thread_along(storage: Storage, message: LocalMessage, now: datetime) -> None:
    reply = await storage.workspace.post(reply_to(message))
    await storage.workspace.react(message.id, "mina", "👍")
    deleted = await storage.workspace.delete(message.id)
    assert deleted == replace(message, reply_count=1, reactions={"👍": ("mina",)})
    assert await storage.workspace.delete(message.id) is None
    assert await storage.workspace.get(reply.id) is None
    new = await storage.workspace.post(replace(message, id=0))
    assert new.id > reply.id  # ids are never used again


async def test_history_page_by_page(storage: Storage, message: LocalMessage) -> None:
    more = [await storage.workspace.post(replace(message, id=0, key=None, text=str(number))) for number in range(4)]
    everything = [message, *more]
    assert await storage.workspace.history("general") == everything
    assert await storage.workspace.history("general", limit=2) == everything[-2:]
    assert await storage.workspace.history("general", before=more[2].id, limit=2) == everything[1:3]
    assert await storage.workspace.history("general", before=message.id) == []
    assert await storage.workspace.history("none") == []


async def test_reactions_in_order(storage: Storage, message: LocalMessage) -> None:
    given = [("mina", "👍"), ("jun", "🎉"), ("jun", "👍"), ("mina", "👍")]
    assert [await storage.workspace.react(message.id, *one) for one in given] == [True, True, True, False]
    assert not await storage.workspace.react(99, "mina", "👍")
    kept = await storage.workspace.get(message.id)
    assert kept is not None
    assert kept.reactions == {"👍": ("mina", "jun"), "🎉": ("jun",)}
    assert list(kept.reactions) == ["👍", "🎉"]
    assert await storage.workspace.unreact(message.id, "mina", "👍")
    assert not await storage.workspace.unreact(message.id, "mina", "👍")
    kept = await storage.workspace.get(message.id)
    assert kept is not None
    assert kept.reactions == {"👍": ("jun",), "🎉": ("jun",)}


async def test_a_persona_is_forgotten(storage: Storage, message: LocalMessage) -> None:
    mine = await storage.workspace.post(reply_to(message, "secret"))
    other = await storage.workspace.post(reply_to(message, "stays", "jun"))
    await storage.workspace.react(message.id, "mina", "👍")
    await storage.workspace.forget("mina")
    assert await storage.workspace.thread(message.id) == [replace(mine, text="", author=""), other]
    kept = await storage.workspace.get(message.id)
    assert kept is not None
    assert kept.reactions == {}
