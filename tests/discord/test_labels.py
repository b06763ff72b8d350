"""A post is known again by its nonce, and by the numbers of its components."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests import entry_key, header_key
from bot.discord.api import said
from bot.discord.components import DiscordMessage, Rule, Text
from bot.discord.labels import carries, ids, nonce, numbers, own_numbers, part_key
from tests.platforms.discord.component_rules import with_ids

KEYS = st.builds(entry_key, st.integers(1, 2**31), st.dates(), st.from_regex(r"[a-z2-7]{10}", fullmatch=True))
KEY = "12/2024-06-21/abcdefghij"


def kept(key: str, part: int, **more: Any) -> dict[str, Any]:
    """A message as Discord keeps it: every component has a number."""
    message = DiscordMessage((Text("a"), Rule(), Text("b")))
    payload = said(message, ids=ids(key, part), nonce=nonce(key, part)).payload
    assert payload is not None
    return {**payload, "components": with_ids(json.loads(json.dumps(payload["components"]))), **more}


@given(KEYS, st.integers(0, 60))
def test_a_part_of_a_post_carries_its_label(key: str, part: int) -> None:
    message = kept(key, part)
    assert own_numbers(message) == numbers(message) == ids(key, part)
    assert carries(message, key, part)
    assert carries({**message, "nonce": None}, key, part)
    assert carries({"nonce": message["nonce"]}, key, part)
    assert not carries({**message, "nonce": None}, key, part + 1)
    assert not carries(message, f"{key}/1", part)


@given(KEYS, st.integers(0, 60))
def test_labels_are_what_discord_takes(key: str, part: int) -> None:
    first, second = ids(key, part)
    assert first != second
    assert all(2**30 <= number < 2**31 for number in (first, second))
    assert len(nonce(key, part)) == 24


def test_labels_of_many_posts_differ() -> None:
    keys = [entry_key(number % 50, date(2024, 6, 1 + number % 28), f"{number}") for number in range(20_000)]
    keys += [header_key(number, date(2024, 6, 21)) for number in range(1_000)]
    keys += [part_key(1_100_000_000_000_000_000 + number) for number in range(1_000)]
    made = [(key, part) for key in keys for part in range(3)]
    assert len({ids(key, part) for key, part in made}) == len(made)
    assert len({nonce(key, part) for key, part in made}) == len(made)


def test_labels_never_change() -> None:
    """What was posted by an earlier Paperboy is known to a later one."""
    assert nonce("1/2024-06-21/head", 0) == "ehENNsTVlGAptiPoOUnl6Mj0"
    assert ids("1/2024-06-21/head", 0) == (1939772838, 1704841574)
    assert part_key(7) == "after/7"


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"components": None},
        {"components": []},
        {"components": [{"type": 17, "id": 1, "components": []}]},
        {"components": [{"type": 17, "id": 2**30, "components": [{"type": 14, "id": 2**30 + 1}]}]},
        {"components": [{"type": 1, "id": 2**30, "components": [{"type": 10, "id": 2**30 + 1}]}]},
        {"components": [{"type": 10, "content": "a", "id": 2**30}]},
    ],
)
def test_other_messages_have_no_label(message: dict[str, Any]) -> None:
    assert numbers(message) is own_numbers(message) is None
    assert not carries(message, KEY, 0)


def test_numbers_that_discord_gave_are_no_label() -> None:
    payload = said(DiscordMessage((Text("a"),))).payload
    assert payload is not None
    message = {**payload, "components": with_ids(payload["components"])}
    assert numbers(message) == (1, 2)
    assert own_numbers(message) is None
