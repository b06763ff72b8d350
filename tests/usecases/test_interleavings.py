"""Whatever happens in whatever order, a channel ends up showing what the archive says: each entry once, as it is now.

A state machine adds, edits, moves, removes and restores entries, pauses and resumes, lets time pass, and breaks the
platform and the process in between. When it comes to rest, the channel is compared with the archive.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bot.core.digests import Content, DeliveryState, EntryContent, HeaderContent, PostState
from bot.core.entries import Action, Entry, Status
from bot.core.errors import NotFound
from bot.core.people import Role
from bot.core.subscriptions import LatePolicy, Subscription
from bot.usecases.deliver import plan_due, send_now
from bot.usecases.revise import revise_posts
from bot.usecases.send import send_waiting
from bot.usecases.subscribe import begin, pause, resume
from storage.opening import open_storage

from .conftest import HERE, OPERATOR, SmallPlatform, ToldClock, busy, caller, paper, uncertain

T = TypeVar("T")
SOMEBODY = caller(Role.MAINTAINER)
_STATES_THAT_SHOW = frozenset({DeliveryState.PLANNED, DeliveryState.DELIVERED})


class Channel(RuleBasedStateMachine):
    """One channel with one subscription for everything."""

    entries = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp())
        self._loop = asyncio.new_event_loop()
        self.clock = ToldClock()
        self.chat = SmallPlatform()
        self.paused = False
        self.count = 0
        self.stores = self._do(open_storage(f"sqlite:///{self._folder / 'paperboy.db'}", migrate=True))
        self.subscription: Subscription | None = None

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    @property
    def today(self) -> date:
        return self.clock.moment.date() + timedelta(days=self.clock.moment.hour >= 15)  # in Seoul

    @initialize(policy=st.sampled_from([LatePolicy.IN_ORDER, LatePolicy.MERGED]))
    def subscribe(self, policy: LatePolicy) -> None:
        wanted = Subscription(channel=HERE, late_policy=policy)
        self.subscription = self._do(begin(self.stores, wanted, at=self.clock.now()))

    # --- what people do ------------------------------------------------------------------------------------------

    @rule(target=entries, offset=st.integers(-2, 2))
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
            self._do(resume(self.stores, OPERATOR, HERE, None, at=self.clock.now()))
        else:
            self._do(pause(self.stores, OPERATOR, HERE, None))
        self.paused = not self.paused

    @rule()
    def send_by_hand(self) -> None:
        try:
            self._do(send_now(self.stores, OPERATOR, HERE, self.today, at=self.clock.now()))
        except NotFound:
            return  # nothing that day

    # --- what happens to the machine -----------------------------------------------------------------------------

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.clock.pass_time(hours=hours)

    @rule(hours=st.integers(0, 30), faults=st.lists(st.sampled_from([None, "busy", "uncertain"]), max_size=3))
    def round(self, hours: int, faults: list[str | None]) -> None:
        self.clock.pass_time(hours=hours)
        made = {"busy": busy(), "uncertain": uncertain(), None: None}
        self.chat.faults = [made[fault] for fault in faults]
        self._do(self._round())
        self.chat.faults = []

    async def _round(self) -> None:
        await plan_due(self.stores, self.clock.now())
        await revise_posts(self.stores, self.clock.now())
        await send_waiting(self.stores, {"chat": self.chat}, self.clock)

    @rule(sent=st.booleans())
    def crash_while_sending(self, sent: bool) -> None:
        """The process dies after it has claimed a post, before or after the platform took it."""

        async def crash() -> None:
            post = await self.stores.ledger.claim(HERE, self.clock.now())
            if sent and post is not None and post.state is PostState.PLANNED:
                content: Content = HeaderContent((post.digest_date,), 0)
                if post.entry_id:
                    content = EntryContent((await self.stores.archive.get([post.entry_id]))[post.entry_id])
                await self.chat.send(HERE, content, key=post.key, language=OPERATOR.language, thread_id=None)
            await self.stores.ledger.recover()

        self._do(crash())

    # --- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_ever_there_twice(self) -> None:
        keys = Counter(message.key for message in self.chat.messages.values())
        assert not [key for key, count in keys.items() if count > 1]

    def teardown(self) -> None:
        try:
            self._come_to_rest()
            self._compare()
        finally:
            self._do(self.stores.close())
            self._loop.close()
            shutil.rmtree(self._folder)

    def _come_to_rest(self) -> None:
        for _ in range(8):
            self.clock.pass_time(minutes=7)
            self._do(self._round())

    def _compare(self) -> None:
        shown = Counter[str]()
        for message in self.chat.messages.values():
            if isinstance(message.content, EntryContent):
                entry = message.content.entry
                shown[entry.id] += 1
                now = self._entry(entry.id)
                assert entry == now, f"stale: shows {entry.title} of {entry.digest_date}, is {now}"
                assert now.is_public
        assert all(count == 1 for count in shown.values()), shown
        if not self.paused:
            assert set(shown) >= self._do(self._owed())
        heads = [m.content for m in self.chat.messages.values() if isinstance(m.content, HeaderContent)]
        assert sum(head.entry_count for head in heads) == sum(shown.values())

    async def _owed(self) -> set[str]:
        """Public entries of digests that have been delivered."""
        assert self.subscription is not None
        owed: set[str] = set()
        after: str | None = None
        while page := await self.stores.archive.export(after=after):
            for entry in page:
                if entry.is_public and entry.digest_date and await self._is_delivered(entry.digest_date):
                    owed.add(entry.id)
            after = page[-1].id
        return owed

    async def _is_delivered(self, day: date) -> bool:
        assert self.subscription is not None
        if day > self.today:
            return False
        deliveries = await self.stores.ledger.deliveries(self.subscription.id, [day])
        return any(delivery.state in _STATES_THAT_SHOW and delivery.digest_date == day for delivery in deliveries)


Channel.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestChannel = Channel.TestCase
