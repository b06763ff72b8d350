"""Requests to the REST API without a library in between: what is asked is what arrives, and the answer as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.platforms.discord.server import DiscordServer

USER_AGENT = "DiscordBot (https://example.org, 1)"


@dataclass(frozen=True)
class Answer:
    """What came back; `body` as JSON where it is that."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def no(self) -> tuple[int, int]:
        """The status and Discord's code of a refusal."""
        assert self.status >= 400, self
        return self.status, self.body["code"]

    @property
    def errors(self) -> str:
        """What is wrong with the fields of a request: paths with codes, as `nonce.BASE_TYPE_MAX_LENGTH`."""
        assert self.no == (400, 50035)
        return " ".join(flat(self.body["errors"]))


def flat(tree: Mapping[str, Any], path: str = "") -> list[str]:
    """A tree of errors, a line for each."""
    found = []
    for step, below in tree.items():
        if step == "_errors":
            found += [path + one["code"] for one in below]
        else:
            found += flat(below, f"{path}{step}.")
    return found


class Bare:
    """Asks as the server's bot, unless told otherwise."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str | int] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """One request. A header that is None is left out; `data` goes out instead of a body."""
        usual = {"Authorization": f"Bot {self._server.state.application.token}", "User-Agent": USER_AGENT}
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        skipped = [name for name, value in (headers or {}).items() if value is None]
        async with self._session.request(
            method,
            self._server.url + path,
            json=body,
            data=data,
            params=query,
            headers=sent,
            skip_auto_headers=skipped,
        ) as answer:
            is_json = answer.content_type == "application/json"
            return Answer(answer.status, await answer.json() if is_json else await answer.text(), answer.headers)

    async def get(self, path: str, **query: str | int) -> Answer:
        """Ask for something."""
        return await self.ask("GET", path, query=query)

    async def post(self, path: str, body: Any = None) -> Answer:
        """Make something."""
        return await self.ask("POST", path, body)

    async def patch(self, path: str, body: Any) -> Answer:
        """Change something."""
        return await self.ask("PATCH", path, body)

    async def put(self, path: str, body: Any) -> Answer:
        """Put something in the place of what was there."""
        return await self.ask("PUT", path, body)

    async def delete(self, path: str) -> Answer:
        """Take something away."""
        return await self.ask("DELETE", path)


@asynccontextmanager
async def bare(server: DiscordServer) -> AsyncIterator[Bare]:
    """A client for as long as the block runs."""
    async with aiohttp.ClientSession() as session:
        yield Bare(server, session)
