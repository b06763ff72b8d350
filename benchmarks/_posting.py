"""What `throughput` runs as processes of their own: a Slack that only answers, and a bare loop that only posts.

    python -m benchmarks._posting answer                                a server, which says where it is
    python -m benchmarks._posting post API_URL AT_ONCE FILE N [kept]    sends N of the payloads in a file of JSON Lines

The server looks at the token and reads what is posted as JSON, and answers with the message as Slack does. It keeps
nothing but counts, unless it is told to record: the loopback server of tests/platforms checks and keeps every block,
and would be what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

TOKEN = "xoxb-of-the-benchmark"
_ABOUT = {"ok": True, "url": "https://bench.slack.com/", "team_id": "T1", "user_id": "U1", "bot_id": "B1"}


class Answering:
    """Counts what is posted and answers it after a delay; told so over HTTP."""

    def __init__(self) -> None:
        self._delay = 0.0
        self._posts = 0
        self._records: list[str] | None = None
        self._numbers = count(1)

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=2**21)
        app.router.add_post("/api/chat.postMessage", self._post)
        app.router.add_post("/api/auth.test", self._about)
        app.router.add_post("/begin", self._begin)
        app.router.add_get("/count", self._count)
        app.router.add_get("/recorded", self._recorded)
        return app

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.text()
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        said: dict[str, Any] = json.loads(body)
        if self._records is not None:
            self._records.append(body)
        if self._delay:
            await asyncio.sleep(self._delay)
        self._posts += 1
        ts = f"1700000000.{next(self._numbers):06}"
        message = {"type": "message", "ts": ts, "bot_id": "B1", "text": said["text"], "blocks": said["blocks"]}
        return web.json_response({"ok": True, "channel": said["channel"], "ts": ts, "message": message})

    async def _about(self, _: web.Request) -> web.Response:
        return web.json_response(_ABOUT)

    async def _begin(self, request: web.Request) -> web.Response:
        told = await request.json()
        self._delay, self._posts = told["delay"], 0
        self._records = [] if told["record"] else None
        return web.json_response({})

    async def _count(self, _: web.Request) -> web.Response:
        return web.json_response({"posts": self._posts, "at": time.monotonic(), "cpu": time.process_time()})

    async def _recorded(self, _: web.Request) -> web.Response:
        return web.Response(text="\n".join(self._records or ()))


async def answer() -> None:
    """Serve on a free port until standard input ends."""
    runner = web.AppRunner(Answering().app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


async def post(api_url: str, at_once: int, payloads: Sequence[dict[str, Any]], *, kept: bool) -> None:
    """The bare loop: as many at a time as Paperboy sends; each on a new connection, unless those are to be kept."""
    waiting = iter(payloads)
    async with aiohttp.ClientSession() as session:
        own = session if kept else None
        client = AsyncWebClient(token=TOKEN, base_url=api_url, session=own, retry_handlers=[])
        await asyncio.gather(*(_post_each(client, waiting) for _ in range(at_once)))


async def _post_each(client: AsyncWebClient, waiting: Iterator[dict[str, Any]]) -> None:
    for payload in waiting:
        await client.chat_postMessage(**payload)


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        asyncio.run(answer())
    else:
        lines = Path(sys.argv[4]).read_text(encoding="utf-8").splitlines()
        lines = lines[:: len(lines) // int(sys.argv[5])]  # of all kinds as many as there are
        asyncio.run(post(sys.argv[2], int(sys.argv[3]), list(map(json.loads, lines)), kept=sys.argv[6:] == ["kept"]))
