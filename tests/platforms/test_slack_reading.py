"""The loopback Slack's ways to read: history, threads, reactions, people, channels, and their pages."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.helpers import error_of
from tests.platforms.slack import Acme, SlackServer

Json = dict[str, Any]
KEY: Json = {"event_type": "post", "event_payload": {"key": "1"}}


@pytest.fixture
async def posted(client: AsyncWebClient) -> list[str]:
    """The ts of five messages, the third with two replies of which one is shown in the channel too."""
    found = [(await client.chat_postMessage(channel="C1", text=str(n), metadata=KEY))["ts"] for n in range(5)]
    await client.chat_postMessage(channel="C1", text="reply", thread_ts=found[2])
    await client.chat_postMessage(channel="C1", text="shown", thread_ts=found[2], reply_broadcast=True)
    return found


async def texts(client: AsyncWebClient, **arguments: Any) -> list[str]:
    """What a page of #papers says."""
    answer = await client.conversations_history(channel="C1", **arguments)
    return [message["text"] for message in answer["messages"]]


async def test_history_is_newest_first_and_without_replies(client: AsyncWebClient, posted: list[str]) -> None:
    assert await texts(client) == ["shown", "4", "3", "2", "1", "0"]
    told = await client.conversations_history(channel="C1", oldest=posted[2], latest=posted[2], inclusive=True)
    (parent,) = told["messages"]
    assert (parent["reply_count"], parent["thread_ts"], parent["reply_users_count"]) == (2, posted[2], 1)


async def test_history_between_times(client: AsyncWebClient, posted: list[str]) -> None:
    assert await texts(client, oldest=posted[1], latest=posted[3]) == ["2"]
    assert await texts(client, oldest=posted[1], latest=posted[3], inclusive=True) == ["3", "2", "1"]
    assert await texts(client, latest=posted[1]) == ["0"]
    assert await error_of(client.conversations_history(channel="C1", oldest="soon")) == "invalid_ts_oldest"


async def test_history_in_pages(client: AsyncWebClient, slack: SlackServer, posted: list[str]) -> None:
    first = await client.conversations_history(channel="C1", limit=4)
    assert first["has_more"]
    assert await texts(client, limit=4, cursor=first["response_metadata"]["next_cursor"]) == ["1", "0"]
    assert await error_of(client.conversations_history(channel="C1", cursor="nonsense")) == "invalid_cursor"
    assert await error_of(client.conversations_history(channel="C1", limit=1000)) == "invalid_arguments"
    slack.page_max = 2
    assert len(await texts(client)) == 2


async def test_metadata_are_told_in_full_when_asked_for(client: AsyncWebClient, posted: list[str]) -> None:
    told = (await client.conversations_history(channel="C1", latest=posted[1]))["messages"][0]
    assert told["metadata"] == {"event_type": "post"}
    told = (await client.conversations_history(channel="C1", include_all_metadata=True))["messages"][-1]
    assert told["metadata"] == KEY


async def test_replies(client: AsyncWebClient, posted: list[str]) -> None:
    answer = await client.conversations_replies(channel="C1", ts=posted[2])
    assert [message["text"] for message in answer["messages"]] == ["2", "reply", "shown"]
    assert answer["messages"][2]["subtype"] == "thread_broadcast"
    page = await client.conversations_replies(channel="C1", ts=posted[2], limit=2)
    rest = await client.conversations_replies(
        channel="C1", ts=posted[2], limit=2, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [message["text"] for message in rest["messages"]] == ["shown"]
    alone = await client.conversations_replies(channel="C1", ts=posted[0])
    assert [message["text"] for message in alone["messages"]] == ["0"]
    assert await error_of(client.conversations_replies(channel="C1", ts="1.0")) == "thread_not_found"


async def test_history_needs_membership_and_the_scope_of_the_kind(client: AsyncWebClient, acme: Acme) -> None:
    assert await error_of(client.conversations_history(channel="C2")) == "not_in_channel"
    assert await error_of(client.conversations_history(channel="C3")) == "channel_not_found"
    acme.secret.members.add(acme.installation.bot_user)
    assert (await client.conversations_history(channel="C3"))["messages"] == []
    acme.installation.scopes.remove("groups:history")
    assert await error_of(client.conversations_history(channel="C3")) == "missing_scope"


async def test_reactions(client: AsyncWebClient, slack: SlackServer, acme: Acme, posted: list[str]) -> None:
    message = acme.papers.messages[posted[0]]
    await slack.person(acme.reader).react(acme.papers, message, "eyes")
    await client.reactions_add(channel="C1", timestamp=posted[0], name="eyes")
    assert await error_of(client.reactions_add(channel="C1", timestamp=posted[0], name="eyes")) == "already_reacted"
    told = (await client.reactions_get(channel="C1", timestamp=posted[0]))["message"]["reactions"]
    assert told == [{"name": "eyes", "users": ["U2", acme.installation.bot_user], "count": 2}]
    await client.reactions_remove(channel="C1", timestamp=posted[0], name="eyes")
    assert await error_of(client.reactions_remove(channel="C1", timestamp=posted[0], name="eyes")) == "no_reaction"
    assert await error_of(client.reactions_add(channel="C1", timestamp="1.0", name="eyes")) == "message_not_found"
    assert await error_of(client.reactions_add(channel="C1", timestamp=posted[0], name="a b")) == "invalid_name"
    assert await error_of(client.reactions_get(channel="C1")) == "no_item_specified"


async def test_the_count_of_reactions_is_right_when_the_people_are_not_all_told(
    client: AsyncWebClient, acme: Acme, posted: list[str]
) -> None:
    acme.papers.messages[posted[0]].reactions["eyes"] = [f"U{number}" for number in range(100, 170)]
    (told,) = (await client.reactions_get(channel="C1", timestamp=posted[0]))["message"]["reactions"]
    assert (told["count"], len(told["users"])) == (70, 50)
    (told,) = (await client.reactions_get(channel="C1", timestamp=posted[0], full=True))["message"]["reactions"]
    assert len(told["users"]) == 70


async def test_people(client: AsyncWebClient) -> None:
    user = (await client.users_info(user="U2", include_locale=True))["user"]
    assert (user["locale"], user["tz"], user["tz_offset"], user["is_bot"]) == ("ko-KR", "Asia/Seoul", 32_400, False)
    assert "locale" not in (await client.users_info(user="U2"))["user"]
    assert (await client.users_info(user="U1"))["user"]["is_admin"]
    assert await error_of(client.users_info(user="U404")) == "user_not_found"
    page = await client.users_list(limit=2)
    assert len(page["members"]) == 2
    assert page["response_metadata"]["next_cursor"]
    assert (await client.bots_info(bot="B9"))["bot"]["user_id"] == "U9"
    assert await error_of(client.bots_info(bot="B404")) == "bot_not_found"


async def test_user_groups(client: AsyncWebClient, acme: Acme) -> None:
    acme.workspace.add_group("S1", "curators", ["U1", "U2"])
    (group,) = (await client.usergroups_list())["usergroups"]
    assert (group["handle"], group["user_count"], "users" in group) == ("curators", 2, False)
    assert (await client.usergroups_users_list(usergroup="S1"))["users"] == ["U1", "U2"]
    assert await error_of(client.usergroups_users_list(usergroup="S404")) == "no_such_subteam"
    acme.workspace.groups["S1"].enabled = False
    assert (await client.usergroups_list())["usergroups"] == []


async def test_channels(client: AsyncWebClient, acme: Acme) -> None:
    assert (await client.conversations_info(channel="C1"))["channel"]["is_member"]
    assert not (await client.conversations_info(channel="C2"))["channel"]["is_member"]
    assert await error_of(client.conversations_info(channel="C3")) == "channel_not_found"
    listed = await client.conversations_list(types="public_channel,private_channel", limit=1)
    assert [channel["id"] for channel in listed["channels"]] == ["C1"]
    rest = await client.conversations_list(cursor=listed["response_metadata"]["next_cursor"])
    assert [channel["id"] for channel in rest["channels"]] == ["C2"]
    acme.general.is_archived = True
    assert len((await client.conversations_list(exclude_archived=True))["channels"]) == 1
    assert await error_of(client.conversations_list(types="galaxy")) == "invalid_types"
    assert await error_of(client.conversations_list(types="mpim")) == "missing_scope"
    assert "U2" in (await client.conversations_members(channel="C1"))["members"]


async def test_joining_and_leaving(client: AsyncWebClient, acme: Acme) -> None:
    assert (await client.conversations_join(channel="C2"))["channel"]["is_member"]
    assert (await client.conversations_join(channel="C2"))["warning"] == "already_in_channel"
    assert await error_of(client.conversations_join(channel="C3")) == "channel_not_found"
    await client.conversations_leave(channel="C2")
    assert (await client.conversations_leave(channel="C2"))["not_in_channel"]
    acme.general.is_archived = True
    assert await error_of(client.conversations_join(channel="C2")) == "is_archived"


async def test_direct_messages(client: AsyncWebClient, acme: Acme) -> None:
    channel = (await client.conversations_open(users="U2"))["channel"]["id"]
    assert (await client.conversations_open(users="U2"))["channel"]["id"] == channel
    assert (await client.conversations_info(channel=channel))["channel"]["user"] == "U2"
    assert await error_of(client.conversations_open(users="U9")) == "cannot_dm_bot"
    assert await error_of(client.conversations_open(users="U404")) == "user_not_found"
    assert await error_of(client.conversations_open(users="")) == "users_list_not_supplied"
    acme.guest.deleted = True
    assert await error_of(client.conversations_open(users="U3")) == "user_disabled"


async def test_the_workspace(client: AsyncWebClient) -> None:
    assert (await client.team_info())["team"]["domain"] == "acme"
