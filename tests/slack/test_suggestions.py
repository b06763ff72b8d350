"""Options while somebody types: what they cost. What they are is tested with the forms that show them."""

from __future__ import annotations

from bot.slack import suggestions


def test_the_names_of_time_zones_are_read_once() -> None:
    suggestions._zones.cache_clear()
    for typed in ("s", "se", "seo"):
        assert suggestions.zone_options(typed, "UTC")
    assert suggestions._zones.cache_info().misses == 1
