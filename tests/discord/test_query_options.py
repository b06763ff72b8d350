"""What people put into the options of `/paper`: a query of exactly that, or words about what is wrong with it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.errors import QueryError
from bot.core.messages import msg_n
from bot.core.people import Language
from bot.core.query import AuthorTerm, DateTerm, IdTerm, PartialDate, Query, RelativeDay, Sort, TagTerm, TextTerm
from bot.core.query_syntax import MAX_LENGTH, parse
from bot.discord.query_options import QueryOptions, query_of, tags_in, typed
from bot.locale import translator

NAMES = st.from_regex(r"[A-Za-z0-9가-힣][A-Za-z0-9가-힣 _.+&/'()-]{0,20}[A-Za-z0-9가-힣]", fullmatch=True).map(
    lambda name: " ".join(name.split())
)
ANYTHING = st.text(max_size=40) | st.sampled_from(
    [
        '"',
        "“open",
        "\\",
        "tag:",
        "tga:x",
        "-",
        "#",
        "＃",
        ",",
        "date:",
        "..",
        "sort:",
        "is:saved -is:saved",
        "\x00",
        "\u200b",
        " ",
        "…",
    ]
)


def read(**options: str) -> Query:
    """The query that options come to."""
    return parse(query_of(QueryOptions(**options)))


# --- good values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, ""),
        ({"tag": " ", "text": "\n", "query": "  ", "sort": " "}, ""),
        ({"tag": "rlaif"}, "tag:rlaif"),
        ({"tag": "#rlaif, ＃llm，vision、rl"}, "tag:rlaif,llm,vision,rl"),
        ({"tag": "weak to strong"}, 'tag:"weak to strong"'),
        ({"tag": "양자화 · 항목 12개"}, "tag:양자화"),
        ({"tag": "rlaif · 1,234 entries"}, "tag:rlaif"),
        ({"date": "2024-06-21"}, "date:2024-06-21"),
        ({"date": "２０２４－０６"}, "date:2024-06"),
        ({"date": "2024"}, "date:2024"),
        ({"date": "오늘"}, "date:today"),
        ({"date": "Yesterday"}, "date:yesterday"),
        ({"date": "2024-06-01 .. 2024-06-30"}, "date:2024-06-01..2024-06-30"),
        ({"date": "2024-06-21 · 3 entries"}, "date:2024-06-21"),
        ({"author": "Kim Young"}, 'author:"Kim Young"'),
        ({"author": 'A "B" C · 1 entry'}, 'author:"A \\"B\\" C"'),
        ({"author": "tag:x"}, "author:tag:x"),
        ({"text": "weak -strong"}, "weak -strong"),
        ({"text": '"weak to strong" 일반화'}, '"weak to strong" 일반화'),
        ({"text": "tag:rlaif"}, '"tag:rlaif"'),
        ({"text": '"weak to'}, '"weak" "to"'),
        ({"text": "arXiv:2406.14548v2"}, "id:2406.14548"),
        ({"sort": "popular"}, "sort:popular"),
        ({"sort": "인기"}, "sort:popular"),
        ({"query": "태그：rlaif 정렬:오래된순"}, "tag:rlaif sort:old"),
        ({"query": "sort:old tag:x", "sort": "new"}, "tag:x sort:new"),
        (
            {"query": "tag:x", "tag": "y", "date": "2024", "author": "kim", "text": "z"},
            "tag:x tag:y date:2024 author:kim z",
        ),
    ],
)
def test_options_are_one_query(options: dict[str, str], query: str) -> None:
    assert query_of(QueryOptions(**options)) == query
    parse(query)


@given(
    st.lists(NAMES, min_size=1, max_size=5),
    st.sampled_from([",", ", ", "，", " 、 "]),
    st.sampled_from(["", "#", "＃"]),
)
def test_tags_are_any_of_them(names: list[str], between: str, mark: str) -> None:
    text = between.join(mark + name for name in names)
    assert tags_in(text) == tuple(names)
    (term,) = read(tag=text).terms
    assert isinstance(term, TagTerm)
    assert term.names == tuple(names)


@given(NAMES)
def test_a_name_is_a_name_whatever_it_looks_like(name: str) -> None:
    assert read(author=name) == Query((AuthorTerm(name),))


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 400))
def test_days_and_ranges(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    one, other = (PartialDate(day.year, day.month, day.day) for day in (first, last))
    assert read(date=first.isoformat()) == Query((DateTerm(one, one),))
    for between in ("..", " .. ", "～", "~"):
        try:
            found = read(date=f"{first}{between}{last}")
        except QueryError:
            assert between in "～~"
        else:
            assert found == Query((DateTerm(one, other),))
    assert read(date=" today ") == Query((DateTerm(RelativeDay.TODAY, RelativeDay.TODAY),))


@given(st.lists(st.from_regex("[a-z가-힣]{2,9}", fullmatch=True), min_size=1, max_size=6))
def test_words_are_words(words: list[str]) -> None:
    assert read(text=" ".join(words)) == Query(tuple(map(TextTerm, words)))


@given(NAMES, NAMES, st.sampled_from(Sort))
def test_all_of_them_must_hold(tag: str, author: str, sort: Sort) -> None:
    found = read(query=f'is:saved author:"{author}"', tag=tag, text="2406.14548", sort=sort.value)
    assert set(found.terms) >= {TagTerm((tag,)), AuthorTerm(author), IdTerm("2406.14548")}
    assert (len(found.terms), found.sort) == (4, sort)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [1, 2, 12, 1_234])
def test_the_count_of_a_choice_is_left_out(language: Language, count: int) -> None:
    said = translator(language).say(msg_n("{n} entry", "{n} entries", n=count))
    assert typed(f"rlaif · {said}") == "rlaif"
    assert tags_in(f"rlaif · {said}, vision · {said}") == ("rlaif", "vision")


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"date": "someday"}, "someday"),
        ({"date": "2024-13"}, "2024-13"),
        ({"date": "2024-06-30..2024-06-01"}, "2024-06-30..2024-06-01"),
        ({"date": "2024-06-21 tag:x"}, "2024-06-21 tag:x"),
        ({"author": "—"}, "—"),
        ({"text": "—"}, "—"),
        ({"query": "tga:x"}, "tga:"),
        ({"query": '"open'}, '"open'),
        ({"query": "is:saved -is:saved"}, "is:saved"),
        ({"sort": "nicest"}, "nicest"),
    ],
)
@pytest.mark.parametrize("others", [{}, {"tag": "rlaif", "author": "kim"}])
def test_what_is_wrong_is_named(options: dict[str, str], named: str, others: dict[str, str]) -> None:
    with pytest.raises(QueryError) as caught:
        read(**{**others, **options})
    assert named in str(caught.value.message)


def test_several_wrong_options_are_told_of_one_by_one() -> None:
    wrong = QueryOptions(date="someday", author="—", query='tga:"open')
    seen = []
    for name in ("date", "author", "query"):
        with pytest.raises(QueryError) as caught:
            parse(query_of(wrong))
        seen.append(str(caught.value.message))
        wrong = replace(wrong, **{name: ""})
    assert len(set(seen)) == 3
    assert query_of(wrong) == ""


def test_what_is_too_long_is_said() -> None:
    with pytest.raises(QueryError, match="too long"):
        read(text="x" * MAX_LENGTH, query="y" * MAX_LENGTH)
    with pytest.raises(QueryError, match="too long"):
        read(tag="가" * 6_000)


# --- anything ---------------------------------------------------------------------------------------------------------

OPTIONS = st.builds(QueryOptions, **{field.name: st.just("") | ANYTHING | NAMES for field in fields(QueryOptions)})


@settings(max_examples=250)
@given(OPTIONS)
@example(QueryOptions(query='"', tag="x"))
@example(QueryOptions(query='tag:"a', text="b", date="c"))
@example(QueryOptions(text='a "b', author='"'))
def test_whatever_is_put_in_is_a_query_or_an_error_with_words(options: QueryOptions) -> None:
    asked = query_of(options)
    if not any(getattr(options, field.name).strip() for field in fields(options)):
        assert asked == ""
    error = problem_in(asked)
    if error is None:
        found = parse(asked)
        assert found.terms or found.sort or not asked
    else:
        assert str(error.message)
        assert [problem_in(suggestion) for suggestion in error.suggestions] == [None] * len(error.suggestions)


def problem_in(query: str) -> QueryError | None:
    try:
        parse(query)
    except QueryError as error:
        return error
    return None


@settings(max_examples=150)
@given(ANYTHING, NAMES)
def test_what_is_open_in_the_query_swallows_no_other_option(query: str, tag: str) -> None:
    try:
        found = read(query=query, tag=tag)
    except QueryError:
        return
    assert TagTerm((tag,)) in found.terms
