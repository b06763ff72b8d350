"""Response URLs: where an app may answer an interaction for half an hour, five times."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.platforms.slack.arguments import as_bool
from tests.platforms.slack.calls import Recorded
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.messages import bot_author
from tests.platforms.slack.methods.chat import POST_TEXT, checked_blocks
from tests.platforms.slack.state import Channel, Ephemeral, Message, Workspace

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]

SECONDS, USES = 1800.0, 5


@dataclass
class ResponseUrl:
    """Where one interaction may be answered; `original` is the message it came from."""

    app_id: str
    team_id: str
    channel: str
    user: str
    original: Message | Ephemeral | None
    expires_at: float
    uses: int = 0
    thread_ts: str | None = None


class ResponseUrls:
    """Answers `/respond/KEY`."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._urls: dict[str, ResponseUrl] = {}

    def make(
        self, app_id: str, workspace: Workspace, channel: str, user: str, original: Message | Ephemeral | None = None
    ) -> str:
        """A new address for an interaction."""
        key = uuid.uuid4().hex
        expires_at = self._server.clock.now() + SECONDS
        self._urls[key] = ResponseUrl(app_id, workspace.id, channel, user, original, expires_at)
        return f"{self._server.url}/respond/{key}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """An app answers an interaction."""
        recorded = Recorded("response_url", {}, None, self._server.clock.now())
        self._server.calls.append(recorded)
        try:
            recorded.arguments = _read(await request.text())
            self._respond(request.match_info["key"], recorded)
        except SlackError as error:
            recorded.error = error.error
            recorded.answer = error.body()
            return web.json_response(error.body(), status=404 if error.error.endswith("_url") else 400)
        recorded.answer = {"ok": True}
        self._server.changed()
        return web.json_response({"ok": True})

    def _respond(self, key: str, recorded: Recorded) -> None:
        url = self._urls.get(key)
        if url is None or self._server.clock.now() >= url.expires_at:
            raise SlackError("expired_url")
        if url.uses >= USES:
            raise SlackError("used_url")
        recorded.team = url.team_id
        workspace = self._server.workspaces[url.team_id]
        self.answer(url, workspace, recorded.arguments)
        url.uses += 1

    def answer(self, url: ResponseUrl, workspace: Workspace, body: Json) -> None:
        """Show what an app has answered.

        Raises:
            SlackError: Slack does not take it.
        """
        if as_bool(body.get("delete_original")):
            self._delete(url, workspace)
            return
        text, blocks = str(body.get("text") or ""), checked_blocks(body.get("blocks") or [], measured=False)
        if not text and not blocks:
            raise SlackError("no_text")
        if len(text) > POST_TEXT:
            raise SlackError("msg_too_long")
        if as_bool(body.get("replace_original")) and url.original is not None:
            self._replace(url, workspace, text, blocks)
            return
        if url.original is not None and "replace_original" not in body:
            self._server.complaints.append("a response to a message does not say whether it replaces it")
        self._new(url, workspace, text, blocks, body)

    def _new(self, url: ResponseUrl, workspace: Workspace, text: str, blocks: list[Json], body: Json) -> None:
        channel = workspace.channels[url.channel]
        ts = channel.next_ts(self._server.clock.now())
        thread_ts = body.get("thread_ts")
        if body.get("response_type", "ephemeral") == "in_channel":
            author = bot_author(self._server.apps[url.app_id].installations[workspace.id])
            message = Message(ts, text=text, blocks=blocks, thread_ts=thread_ts, **author)
            self._server.messages.post(workspace, channel, message)
            return
        shown = Ephemeral(ts, url.user, url.channel, url.app_id, text, blocks, thread_ts)
        workspace.ephemerals.append(shown)

    def _replace(self, url: ResponseUrl, workspace: Workspace, text: str, blocks: list[Json]) -> None:
        if isinstance(url.original, Ephemeral):
            if url.original in workspace.ephemerals:
                url.original.text, url.original.blocks, url.original.values = text, blocks, {}
            return
        channel = workspace.channels[url.channel]
        if url.original is not None and url.original.ts in channel.messages:
            changes = {"text": text, "blocks": blocks, "values": {}, "edited": self._edited(url, workspace)}
            self._server.messages.edit(workspace, channel, url.original, changes)

    def _edited(self, url: ResponseUrl, workspace: Workspace) -> Json:
        bot = self._server.apps[url.app_id].installations[workspace.id].bot_user
        return {"user": bot, "ts": f"{self._server.clock.now():.6f}"}

    def _delete(self, url: ResponseUrl, workspace: Workspace) -> None:
        if isinstance(url.original, Ephemeral):
            if url.original in workspace.ephemerals:
                workspace.ephemerals.remove(url.original)
            return
        channel: Channel = workspace.channels[url.channel]
        if url.original is not None and url.original.ts in channel.messages:
            self._server.messages.delete(workspace, channel, url.original)


def _read(text: str) -> Json:
    try:
        body = json.loads(text)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body
