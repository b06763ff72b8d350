from __future__ import annotations

import json
from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry, Kind, Status
from bot.core.messages import Message, msg, msg_n
from storage.codec import entry_from_json, entry_to_json, message_from_json, message_to_json

TEXT = st.text(max_size=20)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), TEXT, st.dates(), st.times(), st.datetimes(timezones=st.just(UTC)), TEXTS
)


@given(values=st.dictionaries(st.sampled_from("abcde"), VALUES), n=st.integers())
def test_messages_keep_their_values(values: dict[str, object], n: int) -> None:
    inner = msg("Inner {a}", **values)
    message = msg_n("{n} thing", "{n} things", n=n, inner=inner, **values)
    assert message_from_json(json.loads(json.dumps(message_to_json(message)))) == message


def test_a_value_of_another_kind_becomes_its_text() -> None:
    message = message_from_json(message_to_json(msg("{a}", a=Kind.ESSAY, b=complex(1, 2))))
    assert message == Message("{a}", {"a": "essay", "b": "(1+2j)"})
    assert message_from_json(message_to_json(msg("{a}", a=[time(9), date(2024, 1, 1)]))).values == {
        "a": (time(9), date(2024, 1, 1))
    }


ENTRIES = st.builds(
    Entry,
    id=TEXT,
    title=TEXT,
    digest_date=st.none() | st.dates(),
    paper_date=st.none() | st.dates(),
    authors=TEXTS,
    organisation=st.none() | TEXT,
    abstract=st.none() | TEXT,
    tags=TEXTS,
    kind=st.sampled_from(Kind),
    status=st.sampled_from(Status),
    revision=st.integers(1, 9),
)


@given(ENTRIES)
def test_entries_come_back(entry: Entry) -> None:
    assert entry_from_json(json.loads(json.dumps(entry_to_json(entry)))) == entry


def test_a_moment_in_a_message_keeps_its_zone() -> None:
    moment = datetime(2024, 6, 21, 9, tzinfo=UTC)
    assert message_from_json(message_to_json(msg("{at}", at=moment))).values == {"at": moment}
