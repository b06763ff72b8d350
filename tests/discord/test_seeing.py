"""What stands below posts: people's reactions and replies, whoever was listening when they came."""

from __future__ import annotations

from datetime import date

import pytest
from discord.utils import snowflake_time

from bot.core.digests import ListContent, Post
from bot.core.engagement import Seen
from bot.core.errors import ChannelUnavailable, PlatformBusy
from tests.discord.carrying import LONG, MESSAGES, Office, card, paper, post_of
from tests.platforms.discord import Person, permissions
from tests.platforms.discord.world import REPLY, Message

DAY = date(2024, 6, 21)


async def _see(office: Office, *posts: Post) -> dict[int, Seen]:
    return dict(await office.courier.seen(office.channel, posts))


def _reactions(seen: Seen) -> list[tuple[str, str]]:
    return sorted((reaction.person.user_id, reaction.emoji) for reaction in seen.reactions)


def _replies(seen: Seen) -> list[tuple[str, str]]:
    return [(reply.person.user_id, reply.message_id) for reply in seen.replies]


def _id(somebody: Person) -> str:
    return str(somebody.user.id)


async def test_reactions_and_replies_of_people(office: Office) -> None:
    message_id = await office.send()
    message = office.message(message_id)
    await office.ada.react(message, "🎉")
    await office.ben.react(message, "wow:7")
    thread = await office.ada.start_thread(message)
    reply = await office.ben.write(thread, "Interesting!")
    answer = await office.ada.write(thread, "Indeed", reply_to=reply)
    assert answer.kind == REPLY
    seen = (await _see(office, post_of(1, message_id, office.papers)))[1]
    assert _reactions(seen) == sorted([(_id(office.ada), "🎉"), (_id(office.ben), "wow:7")])
    assert _replies(seen) == [(_id(office.ben), str(reply.id)), (_id(office.ada), str(answer.id))]
    assert seen.replies[0].at == snowflake_time(reply.id)
    assert seen.replies[0].person == office.as_person(office.ben)


async def test_a_burst_is_the_same_reaction(office: Office) -> None:
    message_id = await office.send()
    message = office.message(message_id)
    await office.ada.react(message, "🎉")
    await office.ada.react(message, "🎉", burst=True)
    await office.ben.react(message, "👀", burst=True)
    seen = (await _see(office, post_of(1, message_id, office.papers)))[1]
    assert _reactions(seen) == sorted([(_id(office.ada), "🎉"), (_id(office.ben), "👀")])


async def test_bots_and_what_is_gone_do_not_count(office: Office) -> None:
    message_id = await office.send(card(paragraphs=LONG))
    message = office.message(message_id)
    await office.robot.react(message, "🎉")
    await office.ada.react(message, "🎉")
    await office.ada.unreact(message, "🎉")
    thread, state = office.thread(message_id), office.server.state
    await office.robot.write(thread, "Beep")
    hook = Message(state.new_id(), thread.id, office.ada.user, "From elsewhere", webhook_id=state.new_id())
    office.server.doings.post(thread, hook)
    await office.ada.delete(await office.ada.write(thread, "Oops"))
    assert await _see(office, post_of(1, message_id, office.papers)) == {1: Seen()}


async def test_many_who_reacted_are_read_to_the_last(office: Office) -> None:
    message_id = await office.send()
    crowd = [office.server.state.add_user(f"reader{number}") for number in range(250)]
    for one in crowd:
        office.server.doings.react(office.message(message_id), one, "🎉")
    seen = (await _see(office, post_of(1, message_id, office.papers)))[1]
    assert _reactions(seen) == sorted((str(one.id), "🎉") for one in crowd)


@pytest.mark.parametrize("where", ["text", "forum", "direct"])
async def test_a_reaction_to_what_continues_a_post_is_one_to_the_post(office: Office, where: str) -> None:
    if where == "forum":
        office.channel = office.forum
    if where == "direct":
        office.channel = await office.courier.direct_channel(office.sora)
    message_id = await office.send(card(paragraphs=LONG))
    other = await office.send(card("Other", paragraphs=LONG), key="other")
    first, second, third = office.messages()[:3]
    await office.ada.react(second, "🎉")
    await office.ada.react(third, "🎉")
    await office.ada.react(first, "👀")
    seen = await _see(office, post_of(1, message_id, office.channel), post_of(2, other, office.channel))
    assert _reactions(seen[1]) == sorted([(_id(office.ada), "👀"), (_id(office.ada), "🎉")])
    assert seen[2] == Seen()


async def test_replies_in_the_thread_of_a_list_belong_to_the_list(office: Office) -> None:
    head = await office.send(ListContent((DAY,), (paper("A"), paper("B"))), key="head")
    a = await office.send(card("A", paragraphs=LONG), key="a", thread=head)
    b = await office.send(card("B"), key="b", thread=head)
    await office.ada.react(office.message(b), "🎉")
    await office.ada.react(office.messages()[3], "👀")  # what continues A
    reply = await office.ben.write(office.thread(head), "Interesting!")
    await office.owner.archive(office.thread(head))
    posts = [post_of(1, head, office.papers)]
    posts += [post_of(number, one, office.papers, thread=head) for number, one in ((2, a), (3, b))]
    seen = await _see(office, *posts)
    assert _replies(seen[1]) == [(_id(office.ben), str(reply.id))]
    ada = _id(office.ada)
    assert [_reactions(seen[number]) for number in (1, 2, 3)] == [[], [(ada, "👀")], [(ada, "🎉")]]
    assert (seen[2].replies, seen[3].replies) == ((), ())


async def test_an_archived_forum_post(office: Office) -> None:
    office.channel = office.forum
    message_id = await office.send(card(paragraphs=LONG))
    reply = await office.ben.write(office.thread(message_id), "Interesting!")
    await office.owner.archive(office.thread(message_id))
    seen = await _see(office, post_of(1, message_id, office.forum))
    assert _replies(seen[1]) == [(_id(office.ben), str(reply.id))]


async def test_a_post_that_is_gone_is_left_out(office: Office) -> None:
    kept, gone = [await office.send(key=key) for key in "ab"]
    await office.owner.delete(office.message(gone))
    posts = [post_of(number, one, office.papers) for number, one in enumerate((kept, gone, "123/124"), 1)]
    assert (await _see(office, *posts)).keys() == {1}
    assert await _see(office) == {}


def _posts(office: Office, sent: list[str]) -> list[Post]:
    return [post_of(number, one, office.papers) for number, one in enumerate(sent)]


async def test_many_posts_take_few_requests(office: Office) -> None:
    sent = [await office.send(key=str(number)) for number in range(120)]
    await office.ada.react(office.message(sent[50]), "🎉")
    office.server.requests.clear()
    seen = await _see(office, *_posts(office, sent))
    assert len(seen) == 120
    assert [number for number in seen if seen[number].reactions] == [50]
    assert len(office.calls()) == 3


async def test_what_was_said_between_posts_is_skipped(office: Office) -> None:
    sent = []
    for day in range(3):
        sent += [await office.send(key=f"{day}/{number}") for number in range(4)]
        for number in range(200):
            await office.ada.write(office.here, f"{day}, {number}")
    office.server.requests.clear()
    assert len(await _see(office, *_posts(office, sent))) == 12
    assert len(office.calls()) == 3


async def test_a_channel_that_may_not_be_seen_is_unavailable(office: Office) -> None:
    message_id = await office.send()
    await office.deny(permissions.VIEW_CHANNEL)
    with pytest.raises(ChannelUnavailable):
        await _see(office, post_of(1, message_id, office.papers))


async def test_nothing_is_said_to_be_gone_where_the_history_is_closed(office: Office) -> None:
    message_id = await office.send()
    await office.deny(permissions.READ_MESSAGE_HISTORY)
    assert await _see(office, post_of(1, message_id, office.papers)) == {}


async def test_an_answer_that_was_lost_is_asked_for_later(office: Office) -> None:
    message_id = await office.send()
    office.breaks("503 before", method="GET", route=MESSAGES)
    with pytest.raises(PlatformBusy):
        await office.courier.seen(office.papers, [post_of(1, message_id, office.papers)])
