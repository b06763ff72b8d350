"""Where something a person did on Slack came from, whatever kind of request told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.subscriptions import Channel
from bot.slack.people import PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One thing a person did.

    `channel_id` is "" where there is none (App Home, modals). `trigger_id` opens one modal within 3 seconds;
    `response_url` takes up to 5 answers within 30 minutes. `message_ts` and `thread_ts` are those of the message that
    was clicked on, if one was, and of the thread it is a reply in; `ephemeral` whether only this person sees it.
    """

    team_id: str
    user_id: str
    channel_id: str = ""
    trigger_id: str = ""
    response_url: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    ephemeral: bool = False

    @property
    def channel(self) -> Channel:
        """The channel as the core knows it."""
        return Channel(PLATFORM, self.team_id, self.channel_id)


def of_command(body: Mapping[str, Any]) -> Interaction:
    """A slash command."""
    return Interaction(
        team_id=str(body.get("team_id") or ""),
        user_id=str(body.get("user_id") or ""),
        channel_id=str(body.get("channel_id") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        response_url=str(body.get("response_url") or ""),
    )


def of_payload(body: Mapping[str, Any]) -> Interaction:
    """A click, a shortcut, a form, or somebody typing in one. The workspace is the one whose token answers."""
    container, message = body.get("container") or {}, body.get("message") or {}
    team, user = body.get("team") or {}, body.get("user") or {}
    channel = body.get("channel") or {}
    message_ts = str(container.get("message_ts") or message.get("ts") or body.get("message_ts") or "")
    thread_ts = str(message.get("thread_ts") or container.get("thread_ts") or "")
    return Interaction(
        team_id=str(team.get("id") or user.get("team_id") or (body.get("view") or {}).get("team_id") or ""),
        user_id=str(user.get("id") or ""),
        channel_id=str(channel.get("id") or container.get("channel_id") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        response_url=str(body.get("response_url") or ""),
        message_ts=message_ts,
        thread_ts=thread_ts if thread_ts != message_ts else "",  # a post with replies names itself
        ephemeral=bool(container.get("is_ephemeral")),
    )
