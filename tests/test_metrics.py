"""What whoever runs Paperboy can watch: counts of what happened, and what is owed, as Prometheus reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.digests import PostState
from bot.core.errors import ContentRefused, StorageBusy
from bot.core.messages import msg
from bot.core.metering import UNMETERED, Backlog, Outcome
from bot.core.subscriptions import Subscription
from bot.metrics import Metrics
from bot.usecases.deliver import plan_due
from bot.usecases.send import send_waiting

from .usecases.conftest import HERE, THERE, Desk, busy, chat, clock, desk, failing, stores, uncertain

__all__ = ["chat", "clock", "desk", "stores"]

ROOT = Path(__file__).resolve().parents[1]

Samples = Mapping[tuple[str, ...], float]


def read(page: bytes) -> Samples:
    """Every sample, by its name and the values of its labels, the platform first."""
    families = text_string_to_metric_families(page.decode())
    samples = [one for family in families for one in family.samples]
    return {(one.name, *(one.labels[name] for name in sorted(one.labels, key=_rank))): one.value for one in samples}


def _rank(label: str) -> tuple[bool, str]:
    return label != "platform", label


async def stepped(desk: Desk, metrics: Metrics) -> Samples:
    """Send what waits, and read the counters."""
    with suppress(ExceptionGroup):
        await send_waiting(desk.stores, {"chat": desk.chat}, desk.clock, metrics)
    return read(metrics.page(await desk.stores.ledger.backlog(desk.clock.now())))


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics()
    made.begin("chat")
    return made


async def test_each_step_is_counted_by_what_came_of_it(desk: Desk, metrics: Metrics) -> None:
    for title in ("One", "Two", "Three"):
        await desk.add(title)
    await desk.subscribe()
    desk.chat.faults = [None, busy(desk.clock.now() + timedelta(seconds=30))]
    seen = await stepped(desk, metrics)
    assert seen["paperboy_post_steps_total", "chat", "done"] == 1
    assert seen["paperboy_post_steps_total", "chat", "busy"] == 1
    assert seen["paperboy_rate_limit_wait_seconds_count", "chat"] == 1
    assert seen["paperboy_rate_limit_wait_seconds_sum", "chat"] == 30
    assert seen["paperboy_posts_retried_total", "chat"] == 0
    desk.clock.pass_time(seconds=31)
    desk.chat.faults = [None, uncertain()]
    seen = await stepped(desk, metrics)
    assert seen["paperboy_posts_retried_total", "chat"] == 1
    assert seen["paperboy_post_steps_total", "chat", "uncertain"] == 1
    desk.clock.pass_time(hours=1)
    desk.chat.faults = [ContentRefused(msg("No."))]
    seen = await stepped(desk, metrics)
    assert seen["paperboy_post_steps_total", "chat", "content_refused"] == 1
    assert seen["paperboy_post_steps_total", "chat", "done"] == 3


async def test_a_closed_channel_and_a_fault_have_names_of_their_own(desk: Desk, metrics: Metrics) -> None:
    await desk.add("One")
    await desk.subscribe()
    await desk.subscribe(THERE)
    desk.chat.channels.remove(HERE)
    desk.chat.faults = [KeyError("surprise")]
    seen = await stepped(desk, metrics)
    assert seen["paperboy_post_steps_total", "chat", "channel_unavailable"] == 1
    assert seen["paperboy_post_steps_total", "chat", "fault"] == 1


async def test_a_platform_that_is_not_connected_is_counted_too(desk: Desk, metrics: Metrics) -> None:
    await desk.add("One")
    await desk.subscribe()
    await send_waiting(desk.stores, {}, desk.clock, metrics)
    assert read(metrics.page(Backlog()))["paperboy_post_steps_total", "chat", "not_connected"] == 1


async def test_a_step_whose_ledger_fails_is_no_success(desk: Desk, metrics: Metrics) -> None:
    await desk.add("One")
    await desk.subscribe()
    ledger = failing(desk.stores.ledger, "mark_sent", "mark_uncertain", error=StorageBusy(msg("Busy.")))
    with pytest.raises(StorageBusy):
        await send_waiting(replace(desk.stores, ledger=ledger), {"chat": desk.chat}, desk.clock, metrics)
    seen = read(metrics.page(Backlog()))
    assert seen["paperboy_post_steps_total", "chat", "done"] == 0
    assert seen["paperboy_post_steps_total", "chat", "fault"] == 1


async def test_the_backlog_is_what_waits_and_since_when(desk: Desk) -> None:
    for title in ("One", "Two"):
        await desk.add(title)
    await desk.subscribe()
    await desk.stores.subscriptions.add(
        Subscription(channel=THERE, at=time(9), zone="UTC", next_run_at=desk.clock.now() - timedelta(minutes=7))
    )
    owed = await desk.stores.ledger.backlog(desk.clock.now())
    assert (owed.due, owed.lag) == (1, timedelta(minutes=7))
    assert owed.posts == {("chat", PostState.PLANNED): 3}
    desk.chat.faults = [None, uncertain()]
    await desk.send()
    desk.clock.pass_time(hours=2)
    owed = await desk.stores.ledger.backlog(desk.clock.now())
    assert owed.posts == {("chat", PostState.UNCERTAIN): 1, ("chat", PostState.PLANNED): 1}
    assert owed.oldest["chat"] >= timedelta(hours=2)
    await plan_due(desk.stores, desk.clock.now())
    await desk.round()
    done = await desk.stores.ledger.backlog(desk.clock.now())
    assert (done.due, done.lag, done.posts, done.oldest) == (0, timedelta(), {}, {})


async def test_what_has_been_done_waits_no_more(desk: Desk, metrics: Metrics) -> None:
    await desk.add("One")
    await desk.subscribe()
    before = read(metrics.page(await desk.stores.ledger.backlog(desk.clock.now())))
    assert before["paperboy_posts_waiting", "chat", "planned"] == 2
    after = await stepped(desk, metrics)
    assert after["paperboy_posts_waiting", "chat", "planned"] == 0
    assert after["paperboy_posts_oldest_seconds", "chat"] == 0


def test_lookups_are_counted_by_how_long_they_took() -> None:
    metrics = Metrics()
    for seconds in (0.002, 0.002, 0.2):
        metrics.looked_up("web", seconds)
    seen = read(metrics.page(Backlog()))
    assert seen["paperboy_lookup_seconds_bucket", "web", "0.0025"] == 2
    assert seen["paperboy_lookup_seconds_count", "web"] == 3


def test_two_processes_in_one_do_not_count_together() -> None:
    one, other = Metrics(), Metrics()
    one.stepped("web", Outcome.DONE, again=False)
    assert ("paperboy_post_steps_total", "web", "done") not in read(other.page(Backlog()))


def test_who_does_not_watch_counts_nothing() -> None:
    UNMETERED.stepped("web", Outcome.DONE, again=True)
    UNMETERED.told_to_wait("web", 1)
    UNMETERED.looked_up("web", 1)


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    metrics = Metrics()
    metrics.begin("web")
    there = {name for name, *_ in read(metrics.page(Backlog()))}
    board = json.loads((ROOT / "docs" / "grafana.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\b(?:paperboy|process)_\w+", target["expr"])
    }
    assert asked <= there
    ours = {re.sub(r"_(created|bucket|count|sum)$", "", name) for name in there if name.startswith("paperboy_")}
    shown = {re.sub(r"_(created|bucket|count|sum)$", "", name) for name in asked}
    assert ours - shown <= {"paperboy_post_steps", "paperboy_posts_retried"}, "counters end on _total"
