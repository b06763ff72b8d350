"""Posts on Slack: sent, changed and withdrawn, in as many messages as they need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from bot.core.digests import EntryContent, ListContent, MessageRef, NoteContent
from bot.core.entries import Entry
from bot.core.errors import ChannelUnavailable
from bot.core.messages import msg
from bot.core.people import Language, Person
from bot.core.subscriptions import Channel
from tests.platforms.slack import Message, mentions_of, slack_server, visible_text
from tests.slack.carrying import (
    LONG,
    PAPERS,
    SECRET,
    Office,
    answering,
    card,
    courier_for,
    own_message,
    page,
    paper,
    scripted,
    whoami,
)
from tests.slack.reading import letters

DAY = date(2024, 6, 21)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with slack_server() as server:
        yield Office(server)
        assert server.complaints == []


def _said(message: Message) -> str:
    return visible_text(message)


# --- sending --------------------------------------------------------------------------------------------------------


async def test_a_post_carries_its_key_and_unfurls_nothing(office: Office) -> None:
    ts = await office.send(card("Sparse attention", tags=("llm",)))
    (message,) = office.messages()
    assert message.ts == ts
    assert message.metadata == {
        "event_type": "paperboy_post",
        "event_payload": {"key": "1/2024-06-21/a", "part": 0, "parts": 1, "language": "en"},
    }
    assert (message.unfurl_links, message.unfurl_media) == (False, False)
    assert (message.link_names, message.parse) == (False, "none")
    assert "Sparse attention" in _said(message)
    assert message.text.startswith("Sparse attention")


async def test_a_long_entry_goes_on_in_the_thread_of_its_post(office: Office) -> None:
    entry = paper(paragraphs=LONG)
    ts = await office.send(EntryContent(entry))
    first, *rest = office.messages()
    assert len(rest) == 2
    assert [message.thread_ts for message in (first, *rest)] == [None, ts, ts]
    assert office.labels() == [("1/2024-06-21/a", part) for part in range(3)]
    at = -1
    for paragraph in (entry.commentary_en or "").split("\n\n"):
        found = office.shown().find(letters(paragraph), at + 1)
        assert found > at
        at = found


NASTY = (
    "<!channel> @here @channel <@U1> <!subteam^S1> <#C1> `code` *bold* | <https://evil.example|click> &lt;!here&gt; "
)


async def test_the_longest_hostile_entry_arrives_whole_and_pings_nobody(office: Office) -> None:
    text = "\n\n".join(f"{number}. {NASTY * 4}" for number in range(32))[:14_000]
    entry = Entry(
        id="e",
        title=f"{NASTY} $\\alpha$",
        organisation="x" * 2_300,
        url="https://example.org/a|b",
        tags=("<!everyone>", "@here"),
        commentary_en=text,
    )
    await office.send(EntryContent(entry))
    shown = "".join(letters(_said(message)) for message in office.messages())
    assert all(letters(part) in shown for part in text.split("\n\n"))
    for message in office.messages():
        mentions = mentions_of(message)
        assert not mentions.pings
        assert not mentions.channels


async def test_a_post_in_a_thread_is_continued_behind_it_there(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"), paper("B"))), key="head")
    first = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    second = await office.send(card("B"), key="b", thread=head)
    assert office.labels() == [("head", 0), ("a", 0), ("a", 1), ("a", 2), ("b", 0)]
    asked = [call.arguments.get("thread_ts") for call in office.server.calls_of("chat.postMessage")]
    assert asked == [None, head, head, head, head]
    assert first < second


async def test_a_channel_that_is_archived_or_not_ours_is_unavailable_in_words(office: Office) -> None:
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.send(channel=Channel("slack", "T1", "C2"))
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.send(channel=SECRET)
    await office.admin.archive(office.papers)
    with pytest.raises(ChannelUnavailable, match="archived"):
        await office.send()
    assert office.messages() == []


# --- editing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, LONG), (LONG, 1), (LONG, LONG), (30, LONG), (LONG, 30)])
async def test_an_edit_shows_the_new_content_only_whatever_its_length(office: Office, before: int, after: int) -> None:
    ts = await office.send(card("Before", paragraphs=before))
    await office.edit(ts, card("After", paragraphs=after))
    shown, labels = office.shown(), office.labels()
    assert "Before" not in shown
    assert labels == [("1/2024-06-21/a", part) for part in range(len(labels))]
    assert all(message.thread_ts in (None, ts) for message in office.messages())
    await office.send(card("After", paragraphs=after), key="fresh")
    assert shown == office.shown("fresh")
    await office.edit(ts, card("After", paragraphs=after))  # again: nothing is doubled
    assert office.shown() == shown
    assert [label for label in office.labels() if label[0] != "fresh"] == labels


async def test_an_edited_post_can_still_be_found(office: Office) -> None:
    ts = await office.send(card("Before"))
    await office.edit(ts, card("After"))
    assert await office.find() == ts


async def test_most_edits_read_one_message_and_change_it(office: Office) -> None:
    ts = await office.send(card("Before"))
    for number in range(250):
        await office.reader.say(office.papers, f"Reply {number}", thread=office.messages()[0])
    await office.edit(ts, card("Before too"))  # who Paperboy is has been asked by then
    office.server.calls.clear()
    await office.edit(ts, card("After"))
    assert office.calls() == ["conversations.replies", "chat.update"]


async def test_an_edit_leaves_other_posts_of_the_thread_and_what_people_say_alone(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"), paper("B"))), key="head")
    first = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    await office.send(card("B", paragraphs=LONG), key="b", thread=head)
    await office.reader.say(office.papers, "Interesting!", thread=office.messages()[0])
    untouched = office.shown("b")
    await office.edit(first, card("A again"))
    assert office.labels() == [("head", 0), ("a", 0), ("b", 0), ("b", 1), ("b", 2)]
    assert office.shown("b") == untouched
    assert office.messages()[-1].text == "Interesting!"
    await office.edit(first, card("A", paragraphs=LONG))
    assert office.labels()[5:] == [("a", 1), ("a", 2)]


async def test_a_continuation_that_somebody_deleted_comes_back(office: Office) -> None:
    ts = await office.send(card(paragraphs=LONG))
    await office.admin.delete(office.papers, office.messages()[1])
    await office.edit(ts, card("Again", paragraphs=LONG))
    assert [part for _, part in office.labels()] == [0, 1, 2]
    await office.send(card("Again", paragraphs=LONG), key="fresh")
    assert office.shown() == office.shown("fresh")


async def test_a_post_that_is_gone_or_another_ones_is_left_alone(office: Office) -> None:
    ts = await office.send()
    await office.admin.delete(office.papers, office.messages()[0])
    await office.edit(ts, card("After", paragraphs=LONG))
    assert office.messages() == []
    said = await office.reader.say(office.papers, "Mine")
    await office.edit(said.ts, card("Paperboy's"))
    await office.edit("1234567890.123456", card("Nobody's"))
    assert [message.text for message in office.messages()] == ["Mine"]


async def test_the_stone_of_a_deleted_post_with_a_thread_is_left_alone(office: Office) -> None:
    ts = await office.send()
    await office.reader.say(office.papers, "Interesting!", thread=office.messages()[0])
    await office.admin.delete(office.papers, office.messages()[0])
    await office.edit(ts, card("After", paragraphs=LONG))
    await office.withdraw(ts)
    assert [message.subtype for message in office.messages()] == ["tombstone", None]


async def test_a_history_without_metadata_is_read_by_the_ids_of_blocks(office: Office) -> None:
    ts = await office.send()
    label = office.labels()
    office.messages()[0].metadata = None
    await office.edit(ts, card("After"))
    assert office.labels() == label


async def test_a_post_that_has_lost_its_label_gets_one(office: Office) -> None:
    ts = await office.send()
    office.messages()[0].metadata = None
    office.messages()[0].blocks[0].pop("block_id")
    await office.edit(ts, card("After", paragraphs=LONG))
    await office.edit(ts, card("After", paragraphs=LONG))
    assert office.labels() == [(ts, part) for part in range(3)]


async def test_a_reply_is_read_as_slack_tells_it_alone_and_then_with_its_thread() -> None:
    """Slack answers `conversations.replies` for a reply with that reply only."""
    root = own_message("1.000100", key="head")
    post = own_message("2.000100", key="a", parts=2, thread_ts="1.000100")
    more = own_message("3.000100", key="a", part=1, thread_ts="1.000100")

    def replies(arguments: dict[str, Any]) -> dict[str, Any]:
        return page([post] if arguments["ts"] == "2.000100" else [root, post, more])

    async with scripted(auth_test=whoami, conversations_replies=replies) as slack:
        courier, _ = courier_for(slack.url)
        await courier.edit(MessageRef(PAPERS, "2.000100"), card("Short"), language=Language.ENGLISH)
        assert [call["ts"] for call in slack.calls["chat.update"]] == ["2.000100"]
        assert [call["ts"] for call in slack.calls["chat.delete"]] == ["3.000100"]
        assert [call["ts"] for call in slack.calls["conversations.replies"]] == ["2.000100", "1.000100"]


async def test_where_nothing_is_told_of_a_reply_its_post_is_changed_all_the_same() -> None:
    refusal = {"ok": False, "error": "thread_not_found"}
    async with scripted(auth_test=whoami, conversations_replies=answering(refusal)) as slack:
        courier, _ = courier_for(slack.url)
        await courier.edit(MessageRef(PAPERS, "2.000100"), card("Short"), language=Language.ENGLISH)
        assert [call["ts"] for call in slack.calls["chat.update"]] == ["2.000100"]
        await courier.withdraw(MessageRef(PAPERS, "2.000100"))
        assert [call["ts"] for call in slack.calls["chat.delete"]] == ["2.000100"]


# --- withdrawing ----------------------------------------------------------------------------------------------------


async def test_withdrawing_takes_a_post_away_with_what_continues_it(office: Office) -> None:
    ts = await office.send(card(paragraphs=LONG))
    await office.withdraw(ts)
    assert office.messages() == []
    await office.withdraw(ts)


async def test_where_people_replied_a_mark_stays_in_the_language_of_the_post(office: Office) -> None:
    ts = await office.send(card(paragraphs=LONG), language=Language.KOREAN)
    await office.reader.say(office.papers, "Interesting!", thread=office.messages()[0])
    await office.withdraw(ts)
    mark, reply = office.messages()
    assert (mark.ts, reply.text) == (ts, "Interesting!")
    assert "paragraph" not in _said(mark)
    assert any("가" <= letter <= "힣" for letter in _said(mark))
    await office.withdraw(ts)
    assert len(office.messages()) == 2


async def test_the_cards_in_a_lists_thread_are_not_people(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    ts = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    await office.withdraw(head)
    assert office.messages()[0].subtype == "tombstone"  # Slack's own, as long as there are cards below it
    await office.withdraw(ts)
    assert len(office.messages()) == 1


async def test_a_card_in_a_thread_goes_whatever_people_said_there(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"),)), key="head")
    ts = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    await office.reader.say(office.papers, "Interesting!", thread=office.messages()[0])
    await office.withdraw(ts)
    assert office.labels() == [("head", 0)]
    assert office.messages()[-1].text == "Interesting!"


async def test_where_a_workspace_keeps_its_messages_a_mark_takes_their_place() -> None:
    messages = [own_message("1.000100", parts=2, reply_count=1), own_message("2.000100", part=1, thread_ts="1.000100")]
    kept = {"ok": False, "error": "compliance_exports_prevent_deletion"}
    async with scripted(
        auth_test=whoami, conversations_replies=answering(page(messages)), chat_delete=answering(kept)
    ) as slack:
        courier, _ = courier_for(slack.url)
        await courier.withdraw(MessageRef(PAPERS, "1.000100"))
        assert [call["ts"] for call in slack.calls["chat.update"]] == ["2.000100", "1.000100"]
        assert all("withdrawn" in str(call["blocks"]) for call in slack.calls["chat.update"])


# --- channels and people --------------------------------------------------------------------------------------------


async def test_entering_joins_a_public_channel(office: Office) -> None:
    general = Channel("slack", "T1", "C2")
    await office.courier.enter(general)
    assert office.acme.installation.bot_user in office.acme.general.members
    await office.courier.enter(general)
    assert office.calls().count("conversations.join") == 1
    await office.send(channel=general)


async def test_a_private_channel_is_entered_by_invitation_only(office: Office) -> None:
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.courier.enter(SECRET)
    await office.reader.invite(office.acme.secret, office.acme.app)
    await office.courier.enter(SECRET)


async def test_entering_says_why_not(office: Office) -> None:
    await office.reader.archive(office.papers)
    with pytest.raises(ChannelUnavailable, match="archived"):
        await office.courier.enter(PAPERS)
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.courier.enter(Channel("slack", "T1", "C404"))
    office.server.tokens[office.acme.token].scopes.remove("channels:join")
    with pytest.raises(ChannelUnavailable, match="/invite"):
        await office.courier.enter(Channel("slack", "T1", "C2"))


async def test_a_private_channel_that_slack_tells_of_has_to_invite_too() -> None:
    about = {"ok": True, "channel": {"id": "C3", "is_private": True, "is_member": False}}
    async with scripted(conversations_info=answering(about)) as slack:
        courier, _ = courier_for(slack.url)
        with pytest.raises(ChannelUnavailable, match="/invite"):
            await courier.enter(SECRET)
        assert slack.calls["conversations.join"] == []


async def test_direct_messages_are_posted_into_without_entering_them(office: Office) -> None:
    direct = await office.courier.direct_channel(Person("slack", "T1", "U2"))
    assert direct == Channel("slack", "T1", office.reader.direct().id)
    await office.courier.enter(direct)
    assert office.calls() == ["conversations.open"]
    ts = await office.send(channel=direct)
    assert await office.courier.find(direct, "1/2024-06-21/a", thread_id=None, since=office.begun) == ts


async def test_a_person_is_told_in_their_direct_messages(office: Office) -> None:
    sentence = msg("This channel is archived.")
    await office.courier.tell(Person("slack", "T1", "U2"), sentence, language=Language.ENGLISH)
    (message,) = office.reader.sees(office.reader.direct())
    assert visible_text(message) == "This channel is archived."


@pytest.mark.parametrize("user", ["U404", "U9"])
async def test_who_cannot_be_written_to_is_unavailable(office: Office, user: str) -> None:
    with pytest.raises(ChannelUnavailable):
        await office.courier.tell(Person("slack", "T1", user), msg("Hello."), language=Language.ENGLISH)


async def test_a_note_is_one_message(office: Office) -> None:
    await office.send(NoteContent(msg("This channel is archived.")))
    assert [_said(message) for message in office.messages()] == ["This channel is archived."]
