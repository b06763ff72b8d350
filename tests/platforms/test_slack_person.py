"""The loopback Slack's person at the keyboard, in front of a real Bolt app over Socket Mode."""

from __future__ import annotations

import re
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond, AsyncSay
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.platforms.helpers import actions, button, home, option, section
from tests.platforms.slack import Acme, InvalidAnswer, Message, NotPossible, OperationTimeout, Person, SlackServer

Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("listening")


async def posted(client: AsyncWebClient, acme: Acme, *blocks: Json) -> Message:
    """A message of the app."""
    ts = (await client.chat_postMessage(channel="C1", text="x", blocks=list(blocks)))["ts"]
    return acme.papers.messages[ts]


# --- commands -----------------------------------------------------------------------------------------------------


async def test_a_command_and_a_later_answer(bolt: AsyncApp, slack: SlackServer, acme: Acme, reader: Person) -> None:
    @bolt.command("/test")
    async def answer(ack: AsyncAck, respond: AsyncRespond, body: Json) -> None:
        await ack()
        await respond(f"you said {body['text']}")

    await reader.command(acme.papers, "/test", " <b> ")
    (shown,) = await slack.until(lambda: reader.ephemerals(acme.papers))
    assert shown.text == "you said &lt;b&gt;"
    assert reader.sees(acme.papers) == [shown]
    assert not slack.person(acme.guest).sees(acme.papers)


async def test_an_answer_with_the_acknowledgement(bolt: AsyncApp, acme: Acme, reader: Person) -> None:
    @bolt.command("/test")
    async def answer(ack: AsyncAck) -> None:
        await ack(text="at once", response_type="in_channel")

    ack = await reader.command(acme.papers, "/test")
    assert ack.seconds < 3
    assert [message.text for message in acme.papers.top_level()] == ["at once"]


async def test_commands_that_cannot_be_given(acme: Acme, reader: Person, slack: SlackServer) -> None:
    with pytest.raises(NotPossible, match="not a valid command"):
        await reader.command(acme.papers, "/other")
    with pytest.raises(NotPossible, match="not in that conversation"):
        await slack.person(acme.guest).command(acme.secret, "/test")
    acme.papers.is_archived = True
    with pytest.raises(NotPossible, match="archived"):
        await reader.command(acme.papers, "/test")


async def test_a_command_that_is_never_acknowledged(
    bolt: AsyncApp, slack: SlackServer, acme: Acme, reader: Person
) -> None:
    slack.ack_timeout = 0.1

    @bolt.command("/test")
    async def silent() -> None:
        """Does nothing."""

    with pytest.raises(OperationTimeout):
        await reader.command(acme.papers, "/test")


async def test_an_acknowledgement_that_slack_does_not_take(bolt: AsyncApp, acme: Acme, reader: Person) -> None:
    @bolt.command("/test")
    async def answer(ack: AsyncAck) -> None:
        await ack(text="x", blocks=[section("x" * 3001)])

    with pytest.raises(InvalidAnswer, match="3001"):
        await reader.command(acme.papers, "/test")


# --- response URLs ------------------------------------------------------------------------------------------------


async def test_response_urls_end(bolt: AsyncApp, slack: SlackServer, acme: Acme, reader: Person) -> None:
    urls: list[str] = []

    @bolt.command("/test")
    async def answer(ack: AsyncAck, body: Json) -> None:
        urls.append(body["response_url"])
        await ack()

    await reader.command(acme.papers, "/test")
    url = AsyncWebhookClient(urls[0])
    for _ in range(5):
        assert (await url.send(text="again")).status_code == 200
    assert (await url.send(text="again")).body == '{"ok": false, "error": "used_url"}'
    await reader.command(acme.papers, "/test")
    slack.clock.advance(1800)
    assert (await AsyncWebhookClient(urls[1]).send(text="late")).body == '{"ok": false, "error": "expired_url"}'
    assert len(reader.ephemerals()) == 5


async def test_replacing_and_deleting_what_one_person_sees(
    bolt: AsyncApp, client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person
) -> None:
    @bolt.action("change")
    async def change(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="changed", blocks=[actions(button("away"))], replace_original=True)

    @bolt.action("away")
    async def away(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(delete_original=True)

    await client.chat_postEphemeral(channel="C1", user="U2", text="x", blocks=[actions(button("change"))])
    (shown,) = reader.ephemerals()
    with pytest.raises(NotPossible):
        await slack.person(acme.guest).click(shown, "change")
    await reader.click(shown, "change")
    await slack.until(lambda: shown.text == "changed")
    await reader.click(shown, "away")
    await slack.until(lambda: not reader.ephemerals())
    with pytest.raises(NotPossible):
        await reader.click(shown, "away")


async def test_a_response_that_does_not_say_whether_it_replaces(
    bolt: AsyncApp, client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person
) -> None:
    @bolt.action("go")
    async def answer(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="beside")

    await reader.click(await posted(client, acme, actions(button())), "go")
    assert await slack.until(reader.ephemerals)
    assert slack.complaints


# --- buttons and menus --------------------------------------------------------------------------------------------


async def test_a_click_tells_where_and_what(
    bolt: AsyncApp, client: AsyncWebClient, acme: Acme, reader: Person, bodies: list[Json]
) -> None:
    @bolt.action("go")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    message = await posted(client, acme, section("x"), actions(button(value="entry-1")))
    await reader.click(message, "go")
    (body,) = bodies
    assert body["container"]["message_ts"] == message.ts
    assert body["container"]["is_ephemeral"] is False
    assert body["message"]["blocks"] == message.blocks
    assert body["channel"] == {"id": "C1", "name": "papers"}
    assert body["user"]["id"] == "U2"
    assert {"action_id": "go", "block_id": "act", "type": "button", "value": "entry-1"}.items() <= body["actions"][
        0
    ].items()
    with pytest.raises(NotPossible, match="0 elements 'gone'"):
        await reader.click(message, "gone")


async def test_of_ephemerals_the_content_is_not_told(
    bolt: AsyncApp, client: AsyncWebClient, reader: Person, bodies: list[Json]
) -> None:
    @bolt.action("go")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    await client.chat_postEphemeral(channel="C1", user="U2", text="x", blocks=[actions(button())])
    await reader.click(reader.ephemerals()[0], "go")
    assert bodies[0]["container"]["is_ephemeral"]
    assert "message" not in bodies[0]


async def test_menus_of_messages(
    bolt: AsyncApp, client: AsyncWebClient, acme: Acme, reader: Person, bodies: list[Json]
) -> None:
    @bolt.action("menu")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    menu = {"type": "static_select", "action_id": "menu", "options": [option("a"), option("b")]}
    more = {"type": "overflow", "action_id": "menu", "options": [option("c"), option("d")]}
    message = await posted(client, acme, actions(menu), section("x", accessory=more, block_id="more"))
    await reader.choose(message, "menu", "b", block_id="act")
    assert bodies[0]["actions"][0]["selected_option"] == option("b")
    assert bodies[0]["state"]["values"]["act"]["menu"]["selected_option"] == option("b")
    await reader.choose(message, "menu", "d", block_id="more")
    assert bodies[1]["actions"][0]["selected_option"] == option("d")
    with pytest.raises(NotPossible, match="no option 'z'"):
        await reader.choose(message, "menu", "z", block_id="act")


async def test_menus_whose_options_the_app_knows(
    bolt: AsyncApp, client: AsyncWebClient, acme: Acme, reader: Person
) -> None:
    @bolt.options("tags")
    async def suggest(ack: AsyncAck, payload: Json) -> None:
        await ack(
            options=[option(payload["value"])] if payload["value"] != "many" else [option(str(n)) for n in range(101)]
        )

    @bolt.action("tags")
    async def keep(ack: AsyncAck) -> None:
        await ack()

    message = await posted(client, acme, actions({"type": "external_select", "action_id": "tags"}))
    with pytest.raises(NotPossible, match="from 3 characters"):
        await reader.suggest(message, "tags", "rl")
    with pytest.raises(NotPossible, match="no option"):
        await reader.choose(message, "tags", "rlaif")
    assert await reader.suggest(message, "tags", "rlaif") == [option("rlaif")]
    assert await reader.choose(message, "tags", "rlaif")
    with pytest.raises(InvalidAnswer, match="no more than 100"):
        await reader.suggest(message, "tags", "many")


# --- shortcuts, home, events --------------------------------------------------------------------------------------


async def test_shortcuts(bolt: AsyncApp, slack: SlackServer, acme: Acme, reader: Person, bodies: list[Json]) -> None:
    @bolt.shortcut("test_message")
    async def on_message(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    @bolt.shortcut("test_anywhere")
    async def anywhere(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    message = await slack.person(acme.guest).say(acme.papers, "look")
    await reader.message_shortcut("test_message", acme.papers, message)
    await reader.shortcut("test_anywhere")
    assert [body["type"] for body in bodies] == ["message_action", "shortcut"]
    assert bodies[0]["message"]["text"] == "look"
    assert bodies[0]["response_url"]
    with pytest.raises(NotPossible, match="no message shortcut"):
        await reader.message_shortcut("test_anywhere", acme.papers, message)
    with pytest.raises(NotPossible, match="no global shortcut"):
        await reader.shortcut("other")


async def test_the_home_tab(bolt: AsyncApp, slack: SlackServer, reader: Person, bodies: list[Json]) -> None:
    @bolt.event("app_home_opened")
    async def publish(client: AsyncWebClient, event: Json) -> None:
        await client.views_publish(user_id=event["user"], view=home(actions(button())))

    @bolt.action("go")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    await reader.open_home()
    tab = await slack.until(reader.home)
    assert tab is not None
    await reader.click(tab, "go")
    assert bodies[0]["view"]["type"] == "home"
    assert "response_url" not in bodies[0]


async def test_events_of_what_people_do(bolt: AsyncApp, slack: SlackServer, acme: Acme, reader: Person) -> None:
    @bolt.event(re.compile(""))
    async def heed() -> None:
        """Bolt leaves events without a listener unacknowledged."""

    message = await reader.say(acme.papers, f"hello <@{acme.installation.bot_user}>")
    reply = await reader.say(acme.papers, "reply", thread=message)
    await reader.edit(acme.papers, reply, "changed")
    await reader.react(acme.papers, message, "eyes")
    await reader.unreact(acme.papers, message, "eyes")
    await reader.delete(acme.papers, reply)
    await slack.settled()
    told = [one.event.get("subtype") or one.event["type"] for one in slack.events.deliveries]
    assert told == [
        "message",
        "app_mention",
        "message",
        "message_changed",
        "reaction_added",
        "reaction_removed",
        "message_deleted",
    ]
    assert slack.events.deliveries[2].event["thread_ts"] == message.ts
    assert slack.events.deliveries[3].event["previous_message"]["text"] == "reply"
    assert all(one.is_acked for one in slack.events.deliveries)


async def test_what_people_cannot_do(slack: SlackServer, acme: Acme, reader: Person) -> None:
    message = await reader.say(acme.papers, "mine")
    guest = slack.person(acme.guest)
    with pytest.raises(NotPossible, match="somebody else's"):
        await guest.edit(acme.papers, message, "yours")
    with pytest.raises(NotPossible, match="somebody else's"):
        await guest.delete(acme.papers, message)
    with pytest.raises(NotPossible, match="not in that conversation"):
        await guest.say(acme.secret, "hello")
    with pytest.raises(NotPossible, match="only admins"):
        await guest.uninstall()
    await slack.person(acme.admin).delete(acme.papers, message)
    with pytest.raises(NotPossible, match="not there any more"):
        await guest.react(acme.papers, message, "eyes")


async def test_direct_messages(bolt: AsyncApp, slack: SlackServer, reader: Person) -> None:
    @bolt.message("hello")
    async def answer(say: AsyncSay) -> None:
        await say("hello yourself")

    channel = reader.direct()
    await reader.say(channel, "hello")
    await slack.until(lambda: len(channel.messages) == 2)
    assert [one.text for one in reader.sees(channel)] == ["hello", "hello yourself"]


async def test_bringing_the_app_in_and_putting_it_out(slack: SlackServer, acme: Acme, reader: Person) -> None:
    bot = acme.installation.bot_user
    await reader.invite(acme.general, acme.app)
    await reader.remove(acme.general, acme.app)
    await reader.invite(acme.secret, acme.app)
    await reader.remove(acme.secret, acme.app)
    await reader.archive(acme.papers)
    told = [(one.event["type"], one.event.get("user")) for one in slack.events.deliveries]
    assert told == [
        ("member_joined_channel", bot),
        ("member_left_channel", bot),
        ("channel_left", None),
        ("member_joined_channel", bot),
        ("group_left", None),
        ("channel_archive", "U2"),
    ]


async def test_bolt_knows_where_it_is(listening: AsyncSocketModeHandler, acme: Acme, slack: SlackServer) -> None:
    assert [one.app.id for one in slack.sockets.connections(acme.app)] == ["A1"]
