"""What stands below posts: people's reactions and replies, whoever was listening when they came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
from discord.utils import snowflake_time

from bot.core.digests import ListContent, Post
from bot.core.engagement import Seen
from bot.core.errors import ChannelUnavailable, PlatformBusy
from bot.core.people import Person
from tests.discord import small_discord as small
from tests.discord.carrying import FORUM, LONG, PAPERS, Office, an_office, card, paper, post_of
from tests.discord.small_discord import ADA, BEN, ROBOT, Fault, Json

DAY = date(2024, 6, 21)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with an_office() as made:
        yield made


async def _see(office: Office, *posts: Post) -> dict[int, Seen]:
    return dict(await office.courier.seen(office.channel, posts))


def _reactions(seen: Seen) -> list[tuple[str, str]]:
    return sorted((reaction.person.user_id, reaction.emoji) for reaction in seen.reactions)


def _replies(seen: Seen) -> list[tuple[str, str]]:
    return [(reply.person.user_id, reply.message_id) for reply in seen.replies]


def _message(office: Office, message_id: str) -> Json:
    return next(one for one in office.messages() if one["id"] == message_id.rpartition("/")[2])


async def test_reactions_and_replies_of_people(office: Office) -> None:
    message_id = await office.send()
    message = _message(office, message_id)
    office.server.react(message, ADA, "🎉")
    office.server.react(message, BEN, "wow:7")
    thread = office.server.thread(small.PAPERS, int(message_id), ADA)
    reply = office.server.say(thread.id, BEN, "Interesting!")
    answer = office.server.say(thread.id, ADA, "Indeed", type=19)
    seen = (await _see(office, post_of(1, message_id)))[1]
    assert _reactions(seen) == [(str(ADA), "🎉"), (str(BEN), "wow:7")]
    assert _replies(seen) == [(str(BEN), reply["id"]), (str(ADA), answer["id"])]
    assert seen.replies[0].at == snowflake_time(int(reply["id"]))
    assert seen.replies[0].person == Person("discord", "1", str(BEN))


async def test_a_burst_is_the_same_reaction(office: Office) -> None:
    message_id = await office.send()
    message = _message(office, message_id)
    office.server.react(message, ADA, "🎉")
    office.server.react(message, ADA, "🎉", burst=True)
    office.server.react(message, BEN, "👀", burst=True)
    seen = (await _see(office, post_of(1, message_id)))[1]
    assert _reactions(seen) == [(str(ADA), "🎉"), (str(BEN), "👀")]


async def test_bots_and_what_is_gone_do_not_count(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    message = _message(office, message_id)
    office.server.react(message, ROBOT, "🎉")
    office.server.react(message, ADA, "🎉")
    office.server.unreact(message, ADA, "🎉")
    office.server.say(int(message_id), ROBOT, "Beep")
    office.server.say(int(message_id), ADA, "From elsewhere", webhook_id="5")
    gone = office.server.say(int(message_id), ADA, "Oops")
    office.server.delete(int(message_id), int(gone["id"]))
    assert await _see(office, post_of(1, message_id)) == {1: Seen()}


async def test_many_who_reacted_are_read_to_the_last(office: Office) -> None:
    message_id = await office.send()
    for person in range(10_000, 10_250):
        office.server.react(_message(office, message_id), person, "🎉")
    seen = (await _see(office, post_of(1, message_id)))[1]
    assert len(seen.reactions) == 250


@pytest.mark.parametrize("where", ["text", "forum", "direct"])
async def test_a_reaction_to_what_continues_a_post_is_one_to_the_post(office: Office, where: str) -> None:
    if where == "forum":
        office.channel = FORUM
    if where == "direct":
        office.channel = await office.courier.direct_channel(Person("discord", "1", str(ADA)))
    message_id = await office.send(card(paragraphs=LONG))
    other = await office.send(card("Other", paragraphs=LONG), key="other")
    first, second, third = office.messages()[:3]
    office.server.react(second, ADA, "🎉")
    office.server.react(third, ADA, "🎉")
    office.server.react(first, ADA, "👀")
    seen = await _see(office, post_of(1, message_id, channel=office.channel), post_of(2, other, channel=office.channel))
    assert _reactions(seen[1]) == sorted([(str(ADA), "👀"), (str(ADA), "🎉")])
    assert seen[2] == Seen()


async def test_replies_in_the_thread_of_a_list_belong_to_the_list(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"), paper("B"))), key="head")
    a = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    b = await office.send(card("B"), key="b", thread=head)
    office.server.react(_message(office, b), ADA, "🎉")
    office.server.react(office.messages()[3], ADA, "👀")  # what continues A
    reply = office.server.say(int(head), BEN, "Interesting!")
    office.server.archive(int(head))
    seen = await _see(office, post_of(1, head), post_of(2, a, thread=head), post_of(3, b, thread=head))
    assert _replies(seen[1]) == [(str(BEN), reply["id"])]
    assert [_reactions(seen[number]) for number in (1, 2, 3)] == [[], [(str(ADA), "👀")], [(str(ADA), "🎉")]]
    assert (seen[2].replies, seen[3].replies) == ((), ())


async def test_an_archived_forum_post(office: Office) -> None:
    office.channel = FORUM
    message_id = await office.send(card(paragraphs=LONG))
    thread = int(message_id.split("/")[0])
    reply = office.server.say(thread, BEN, "Interesting!")
    office.server.archive(thread)
    seen = await _see(office, post_of(1, message_id, channel=FORUM))
    assert _replies(seen[1]) == [(str(BEN), reply["id"])]


async def test_a_post_that_is_gone_is_left_out(office: Office) -> None:
    kept, gone = [await office.send(key=key) for key in "ab"]
    office.server.delete(small.PAPERS, int(gone))
    posts = [post_of(number, one) for number, one in enumerate((kept, gone, "123/124"), 1)]
    assert (await _see(office, *posts)).keys() == {1}
    assert await _see(office) == {}


async def test_many_posts_take_few_requests(office: Office) -> None:
    sent = [await office.send(key=str(number)) for number in range(120)]
    office.server.react(_message(office, sent[50]), ADA, "🎉")
    office.server.calls.clear()
    seen = await _see(office, *[post_of(number, one) for number, one in enumerate(sent)])
    assert len(seen) == 120
    assert [number for number in seen if seen[number].reactions] == [50]
    assert len(office.calls()) == 3


async def test_what_was_said_between_posts_is_skipped(office: Office) -> None:
    sent = []
    for day in range(3):
        sent += [await office.send(key=f"{day}/{number}") for number in range(4)]
        for number in range(200):
            office.server.say(small.PAPERS, ADA, f"{day}, {number}")
    office.server.calls.clear()
    assert len(await _see(office, *[post_of(number, one) for number, one in enumerate(sent)])) == 12
    assert len(office.calls()) == 3


async def test_a_channel_that_may_not_be_seen_is_unavailable(office: Office) -> None:
    message_id = await office.send()
    office.here.denied = small.VIEW
    with pytest.raises(ChannelUnavailable):
        await _see(office, post_of(1, message_id))


async def test_nothing_is_said_to_be_gone_where_the_history_is_closed(office: Office) -> None:
    message_id = await office.send()
    office.here.denied = small.HISTORY
    assert await _see(office, post_of(1, message_id)) == {}


async def test_an_answer_that_was_lost_is_asked_for_later(office: Office) -> None:
    message_id = await office.send()
    office.server.faults.append(Fault("GET", "/channels/{c}/messages", "503 before"))
    with pytest.raises(PlatformBusy):
        await office.courier.seen(PAPERS, [post_of(1, message_id)])
