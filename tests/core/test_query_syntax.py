"""The query language, by example and by property."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.entries import arxiv_id_of, tag_key
from bot.core.errors import QueryError
from bot.core.query import (
    AfterTerm,
    AuthorTerm,
    BeforeTerm,
    DateTerm,
    Day,
    IdTerm,
    PartialDate,
    Query,
    RelativeDay,
    SavedTerm,
    Sort,
    TagTerm,
    Term,
    TextTerm,
    TitleTerm,
    first_day,
    last_day,
)
from bot.core.query_syntax import MAX_LENGTH, MAX_TERMS, parse
from bot.core.query_tokens import tokens
from bot.core.query_writing import unparse, write_author, write_tag

JUNE_21 = PartialDate(2024, 6, 21)
JUNE = PartialDate(2024, 6)
Y2024 = PartialDate(2024)
TODAY, YESTERDAY = RelativeDay.TODAY, RelativeDay.YESTERDAY


def on(first: Day | None, last: Day | None) -> DateTerm:
    return DateTerm(first, last)


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        # tags
        ("tag:rlaif", [TagTerm(("rlaif",))]),
        ("#rlaif", [TagTerm(("rlaif",))]),
        ("＃rlaif", [TagTerm(("rlaif",))]),
        ("tag:#rlaif", [TagTerm(("rlaif",))]),
        ("#a #b", [TagTerm(("a",)), TagTerm(("b",))]),
        ("tag:llm,alignment", [TagTerm(("llm", "alignment"))]),
        ("tag:llm，#alignment、x", [TagTerm(("llm", "alignment", "x"))]),
        ("#llm,#alignment", [TagTerm(("llm", "alignment"))]),
        ("-tag:vision", [TagTerm(("vision",), negated=True)]),
        ("-#vision", [TagTerm(("vision",), negated=True)]),
        ("－tag:vision", [TagTerm(("vision",), negated=True)]),
        ("—tag:vision", [TagTerm(("vision",), negated=True)]),
        ('tag:"a b",c', [TagTerm(("a b", "c"))]),
        ('tag:"a,b"', [TagTerm(("a,b",))]),
        ("#c++", [TagTerm(("c++",))]),
        ("#강화학습", [TagTerm(("강화학습",))]),
        ("Tag:RLAIF", [TagTerm(("RLAIF",))]),
        # people and titles
        ("author:kumar", [AuthorTerm("kumar")]),
        ('author:"Jane  Doe"', [AuthorTerm("Jane Doe")]),
        ("-author:kumar", [AuthorTerm("kumar", negated=True)]),
        ('title:"weak to strong"', [TitleTerm("weak to strong", phrase=True)]),
        ("title:weak", [TitleTerm("weak")]),
        ('-title:"weak to strong"', [TitleTerm("weak to strong", phrase=True, negated=True)]),
        ("title:GPT-4:mini", [TitleTerm("GPT-4:mini")]),
        # dates
        ("date:2024-06-21", [on(JUNE_21, JUNE_21)]),
        ("date:2024-06", [on(JUNE, JUNE)]),
        ("date:2024", [on(Y2024, Y2024)]),
        ("date:today", [on(TODAY, TODAY)]),
        ("date:yesterday", [on(YESTERDAY, YESTERDAY)]),
        ("date:오늘", [on(TODAY, TODAY)]),
        ("날짜：어제", [on(YESTERDAY, YESTERDAY)]),
        ("date:2024-06-01..2024-06-30", [on(PartialDate(2024, 6, 1), PartialDate(2024, 6, 30))]),
        ("date:..2024-06-21", [on(None, JUNE_21)]),
        ("date:2024..", [on(Y2024, None)]),
        ("date:2024-06..today", [on(JUNE, TODAY)]),
        ("date:2024-06…어제", [on(JUNE, YESTERDAY)]),
        ("날짜:2024-06-21 ~ 오늘", [on(JUNE_21, TODAY)]),
        ("date:2024-06-21 ~오늘", [on(JUNE_21, TODAY)]),
        ("date:2024-06 .. 2024-06-21 x", [on(JUNE, JUNE_21), TextTerm("x")]),
        ("date:2024-06.. x", [on(JUNE, None), TextTerm("x")]),
        (r"date:2024-06 \~2024", [on(JUNE, JUNE), TextTerm("~2024")]),
        ("date:2024.06.21", [on(JUNE_21, JUNE_21)]),
        ("date:2024.06.21..2024.06.21", [on(JUNE_21, JUNE_21)]),
        ("date:2024/6/21", [on(JUNE_21, JUNE_21)]),
        ("date:２０２４-０６-２１", [on(JUNE_21, JUNE_21)]),
        ("date:2024년6월21일", [on(JUNE_21, JUNE_21)]),
        ("date:2024년 6월 21일 rlhf", [on(JUNE_21, JUNE_21), TextTerm("rlhf")]),
        ('date:"2024년 6월"', [on(JUNE, JUNE)]),
        ("after:2024-06-21", [AfterTerm(JUNE_21)]),
        ("before:2024", [BeforeTerm(Y2024)]),
        ("이후:어제 이전:오늘", [AfterTerm(YESTERDAY), BeforeTerm(TODAY)]),
        # ids
        ("id:2406.14548", [IdTerm("2406.14548")]),
        ("id:https://arxiv.org/abs/2406.14548v2", [IdTerm("2406.14548")]),
        ("id:ABCDEFGH23", [IdTerm("abcdefgh23")]),
        ("2406.14548v2", [IdTerm("2406.14548")]),
        ("arXiv:2406.14548", [IdTerm("2406.14548")]),
        ("https://arxiv.org/pdf/2406.14548", [IdTerm("2406.14548")]),
        ("<https://arxiv.org/abs/2406.14548>", [IdTerm("2406.14548")]),
        ("(2406.14548)", [IdTerm("2406.14548")]),
        ("[2406.14548v2], 2406.14549.", [IdTerm("2406.14548"), IdTerm("2406.14549")]),
        ("hep-th/9901001", [IdTerm("hep-th/9901001")]),
        # saved
        ("is:saved", [SavedTerm()]),
        ("-is:Saved", [SavedTerm(negated=True)]),
        # words
        ("weak strong", [TextTerm("weak"), TextTerm("strong")]),
        ('"weak to strong"', [TextTerm("weak to strong", phrase=True)]),
        ("-vision", [TextTerm("vision", negated=True)]),
        ("--vision", [TextTerm("vision", negated=True)]),
        ('-"vision model"', [TextTerm("vision model", phrase=True, negated=True)]),
        (
            "“두 낱말” 「하나」 „drei“ 『넷』",
            [TextTerm(text, phrase=True) for text in ("두 낱말", "하나", "drei", "넷")],
        ),
        ("양자화\u3000GPTQ", [TextTerm("양자화"), TextTerm("GPTQ")]),
        ("\ufeffa\u200bb", [TextTerm("a"), TextTerm("b")]),
        ("weak — strong & more", [TextTerm("weak"), TextTerm("strong"), TextTerm("more")]),
        ("C++ GPT-4: 12:30 Feedback: x", [TextTerm(word) for word in ("C++", "GPT-4:", "12:30", "Feedback:", "x")]),
        ("https://openreview.net/forum?id=1", [TextTerm("https://openreview.net/forum?id=1")]),
        ('"Attention: tag:x"', [TextTerm("Attention: tag:x", phrase=True)]),
        ("std::vector smile:)", [TextTerm("std::vector"), TextTerm("smile:)")]),
        (r"\-5 \#x tag\:x 2406\.14548", [TextTerm(word) for word in ("-5", "#x", "tag:x", "2406.14548")]),
        (r'"say \"hi\" \alpha"', [TextTerm(r'say "hi" \alpha', phrase=True)]),
        ("don't", [TextTerm("don't")]),
        (unicodedata.normalize("NFD", "태그:한글"), [TagTerm(("한글",))]),
        # keys in Korean and full width
        ("태그:a 저자：kim 제목:b", [TagTerm(("a",)), AuthorTerm("kim"), TitleTerm("b")]),
        ("ＴＡＧ：a", [TagTerm(("a",))]),
        ("", []),
        (" \u3000\n", []),
    ],
)
def test_reads(text: str, terms: list[Term]) -> None:
    query = parse(text)
    assert query == Query(tuple(terms))
    assert parse(unparse(query)) == query


@pytest.mark.parametrize(
    ("text", "sort"),
    [*((f"sort:{sort}", sort) for sort in Sort), ("SORT:New", Sort.NEW), ("정렬:인기", Sort.POPULAR)],
)
def test_reads_the_order(text: str, sort: Sort) -> None:
    assert parse(text) == Query(sort=sort)
    assert parse(f"a {text} b").sort is sort
    assert parse(f"{text} {text}").sort is sort


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("태그:a 저자:kim", "tag:a author:kim"),
        ("#a", "tag:a"),
        ("sort:old  rlhf", "rlhf sort:old"),
        ("date:오늘", "date:today"),
        ("date:2024/6/1~", "date:2024-06-01.."),
        ("2406.14548v3", "id:2406.14548"),
        ("“a b”", '"a b"'),
        ("2406\\.14548", "2406\\.14548"),
    ],
)
def test_writes(text: str, written: str) -> None:
    assert unparse(parse(text)) == written


def test_names_are_quoted_where_needed() -> None:
    assert write_tag("rlaif") == "rlaif"
    assert write_tag("a b") == '"a b"'
    assert write_tag("a,b") == '"a,b"'
    assert write_author("Jane Doe") == '"Jane Doe"'


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part", "suggestions"),
    [
        ("tga:rlaif x", "tga:", ("tag:rlaif x", '"tga:rlaif" x')),
        ("auther:kim", "auther:", ("author:kim", '"auther:kim"')),
        ("tags:a", "tags:", ("tag:a", '"tags:a"')),
        ("저저:김", "저저:", ("author:김", '"저저:김"')),
        ("by:kim", "by:", ("author:kim", '"by:kim"')),
        ("since:2024", "since:", ("after:2024", '"since:2024"')),
        ("tga:#a", "tga:", ("tag:#a", '"tga:#a"')),
        ("foo:bar", "foo:", ('"foo:bar"',)),
        ('foo:"a b"', "foo:", ('foo "a b"',)),
        ("-foo:bar", "foo:", ('-"foo:bar"',)),
        ("auther:kim tga:x", "auther:", ("author:kim tag:x", '"auther:kim" tag:x')),
        ("x tag:", "tag:", ('x "tag:"',)),
        ("tag: rlaif", "tag:", ("tag:rlaif", '"tag:" rlaif')),
        ('tag:""', 'tag:""', ()),
        ("#", "#", ()),
        ("# rlaif", "#", ("#rlaif",)),
        ("tag:llm, alignment", "tag:llm,", ("tag:llm,alignment", "tag:llm alignment")),
        ("tag:,llm", "tag:,llm", ("tag:llm",)),
        ("tag:--", "--", ()),
        ('author:"..."', '"..."', ()),
        ('"..."', '"..."', ()),
        ("date:2024-13-41", "2024-13-41", ("date:2024",)),
        ("date:2024-06-31", "2024-06-31", ("date:2024-06-30", "date:2024-06")),
        ("date:21.06.2024", "21.06.2024", ("date:2024-06-21",)),
        ("date:todya", "todya", ("date:today",)),
        ("date:soon", "soon", ()),
        ("date:..", "..", ()),
        ("date:2021..2022..2023", "2021..2022..2023", ()),
        ("date:2024-06-30..2024-06-01", "2024-06-30..2024-06-01", ("date:2024-06-01..2024-06-30",)),
        ("date:today..yesterday", "today..yesterday", ("date:yesterday..today",)),
        ("after:2023..2024", "after:2023..2024", ("date:2023..2024",)),
        ("-date:2024-06", "-date:2024-06", ("before:2024-06", "after:2024-06")),
        ("-after:2024", "-after:2024", ("date:..2024",)),
        ("-before:2024", "-before:2024", ("date:2024..",)),
        ("-id:2406.14548", "-id:2406.14548", ("id:2406.14548",)),
        ("-2406.14548", "-2406.14548", ('-"2406.14548"',)),
        ("id:foo", "foo", ('"foo"',)),
        ("is:svaed", "svaed", ("is:saved",)),
        ("is:saved -is:saved", "-is:saved", ("is:saved",)),
        ("sort:poplar", "poplar", ("sort:popular",)),
        ("sort:zzzz", "zzzz", ("sort:new", "sort:old", "sort:relevance")),
        ("-sort:new", "-sort:new", ("sort:new",)),
        ("sort:new sort:old", "sort:old", ("sort:new",)),
        ('"weak to', '"weak to', ('"weak to"', "weak to")),
        ("「약한", "「약한", ("「약한」", "약한")),
        ('weak to strong"', '"', ('"weak to strong"', "weak to strong")),
        ('title:"weak', '"weak', ('title:"weak"', "title:weak")),
        ("-", "-", ()),
        ("a - b", "-", ("a b", "a -b")),
        ("???", "???", ()),
        ("a\x00b", "\x00", ("a b",)),
        ("a\ud800", "\ud800", ("a",)),
    ],
)
def test_refuses(text: str, part: str, suggestions: tuple[str, ...]) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert text[caught.value.start : caught.value.end] == part
    assert caught.value.suggestions == suggestions
    for suggestion in caught.value.suggestions:
        assert not parse(suggestion).is_empty
    assert "{" not in str(caught.value)


def test_says_what_was_meant() -> None:
    with pytest.raises(QueryError, match=r"There is no search key `tga:`\. Did you mean `tag:`\?"):
        parse("tga:rlaif")
    with pytest.raises(QueryError, match=r"There is no search key `foo:`.*in quotes"):
        parse("foo:bar")
    with pytest.raises(QueryError, match=r"`2024-13-41` is not a date\. Write a day as `2024-06-21`"):
        parse("date:2024-13-41")


def test_limits() -> None:
    assert len(parse("a" * MAX_LENGTH).terms) == 1
    assert len(parse("a " * MAX_TERMS).terms) == MAX_TERMS
    with pytest.raises(QueryError, match="too long: 1001 characters, where 1000"):
        parse("a" * (MAX_LENGTH + 1))
    with pytest.raises(QueryError, match="too many terms: 32"):
        parse("a " * (MAX_TERMS + 1))
    with pytest.raises(QueryError, match="too many terms"):
        parse("tag:" + ",".join("a" * (MAX_TERMS + 1)))
    with pytest.raises(QueryError, match="too long"):
        parse("#" + "a" * (MAX_LENGTH - 1))  # as `tag:aaa...` it would not be read again


@pytest.mark.parametrize("piece", ["\\", '\\"', '"', "-", ":", "tag:,", "a:", "2024년 ", "date:2024..", " ", "#"])
def test_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    for text in (piece * 5_000, (piece * 1_000)[:MAX_LENGTH], '"' + (piece * 1_000)[: MAX_LENGTH - 1]):
        try:
            parse(text)
        except QueryError:
            continue
    list(tokens(piece * 5_000))
    assert time.process_time() - started < 1


# --- properties -----------------------------------------------------------------------------------------------------

HARD_WORDS = st.sampled_from(
    [
        "tag:x",
        "foo:bar",
        "tga:x",
        "-x",
        "－x",
        "#x",
        "2406.14548",
        "hep-th/9901001",
        "arxiv:2406.14548",
        "240\u248d14548",
        "https://arxiv.org/abs/2406.14548",
        "https://x.org",
        'a"b',
        '"a',
        "a\\",
        "\\a",
        "\\-a",
        "title:",
        "태그:x",
        "x,y",
        "a\\\\",
        "sort:new",
        "「a",
        "a」",
        "is:saved",
        "：a",
        "<2406.14548>",
        "tags:",
        "é:x",
        "C++",
        "..x",
        "~2024",
        "...2024",
        "date:2024",
    ]
)
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u200b\ufeff")


def _one_word(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(text.split()))


def _words(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _has_letter(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


ANY_TEXT = st.one_of(
    HARD_WORDS, st.text(LETTERS, max_size=12), st.text(st.sampled_from('ab한:-#"“\\, .2'), max_size=12)
)
WORD = ANY_TEXT.map(_one_word).filter(_has_letter)
PHRASE = st.lists(ANY_TEXT, min_size=1, max_size=3).map(" ".join).map(_words).filter(_has_letter)
TAG = PHRASE.filter(lambda name: bool(tag_key(name)))
DAY = st.one_of(
    st.sampled_from(RelativeDay),
    st.dates().map(lambda day: PartialDate(day.year, day.month, day.day)),
    st.dates().map(lambda day: PartialDate(day.year, day.month)),
    st.integers(1, 9999).map(PartialDate),
)
ID = st.one_of(
    st.from_regex(r"[a-z2-7]{10}", fullmatch=True),
    st.from_regex(r"[0-9]{4}\.[0-9]{4,5}", fullmatch=True),
    st.sampled_from(["hep-th/9901001", "cs.cl/0101001"]),
)


@st.composite
def date_terms(draw: st.DrawFn) -> DateTerm:
    first, last = draw(st.one_of(st.none(), DAY)), draw(st.one_of(st.none(), DAY))
    assume(first or last)
    if (
        first
        and last
        and type(first) is type(last)
        and first_day(first, date(2024, 1, 2)) > last_day(last, date(2024, 1, 2))
    ):
        first, last = last, first
    return DateTerm(first, last)


NEGATED = st.booleans()
TERM: st.SearchStrategy[Term] = st.one_of(
    st.builds(TagTerm, st.lists(TAG, min_size=1, max_size=3).map(tuple), NEGATED),
    st.builds(AuthorTerm, PHRASE, NEGATED),
    st.builds(TitleTerm, PHRASE, st.just(value=True), NEGATED),
    st.builds(TitleTerm, WORD, st.just(value=False), NEGATED),
    st.builds(TextTerm, PHRASE, st.just(value=True), NEGATED),
    st.builds(TextTerm, WORD, st.just(value=False), NEGATED),
    date_terms(),
    st.builds(AfterTerm, DAY),
    st.builds(BeforeTerm, DAY),
    st.builds(IdTerm, ID),
    st.just(SavedTerm()),
)
QUERY = st.builds(Query, st.lists(TERM, max_size=6).map(tuple), st.one_of(st.none(), st.sampled_from(Sort)))


@given(QUERY)
def test_every_query_survives_writing_and_reading(query: Query) -> None:
    text = unparse(query)
    assume(len(text) <= MAX_LENGTH)
    assert parse(text) == query


PIECES = st.sampled_from(
    [
        "tag:",
        "태그:",
        "#",
        "-",
        "date:",
        "after:",
        "2024-06-21",
        "..",
        "~",
        "today",
        "어제",
        "id:",
        "2406.14548",
        "is:saved",
        "sort:",
        "new",
        '"',
        "“",
        "”",
        "「",
        "」",
        "\\",
        ",",
        "，",
        ":",
        "：",
        "tga:",
        "foo:",
        "a",
        "한글",
        " ",
        "\u3000",
        "\n",
        "title:",
        "author:",
        "https://arxiv.org/abs/2406.14548",
        "2024년",
        " 6월",
        "\x00",
        "\ud800",
        "\u200b",
        "é",
        "\u0301",
    ]
)
TYPED = st.one_of(st.text(), st.text(st.characters()), st.lists(PIECES, max_size=14).map("".join))


def refusal(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as error:
        return error
    return None


@given(TYPED)
def test_raises_nothing_but_query_error(text: str) -> None:
    error = refusal(text)
    if error is None:
        query = parse(text)
        assert parse(unparse(query)) == query
        return
    assert 0 <= error.start <= error.end <= len(text)
    str(error).encode()
    for suggestion in error.suggestions:
        assert not parse(suggestion).is_empty


@given(st.text(st.characters(), min_size=1, max_size=20))
def test_very_long_input_is_refused_in_words(text: str) -> None:
    error = refusal((text * 10_000)[:10_000])
    assert error is not None
    assert "too long" in str(error)


@given(TYPED)
def test_tokens_take_any_text_and_cover_it(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert at <= token.start < token.end <= len(text)
        assert all(letter.isspace() or letter in "\u200b\ufeff" for letter in text[at : token.start])
        at = token.end


@given(WORD)
def test_words_are_read_as_written_or_as_an_id(word: str) -> None:
    query = Query((TextTerm(word),))
    assert parse(unparse(query)) == query
    assert parse(unparse(replace(query, sort=Sort.NEW))).terms == query.terms
    if arxiv_id_of(word):
        assert unparse(query) != word
