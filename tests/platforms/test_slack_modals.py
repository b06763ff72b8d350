"""The loopback Slack's modals, with a person who fills them in and a real Bolt app that answers."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import actions, button, home, modal, option, section, text_input
from tests.platforms.slack import Acme, InvalidAnswer, NotPossible, Person

Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("listening")


def opens(bolt: AsyncApp, view: Json) -> None:
    """Let the app open a modal when its command is given."""

    @bolt.command("/test")
    async def open_it(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()


FORM = modal(
    text_input("name", max_length=5),
    text_input("more", optional=True, multiline=True),
    {
        "type": "input",
        "block_id": "tags",
        "label": {"type": "plain_text", "text": "Tags"},
        "element": {"type": "checkboxes", "action_id": "boxes", "options": [option("a"), option("b")]},
    },
)


async def test_a_form_is_filled_in_and_submitted(
    bolt: AsyncApp, acme: Acme, reader: Person, bodies: list[Json]
) -> None:
    @bolt.view("form")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    opens(bolt, FORM)
    await reader.command(acme.papers, "/test")
    done = await reader.submit({"name": "Ada", "tags/boxes": ["b"]})
    assert done.closed
    assert reader.view is None
    values = bodies[0]["view"]["state"]["values"]
    assert values["name"]["text"] == {"type": "plain_text_input", "value": "Ada"}
    assert values["more"]["text"] == {"type": "plain_text_input", "value": None}
    assert values["tags"]["boxes"]["selected_options"] == [option("b")]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"tags": ["a"]}, "name has to be filled in"),
        ({"name": "Ada"}, "tags has to be filled in"),
        ({"name": "too long", "tags": ["a"]}, "between 0 and 5 characters"),
        ({"name": "a\nb", "tags": ["a"]}, "only one line"),
        ({"name": "Ada", "tags": ["z"]}, "no option 'z'"),
        ({"other": "Ada"}, "no one input other"),
    ],
)
async def test_what_a_client_does_not_let_one_submit(
    bolt: AsyncApp, acme: Acme, reader: Person, values: Json, complaint: str
) -> None:
    opens(bolt, FORM)
    await reader.command(acme.papers, "/test")
    with pytest.raises(NotPossible, match=complaint):
        await reader.submit(values)


async def test_what_comes_of_submitting(bolt: AsyncApp, acme: Acme, reader: Person) -> None:
    answers: list[Json] = [
        {"response_action": "errors", "errors": {"name": "Too short."}},
        {"response_action": "update", "view": modal(text_input("name"), title={"type": "plain_text", "text": "Again"})},
        {"response_action": "push", "view": modal(text_input("name"))},
        {"response_action": "clear"},
    ]

    @bolt.view("form")
    async def answer(ack: AsyncAck) -> None:
        await ack(**answers.pop(0))

    opens(bolt, modal(text_input("name")))
    await reader.command(acme.papers, "/test")
    first = await reader.submit({"name": "A"})
    assert (first.closed, first.errors) == (False, {"name": "Too short."})
    assert not (await reader.submit()).closed
    assert reader.view is not None
    assert reader.view.title == "Again"
    assert reader.view.values["name"]["text"]["value"] == "A"
    await reader.submit()
    assert len(reader.views) == 2
    assert (await reader.submit({"name": "B"})).closed
    assert not reader.views


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"response_action": "errors", "errors": {"other": "x"}}, "no inputs"),
        ({"response_action": "errors", "errors": {"name": ""}}, "without words"),
        ({"response_action": "update", "view": modal(section(""))}, "more than 0 characters"),
        ({"response_action": "update", "view": home()}, "must be a modal"),
    ],
)
async def test_answers_to_a_submission_that_are_not_taken(
    bolt: AsyncApp, acme: Acme, reader: Person, answer: Json, complaint: str
) -> None:
    @bolt.view("form")
    async def answers(ack: AsyncAck) -> None:
        await ack(**answer)

    opens(bolt, modal(text_input("name")))
    await reader.command(acme.papers, "/test")
    with pytest.raises(InvalidAnswer, match=complaint):
        await reader.submit({"name": "A"})


async def test_closing_is_told_when_asked_for(bolt: AsyncApp, acme: Acme, reader: Person, bodies: list[Json]) -> None:
    @bolt.view_closed("form")
    async def keep(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    opens(bolt, modal(notify_on_close=True))
    await reader.command(acme.papers, "/test")
    await reader.close()
    assert not reader.views
    assert bodies[0]["is_cleared"] is False


async def test_only_the_view_on_top_is_within_reach(bolt: AsyncApp, acme: Acme, reader: Person) -> None:
    @bolt.action("deeper")
    async def push(ack: AsyncAck, client: AsyncWebClient, body: Json) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=modal())

    opens(bolt, modal(actions(button("deeper"))))
    await reader.command(acme.papers, "/test")
    below = reader.views[0]
    await reader.click(below, "deeper")
    await reader.server.until(lambda: len(reader.views) == 2)
    with pytest.raises(NotPossible, match="not on top"):
        await reader.click(below, "deeper")
