"""A PostgreSQL server that is restarted, cannot be reached, or hangs, in the middle of a delivery."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.platforms.conftest import discord, slack
from tests.platforms.discord import DiscordServer
from tests.platforms.slack import SlackServer
from tests.postgres import Server
from tests.processes import Running
from tests.slack.conftest import eventually
from tests.trouble.lines import line_to
from tests.trouble.places import NOT_NOW, SOON, Place, Watch, go_through

__all__ = ["discord", "slack"]

pytestmark = pytest.mark.slow


@pytest.fixture
def restarting(postgres: Server) -> Iterator[Server]:
    """The server, which a test may stop; it is there again afterwards."""
    yield postgres
    postgres.stop()
    postgres.start()


async def test_a_server_that_is_restarted_or_cannot_be_reached(
    slack: SlackServer, discord: DiscordServer, restarting: Server, postgres_template: str, tmp_path: Path
) -> None:
    name = restarting.create(postgres_template)
    async with line_to(restarting) as line:
        place = Place(slack, discord, tmp_path, restarting.url(name), line.url(name))

        @asynccontextmanager
        async def stopped(_: Running) -> AsyncIterator[None]:
            await asyncio.to_thread(restarting.stop)
            yield
            await asyncio.to_thread(restarting.start)

        @asynccontextmanager
        async def stopped_at_once(_: Running) -> AsyncIterator[None]:
            await asyncio.to_thread(restarting.stop, signal.SIGQUIT)
            yield
            await asyncio.to_thread(restarting.start)

        @asynccontextmanager
        async def refused(_: Running) -> AsyncIterator[None]:
            await line.refuse()
            yield
            await line.restore()

        @asynccontextmanager
        async def silent(_: Running) -> AsyncIterator[None]:
            line.fall_silent()
            yield
            await line.restore()

        async def people_are_told(run: Running, watch: Watch) -> None:
            before = line.connections
            not_ready = place.until_ready(run, "the database does not answer")
            _, answers = await asyncio.gather(not_ready, place.ask("paper", tag="trouble"))
            assert [NOT_NOW in answer for answer in answers] == [True, True]
            assert line.connections - before <= watch.may_have_connected()

        async def it_is_tried_again_and_again(run: Running, watch: Watch) -> None:
            await people_are_told(run, watch)

            async def twice() -> bool:
                return watch.looks >= 2

            await eventually(twice, within=SOON)

        await go_through(
            place,
            [
                (stopped, people_are_told),
                (stopped_at_once, people_are_told),
                (refused, it_is_tried_again_and_again),
                (silent, people_are_told),
            ],
        )
