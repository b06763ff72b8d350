"""The loopback Slack's chat.*: posting, changing, deleting, showing to one person, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import actions, button, error_of, refused, section
from tests.platforms.slack import Acme, SlackServer

Json = dict[str, Any]
KEY: Json = {"event_type": "post", "event_payload": {"key": "1/2024-06-21/a"}}


async def test_a_message_is_kept_as_it_came(client: AsyncWebClient, acme: Acme) -> None:
    answer = await client.chat_postMessage(
        channel="C1", text="hello", blocks=[section("Hello", block_id="b")], unfurl_links=False, metadata=KEY
    )
    (message,) = acme.papers.top_level()
    assert (answer["ts"], answer["channel"]) == (message.ts, "C1")
    assert answer["message"]["bot_id"] == acme.installation.bot_id
    assert answer["message"]["user"] == acme.installation.bot_user
    assert message.blocks == [section("Hello", block_id="b")]
    assert message.metadata == KEY
    assert (message.unfurl_links, message.unfurl_media) == (False, None)


async def test_ts_grow_and_blocks_get_ids(client: AsyncWebClient, acme: Acme) -> None:
    first = await client.chat_postMessage(channel="C1", text="1", blocks=[section("1"), section("2")])
    second = await client.chat_postMessage(channel="C1", text="2")
    assert first["ts"] < second["ts"]
    ids = [block["block_id"] for block in first["message"]["blocks"]]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C404", "channel_not_found"), ("C3", "channel_not_found"), ("C2", "not_in_channel"), ("", "channel_not_found")],
)
async def test_where_nothing_can_be_posted(client: AsyncWebClient, channel: str, error: str) -> None:
    assert await error_of(client.chat_postMessage(channel=channel, text="hello")) == error


async def test_archived_channels(client: AsyncWebClient, acme: Acme) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="hello"))["ts"]
    acme.papers.is_archived = True
    assert await error_of(client.chat_postMessage(channel="C1", text="hello")) == "is_archived"
    assert await error_of(client.chat_postEphemeral(channel="C1", user="U2", text="hello")) == "is_archived"
    assert await error_of(client.chat_update(channel="C1", ts=ts, text="changed")) == "is_inactive"
    assert await error_of(client.chat_delete(channel="C1", ts=ts)) == "cant_delete_message"
    assert await error_of(client.reactions_add(channel="C1", timestamp=ts, name="eyes")) == "is_archived"


async def test_public_channels_with_the_scope_for_it(client: AsyncWebClient, acme: Acme) -> None:
    acme.installation.scopes.append("chat:write.public")
    assert (await client.chat_postMessage(channel="C2", text="hello"))["channel"] == "C2"
    assert await error_of(client.chat_postMessage(channel="C3", text="hello")) == "channel_not_found"


async def test_a_person_stands_for_their_direct_messages(client: AsyncWebClient, acme: Acme) -> None:
    channel = (await client.chat_postMessage(channel="U2", text="hello"))["channel"]
    assert acme.workspace.channels[channel].members == {"U2", acme.installation.bot_user}
    assert (await client.conversations_open(users="U2"))["channel"]["id"] == channel


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": "nothing"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [section("y" * 3000) for _ in range(5)]}, "msg_blocks_too_long"),
        ({"text": "x", "blocks": [section("y" * 3001)]}, "invalid_blocks"),
        ({"text": "x", "metadata": {**KEY, "event_payload": {"key": "x" * 9000}}}, "metadata_too_large"),
    ],
)
async def test_content_that_is_refused(client: AsyncWebClient, acme: Acme, content: Json, error: str) -> None:
    assert await error_of(client.api_call("chat.postMessage", json={"channel": "C1", **content})) == error
    assert not acme.papers.messages


async def test_refused_blocks_say_where_and_why(client: AsyncWebClient) -> None:
    body = await refused(client.chat_postMessage(channel="C1", text="x", blocks=[section("y" * 3001)]))
    told = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert body["errors"] == [told]
    assert body["response_metadata"]["messages"] == [f"[ERROR] {told}"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "post"},
        {"event_payload": {}},
        {"event_type": "a.b", "event_payload": {}},
        {"event_type": "post", "event_payload": "text"},
        {**KEY, "source": "elsewhere"},
    ],
)
async def test_metadata_of_another_form_are_left_out(
    client: AsyncWebClient, slack: SlackServer, acme: Acme, metadata: Json
) -> None:
    answer = await client.chat_postMessage(channel="C1", text="hello", metadata=metadata)
    assert answer["warning"] == "invalid_metadata_format"
    assert acme.papers.top_level()[0].metadata is None
    assert slack.complaints


async def test_threads(client: AsyncWebClient, acme: Acme) -> None:
    parent = (await client.chat_postMessage(channel="C1", text="parent"))["ts"]
    reply = await client.chat_postMessage(channel="C1", text="reply", thread_ts=parent)
    deeper = await client.chat_postMessage(channel="C1", text="deeper", thread_ts=reply["ts"])
    shown = await client.chat_postMessage(channel="C1", text="shown", thread_ts=parent, reply_broadcast=True)
    assert {one["message"]["thread_ts"] for one in (reply, deeper, shown)} == {parent}
    assert [message.text for message in acme.papers.replies(parent)] == ["reply", "deeper", "shown"]
    assert [message.text for message in acme.papers.top_level()] == ["parent", "shown"]


async def test_a_reply_to_nothing_goes_to_the_channel(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    answer = await client.chat_postMessage(channel="C1", text="reply", thread_ts="1700000000.000100")
    assert "thread_ts" not in answer["message"]
    assert acme.papers.top_level()[0].text == "reply"
    assert slack.complaints


async def test_update_changes_what_is_mentioned(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="1", blocks=[section("1")], metadata=KEY))["ts"]
    await client.chat_update(channel="C1", ts=ts, text="2", blocks=[section("2", block_id="b")])
    message = acme.papers.messages[ts]
    assert (message.text, message.blocks, message.metadata) == ("2", [section("2", block_id="b")], KEY)
    assert message.edited
    assert not slack.complaints
    await client.chat_update(channel="C1", ts=ts, text="3")
    assert message.blocks == [section("2", block_id="b")]
    assert slack.complaints
    await client.chat_update(channel="C1", ts=ts, text="4", blocks=[], metadata={})
    assert (message.text, message.blocks, message.metadata) == ("4", [], None)


async def test_updates_that_are_refused(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="own"))["ts"]
    others = await slack.person(acme.reader).say(acme.papers, "theirs")
    assert await error_of(client.chat_update(channel="C1", ts=others.ts, text="x")) == "cant_update_message"
    assert await error_of(client.chat_update(channel="C1", ts="1.0", text="x")) == "message_not_found"
    assert await error_of(client.chat_update(channel="C404", ts=ts, text="x")) == "channel_not_found"
    assert await error_of(client.chat_update(channel="C1", ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await error_of(client.api_call("chat.update", json={"channel": "C1", "ts": ts})) == "no_text"
    assert acme.papers.messages[ts].text == "own"


async def test_deleting(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="own"))["ts"]
    others = await slack.person(acme.reader).say(acme.papers, "theirs")
    assert await error_of(client.chat_delete(channel="C1", ts=others.ts)) == "cant_delete_message"
    await client.chat_delete(channel="C1", ts=ts)
    assert await error_of(client.chat_delete(channel="C1", ts=ts)) == "message_not_found"
    assert list(acme.papers.messages) == [others.ts]


async def test_a_deleted_message_with_replies_leaves_a_tombstone(client: AsyncWebClient, acme: Acme) -> None:
    ts = (await client.chat_postMessage(channel="C1", text="own", blocks=[section("own")]))["ts"]
    await client.chat_postMessage(channel="C1", text="reply", thread_ts=ts)
    await client.chat_delete(channel="C1", ts=ts)
    (told,) = (await client.conversations_history(channel="C1"))["messages"]
    assert (told["subtype"], told["text"], told["reply_count"]) == ("tombstone", "This message was deleted.", 1)
    assert "blocks" not in told
    assert await error_of(client.chat_delete(channel="C1", ts=ts)) == "message_not_found"


async def test_only_one_person_sees_an_ephemeral(client: AsyncWebClient, slack: SlackServer, acme: Acme) -> None:
    answer = await client.chat_postEphemeral(
        channel="C1", user="U2", text="psst", blocks=[section("psst"), actions(button())]
    )
    reader, guest = slack.person(acme.reader), slack.person(acme.guest)
    assert [one.ts for one in reader.sees(acme.papers)] == [answer["message_ts"]]
    assert not guest.sees(acme.papers)
    assert not acme.papers.messages
    assert await error_of(client.chat_update(channel="C1", ts=answer["message_ts"], text="x")) == "message_not_found"


async def test_ephemerals_that_are_refused(client: AsyncWebClient, acme: Acme) -> None:
    acme.papers.members.remove("U3")
    assert await error_of(client.chat_postEphemeral(channel="C1", user="U3", text="x")) == "user_not_in_channel"
    assert await error_of(client.chat_postEphemeral(channel="C1", user="U404", text="x")) == "user_not_in_channel"
    assert await error_of(client.chat_postEphemeral(channel="C2", user="U2", text="x")) == "not_in_channel"
    assert await error_of(client.chat_postEphemeral(channel="C3", user="U2", text="x")) == "channel_not_found"
    assert await error_of(client.api_call("chat.postEphemeral", json={"channel": "C1", "user": "U2"})) == "no_text"


async def test_permalinks(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel="C1", text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel="C1", text="reply", thread_ts=parent))["ts"]
    link = (await client.chat_getPermalink(channel="C1", message_ts=parent))["permalink"]
    assert link == f"https://acme.slack.com/archives/C1/p{parent.replace('.', '')}"
    link = (await client.chat_getPermalink(channel="C1", message_ts=reply))["permalink"]
    assert link.endswith(f"?thread_ts={parent}&cid=C1")
    assert await error_of(client.chat_getPermalink(channel="C1", message_ts="1.0")) == "message_not_found"
