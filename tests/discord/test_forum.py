"""Forum channels: one post per entry, with a name, tags and its own thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.digests import NoteContent
from bot.core.errors import DeliveryUncertain, PlatformBusy
from bot.core.messages import msg
from tests.discord.carrying import ARRIVED, LONG, LOST, NEW_POST, ONE_CHANNEL, ONE_MESSAGE, Office, card, said
from tests.platforms.discord import permissions
from tests.platforms.discord.rest_channels import REQUIRES_TAG
from tests.platforms.discord.world import Message


@pytest.fixture
def office(office: Office) -> Office:
    office.channel = office.forum
    return office


def _offer(office: Office, *tags: str | dict[str, Any]) -> None:
    """Have the forum offer these tags and no others."""
    named = [{"name": tag} if isinstance(tag, str) else tag for tag in tags]
    usual = {"moderated": False, "emoji_id": None, "emoji_name": None}
    office.here.available_tags = [{"id": str(office.server.state.new_id()), **usual, **tag} for tag in named]


def _tags(office: Office, message_id: str) -> list[str]:
    names = {int(tag["id"]): tag["name"] for tag in office.here.available_tags}
    return [names[one] for one in office.thread(message_id).applied_tags]


async def test_a_post_is_a_thread_named_by_its_title(office: Office) -> None:
    message_id = await office.send(card("Sparse attention", paragraphs=LONG, tags=("llm",)))
    thread = office.thread(message_id)
    assert message_id == f"{thread.id}/{thread.id}"
    assert thread.name == "Sparse attention"
    assert office.parts(message_id) == [1, 2]
    assert {message.channel_id for message in office.messages()} == {thread.id}


async def test_a_long_title_is_cut_in_the_name_only(office: Office) -> None:
    title = "논문 " * 60
    message_id = await office.send(card(title))
    assert 90 < len(office.thread(message_id).name) <= 100
    assert "".join(title.split()) in "".join(said(office.messages()[0]).split())


async def test_tags_are_those_of_the_forum_whatever_their_spelling(office: Office) -> None:
    _offer(office, "LLM", "Vision Language")
    message_id = await office.send(card(tags=("vision-language", "llm")))
    assert sorted(_tags(office, message_id)) == ["LLM", "Vision Language"]
    assert len(office.here.available_tags) == 2


async def test_missing_tags_are_made_and_the_others_stay_as_they_are(office: Office) -> None:
    _offer(office, {"name": "LLM", "emoji_name": "🎉"})
    (kept,) = office.here.available_tags
    await office.send(card("A", tags=("rlaif", "a very long tag that has more than twenty letters")))
    second = await office.send(card("B", tags=("RLAIF", "a very long tag that has more than twenty letters")), key="b")
    assert office.here.available_tags[0] == kept
    assert len(office.here.available_tags) == 3
    assert len(_tags(office, second)) == 2


async def test_at_most_five_tags_and_no_more_than_there_is_room_for(office: Office) -> None:
    _offer(office, *(f"tag {number}" for number in range(18)))
    message_id = await office.send(card(tags=tuple(f"new{number}" for number in range(8))))
    assert _tags(office, message_id) == ["new0", "new1"]
    message_id = await office.send(card(tags=tuple(f"tag {number}" for number in range(8))), key="b")
    assert len(_tags(office, message_id)) == 5


async def test_without_manage_channels_missing_tags_are_left_out(office: Office) -> None:
    _offer(office, "LLM", {"name": "moderators only", "moderated": True})
    await office.deny(permissions.MANAGE_CHANNELS)
    message_id = await office.send(card(tags=("rlaif", "llm", "moderators only")))
    assert _tags(office, message_id) == ["LLM"]


@pytest.mark.parametrize("denied", [0, permissions.MANAGE_CHANNELS])
async def test_where_a_tag_is_required_there_is_one(office: Office, denied: int) -> None:
    _offer(office, {"name": "moderators only", "moderated": True}, "Other")
    office.here.flags = REQUIRES_TAG
    await office.deny(denied)
    message_id = await office.send(card())
    assert _tags(office, message_id) == (["Other"] if denied else ["paper"])


async def test_a_note_is_a_post_too(office: Office) -> None:
    message_id = await office.send(NoteContent(msg("This channel is archived.")))
    assert office.thread(message_id).name == "This channel is archived."


# --- changing -------------------------------------------------------------------------------------------------------


async def test_name_and_tags_follow_the_entry(office: Office) -> None:
    message_id = await office.send(card("Before", tags=("llm",)))
    await office.owner.archive(office.thread(message_id))
    await office.edit(message_id, card("After", tags=("rlaif",)))
    assert (office.thread(message_id).name, _tags(office, message_id)) == ("After", ["rlaif"])
    assert office.thread(message_id).archived, "it is left as it was"


async def test_a_name_that_is_right_is_not_written_again(office: Office) -> None:
    """Discord lets a thread be renamed twice in ten minutes."""
    message_id = await office.send(card("Same", tags=("llm",)))
    office.server.requests.clear()
    await office.edit(message_id, card("Same", paragraphs=LONG, tags=("llm",)))
    assert f"PATCH {ONE_CHANNEL}" not in office.calls()


async def test_a_name_that_may_not_be_written_yet_is_written_later(office: Office) -> None:
    message_id = await office.send(card("One"))
    for title in ("Two", "Three"):
        await office.edit(message_id, card(title))
    with pytest.raises(PlatformBusy) as busy:
        await office.edit(message_id, card("Four"))
    assert busy.value.retry_at is not None
    assert timedelta(minutes=9) < busy.value.retry_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert office.thread(message_id).name == "Three"
    office.server.clock.advance(600)
    await office.edit(message_id, card("Four"))
    assert office.thread(message_id).name == "Four"
    assert office.shown(message_id) == office.shown(await office.send(card("Four"), key="fresh"))


# --- withdrawing ----------------------------------------------------------------------------------------------------


async def test_a_withdrawn_post_goes_with_its_thread(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.withdraw(message_id)
    assert office.threads() == []
    await office.withdraw(message_id)


@pytest.mark.parametrize("answered", [True, False])
async def test_a_mark_stays_where_people_replied_or_nothing_may_be_deleted(office: Office, answered: bool) -> None:
    message_id = await office.send(card("Secret", paragraphs=LONG))
    thread = office.thread(message_id)
    if answered:
        await office.ada.write(thread, "Interesting!")
    else:
        await office.deny(permissions.MANAGE_THREADS)
    await office.owner.archive(thread)
    await office.withdraw(message_id)
    mark, *replies = office.messages()
    assert "withdrawn" in said(mark)
    assert "Secret" not in thread.name
    assert len(replies) == answered


# --- once only ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("archived", [True, False])
@pytest.mark.parametrize("kind", ARRIVED)
async def test_a_post_that_arrived_is_found_among_the_threads(office: Office, kind: str, archived: bool) -> None:
    office.breaks(kind, route=NEW_POST)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert office.calls().count(f"POST {NEW_POST}") == 1
    (message,) = office.messages()
    if archived:
        await office.owner.archive(office.thread(str(message.id)))
    office.courier = office.start()
    assert await office.find() == f"{message.id}/{message.id}"
    assert await office.find("other") is None


@pytest.mark.parametrize("kind", LOST)
async def test_a_post_that_did_not_arrive_is_found_nowhere(office: Office, kind: str) -> None:
    office.breaks(kind, route=NEW_POST)
    with pytest.raises(DeliveryUncertain):
        await office.send()
    assert await office.find() is None


async def test_it_is_looked_for_on_every_page_of_archived_threads(office: Office) -> None:
    message_id = await office.send()
    other_id = await office.send(key="other")
    _fill(office, 110)
    await office.owner.archive(office.thread(other_id))
    _fill(office, 110)
    await office.owner.archive(office.thread(message_id))
    assert await office.find("other") == other_id
    assert await office.find() == message_id
    assert len(office.server.calls("GET", f"{ONE_CHANNEL}/threads/archived/public")) == 3


def _fill(office: Office, count: int) -> None:
    """Have Paperboy's archived posts of other days stand there."""
    state = office.server.state
    for number in range(count):
        first = Message(state.new_id(), 0, state.application.bot, f"Post {number}")
        thread = office.server.doings.start_post(office.here, first.content, first.author, first, tags=[])
        office.server.doings.change_thread(thread, archived=True)


async def test_peoples_posts_are_not_read(office: Office) -> None:
    await office.ada.start_post(office.here, "Ada's", "Hello")
    office.server.requests.clear()
    assert await office.find() is None
    assert f"GET {ONE_MESSAGE}" not in office.calls()


async def test_threads_that_may_not_be_read_leave_a_post_uncertain(office: Office) -> None:
    await office.deny(permissions.READ_MESSAGE_HISTORY)
    with pytest.raises(DeliveryUncertain) as caught:
        await office.find()
    assert caught.value.lasting
