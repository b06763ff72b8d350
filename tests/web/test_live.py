"""Tabs come and go, politely or not; nothing of them stays behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from typing import Any

import pytest

from bot.web.hub import Event, EventKind
from bot.web.parts import WebParts
from tests.web.conftest import Site


@pytest.mark.parametrize("publishing", [False, True])
async def test_tabs_that_vanish_leave_no_task_behind(local: Site, parts: WebParts, publishing: bool) -> None:
    complaints: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    for _ in range(3):
        socket = await local.session.ws_connect(f"{local.origin}/ws", headers={"Origin": local.origin})
        assert "at" in await socket.receive_json()
        socket._writer.transport.abort()  # as when a laptop is closed
        if publishing:
            parts.hub.publish(Event(EventKind.POSTED, "papers", 1))
        gc.collect()
        await socket.close()
    async with asyncio.timeout(10):  # until the server has noticed
        while left := asyncio.all_tasks() - before:
            await asyncio.wait(left)
    assert parts.hub.tab_count == 0
    gc.collect()
    assert complaints == []


async def test_events_come_in_order_with_their_positions(local: Site, parts: WebParts) -> None:
    async with local.session.ws_connect(f"{local.origin}/ws", headers={"Origin": local.origin}) as socket:
        assert (await socket.receive_json())["at"] == parts.hub.position
        for number in (1, 2):
            parts.hub.publish(Event(EventKind.POSTED, "papers", number))
        told = [await socket.receive_json() for _ in range(2)]
        assert [event["message_id"] for event in told] == [1, 2]
        assert told[-1]["at"] == parts.hub.position


async def test_a_tab_that_does_not_keep_up_is_told_to_come_back(local: Site, parts: WebParts) -> None:
    async with local.session.ws_connect(f"{local.origin}/ws", headers={"Origin": local.origin}) as socket:
        await socket.receive_json()
        for number in range(300):
            parts.hub.publish(Event(EventKind.POSTED, "papers", number))
        async with asyncio.timeout(10):
            while not socket.closed:
                await socket.receive()
    assert socket.close_code == 1013
    assert parts.hub.tab_count == 0
