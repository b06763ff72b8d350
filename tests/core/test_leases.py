"""Whoever is seen to be at work keeps what they hold, whatever clocks say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.leases import BEAT, KEPT, LEASE, Claim, Watch


def test_a_holder_gives_up_well_before_others_take_over() -> None:
    assert BEAT < KEPT / 2
    assert KEPT + 2 * BEAT <= LEASE


def test_a_claim_is_abandoned_once_it_was_seen_just_so_for_a_lease() -> None:
    watch, claim = Watch(), Claim(1, "other", 1)
    assert watch.abandoned([claim], 10.0) == []
    assert watch.abandoned([claim], 10.0 + LEASE - 0.1) == []
    assert watch.abandoned([claim], 10.0 + LEASE) == [claim]


def test_a_beat_begins_a_lease_anew() -> None:
    watch = Watch()
    watch.abandoned([Claim(1, "other", 1)], 0.0)
    assert watch.abandoned([Claim(1, "other", 2)], LEASE) == []
    assert watch.abandoned([Claim(1, "other", 2)], 2 * LEASE) == [Claim(1, "other", 2)]


def test_what_was_let_go_meanwhile_is_forgotten() -> None:
    watch, claim = Watch(), Claim(1, "other", 1)
    watch.abandoned([claim], 0.0)
    watch.abandoned([], LEASE / 2)
    assert watch.abandoned([claim], LEASE) == []


@given(st.lists(st.floats(0, LEASE - 0.01), max_size=50))
def test_who_beats_between_any_two_looks_never_loses_anything(pauses: list[float]) -> None:
    watch, elapsed = Watch(), 0.0
    for beat, pause in enumerate(pauses):
        elapsed += pause
        assert watch.abandoned([Claim(1, "other", beat)], elapsed) == []
