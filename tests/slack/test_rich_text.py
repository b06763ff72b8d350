"""Runs of text as blocks: nothing lost, nothing cut that should stay whole, and never more than Slack takes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.markup import Run, clean
from bot.slack.actions import ActionId, action_id, kind_of
from bot.slack.blocks import actions, button, context, fallback, pack, title
from bot.slack.rich_text import MOST_JSON, MOST_TEXT, Item, Piece, Section, blocks_of, split
from tests.slack.reading import check_blocks, check_text, json_length, letters, links, visible

URL = "https://example.org/a"

_TEXTS = st.text(max_size=40).map(clean) | st.sampled_from(
    ["낱말 " * 400, "x" * 3_500, "문장입니다. " * 300, '"\\' * 1_500, "\n\n", " ", "<!channel>", "👩‍🔬" * 600]
)
_URLS = st.sampled_from([URL, "https://example.org/" + "u" * 2_900, "https://example.org/" + "u" * 3_100])
_RUNS = st.builds(
    Run, _TEXTS.filter(bool), bold=st.booleans(), url=st.none() | _URLS, code=st.sampled_from([False, False, True])
)
_PIECES = st.lists(
    st.lists(_RUNS, max_size=8).map(tuple).flatmap(lambda runs: st.sampled_from([Section(runs), Item(runs)]))
)


def shown(parts: Sequence[Sequence[Run]]) -> list[str]:
    return ["".join(run.text for run in part) for part in parts]


# --- properties -----------------------------------------------------------------------------------------------------


@given(st.lists(_RUNS, max_size=12))
def test_splitting_loses_nothing_but_white_space(runs: list[Run]) -> None:
    parts = list(split(runs))
    assert letters("".join(shown(parts))) == letters("".join(run.text for run in runs))
    for text in shown(parts):
        assert 0 < len(text) <= MOST_TEXT
        assert text == text.strip()


@given(st.lists(_RUNS, max_size=12))
def test_every_letter_keeps_its_style(runs: list[Run]) -> None:
    def styles(runs: Sequence[Run]) -> list[tuple[str, bool, bool]]:
        return [(letter, run.bold, run.code) for run in runs for letter in letters(run.text)]

    assert styles([run for part in split(runs) for run in part]) == styles(runs)


@given(_PIECES)
def test_blocks_are_what_slack_takes(pieces: list[Piece]) -> None:
    blocks = blocks_of(pieces)
    assert letters(visible(blocks).replace("• ", "")) == letters(
        "".join(run.text for piece in pieces for run in piece.runs).replace("• ", "")
    )
    for block in blocks:
        check_blocks([block])
        assert json_length(block) <= MOST_JSON


# --- cutting --------------------------------------------------------------------------------------------------------


def test_a_link_longer_than_a_block_leads_there_in_every_part() -> None:
    parts = list(split([Run("제목 " * 2_000, bold=True, url=URL)]))
    assert len(parts) == 3
    assert {(run.url, run.bold) for part in parts for run in part} == {(URL, True)}


def test_many_links_are_cut_by_what_they_take_as_json() -> None:
    address = "https://example.org/" + "u" * 1_000
    parts = list(split([run for n in range(20) for run in (Run(f"{n}", url=address), Run(" "))]))
    assert [len(links(blocks_of([Section(part)]))) for part in parts] == [3] * 6 + [2]


@pytest.mark.parametrize(("length", "is_linked"), [(3_000, True), (3_001, False)])
def test_an_address_that_slack_would_not_take_is_text(length: int, is_linked: bool) -> None:
    address = "https://a.org/".ljust(length, "a")
    blocks = blocks_of([Section((Run("논문", url=address),))])
    assert visible(blocks) == "논문"
    assert bool(links(blocks)) is is_linked


def test_an_address_longer_than_a_block_is_text_for_half_a_one_leads_nowhere() -> None:
    for length in (MOST_TEXT, MOST_TEXT + 1):
        address = "https://a.org/".ljust(length, "a")
        blocks = blocks_of([Item((Run(address, url=address),))])
        assert letters(visible(blocks).replace("• ", "")) == address
        assert links(blocks) == ([(address, address)] if length == MOST_TEXT else [])


def test_a_link_without_a_letter_is_text() -> None:
    assert links(blocks_of([Section((Run("a"), Run(" ", url=URL), Run("b")))])) == []


# --- blocks ---------------------------------------------------------------------------------------------------------


def test_runs_become_elements() -> None:
    runs = (
        Run("a"),
        Run("\n"),
        Run("b", bold=True),
        Run(URL, url=URL),
        Run("c", bold=True, url=URL),
        Run("d", code=True),
    )
    assert blocks_of([Section(runs)]) == [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "a\n"},
                        {"type": "text", "text": "b", "style": {"bold": True}},
                        {"type": "link", "url": URL},
                        {"type": "link", "url": URL, "text": "c", "style": {"bold": True}},
                        {"type": "text", "text": "d", "style": {"code": True}},
                    ],
                }
            ],
        }
    ]


def test_bullets_stand_in_one_list_with_what_introduces_them() -> None:
    blocks = blocks_of([Section((Run("Links"),)), Item((Run("a"),)), Item((Run("b"),)), Section((Run("c"),))])
    assert [visible([block]) for block in blocks] == ["Links\n• a\n• b", "c"]
    assert [part["type"] for part in blocks[0]["elements"]] == ["rich_text_section", "rich_text_list"]  # type: ignore[attr-defined]


def test_a_long_list_takes_several_blocks() -> None:
    blocks = blocks_of(Item((Run(f"{n} " + "낱말 " * 100),)) for n in range(20))
    assert [visible([block]).count("• ") for block in blocks] == [9, 9, 2]


def test_nothing_to_show_is_no_block() -> None:
    assert blocks_of([Section(()), Section((Run(" \n"),)), Item((Run(" ", url=URL),))]) == []


# --- around it ------------------------------------------------------------------------------------------------------


def test_messages_are_filled_in_order() -> None:
    body = [context(f"{n}") for n in range(100)]
    packed = pack(body, foot=[actions([button("Save", ActionId.SAVE, "x")])])
    assert [block for blocks in packed for block in blocks] == body
    assert [len(blocks) for blocks in packed] == [43, 44, 13]


def test_messages_are_filled_up_to_their_length() -> None:
    body = blocks_of([Section((Run("x" * 2_900),))] * 7)
    assert [len(blocks) for blocks in pack(body)] == [3, 3, 1]
    assert pack([]) == [[]]


def test_a_heading_too_long_for_a_header_is_a_bold_line() -> None:
    assert title("가" * 150)[0]["type"] == "header"
    (block,) = title("가" * 151)
    check_blocks([block])
    assert visible([block], "rich_text") == "가" * 151


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A & B <!channel>", "A &amp; B &lt;!channel&gt;"),
        ("> quoted\n*bold* _x_ a_b ~c~ `d`", "› quoted ∗bold∗ ˍxˍ a_b ∼c∼ ˋdˋ"),
        ("a\u202eb\x00", "ab"),
    ],
)
def test_the_text_for_notifications_means_nothing_to_slack(text: str, expected: str) -> None:
    assert fallback(text) == expected


@given(st.text(min_size=1).map("x".__add__) | st.text("<>&*_~` ", min_size=200).map("x".__add__))
def test_the_text_for_notifications_is_short_and_harmless(text: str) -> None:
    check_text(fallback(text))


def test_a_long_text_for_notifications_ends_between_letters() -> None:
    assert fallback("&" * 300) == "&amp;" * 59 + "…"
    assert fallback("가" * 301) == "가" * 299 + "…"
    assert fallback("가" * 298 + "_나다") == "가" * 298 + "ˍ…"
    assert fallback("가" * 300) == "가" * 300


def test_action_ids_say_what_they_are_for() -> None:
    assert [kind_of(action_id(kind, n)) for kind in ActionId for n in (None, 0, 3)] == [
        kind for kind in ActionId for _ in range(3)
    ]
    assert action_id(ActionId.PAGE) != action_id(ActionId.PAGE, 1) != action_id(ActionId.PAGE, 2)
    assert [kind_of(text) for text in ("", "nonsense", "nonsense:1", ":1")] == [None] * 4
