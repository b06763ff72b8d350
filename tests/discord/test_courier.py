"""Posts on Discord: sent, changed and withdrawn, in as many messages as they need."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.digests import HeaderContent, ListContent, NoteContent
from bot.core.errors import ChannelUnavailable
from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel
from bot.discord.labels import carries
from tests.discord.carrying import (
    KEY,
    LONG,
    NEW_THREAD,
    ONE_MESSAGE,
    Office,
    card,
    letters,
    paper,
    said,
    shown,
)
from tests.platforms.discord import permissions
from tests.platforms.discord.world import ANNOUNCEMENT, VOICE

DAY = date(2024, 6, 21)


def _list(*titles: str) -> ListContent:
    return ListContent((DAY,), tuple(map(paper, titles)))


# --- sending --------------------------------------------------------------------------------------------------------


async def test_a_post_carries_its_key_and_mentions_nobody(office: Office) -> None:
    message_id = await office.send(card("Sparse attention", tags=("llm",)))
    (message,) = office.messages()
    assert office.place(message) == message_id
    assert carries(shown(message), KEY, 0)
    assert message.allowed_mentions == {"parse": []}
    assert "Sparse attention" in said(message)


async def test_a_long_entry_goes_on_in_the_thread_of_its_post(office: Office) -> None:
    content = card(paragraphs=LONG)
    message_id = await office.send(content)
    first, *rest = office.messages()
    places = [message.channel_id for message in (first, *rest)]
    assert places == [office.acme.papers.id, int(message_id), int(message_id)]
    assert office.thread(message_id).name == "Paper"
    assert office.parts(message_id) == [1, 2]
    at = -1
    for paragraph in (content.entry.commentary_en or "").split("\n\n"):
        found = office.shown(message_id).find(letters(paragraph), at + 1)
        assert found > at
        at = found


async def test_a_digest_in_a_thread_starts_it_with_its_first_entry(office: Office) -> None:
    head = await office.send(_list("A", "B"), key="head")
    assert office.threads() == []
    first = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    second = await office.send(card("B"), key="b", thread=head)
    assert "2024" in office.thread(head).name
    assert first.split("/")[0] == second.split("/")[0] == head
    titles = [said(message).splitlines()[0] for message in office.messages()]
    assert [title.strip("# ") for title in (titles[1], titles[-1])] == ["A", "B"]
    assert office.parts(first) == [1, 2]
    assert office.calls().count(f"POST {NEW_THREAD}") == 1


async def test_a_thread_that_somebody_started_from_the_head_is_used(office: Office) -> None:
    head = await office.send(_list("A"), key="head")
    thread = await office.ada.start_thread(office.message(head))
    await office.ada.archive(thread)
    message_id = await office.send(card("A"), key="a", thread=head)
    assert message_id.startswith(f"{head}/")
    assert not thread.archived


async def test_where_the_head_is_gone_its_entries_go_into_the_channel(office: Office) -> None:
    head = await office.send(_list("A"), key="head")
    await office.owner.delete(office.message(head))
    message_id = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    assert "/" not in message_id
    assert office.parts(message_id) == [1, 2]
    assert await office.find("a", thread=head) == message_id


async def test_direct_messages_have_no_threads(office: Office) -> None:
    office.channel = await office.courier.direct_channel(office.sora)
    head = await office.send(_list("A", "B"), key="head")
    first = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    second = await office.send(card("B"), key="b", thread=head)
    assert {str(message.channel_id) for message in office.messages()} == {office.channel.id}
    assert len(office.messages()) == 5
    await office.edit(first, card("A"))
    await office.edit(second, card("B", paragraphs=LONG))
    assert (office.parts(first), office.parts(second)) == ([], [1, 2])
    assert await office.find("b", thread=head) == second
    await office.withdraw(second)
    assert len(office.messages()) == 2


async def test_a_channel_that_is_gone_or_closed_is_unavailable_in_words(office: Office) -> None:
    with pytest.raises(ChannelUnavailable, match="does not exist"):
        await office.send(channel=Channel("discord", "1", "404"))
    await office.deny(permissions.SEND_MESSAGES)
    with pytest.raises(ChannelUnavailable, match="permissions"):
        await office.send()
    await office.deny(permissions.VIEW_CHANNEL)
    with pytest.raises(ChannelUnavailable, match="cannot see"):
        await office.send()
    assert office.messages() == []


# --- editing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["text", "forum", "direct", "thread"])
@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, LONG), (LONG, 1), (LONG, LONG), (15, LONG), (LONG, 15)])
async def test_an_edit_shows_the_new_content_only_whatever_its_length(
    office: Office, where: str, before: int, after: int
) -> None:
    head = None
    if where == "forum":
        office.channel = office.forum
    elif where == "direct":
        office.channel = await office.courier.direct_channel(office.sora)
    elif where == "thread":
        head = await office.send(_list("A"), key="head")
    message_id = await office.send(card("Before", paragraphs=before), thread=head)
    await office.edit(message_id, card("After", paragraphs=after))
    shown, parts = office.shown(message_id), office.parts(message_id)
    assert "Before" not in shown
    assert parts == list(range(1, len(parts) + 1))
    fresh = await office.send(card("After", paragraphs=after), key="fresh", thread=head)
    assert shown == office.shown(fresh)
    await office.edit(message_id, card("After", paragraphs=after))  # again: nothing is doubled
    assert (office.shown(message_id), office.parts(message_id)) == (shown, parts)
    assert await office.find(thread=head) == message_id


async def test_most_edits_read_one_message_and_change_it(office: Office) -> None:
    message_id = await office.send(card("Before"))
    office.server.requests.clear()
    await office.edit(message_id, card("After"))
    assert office.calls() == [f"GET {ONE_MESSAGE}", f"PATCH {ONE_MESSAGE}"]


async def test_a_post_grows_again_within_the_minutes_that_a_nonce_holds(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    for paragraphs in (1, LONG, 1, LONG):
        await office.edit(message_id, card(paragraphs=paragraphs))
    assert office.parts(message_id) == [1, 2]
    assert office.shown(message_id) == office.shown(await office.send(card(paragraphs=LONG), key="fresh"))


async def test_an_edit_leaves_other_posts_of_the_thread_and_what_people_say_alone(office: Office) -> None:
    head = await office.send(_list("A", "B"), key="head")
    first = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    second = await office.send(card("B", paragraphs=LONG), key="b", thread=head)
    await office.ada.write(office.thread(head), "Interesting!")
    untouched = office.shown(second)
    await office.edit(first, card("A again"))
    assert (office.parts(first), office.parts(second)) == ([], [1, 2])
    assert office.shown(second) == untouched
    assert said(office.messages()[-1]) == "Interesting!"


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_continuation_that_somebody_deleted_comes_back(office: Office, lost: int) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.owner.delete(office.messages()[lost])
    await office.edit(message_id, card("Again", paragraphs=LONG))
    assert office.parts(message_id) == [1, 2]
    assert office.shown(message_id) == office.shown(await office.send(card("Again", paragraphs=LONG), key="fresh"))


async def test_a_thread_that_somebody_deleted_comes_back_with_the_rest(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.owner.delete_channel(office.thread(message_id))
    await office.edit(message_id, card("Again", paragraphs=LONG))
    assert office.parts(message_id) == [1, 2]


async def test_an_archived_thread_that_is_locked_is_called_so(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.deny(permissions.MANAGE_THREADS)
    await office.owner.lock(office.thread(message_id), archived=True)
    with pytest.raises(ChannelUnavailable, match="The thread is locked"):
        await office.edit(message_id, card("After", paragraphs=LONG))
    await office.owner.unlock(office.thread(message_id))
    await office.edit(message_id, card("After", paragraphs=LONG))
    assert "Before" not in office.shown(message_id)


async def test_an_archived_thread_is_opened_to_be_changed(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.owner.archive(office.thread(message_id))
    await office.edit(message_id, card("After", paragraphs=LONG))
    assert "Before" not in office.shown(message_id)
    assert office.thread(message_id).archived, "it is left as it was"
    await office.edit(message_id, card("After"))
    assert office.parts(message_id) == []


async def test_a_post_that_is_gone_or_another_ones_is_left_alone(office: Office) -> None:
    message_id = await office.send()
    await office.owner.delete(office.message(message_id))
    await office.edit(message_id, card("After", paragraphs=LONG))
    await office.withdraw(message_id)
    assert office.messages() == []
    mine = await office.ada.write(office.here, "Mine")
    for one in (str(mine.id), "12345", "54321/12345"):
        await office.edit(one, card("Paperboy's"))
        await office.withdraw(one)
    assert [said(message) for message in office.messages()] == ["Mine"]


# --- withdrawing ----------------------------------------------------------------------------------------------------


async def test_withdrawing_takes_a_post_away_with_what_continues_it(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.withdraw(message_id)
    assert office.messages() == []
    assert office.threads() == []
    await office.withdraw(message_id)


async def test_without_manage_threads_an_empty_thread_stays(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    await office.deny(permissions.MANAGE_THREADS)
    await office.withdraw(message_id)
    assert office.messages() == []
    assert office.threads() == [office.thread(message_id)]


@pytest.mark.parametrize("language", list(Language))
async def test_where_people_replied_a_mark_stays_in_the_language_of_the_post(
    office: Office, language: Language
) -> None:
    message_id = await office.send(card(paragraphs=LONG), language=language)
    await office.ada.write(office.thread(message_id), "Interesting!")
    await office.owner.archive(office.thread(message_id))
    await office.withdraw(message_id)
    mark, reply = office.messages()
    assert (office.place(mark), said(reply)) == (message_id, "Interesting!")
    assert "paragraph" not in said(mark)
    assert any("가" <= letter <= "힣" for letter in said(mark)) == (language is Language.KOREAN)
    assert office.thread(message_id).name != "Paper"
    await office.withdraw(message_id)
    assert len(office.messages()) == 2


async def test_a_header_is_in_the_language_of_its_day(office: Office) -> None:
    for language in Language:
        message_id = await office.send(HeaderContent((DAY,), 3), key=language.value, language=language)
        thread = await office.ada.start_thread(office.message(message_id), "Ada's")
        await office.ada.write(office.thread(message_id), "Interesting!")
        await office.withdraw(message_id)
        assert thread.name == "Ada's"
    korean, english = (said(one) for one in office.messages() if one.author is office.server.state.application.bot)
    assert "withdrawn" in english
    assert "withdrawn" not in korean


async def test_other_bots_are_not_people(office: Office) -> None:
    message_id = await office.send()
    await office.ada.start_thread(office.message(message_id))
    await office.robot.write(office.thread(message_id), "Beep")
    await office.withdraw(message_id)
    assert [said(message) for message in office.messages()] == ["Beep"]


async def test_a_list_goes_with_its_thread_once_its_entries_are_gone(office: Office) -> None:
    head = await office.send(_list("A"), key="head")
    message_id = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    await office.withdraw(head)
    assert len(office.messages()) == 3
    await office.withdraw(message_id)
    assert office.messages() == []
    assert office.threads() == []


async def test_a_card_in_a_thread_goes_whatever_people_said_there(office: Office) -> None:
    head = await office.send(_list("A"), key="head")
    message_id = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    await office.ben.write(office.thread(head), "Interesting!")
    await office.withdraw(message_id)
    first, reply = office.messages()
    assert (office.place(first), said(reply)) == (head, "Interesting!")


# --- channels and people --------------------------------------------------------------------------------------------


async def test_a_channel_where_everything_is_allowed_is_entered(office: Office) -> None:
    news = office.server.state.add_channel(office.acme.guild, "news", ANNOUNCEMENT)
    for channel in (office.papers, office.forum, office.as_channel(news)):
        await office.courier.enter(channel)


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        (permissions.SEND_MESSAGES, "Send Messages"),
        (permissions.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
        (
            permissions.CREATE_PUBLIC_THREADS | permissions.READ_MESSAGE_HISTORY,
            "Create Public Threads, Read Message History",
        ),
        (permissions.VIEW_CHANNEL, "cannot see"),
    ],
)
async def test_entering_names_what_is_missing(office: Office, denied: int, words: str) -> None:
    await office.deny(denied)
    with pytest.raises(ChannelUnavailable, match=words):
        await office.courier.enter(office.papers)


async def test_nothing_is_posted_into_a_voice_channel_or_one_that_is_gone(office: Office) -> None:
    voice = office.server.state.add_channel(office.acme.guild, "voice", VOICE)
    with pytest.raises(ChannelUnavailable, match="text, announcement and forum"):
        await office.courier.enter(office.as_channel(voice))
    with pytest.raises(ChannelUnavailable, match="does not exist"):
        await office.courier.enter(Channel("discord", "1", "404"))


async def test_a_person_is_told_in_their_direct_messages(office: Office) -> None:
    await office.courier.enter(await office.courier.direct_channel(office.sora))
    await office.courier.tell(office.sora, msg("This channel is archived."), language=Language.ENGLISH)
    (message,) = office.messages()
    assert said(message) == "This channel is archived."


async def test_who_cannot_be_written_to_is_unavailable(office: Office) -> None:
    office.server.closed_to.add(office.acme.guest.id)
    for person in (office.sora, Person("discord", "1", "404")):
        with pytest.raises(ChannelUnavailable):
            await office.courier.tell(person, msg("Hello."), language=Language.ENGLISH)


async def test_a_note_is_one_message(office: Office) -> None:
    await office.send(NoteContent(msg("This channel is archived.")))
    assert [said(message) for message in office.messages()] == ["This channel is archived."]
