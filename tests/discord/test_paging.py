"""Long answers in pages: every part on exactly one of them, in order, and none that Discord would refuse."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.people import Caller, Language, Person, Role
from bot.discord.components import MOST_BLOCK, Button, DiscordMessage, Part, Row, Rule, Section, Text
from bot.discord.paging import Group, page_message
from bot.usecases.asks import Ask, AskKind, read_ask
from bot.viewing import ALONE, Around, View
from tests.discord.reading import check, states, texts, visible

CALLER = Caller(Person("discord", "1", "2"), frozenset({Role.READER}), Language.ENGLISH, date(2024, 7, 19))
ASK = Ask(AskKind.LINE, "/digest show")
BEFORE, AFTER = Ask(AskKind.LOOKUP, "a", "p"), Ask(AskKind.LOOKUP, "a", "n")
FOOT = (Row((Button("Save", "save:x"),)),)


def view(page: int | None) -> View:
    return View(CALLER, None if page is None else Ask(ASK.kind, ASK.text, page=page), lambda ref: None)


def button(number: int) -> Button:
    return Button(f"{number}", f"run:{number}")


PARTS = st.one_of(
    st.integers(1, MOST_BLOCK // 2).map(lambda length: Text("😀" * length)),
    st.integers(1, 60).map(lambda length: Text("x" * length)),
    st.just(Rule()),
    st.integers(1, 5).map(lambda count: Row(tuple(map(button, range(count))))),
    st.integers(1, MOST_BLOCK).map(lambda length: Section("y" * length, button(9))),
)
GROUPS = st.lists(st.lists(PARTS, min_size=1, max_size=12), max_size=25)


def body_of(message: DiscordMessage, foot: tuple[Row, ...]) -> tuple[Part, ...]:
    """What a page says, without what stands below it on every page and the buttons to turn it."""
    last = message.parts[-1] if message.parts else None
    turning = isinstance(last, Row) and (last.buttons[0].custom_id or "").startswith("page:")
    parts = message.parts[: len(message.parts) - turning]
    assert parts[len(parts) - len(foot) :] == foot
    return parts[: len(parts) - len(foot)]


def in_pages(groups: list[Group], around: Around = ALONE, foot: tuple[Row, ...] = ()) -> list[DiscordMessage]:
    """All pages of an answer, turned as a person does."""
    pages = []
    for page in range(1_000):
        message = page_message(groups, view(page), around, foot=foot)
        pages.append(message)
        following = [ask for ask in map(read_ask, states("page", message)) if ask and ask.page == page + 1]
        if not following:
            return pages
    raise AssertionError("it never ends")


@settings(max_examples=70)
@given(GROUPS, st.sampled_from([(), FOOT, FOOT * 3]))
def test_every_part_is_on_one_page_in_order(groups: list[Group], foot: tuple[Row, ...]) -> None:
    pages = in_pages(groups, foot=foot)
    shown = [part for page in pages for part in body_of(page, foot)]
    assert _flat(shown) == _flat([part for group in groups for part in group])
    for page in pages:
        if page.parts:
            assert not isinstance(page.parts[0], Rule)
            check_page(page)


def _flat(parts: list[Part]) -> str:
    """What stands there, whether in one text or in two; no page begins with a line, so they are left out."""
    said = [part for part in parts if not isinstance(part, Rule)]
    return "\n".join(part.markdown if isinstance(part, Text) else repr(part) for part in said)


def check_page(page: DiscordMessage) -> None:
    """A page that Discord takes; it begins with a text, or there would be nothing to number."""
    check(page if isinstance(page.parts[0], Text) else DiscordMessage((Text("."), *page.parts[1:])))


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 900), min_size=1, max_size=6), max_size=12))
def test_a_group_stays_together_where_it_can(lengths: list[list[int]]) -> None:
    groups: list[Group] = [
        [Section(f"{number}.{place} " + "x" * length, button(0)) for place, length in enumerate(group)]
        for number, group in enumerate(lengths)
    ]
    pages = [visible(page) for page in in_pages(groups)]
    for number, group in enumerate(groups):
        holding = {
            next(n for n, page in enumerate(pages) if f"{number}.{place} " in page) for place in range(len(group))
        }
        fits = sum(len(part.markdown) for part in group if isinstance(part, Section)) <= 4_000
        assert len(holding) == 1 or not fits


@pytest.mark.parametrize("asked", [None, 0])
def test_a_short_answer_has_no_pages(asked: int | None) -> None:
    message = page_message([[Text("a")], [Text("b")]], view(asked))
    assert message == DiscordMessage((Text("a\nb"),))


def test_the_buttons_lead_to_the_neighbours() -> None:
    groups: list[Group] = [[Text(f"{number}" * 1_500)] for number in range(9)]
    pages = in_pages(groups)
    assert len(pages) == 5
    turns = [[ask.page for state in states("page", page) if (ask := read_ask(state))] for page in pages]
    assert turns == [[1], [0, 2], [1, 3], [2, 4], [3]]
    assert "[Previous] [Next]" in visible(pages[1])


def test_beyond_the_last_page_is_the_last() -> None:
    groups: list[Group] = [[Text("x" * 1_700)] for _ in range(5)]
    last = page_message(groups, view(2))
    for page in (3, 99, 10**9):
        assert page_message(groups, view(page)) == last
    assert page_message(groups, view(0)) == page_message(
        groups, view(None) if len(states("page", last)) > 9 else view(0)
    )


def test_an_answer_that_cannot_be_asked_again_shows_its_first_page() -> None:
    groups: list[Group] = [[Text("x" * 1_700)] for _ in range(5)]
    message = page_message(groups, view(None))
    assert states("page", message) == []
    check(message)


def test_what_comes_before_and_after_follows_the_first_and_the_last_page() -> None:
    groups: list[Group] = [[Text("x" * 1_700)] for _ in range(5)]
    around = Around(BEFORE, AFTER)
    asked = [[read_ask(state) for state in states("page", page)] for page in in_pages(groups, around)]
    middle = [Ask(ASK.kind, ASK.text, page=page) for page in range(3)]
    assert asked == [[BEFORE, middle[1]], [middle[0], middle[2]], [middle[1], AFTER]]
    (alone,) = in_pages([[Text("x")]], around)
    assert list(map(read_ask, states("page", alone))) == [BEFORE, AFTER]
    assert list(map(read_ask, states("page", page_message([[Text("x")]], view(None), around)))) == [BEFORE, AFTER]


def test_a_group_that_no_message_holds_is_torn_apart() -> None:
    group: Group = [Section("x" * MOST_BLOCK, button(1)), *[Text("y" * MOST_BLOCK) for _ in range(9)]]
    pages = in_pages([group, [Text("z")]])
    assert [sum(map(len, texts(page))) // MOST_BLOCK for page in pages] == [2] * 5
    assert texts(pages[-1])[-1] == "z"
    for page in pages:
        check_page(page)
