"""A courier with what it needs, on a loopback Slack, and a Slack that answers whatever a test wants it to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import time
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Bot

from bot.clock import SystemClock
from bot.core.digests import Content, EntryContent, MessageRef, Post, PostKind, PostState
from bot.core.entries import Entry
from bot.core.people import Language, Staff
from bot.core.ports import Clock
from bot.core.subscriptions import Channel
from bot.settings import SlackSettings
from bot.slack.courier import SlackCourier
from bot.slack.people import People
from bot.slack.workspaces import Workspaces
from storage.opening import Storage
from tests.platforms.slack import Acme, App, Message, SlackServer, Workspace, furnish, visible_text
from tests.slack.reading import letters

Json = dict[str, Any]

PAPERS = Channel("slack", "T1", "C1")
SECRET = Channel("slack", "T1", "C3")
TOKEN = "xoxb-1"


@dataclass
class ToldClock:
    """A clock that stands still until it is told otherwise; it begins with the machine's time, as Slack's does."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


def paper(title: str = "Paper", *, paragraphs: int = 1, **more: Any) -> Entry:
    """An entry whose commentary has so many paragraphs of 400 characters or so."""
    text = "\n\n".join(f"{title}, paragraph {number}. " + "A word and another. " * 20 for number in range(paragraphs))
    return Entry(id=f"id-{title}", title=title, commentary_en=text, **more)


LONG = 45
"""Paragraphs that need three messages."""


def card(title: str = "Paper", **more: Any) -> EntryContent:
    """The card of such an entry."""
    return EntryContent(paper(title, **more))


def post_of(post_id: int, ts: str, *, thread: str | None = None) -> Post:
    """A sent post as the ledger hands it out."""
    return Post(
        id=post_id,
        delivery_id=1,
        subscription_id=1,
        channel=PAPERS,
        language=Language.ENGLISH,
        digest_date=date(2024, 6, 21),
        key=f"key-{post_id}",
        kind=PostKind.ENTRY,
        entry_id="e",
        entry_change=None,
        late=False,
        in_thread=thread is not None,
        note=None,
        state=PostState.SENT,
        change=None,
        message_id=ts,
        thread_id=thread,
        revision=1,
        attempts=1,
        tried_at=None,
        next_attempt_at=None,
        sent_at=datetime(2024, 6, 21, tzinfo=UTC),
        reason=None,
    )


def courier_for(
    api_url: str, *, token: str = TOKEN, pace: float = 0, clock: Clock | None = None
) -> tuple[SlackCourier, Workspaces]:
    """A courier with a bot token, as after a start."""
    clock = clock or SystemClock()
    workspaces = Workspaces(SlackSettings(bot_token=token, api_url=api_url), clock)
    people = People(workspaces, Staff(), clock, language=Language.ENGLISH, zone="Asia/Seoul")
    return SlackCourier(workspaces, people, clock, pace=pace), workspaces


class Office:
    """A courier in a furnished workspace, with what a test asks again and again."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.acme: Acme = furnish(server)
        self.reader = server.person(self.acme.reader)
        self.admin = server.person(self.acme.admin)
        self.papers = self.acme.papers
        self.begun = datetime.now(UTC)
        self.courier, self.workspaces = self.start()

    def start(self, *, pace: float = 0, clock: Clock | None = None) -> tuple[SlackCourier, Workspaces]:
        """A courier that remembers nothing, as after a restart."""
        return courier_for(self.server.api_url, token=self.acme.token, pace=pace, clock=clock)

    async def send(
        self,
        content: Content | None = None,
        *,
        key: str = "1/2024-06-21/a",
        thread: str | None = None,
        channel: Channel = PAPERS,
        language: Language = Language.ENGLISH,
    ) -> str:
        return await self.courier.send(channel, content or card(), key=key, language=language, thread_id=thread)

    async def edit(self, ts: str, content: Content) -> None:
        await self.courier.edit(MessageRef(PAPERS, ts), content, language=Language.ENGLISH)

    async def withdraw(self, ts: str) -> None:
        await self.courier.withdraw(MessageRef(PAPERS, ts))

    async def find(self, key: str = "1/2024-06-21/a", *, thread: str | None = None) -> str | None:
        return await self.courier.find(PAPERS, key, thread_id=thread, since=self.begun)

    def messages(self) -> list[Message]:
        """All that stands in the channel and its threads, oldest first."""
        return list(self.papers.messages.values())

    def labels(self) -> list[tuple[str, int]]:
        """The key and the part of every message that has them, oldest first."""
        payloads = [message.metadata["event_payload"] for message in self.messages() if message.metadata]
        return [(payload["key"], payload["part"]) for payload in payloads]

    def shown(self, key: str = "1/2024-06-21/a") -> str:
        """What a post says in all its messages, in order, without white space."""
        own = [m for m in self.messages() if m.metadata and m.metadata["event_payload"]["key"] == key]
        return letters("\n".join(map(visible_text, own)))

    def calls(self) -> list[str]:
        """The methods called so far."""
        return [call.method for call in self.server.calls]


class Installed:
    """Workspaces with Paperboy in them, as OAuth leaves them in the database."""

    def __init__(self, storage: Storage, server: SlackServer, app: App) -> None:
        self.storage = storage
        self.kept = storage.slack_installations(app.client_id, [Fernet.generate_key().decode()])
        self.server = server
        self.app = app

    def settings(self) -> SlackSettings:
        """The settings of a Paperboy that serves many workspaces."""
        return SlackSettings(
            client_id=self.app.client_id, client_secret=self.app.client_secret, api_url=self.server.api_url
        )

    async def add(self, workspace: Workspace, *, hours: float | None = None, enterprise: str | None = None) -> Bot:
        """Keep the installation of a workspace; `hours`: how long its token is good for."""
        there = self.app.installations.get(workspace.id) or self.server.install(self.app, workspace)
        bot = Bot(
            app_id=self.app.id,
            enterprise_id=enterprise,
            team_id=None if enterprise else workspace.id,
            bot_token=there.bot_token,
            bot_id=there.bot_id,
            bot_user_id=there.bot_user,
            bot_refresh_token=there.refresh_token,
            bot_token_expires_at=None if hours is None else int(time() + hours * 3600),
            is_enterprise_install=enterprise is not None,
            installed_at=time(),
        )
        await self.kept.async_save_bot(bot)
        return bot


@dataclass
class Scripted:
    """A Slack that says what it is told to say, for answers that the loopback one never gives."""

    url: str
    answers: dict[str, Callable[[Json], Json | web.Response]]
    calls: defaultdict[str, list[Json]]


@asynccontextmanager
async def scripted(**answers: Callable[[Json], Json | web.Response]) -> AsyncIterator[Scripted]:
    """A server that answers methods (`chat_postMessage=...`) from their arguments; any other with `{"ok": true}`."""
    slack = Scripted("", {name.replace("_", "."): answer for name, answer in answers.items()}, defaultdict(list))

    async def handle(request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments: Json = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        else:
            arguments |= dict(await request.post())
        slack.calls[method].append(arguments)
        answer = slack.answers.get(method, answering({"ok": True}))(arguments)
        return answer if isinstance(answer, web.Response) else web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield slack
    finally:
        await runner.cleanup()


def whoami(_: Json) -> Json:
    """What `auth.test` answers in a scripted Slack."""
    return {"ok": True, "url": "https://x.slack.com/", "team_id": "T1", "user_id": "UBOT", "bot_id": "BBOT"}


def answering(answer: Json | web.Response) -> Callable[[Json], Json | web.Response]:
    """The same answer whatever is asked."""
    return lambda _: answer


def own_message(ts: str, *, key: str = "k", part: int = 0, parts: int = 1, **more: Any) -> Json:
    """A message of Paperboy's as a scripted Slack tells it."""
    payload = {"key": key, "part": part, "parts": parts, "language": "en"}
    metadata = {"event_type": "paperboy_post", "event_payload": payload}
    return {"type": "message", "user": "UBOT", "bot_id": "BBOT", "ts": ts, "text": "x", "metadata": metadata, **more}


def page(messages: Sequence[Json]) -> Json:
    """An answer of `conversations.history` or `conversations.replies` that is all there is."""
    return {"ok": True, "messages": list(messages), "has_more": False}
