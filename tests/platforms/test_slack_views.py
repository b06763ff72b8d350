"""The loopback Slack's views: triggers, modals over one another, home tabs, and what it refuses."""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import error_of, home, modal, refused, section, text_input
from tests.platforms.slack import Acme, Person, SlackServer
from tests.platforms.slack.interactions import TRIGGER_SECONDS

Json = dict[str, Any]


def trigger(slack: SlackServer, acme: Acme, view_id: str | None = None) -> str:
    """What a press would have brought."""
    return slack.interactions.trigger(acme.app, acme.workspace, acme.reader.id, view_id)


async def test_opening(client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person) -> None:
    view = modal(text_input("name", initial_value="Ada"), private_metadata="kept", external_id="one")
    answer = await client.views_open(trigger_id=trigger(slack, acme), view=view)
    assert reader.view is not None
    assert answer["view"]["id"] == answer["view"]["root_view_id"] == reader.view.id
    assert answer["view"]["private_metadata"] == "kept"
    assert answer["view"]["state"]["values"] == {"name": {"text": {"type": "plain_text_input", "value": "Ada"}}}
    assert (reader.view.title, reader.view.callback_id) == ("Form", "form")


async def test_triggers_are_good_once_and_for_three_seconds(
    client: AsyncWebClient, slack: SlackServer, acme: Acme
) -> None:
    used, old = trigger(slack, acme), trigger(slack, acme)
    await client.views_open(trigger_id=used, view=modal())
    assert await error_of(client.views_open(trigger_id=used, view=modal())) == "exchanged_trigger_id"
    assert await error_of(client.views_open(trigger_id="1.2.zz", view=modal())) == "invalid_trigger_id"
    assert await error_of(client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"
    slack.clock.advance(TRIGGER_SECONDS)
    assert await error_of(client.views_open(trigger_id=old, view=modal())) == "expired_trigger_id"


async def test_views_that_are_refused_cost_no_trigger(
    client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person
) -> None:
    one = trigger(slack, acme)
    body = await refused(client.views_open(trigger_id=one, view=modal(title={"type": "plain_text", "text": "x" * 25})))
    assert body["error"] == "invalid_arguments"
    told = "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert body["response_metadata"]["messages"] == [told]
    assert await error_of(client.views_open(trigger_id=one, view=home())) == "invalid_arguments"
    large = modal(*[section("가" * 900)] * 100)
    assert await error_of(client.views_open(trigger_id=one, view=large)) == "view_too_large"
    assert reader.view is None
    await client.views_open(trigger_id=one, view=modal())


async def test_three_views_over_one_another(
    client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person
) -> None:
    first = (await client.views_open(trigger_id=trigger(slack, acme), view=modal()))["view"]["id"]
    for _ in range(2):
        await client.views_push(trigger_id=trigger(slack, acme, first), view=modal())
    assert [view.root_id for view in reader.views] == [first] * 3
    assert reader.views[2].previous_id == reader.views[1].id
    fourth = client.views_push(trigger_id=trigger(slack, acme, first), view=modal())
    assert await error_of(fourth) == "push_limit_reached"


async def test_pushing_needs_a_trigger_from_a_modal(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    assert await error_of(client.views_push(trigger_id=trigger(slack, acme), view=modal())) == "not_found"


async def test_updating(client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person) -> None:
    view = modal(text_input("name"), text_input("old"), external_id="one")
    opened = (await client.views_open(trigger_id=trigger(slack, acme), view=view))["view"]
    assert reader.view is not None
    await reader.choose(reader.view, "text", "Ada", block_id="name")
    after = modal(text_input("name"), text_input("new"), external_id="one")
    answer = await client.views_update(view_id=opened["id"], hash=opened["hash"], view=after)
    values = answer["view"]["state"]["values"]
    assert values["name"]["text"]["value"] == "Ada"
    assert set(values) == {"name", "new"}
    stale = client.views_update(view_id=opened["id"], hash=opened["hash"], view=after)
    assert await error_of(stale) == "hash_conflict"
    assert (await client.views_update(external_id="one", view=after))["view"]["id"] == opened["id"]
    assert await error_of(client.views_update(view_id="V404", view=after)) == "not_found"
    await reader.close()
    assert await error_of(client.views_update(view_id=opened["id"], view=after)) == "not_found"


async def test_external_ids_are_used_once(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    await client.views_open(trigger_id=trigger(slack, acme), view=modal(external_id="one"))
    again = client.views_publish(user_id="U2", view=home(external_id="one"))
    assert await error_of(again) == "duplicate_external_id"


async def test_home_tabs(client: AsyncWebClient, slack: SlackServer, acme: Acme, reader: Person) -> None:
    assert reader.home() is None
    first = (await client.views_publish(user_id="U2", view=home(section("1"))))["view"]
    second = (await client.views_publish(user_id="U2", view=home(section("2")), hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    standing = reader.home()
    assert standing is not None
    assert standing.blocks[0]["text"]["text"] == "2"
    stale = client.views_publish(user_id="U2", view=home(), hash=first["hash"])
    assert await error_of(stale) == "hash_conflict"
    assert await error_of(client.views_publish(user_id="U404", view=home())) == "user_not_found"
    assert await error_of(client.views_publish(user_id="U2", view=modal())) == "invalid_arguments"
    acme.app.manifest.source["features"]["app_home"]["home_tab_enabled"] = False
    assert await error_of(client.views_publish(user_id="U2", view=home())) == "not_enabled"
