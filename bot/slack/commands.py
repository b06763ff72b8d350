"""Slash commands: acknowledged at once, then answered."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.commands import COMMANDS
from bot.slack.conversation import guarded, run_line
from bot.slack.interaction import of_command
from bot.slack.parts import SlackParts


def typed(text: str) -> str:
    """What a person typed, where Slack has written `&`, `<` and `>` as entities.

    >>> typed("a &lt; b &amp;amp; c")
    'a < b &amp; c'
    """
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to every command there is."""

    async def command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        interaction = of_command(body)
        line = f"{body.get('command', '')} {typed(str(body.get('text') or ''))}".strip()
        await guarded(parts, interaction, run_line(parts, interaction, line))

    for name in COMMANDS:
        app.command(name)(command)
