"""What buttons carry comes back as it went in, and nonsense is understood as nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.query_syntax import MAX_LENGTH
from bot.slack.blocks import MOST_VALUE
from bot.usecases.asks import Ask, AskKind, Press, read_ask, read_press, write_ask, write_press

ASKS = st.builds(
    Ask,
    kind=st.sampled_from(AskKind),
    text=st.text(max_size=400),
    cursor=st.none() | st.text(max_size=60),
    page=st.integers(0, 99),
)
IDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=60)


@given(ASKS)
def test_an_ask_comes_back(ask: Ask) -> None:
    written = write_ask(ask)
    assert written is not None
    assert read_ask(written) == ask
    assert write_ask(ask, len(written)) == written
    assert write_ask(ask, len(written) - 1) is None


@given(IDS, ASKS, st.integers(0, 900))
def test_a_press_comes_back_with_its_ask_or_without(entry_id: str, ask: Ask, most: int) -> None:
    assert read_press(write_press(Press(entry_id, ask))) == Press(entry_id, ask)
    written = write_press(Press(entry_id, ask), most)
    assert 0 < len(written) <= max(most, len(entry_id))
    assert read_press(written) in (Press(entry_id, ask), Press(entry_id))


def test_any_query_people_may_type_fits_where_slack_puts_it() -> None:
    ask = Ask(AskKind.LOOKUP, "가" * MAX_LENGTH, "x" * 60)
    assert read_press(write_press(Press("abcdefghij", ask), MOST_VALUE)).ask == ask


@given(st.text() | st.sampled_from(["null", "[]", "[1]", '["line"]', '["nope","x",null,0]', '["line",1,null,0]', "{"]))
def test_nonsense_is_no_ask(value: str) -> None:
    assert read_ask(value) is None
    assert read_press(value).ask is None
