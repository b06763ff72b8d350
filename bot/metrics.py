"""Counters for Prometheus: what happens is counted in the process, what is owed is read when it is asked for.

docs/grafana.json is a dashboard of them, and docs/operating.md says what each is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from bot.core.digests import PostState
from bot.core.metering import Backlog, Outcome

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of what `Metrics.page` hands out."""

_LOOKUPS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_WAITS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0)
_STATES: Final = (PostState.PLANNED, PostState.SENDING, PostState.UNCERTAIN, PostState.FAILED, PostState.SENT)
"""States in which a post waits: a sent one for a change."""


class Metrics:
    """A `bot.core.metering.Meter` whose counts can be read."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._steps = Counter(
            "paperboy_post_steps",
            "Steps for posts, by what came of them.",
            ("platform", "outcome"),
            registry=self._registry,
        )
        self._again = Counter(
            "paperboy_posts_retried",
            "Steps that were not the first for their post.",
            ("platform",),
            registry=self._registry,
        )
        self._waits = Histogram(
            "paperboy_rate_limit_wait_seconds",
            "How long platforms asked Paperboy to wait.",
            ("platform",),
            buckets=_WAITS,
            registry=self._registry,
        )
        self._lookups = Histogram(
            "paperboy_lookup_seconds",
            "How long lookups took, without the way to the person.",
            ("platform",),
            buckets=_LOOKUPS,
            registry=self._registry,
        )
        self._due = Gauge(
            "paperboy_deliveries_due", "Subscriptions whose digest is due and not planned.", registry=self._registry
        )
        self._lag = Gauge(
            "paperboy_ledger_lag_seconds", "How long the first of them has been due.", registry=self._registry
        )
        self._waiting = Gauge(
            "paperboy_posts_waiting", "Posts to be sent or changed.", ("platform", "state"), registry=self._registry
        )
        self._oldest = Gauge(
            "paperboy_posts_oldest_seconds",
            "How long ago the oldest of them was due.",
            ("platform",),
            registry=self._registry,
        )

    def begin(self, platform: str) -> None:
        """Let a platform's counts stand at 0 before anything has happened there, so that what happens is a rise."""
        for outcome in Outcome:
            self._steps.labels(platform, outcome.value)
        for state in _STATES:
            self._waiting.labels(platform, state.value)
        for metric in (self._again, self._waits, self._lookups, self._oldest):
            metric.labels(platform)

    def stepped(self, platform: str, outcome: Outcome, *, again: bool) -> None:
        """See `Meter`."""
        self._steps.labels(platform, outcome.value).inc()
        if again:
            self._again.labels(platform).inc()

    def told_to_wait(self, platform: str, seconds: float) -> None:
        """See `Meter`."""
        self._waits.labels(platform).observe(seconds)

    def looked_up(self, platform: str, seconds: float) -> None:
        """See `Meter`."""
        self._lookups.labels(platform).observe(seconds)

    def page(self, backlog: Backlog) -> bytes:
        """All of it in Prometheus' text format."""
        self._due.set(backlog.due)
        self._lag.set(backlog.lag.total_seconds())
        platforms = {platform for platform, _ in backlog.posts} | backlog.oldest.keys()
        for platform in platforms - self._platforms():
            self.begin(platform)
        for platform in self._platforms():
            self._oldest.labels(platform).set(backlog.oldest.get(platform, timedelta()).total_seconds())
            for state in _STATES:
                self._waiting.labels(platform, state.value).set(backlog.posts.get((platform, state), 0))
        return generate_latest(self._registry)

    def _platforms(self) -> set[str]:
        return {sample.labels["platform"] for metric in self._oldest.collect() for sample in metric.samples}
