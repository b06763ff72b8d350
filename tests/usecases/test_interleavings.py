"""Whatever happens in whatever order, channels end up showing what the archive says: each entry once, as it is now.

A state machine adds, edits, moves, removes and restores entries, pauses and resumes, lets time pass and sets clocks
forward and back, breaks the platform, and lets two workers go on by single steps: each call of the database or the
platform is one, and between any two of them the other worker may act, or the process be killed. When all comes to rest,
the channels are compared with the archive. The same machine on a platform where nothing can be looked up must fail.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.core.digests import DeliveryState, EntryContent, HeaderContent, ListContent
from bot.core.entries import Action, Entry, Status
from bot.core.errors import NotFound
from bot.core.leases import LEASE
from bot.core.people import Role
from bot.core.subscriptions import Channel, LatePolicy, Layout, Subscription
from bot.usecases.deliver import send_now
from bot.usecases.subscribe import begin, pause, resume
from storage.opening import Storage, open_storage
from tests.databases import KINDS, POSTGRESQL, SQLITE

from .conftest import HERE, OPERATOR, THERE, SmallPlatform, ToldClock, busy, caller, paper, uncertain
from .stepping import OwnClock, Worker

T = TypeVar("T")
SOMEBODY = caller(Role.MAINTAINER)
WORKERS = st.sampled_from([0, 1])
CALLS = st.sampled_from(
    [
        *("plan_all", "amend", "pass_over"),
        *("claim", "send", "mark_sent", "find", "edit", "mark_changed", "withdraw"),
    ]
)
_STATES_THAT_SHOW = frozenset({DeliveryState.PLANNED, DeliveryState.DELIVERED})


class Deliveries(RuleBasedStateMachine):
    """Two channels with a subscription for everything, as cards and compact, served by two workers."""

    entries = Bundle("entries")
    platform: ClassVar[type[SmallPlatform]] = SmallPlatform
    new_database: ClassVar[Callable[[], str]]
    """Makes an empty one, and hands out its address."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self.clock = ToldClock()
        self.began = self.clock.moment.date()
        self.elapsed = 0.0
        self.chat = self.platform()
        self.paused = False
        self.seen_before_pause = 0
        self.came_while_paused: set[str] = set()
        self.count = 0
        self.subscriptions: dict[Channel, Subscription] = {}
        url = type(self).new_database()
        self.stores = self._do(open_storage(url))
        self.workers = [self._worker(f"worker {number}", self._do(open_storage(url))) for number in range(2)]

    def _worker(self, name: str, storage: Storage) -> Worker:
        clock = OwnClock(self.clock.now)
        return self._do(_made(name, storage, self.chat, clock, self))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    @property
    def today(self) -> date:
        return self.clock.moment.date() + timedelta(days=self.clock.moment.hour >= 15)  # in Seoul

    @initialize(target=entries, policy=st.sampled_from([LatePolicy.IN_ORDER, LatePolicy.MERGED]))
    def subscribe(self, policy: LatePolicy) -> MultipleResults[str]:
        first = [self.add(0) for _ in range(3)]
        for channel, layout in ((HERE, Layout.CARDS), (THERE, Layout.COMPACT)):
            wanted = Subscription(channel=channel, late_policy=policy, layout=layout)
            self.subscriptions[channel] = self._do(begin(self.stores, wanted, at=self.clock.now()))
        return multiple(*first)

    # --- what people do ------------------------------------------------------------------------------------------

    @rule(target=entries, offset=st.integers(-2, 2))
    def come_in(self, offset: int) -> str:
        return self.add(offset)

    def add(self, offset: int) -> str:
        self.count += 1
        entry = paper(f"Paper {self.count}", self.today + timedelta(days=offset))
        return self._do(self.stores.archive.add(entry, by=SOMEBODY.person, at=self.clock.now())).id

    def _change(self, entry_id: str, **fields: object) -> None:
        entry = self._entry(entry_id)
        changed = replace(entry, **fields)  # type: ignore[arg-type]
        self._do(self.stores.archive.replace(changed, action=Action.EDIT, by=SOMEBODY.person, at=self.clock.now()))

    def _entry(self, entry_id: str) -> Entry:
        return self._do(self.stores.archive.get([entry_id]))[entry_id]

    @rule(entry_id=entries)
    def retitle(self, entry_id: str) -> None:
        self._change(entry_id, title=f"{self._entry(entry_id).title}'")

    @rule(entry_id=entries, offset=st.integers(-2, 2))
    def move(self, entry_id: str, offset: int) -> None:
        self._change(entry_id, digest_date=self.today + timedelta(days=offset))

    @rule(entry_id=entries, status=st.sampled_from(list(Status)))
    def set_status(self, entry_id: str, status: Status) -> None:
        self._change(entry_id, status=status)

    @rule()
    def pause_or_resume(self) -> None:
        if self.paused:
            changed = self._do(self.stores.archive.changed_since(self.seen_before_pause))
            self.came_while_paused |= {entry.id for _, entry in changed}
        else:
            self.seen_before_pause = min(map(self._seen, self.subscriptions.values()))
        for channel in self.subscriptions:
            if self.paused:
                self._do(resume(self.stores, OPERATOR, channel, None, at=self.clock.now()))
            else:
                self._do(pause(self.stores, OPERATOR, channel, None))
        self.paused = not self.paused

    def _seen(self, subscription: Subscription) -> int:
        """Up to which change its posts are right."""
        now = self._do(self.stores.subscriptions.get(subscription.id))
        assert now is not None
        return now.seen_change

    @rule(channel=st.sampled_from([HERE, THERE]))
    def send_by_hand(self, channel: Channel) -> None:
        try:
            self._do(send_now(self.stores, OPERATOR, channel, self.today, at=self.clock.now()))
        except NotFound:
            return  # nothing that day, or paused

    # --- what workers do, and what happens to them ---------------------------------------------------------------

    @rule(worker=WORKERS, steps=st.integers(1, 25))
    def go_on(self, worker: int, steps: int) -> None:
        self._do(self.workers[worker].step(steps))

    @rule(worker=WORKERS, call=CALLS)
    def go_on_until(self, worker: int, call: str) -> None:
        self._do(self.workers[worker].step_until(call))

    @rule(worker=WORKERS, call=CALLS)
    def die_before(self, worker: int, call: str) -> None:
        """What was to happen before this call has happened, and whoever knows of it is gone."""
        self._do(self.workers[worker].step_until(call))
        self._do(self.workers[worker].kill())

    @rule(worker=WORKERS)
    def kill(self, worker: int) -> None:
        self._do(self.workers[worker].kill())

    @rule(faults=st.lists(st.sampled_from([None, "busy", "uncertain"]), max_size=3))
    def break_the_platform(self, faults: list[str | None]) -> None:
        made = {"busy": busy(), "uncertain": uncertain(), None: None}
        self.chat.faults = [made[fault] for fault in faults]

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.clock.pass_time(hours=hours)
        self._do(self._lease_passes())

    @rule(worker=WORKERS, hours=st.integers(-30, 30))
    def set_a_clock(self, worker: int, hours: int) -> None:
        self.workers[worker].clock.wrong_by = timedelta(hours=hours)

    async def _lease_passes(self) -> None:
        """Time by which a lease runs out of whoever is not alive."""
        for _ in range(4):
            self.elapsed += LEASE / 4
            for worker in self.workers:
                await worker.beat()

    # --- what must hold ------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_ever_there_twice(self) -> None:
        keys = Counter(message.key for message in self.chat.messages.values())
        assert not [key for key, count in keys.items() if count > 1]

    @invariant()
    def a_post_is_held_by_one_worker(self) -> None:
        held = self._do(self.stores.ledger.claims())
        assert len({claim.post_id for claim in held}) == len(held)

    def teardown(self) -> None:
        try:
            self._come_to_rest()
            self._compare()
        finally:
            for worker in self.workers:
                self._do(worker.kill())
                self._do(worker.storage.close())
            self._do(self.stores.close())
            self._loop.close()

    def _come_to_rest(self) -> None:
        """One worker, which may be the other one's heir, brings to an end what was begun."""
        self.chat.faults = []
        first, last = self.workers
        if self.count % 2:
            self._do(first.kill())
        else:
            self._do(first.finish())
        last.clock.wrong_by = first.clock.wrong_by = timedelta(0)
        for _ in range(8):
            self._do(last.finish())
            self.clock.pass_time(hours=31)
            self._do(self._lease_passes())

    def _compare(self) -> None:
        for channel in self.subscriptions:
            self._compare_channel(channel)

    def _compare_channel(self, channel: Channel) -> None:
        contents = [message.content for (where, _), message in self.chat.messages.items() if where == channel]
        shown = [content.entry for content in contents if isinstance(content, EntryContent)]
        assert len({entry.id for entry in shown}) == len(shown)
        for entry in shown:
            now = self._entry(entry.id)
            assert entry == now, f"stale: shows {entry.title} of {entry.digest_date}, is {now}"
            assert now.is_public
        self._do(self._in_order(channel))
        if self.paused:
            return  # the rest of a digest may be waiting below its head
        assert {entry.id for entry in shown} >= self._do(self._owed(channel))
        heads = sum(content.entry_count for content in contents if isinstance(content, HeaderContent))
        lists = [entry for content in contents if isinstance(content, ListContent) for entry in content.entries]
        assert heads + len(lists) == len(shown)
        assert all(entry in shown for entry in lists)

    async def _in_order(self, channel: Channel) -> None:
        """Posts stand in the channel in the order in which they were planned."""
        first = self.began - timedelta(days=3)  # papers come in up to two days late, and two days early
        days = [first + timedelta(days=number) for number in range((self.clock.moment.date() - first).days + 4)]
        deliveries = await self.stores.ledger.deliveries(self.subscriptions[channel].id, days)
        posts = await self.stores.ledger.posts([delivery.id for delivery in deliveries])
        planned = {post.key: post.id for post in posts}
        shown = [planned[message.key] for (where, _), message in self.chat.messages.items() if where == channel]
        assert shown == sorted(shown)

    async def _owed(self, channel: Channel) -> set[str]:
        """Public entries of digests that have been delivered, but for what nobody was to post: see `/digest why`."""
        owed: set[str] = set()
        after: str | None = None
        while page := await self.stores.archive.export(after=after):
            for entry in page:
                if entry.is_public and entry.digest_date and await self._is_delivered(channel, entry.digest_date):
                    owed.add(entry.id)
            after = page[-1].id
        return owed - self.came_while_paused

    async def _is_delivered(self, channel: Channel, day: date) -> bool:
        if day > self.today:
            return False
        deliveries = await self.stores.ledger.deliveries(self.subscriptions[channel].id, [day])
        return any(delivery.state in _STATES_THAT_SHOW and delivery.digest_date == day for delivery in deliveries)


async def _made(name: str, storage: Storage, chat: SmallPlatform, clock: OwnClock, machine: Deliveries) -> Worker:
    return Worker(name, storage, chat, clock, lambda: machine.elapsed)


_SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
_FEW = settings(_SETTINGS, max_examples=15)
"""Where the database takes three times as long; what it does by itself is looked at in tests/storage/test_races.py."""


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes databases of the kind that a test asks for."""
    numbers = count(1)
    if request.param == SQLITE:
        template = request.getfixturevalue("template")
        return lambda: f"sqlite:///{shutil.copy(template, tmp_path / f'{next(numbers)}.db')}"
    server, name = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    return lambda: str(server.url(server.create(name)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("new_database", "wanted"), [(SQLITE, _SETTINGS), (POSTGRESQL, _FEW)], indirect=["new_database"], ids=KINDS
)
def test_channels_show_what_the_archive_says_whatever_happens(
    new_database: Callable[[], str], wanted: settings
) -> None:
    class OnThatDatabase(Deliveries):
        pass

    OnThatDatabase.new_database = staticmethod(new_database)
    run_state_machine_as_test(OnThatDatabase, settings=wanted)


@dataclass
class BlindPlatform(SmallPlatform):
    """A platform on which whatever is looked up is not there, and which loses its first answer."""

    faults: list[Exception | None] = field(default_factory=lambda: [uncertain()])

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        return None


class BlindDeliveries(Deliveries):
    """The control."""

    platform = BlindPlatform


@pytest.mark.parametrize("new_database", [SQLITE], indirect=True)
def test_the_machine_sees_what_happens_without_the_look_up(new_database: Callable[[], str]) -> None:
    wanted = settings(
        _SETTINGS,
        max_examples=200,
        stateful_step_count=15,
        phases=[Phase.generate],
        database=None,
        print_blob=False,
    )
    BlindDeliveries.new_database = staticmethod(new_database)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(BlindDeliveries, settings=wanted)
