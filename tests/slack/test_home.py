"""The Home tab: what it shows to whom, and what its buttons do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from structlog.testing import capture_logs

from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.hits import Hit
from bot.core.people import Caller, Language, Person, Role
from bot.core.query import Query
from bot.core.subscriptions import Channel, Subscription
from bot.slack.home_view import Home, home_view, read_subscription, subscription_value
from bot.usecases.follow import Followed, following
from bot.usecases.look_up import DigestView, Results
from storage.opening import Storage
from tests.platforms.slack import Acme, SlackServer, User, View, view_problems, visible_text
from tests.platforms.slack.text import visible_blocks
from tests.slack.conftest import TODAY, Served, serving

Json = dict[str, Any]


async def opened(served: Served, user: User) -> View:
    """A person's Home tab, just opened."""
    person = served.server.person(user)
    await person.open_home()
    await served.settled()
    home = person.home()
    assert home is not None
    return home


def shown(view: View) -> str:
    return visible_blocks(view.blocks)


def pressable(view: View) -> list[tuple[str, str]]:
    """Action ids and labels of the buttons."""
    return [(one["action_id"], one["text"]["text"]) for one in _buttons(view.blocks)]


def _buttons(blocks: list[Json]) -> list[Json]:
    rows = [block.get("elements", []) if block["type"] == "actions" else [block.get("accessory")] for block in blocks]
    return [one for row in rows for one in row if one and one["type"] == "button"]


async def saved(served: Served, user: User, *entries: Entry) -> None:
    person = Person("slack", "T1", user.id)
    for entry in entries:
        await served.storage.engagement.save(entry.id, person, at=served.parts.desk.clock.now())


async def is_saved(served: Served, user: User, entry: Entry) -> bool:
    return entry.id in await served.storage.engagement.saved([entry.id], Person("slack", "T1", user.id))


# --- what it shows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_reader_finds_what_is_theirs(served: Served) -> None:
    first, _ = await served.add("Attention", "Weak to strong", authors=("Ada Kumar",), url="https://example.org/1")
    await saved(served, served.acme.reader, first)
    view = await opened(served, served.acme.reader)
    said = shown(view)
    assert said.count("Attention") == 2  # in the digest, and among the saved
    assert said.count("Weak to strong") == 1
    assert "Ada Kumar" in said
    assert {action for action, _ in pressable(view)} == {"run", "details", "home_save", "home_unsave"}


async def test_it_is_in_the_persons_language(served: Served) -> None:
    await served.add("Attention")
    assert "저장" in shown(await opened(served, served.acme.reader))
    assert "Saved papers" in shown(await opened(served, served.acme.guest))


async def test_before_the_first_digest_it_says_so(served: Served) -> None:
    assert "There is no digest yet." in shown(await opened(served, served.acme.guest))


async def test_the_messages_tab_is_no_home(slack: SlackServer, served: Served) -> None:
    await slack.person(served.acme.reader).open_home(tab="messages")
    await served.settled()
    assert slack.calls_of("views.publish") == []


async def test_a_long_digest_ends_in_a_button(served: Served) -> None:
    await served.add(*(f"Paper {number:02}" for number in range(14)))
    view = await opened(served, served.acme.guest)
    assert "Paper 09" in shown(view)
    assert "Paper 10" not in shown(view)
    assert ("run", "Show all 14") in pressable(view)
    guest = served.server.person(served.acme.guest)
    await guest.click(view, "run", block_id="all")
    await served.settled()
    assert "Paper 10" in " ".join(visible_text(message) for message in guest.direct().messages.values())


async def test_details_come_in_private(served: Served) -> None:
    (entry,) = await served.add("Attention", commentary_en="Everything about it")
    view = await opened(served, served.acme.guest)
    guest = served.server.person(served.acme.guest)
    await guest.click(view, "details", block_id=f"digest {entry.id}")
    await served.settled()
    assert "Everything about it" in " ".join(visible_text(message) for message in guest.direct().messages.values())


async def test_only_maintainers_may_add(served: Served) -> None:
    assert "home_add" in dict(pressable(await opened(served, served.acme.guest)))
    assert "home_add" not in dict(pressable(await opened(served, served.acme.reader)))


async def test_only_operators_see_the_subscriptions(served: Served) -> None:
    await served.subscribe(query="tag:rlaif")
    assert "#C1 · tag:rlaif" in shown(await opened(served, served.acme.admin))
    assert "#C1" not in shown(await opened(served, served.acme.reader))


async def test_nobody_sees_what_others_follow(served: Served) -> None:
    await served.subscribe(query="author:secret", personal=True)
    reader = Person("slack", "T1", served.acme.reader.id)
    await served.subscribe(query="author:hidden", personal=True, created_by=reader)
    view = await opened(served, served.acme.admin)
    assert "author:secret" in shown(view)  # their own
    assert "author:hidden" not in shown(view)


# --- what its buttons do ----------------------------------------------------------------------------------------------


async def test_saving_and_unsaving_show_at_once(served: Served) -> None:
    (entry,) = await served.add("Attention")
    guest = served.server.person(served.acme.guest)
    view = await opened(served, served.acme.guest)
    await guest.click(view, "home_save", block_id=f"digest {entry.id}")
    await served.settled()
    assert await is_saved(served, served.acme.guest, entry)
    view = guest.home()  # type: ignore[assignment]
    assert shown(view).count("Attention") == 2
    await guest.click(view, "home_unsave", block_id=f"saved {entry.id}")
    await served.settled()
    assert not await is_saved(served, served.acme.guest, entry)
    assert shown(guest.home() or view).count("Attention") == 1


async def test_saved_papers_are_turned_page_by_page(served: Served) -> None:
    """The page stays where it was when something is done on it, and goes when nothing is left there."""
    early = TODAY - timedelta(days=30)
    entries = await served.add(*(f"Paper {number:02}" for number in range(11)), day=early)
    await served.add("Today")
    await saved(served, served.acme.guest, *entries)
    guest = served.server.person(served.acme.guest)
    view = await opened(served, served.acme.guest)
    first_page = shown(view)
    await guest.click(view, "home_next")
    await served.settled()
    view = guest.home() or view
    (left,) = [entry for entry in entries if entry.title in shown(view)]
    assert left.title not in first_page
    assert ("home_previous", "Previous") in pressable(view)
    assert "home_next" not in dict(pressable(view))
    await guest.click(view, "home_unsave", block_id=f"saved {left.id}")
    await served.settled()
    view = guest.home() or view
    assert left.title not in shown(view)
    assert "home_previous" not in dict(pressable(view))
    assert sum(entry.title in shown(view) for entry in entries) == 10


async def test_unfollowing_shows_at_once(slack: SlackServer, served: Served) -> None:
    await served.add("Attention", tags=("rlaif", "llm"))
    guest = slack.person(served.acme.guest)
    await guest.command(served.acme.papers, "/paper", "follow tag:rlaif")
    await served.settled()
    await guest.command(served.acme.papers, "/paper", "follow tag:llm")
    await served.settled()
    view = await opened(served, served.acme.guest)
    assert "tag:rlaif" in shown(view)
    await guest.click(view, "home_unfollow", block_id="follow 1")
    await served.settled()
    caller = Caller(Person("slack", "T1", guest.user.id), frozenset({Role.READER}), Language.ENGLISH, TODAY)
    assert (await following(served.storage, caller)).queries == ("tag:llm",)
    assert "tag:rlaif" not in shown(guest.home() or view)


async def test_operators_pause_and_resume(served: Served) -> None:
    subscription = await served.subscribe()
    admin = served.server.person(served.acme.admin)
    view = await opened(served, served.acme.admin)
    await admin.click(view, "home_pause", block_id=f"subscription {subscription.id}")
    await served.settled()
    assert (await served.storage.subscriptions.of_channel(served.papers))[0].paused
    view = admin.home() or view
    assert "paused" in shown(view)
    await admin.click(view, "home_resume", block_id=f"subscription {subscription.id}")
    await served.settled()
    assert not (await served.storage.subscriptions.of_channel(served.papers))[0].paused


async def test_who_is_no_operator_any_more_is_told(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    async with serving(slack, acme, storage) as served:
        subscription = await served.subscribe()
        view = await opened(served, acme.admin)
    acme.admin.is_admin = acme.admin.is_owner = False
    async with serving(slack, acme, storage) as served:
        admin = slack.person(acme.admin)
        await admin.click(view, "home_pause", block_id=f"subscription {subscription.id}")
        await served.settled()
        assert not (await storage.subscriptions.of_channel(served.papers))[0].paused
        assert "Only operators can do this" in shown(admin.home() or view)


async def test_edit_and_add_open_their_forms(served: Served) -> None:
    subscription = await served.subscribe()
    admin, guest = served.server.person(served.acme.admin), served.server.person(served.acme.guest)
    await admin.click(await opened(served, served.acme.admin), "home_edit", block_id=f"subscription {subscription.id}")
    await served.settled()
    assert admin.view is not None
    await guest.click(await opened(served, served.acme.guest), "home_add")
    await served.settled()
    assert guest.view is not None


async def test_its_buttons_work_after_a_restart(slack: SlackServer, acme: Acme, storage: Storage) -> None:
    async with serving(slack, acme, storage) as served:
        (entry,) = await served.add("Attention")
        view = await opened(served, acme.guest)
    async with serving(slack, acme, storage) as served:
        await slack.person(acme.guest).click(view, "home_save", block_id=f"digest {entry.id}")
        await served.settled()
        assert await is_saved(served, acme.guest, entry)


async def test_a_button_nobody_made_says_so(slack: SlackServer, served: Served) -> None:
    action = {"action_id": "home_pause", "value": "nonsense", "type": "button", "block_id": "x"}
    payload = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": served.acme.admin.id},
        "view": {"id": "V1", "type": "home"},
        "actions": [action],
    }
    await slack.dispatch(served.acme.app, "interactive", payload)
    await served.settled()
    home = slack.person(served.acme.admin).home()
    assert home is not None
    assert "no longer understood" in shown(home)


async def test_slack_that_does_not_take_it_is_no_fault_of_ours(slack: SlackServer, served: Served) -> None:
    slack.limit("views.publish", "T1", retry_after=30)
    with capture_logs() as logs:
        await slack.person(served.acme.guest).open_home()
        await served.settled()
    assert slack.person(served.acme.guest).home() is None
    assert [entry["log_level"] for entry in logs if entry["event"] == "slack.home_not_published"] == ["warning"]
    assert "error" not in {entry["log_level"] for entry in logs}


# --- limits -----------------------------------------------------------------------------------------------------------


def monster(number: int) -> Hit:
    """The longest there is of everything."""
    entry = Entry(
        id=f"{number:026}",
        title="<!channel> 제목 " + "길다 " * 2_000,
        authors=("A" * 2_300,) * 5,
        organisation="조직" * 500,
        url="https://example.org/" + "x" * 2_900,
        digest_date=TODAY,
    )
    return Hit(entry, Engagement(), saved=True, jump=None)


@pytest.mark.parametrize("language", Language)
def test_the_fullest_tab_is_within_the_limits(language: Language) -> None:
    hits = tuple(monster(number) for number in range(200))
    one = Subscription(channel=Channel("slack", "T1", "C1"), paused=True)
    home = Home(
        caller=Caller(Person("slack", "T1", "U1"), frozenset(Role), language, TODAY),
        digest=DigestView(TODAY, hits, None, None),
        saved=Results(Query(()), "", hits, "n" * 200, "p" * 200, 1_000, False),
        followed=Followed(tuple(f"tag:{'x' * 1_000}{number}" for number in range(20))),
        subscriptions=[replace(one, id=number, query="tag:" + "y" * 1_000) for number in range(100)],
        cursor="c" * 200,
    )
    view = home_view(home)
    assert view_problems(view) == []
    for block in Block.parse_all(view["blocks"]):
        block.validate_json()


def test_a_subscription_travels_in_a_value() -> None:
    one = Subscription(id=7, channel=Channel("slack", "T1", "C1"))
    assert read_subscription(subscription_value(one)) == ("C1", 7)


@pytest.mark.parametrize("value", ["", "C1", "C1 ", " 7", "C1 x", "C1 ７", "C1 " + "9" * 30])
def test_a_value_that_is_no_subscription_is_none(value: str) -> None:
    assert read_subscription(value) is None
