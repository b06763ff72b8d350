"""Time zones that somebody probably meant."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.zones import nearest_zones

CITIES = sorted(name for name in available_timezones() if name.startswith(("Asia/", "Europe/", "America/")))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Asia/Soeul", "Asia/Seoul"),
        ("asia/seoul", "Asia/Seoul"),
        ("seoul", "Asia/Seoul"),
        ("서울", "Asia/Seoul"),
        (" KST ", "Asia/Seoul"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("PST", "America/Los_Angeles"),
    ],
)
def test_what_was_probably_meant(typed: str, meant: str) -> None:
    assert nearest_zones(typed)[0] == meant


@pytest.mark.parametrize("typed", ["", "   ", "Mars/Olympus Mons", "half past nine"])
def test_what_is_like_none(typed: str) -> None:
    assert list(nearest_zones(typed)) == []


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40), st.integers(1, 5))
def test_whatever_is_typed_what_is_offered_exists(typed: str, limit: int) -> None:
    found = nearest_zones(typed, limit)
    assert len(found) <= limit
    assert [ZoneInfo(name).key for name in found] == list(found)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(CITIES), st.data())
def test_a_letter_that_is_left_out_is_forgiven(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    assert name in nearest_zones(name[:at] + name[at + 1 :], 20)
