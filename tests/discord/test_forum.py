"""Forum channels: one post per entry, with a name, tags and its own thread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.digests import NoteContent
from bot.core.errors import DeliveryUncertain
from bot.core.messages import msg
from tests.discord import small_discord as small
from tests.discord.carrying import FORUM, LONG, Office, an_office, card, said
from tests.discord.small_discord import ADA, Fault

NEW_POST = "/channels/{c}/threads"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office() as made:
        made.channel = FORUM
        yield made


def _tag(name: str, **more: Any) -> dict[str, Any]:
    return {"id": str(abs(hash(name)) % 10**9), "name": name, "moderated": False, **more}


def _thread(office: Office, message_id: str) -> small.Channel:
    return office.server.channels[int(message_id.split("/", maxsplit=1)[0])]


def _tags(office: Office, message_id: str) -> list[str]:
    names = {tag["id"]: tag["name"] for tag in office.here.available_tags}
    return [names[one] for one in _thread(office, message_id).applied_tags]


async def test_a_post_is_a_thread_named_by_its_title(office: Office) -> None:
    message_id = await office.send(card("Sparse attention", paragraphs=LONG, tags=("llm",)))
    thread = _thread(office, message_id)
    assert message_id == f"{thread.id}/{thread.id}"
    assert thread.name == "Sparse attention"
    assert office.parts(message_id) == [1, 2]
    assert {message["channel_id"] for message in office.messages()} == {str(thread.id)}


async def test_a_long_title_is_cut_in_the_name_only(office: Office) -> None:
    title = "논문 " * 60
    message_id = await office.send(card(title))
    assert 90 < len(_thread(office, message_id).name) <= 100
    assert "".join(title.split()) in "".join(said(office.messages()[0]).split())


async def test_tags_are_those_of_the_forum_whatever_their_spelling(office: Office) -> None:
    office.here.available_tags = [_tag("LLM"), _tag("Vision Language")]
    message_id = await office.send(card(tags=("vision-language", "llm")))
    assert sorted(_tags(office, message_id)) == ["LLM", "Vision Language"]
    assert len(office.here.available_tags) == 2


async def test_missing_tags_are_made_and_the_others_stay_as_they_are(office: Office) -> None:
    kept = _tag("LLM", emoji_name="🎉", emoji_id=None)
    office.here.available_tags = [kept]
    await office.send(card("A", tags=("rlaif", "a very long tag that has more than twenty letters")))
    second = await office.send(card("B", tags=("RLAIF", "a very long tag that has more than twenty letters")), key="b")
    assert office.here.available_tags[0] == {**kept, "emoji_name": "🎉"}
    assert len(office.here.available_tags) == 3
    assert len(_tags(office, second)) == 2


async def test_at_most_five_tags_and_no_more_than_there_is_room_for(office: Office) -> None:
    office.here.available_tags = [_tag(f"tag {number}") for number in range(18)]
    message_id = await office.send(card(tags=tuple(f"new{number}" for number in range(8))))
    assert _tags(office, message_id) == ["new0", "new1"]
    message_id = await office.send(card(tags=tuple(f"tag {number}" for number in range(8))), key="b")
    assert len(_tags(office, message_id)) == 5


async def test_without_manage_channels_missing_tags_are_left_out(office: Office) -> None:
    office.here.available_tags = [_tag("LLM"), _tag("moderators only", moderated=True)]
    office.here.denied = small.MANAGE_CHANNELS
    message_id = await office.send(card(tags=("rlaif", "llm", "moderators only")))
    assert _tags(office, message_id) == ["LLM"]


@pytest.mark.parametrize("denied", [0, small.MANAGE_CHANNELS])
async def test_where_a_tag_is_required_there_is_one(office: Office, denied: int) -> None:
    office.here.available_tags = [_tag("moderators only", moderated=True), _tag("Other")]
    office.here.flags, office.here.denied = 1 << 4, denied
    message_id = await office.send(card())
    assert _tags(office, message_id) == (["Other"] if denied else ["paper"])


async def test_a_note_is_a_post_too(office: Office) -> None:
    message_id = await office.send(NoteContent(msg("This channel is archived.")))
    assert _thread(office, message_id).name == "This channel is archived."


# --- changing -------------------------------------------------------------------------------------------------------


async def test_name_and_tags_follow_the_entry(office: Office) -> None:
    message_id = await office.send(card("Before", tags=("llm",)))
    office.server.archive(_thread(office, message_id).id)
    await office.edit(message_id, card("After", tags=("rlaif",)))
    assert (_thread(office, message_id).name, _tags(office, message_id)) == ("After", ["rlaif"])


async def test_a_name_that_is_right_is_not_written_again(office: Office) -> None:
    """Discord lets a thread be renamed twice in ten minutes."""
    message_id = await office.send(card("Same", tags=("llm",)))
    office.server.calls.clear()
    await office.edit(message_id, card("Same", paragraphs=LONG, tags=("llm",)))
    assert "PATCH /channels/{c}" not in office.calls()


# --- withdrawing ----------------------------------------------------------------------------------------------------


async def test_a_withdrawn_post_goes_with_its_thread(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.withdraw(message_id)
    assert not [channel for channel in office.server.channels.values() if channel.is_thread]
    await office.withdraw(message_id)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_mark_stays_where_people_replied_or_nothing_may_be_deleted(office: Office, answered: bool) -> None:
    message_id = await office.send(card("Secret", paragraphs=LONG))
    thread = _thread(office, message_id)
    if answered:
        office.server.say(thread.id, ADA, "Interesting!")
    else:
        office.here.denied = small.MANAGE_THREADS
    office.server.archive(thread.id)
    await office.withdraw(message_id)
    mark, *replies = office.messages()
    assert "withdrawn" in said(mark)
    assert "Secret" not in thread.name
    assert len(replies) == answered


# --- once only ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("archived", [True, False])
@pytest.mark.parametrize("kind", ["lost after", "500 after", "503 after", "half"])
async def test_a_post_that_arrived_is_found_among_the_threads(office: Office, kind: str, archived: bool) -> None:
    office.server.faults.append(Fault("POST", NEW_POST, kind))
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert office.calls().count(f"POST {NEW_POST}") == 1
    (message,) = office.messages()
    if archived:
        office.server.archive(int(message["id"]))
    office.courier = office.start()
    assert await office.find() == f"{message['id']}/{message['id']}"
    assert await office.find("other") is None


@pytest.mark.parametrize("kind", ["lost before", "500 before"])
async def test_a_post_that_did_not_arrive_is_found_nowhere(office: Office, kind: str) -> None:
    office.server.faults.append(Fault("POST", NEW_POST, kind))
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert await office.find() is None


async def test_it_is_looked_for_on_every_page_of_archived_threads(office: Office) -> None:
    message_id = await office.send()
    for number in range(30):
        office.server.archive(int((await office.send(key=f"k{number}")).split("/")[0]))
    office.server.archive(_thread(office, message_id).id)
    office.server.page_max = 7
    assert await office.find("k3") is not None
    assert await office.find() == message_id


async def test_peoples_posts_are_not_read(office: Office) -> None:
    office.server.channels[777 << 40] = small.Channel(777 << 40, 11, "Ada's", parent=small.FORUM, owner=ADA)
    office.server.calls.clear()
    assert await office.find() is None
    assert "GET /channels/{c}/messages/{m}" not in office.calls()


async def test_threads_that_may_not_be_read_leave_a_post_uncertain(office: Office) -> None:
    office.here.denied = small.HISTORY
    with pytest.raises(DeliveryUncertain) as caught:
        await office.find()
    assert caught.value.lasting
