"""Lookups as a person asks them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.entries import Status
from bot.core.errors import InputError, NotFound, QueryError
from bot.core.people import Role
from bot.core.ports import ImportedEntry
from bot.core.query_syntax import MAX_TERMS, parse
from bot.usecases.look_up import find_entry, look_up, more_like, show_digest, show_entry, show_help
from bot.usecases.recap import recap
from bot.usecases.track import forget_me, save, unsave
from storage.opening import Storage

from .conftest import MAINTAINER, READER, Tried, caller, paper

AT = datetime(2024, 6, 21, 1, tzinfo=UTC)
DAY = date(2024, 6, 21)


async def fill(stores: Storage, count: int = 12) -> None:
    for n in range(count):
        day = DAY - timedelta(days=n % 4)
        tags = ("rlaif", "alignment") if n % 2 else ("diffusion",)
        entry = paper(
            f"Paper {n}", day, tags=tags, commentary=f"양자화는 {n}번째로 중요합니다.", arxiv_id=f"2406.{n:05}"
        )
        await stores.archive.add(entry, by=None, at=AT)


async def test_pages_hold_five_and_lead_to_the_next_and_back(stores: Storage) -> None:
    await fill(stores)
    first = await look_up(stores, READER, "tag:rlaif")
    assert (len(first.hits), first.total, first.previous_cursor) == (5, 6, None)
    second = await look_up(stores, READER, "tag:rlaif", cursor=first.next_cursor)
    assert (len(second.hits), second.next_cursor) == (1, None)
    back = await look_up(stores, READER, "tag:rlaif", cursor=second.previous_cursor)
    assert [hit.entry.id for hit in back.hits] == [hit.entry.id for hit in first.hits]
    with pytest.raises(InputError):
        await look_up(stores, READER, "tag:rlaif", cursor="nonsense")


async def test_a_last_page_without_anything_does_not_say_that_nothing_matches(stores: Storage) -> None:
    day = date(2024, 6, 21)
    found = paper("Found", day, commentary="weak to strong")
    others = [paper(f"Other {number}", day - timedelta(1), commentary="strong to weak") for number in range(120)]
    imported = [ImportedEntry(replace(one, id=f"entry{at:05}"), True) for at, one in enumerate([found, *others])]
    await stores.archive.write_import(imported, documents=[], at=datetime(2024, 6, 22, tzinfo=UTC))
    first = await look_up(stores, READER, '"weak to strong"')
    assert [hit.entry.title for hit in first.hits] == ["Found"]
    assert first.next_cursor
    last = await look_up(stores, READER, '"weak to strong"', cursor=first.next_cursor)
    assert (last.hits, last.next_cursor, last.suggestions) == ((), None, ())
    assert last.notice is not None
    assert last.notice.id == "There is nothing further."
    nowhere = await look_up(stores, READER, '"strong weak to"')
    assert nowhere.notice is not None
    assert nowhere.notice.id == "Nothing in the archive matches this."
    assert nowhere.suggestions == ("strong weak to",)


async def test_an_unknown_tag_names_the_nearest_with_counts_and_mends_the_query(stores: Storage) -> None:
    await fill(stores)
    with pytest.raises(QueryError) as caught:
        await look_up(stores, READER, "#rlfai author:kumar")
    assert "#rlaif (6)" in str(caught.value)
    assert caught.value.suggestions[0] == "tag:rlaif author:kumar"
    with pytest.raises(QueryError):
        await look_up(stores, READER, "-tag:rlfai")


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("tag:zzzzqq", "zzzzqq"),
        ('-tag:"zz qq" model', "model"),
        ("tag:qqqqzz model", "model"),
        ("-tag:zzzzqq model", "model"),
        ("tag:qqqqzz -tag:zz-yy model", "model"),
        ("tag:model -diffusion", "model -diffusion"),
        ("tag:rlaif,zzzzqq sort:old", "tag:rlaif sort:old"),
    ],
)
async def test_a_tag_like_no_other_is_offered_as_a_word(stores: Storage, asked: str, offered: str) -> None:
    await fill(stores)
    await stores.archive.add(paper("Zzzzqq model", DAY), by=None, at=AT)
    await stores.archive.add(paper("Model", DAY), by=None, at=AT)
    with pytest.raises(QueryError) as refused:
        await look_up(stores, READER, asked)
    as_word = "as a word" in str(refused.value)
    assert as_word == (asked in (f"tag:{offered}", f"tag:{offered} sort:old"))
    assert as_word or str(refused.value).endswith("Leave it out, or look for words.")
    (suggestion,) = refused.value.suggestions
    assert parse(suggestion) == parse(offered)
    assert (await look_up(stores, READER, suggestion)).hits


@pytest.mark.parametrize("asked", ['tag:"+/+"', "tag:mooncheese", "tag:qqqqzz"])
async def test_a_tag_like_no_other_that_is_no_word_either(stores: Storage, asked: str) -> None:
    await fill(stores)
    await stores.archive.add(paper("Mooncheese", DAY + timedelta(1)), by=None, at=AT)
    with pytest.raises(QueryError) as refused:
        await look_up(stores, READER, asked)
    assert refused.value.message.id.endswith("nor one like it. Leave it out, or look for words.")
    assert refused.value.suggestions == ()


async def test_a_tag_of_two_words_of_which_one_stands_apart(stores: Storage) -> None:
    await stores.archive.add(paper("One", DAY, tags=("object_detection",)), by=None, at=AT)
    with pytest.raises(QueryError) as refused:
        await look_up(stores, READER, "#object detection")
    assert refused.value.suggestions[0] == "tag:object_detection"


@pytest.mark.parametrize("asked", ["-http://x.y/2406.00001 zzzqq", "10.1038/s41586-2401.12345"])
async def test_what_only_looks_like_an_id_is_not_said_to_be_missing(stores: Storage, asked: str) -> None:
    await fill(stores)
    assert "id" not in str((await look_up(stores, READER, asked)).notice).split()


async def test_a_mistyped_alias_offers_its_tag(stores: Storage) -> None:
    await fill(stores)
    await stores.archive.declare_alias("feedback by machines", "rlaif")
    await stores.archive.declare_alias("feedback of machines", "rlaif")
    with pytest.raises(QueryError) as refused:
        await look_up(stores, READER, "tag:feedback-bi-machines")
    assert refused.value.suggestions == ("tag:rlaif",)
    assert "#rlaif (6)" in str(refused.value)
    assert (await look_up(stores, READER, "tag:feedback-by-machines")).total == 6


async def test_a_day_without_a_digest_names_its_neighbours(stores: Storage) -> None:
    await fill(stores)
    await stores.archive.add(paper("Early", date(2024, 5, 1)), by=None, at=AT)
    results = await look_up(stores, READER, "date:2024-06-01")
    assert str(results.notice) == "There is no digest on 2024-06-01."
    assert results.suggestions == ("date:2024-05-01", "date:2024-06-18")
    with pytest.raises(NotFound) as caught:
        await show_digest(stores, READER, date(2024, 6, 1))
    assert caught.value.suggestions == ("/digest show 2024-05-01", "/digest show 2024-06-18")


async def test_nothing_found_offers_a_looser_query(stores: Storage) -> None:
    await fill(stores)
    results = await look_up(stores, READER, "tag:rlaif tag:diffusion")
    assert results.hits == ()
    assert results.suggestions == ("tag:diffusion", "tag:rlaif")


@pytest.mark.parametrize(
    ("query", "apart"),
    [
        ("alignment-weak", "alignment weak"),
        ('"strong weak"', "strong weak"),
        ('title:"strong weak"', "title:strong title:weak"),
    ],
)
async def test_words_that_stand_nowhere_together_are_offered_apart(stores: Storage, query: str, apart: str) -> None:
    await stores.archive.add(paper("Weak to strong alignment"), by=None, at=AT)
    nothing = await look_up(stores, READER, query)
    assert nothing.hits == ()
    (looser,) = nothing.suggestions
    assert looser == apart
    assert [hit.entry.title for hit in (await look_up(stores, READER, looser)).hits] == ["Weak to strong alignment"]


async def test_what_is_offered_is_a_query(stores: Storage) -> None:
    """Words apart may be more, and longer, than a query takes."""
    many = [f"{first}{last}" for first in "abc" for last in "bcdfghjklmnp"]
    long = [f"{word}{'x' * 38}" for word in many]
    await stores.archive.add(paper(" ".join(long), commentary=" ".join(many)), by=None, at=AT)
    await stores.archive.add(paper("Alike", tags=("rlaif",), commentary="like a tag or so"), by=None, at=AT)
    (apart,) = (await look_up(stores, READER, f'"{" ".join(reversed(many))}"')).suggestions
    assert 20 < len(parse(apart).terms) <= MAX_TERMS
    assert (await look_up(stores, READER, apart)).hits
    nothing = await look_up(stores, READER, f'title:"{" ".join(reversed(long[:24]))}"')
    assert (str(nothing.notice)[-15:], nothing.suggestions) == ("or other words.", ())
    joined = await look_up(stores, READER, "tag:rlaif tag-or-like")
    assert joined.suggestions == ("tag:rlaif tag or like",)


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("Split-Attention xyzzy", ("Split Attention",)),  # neither is there together, nor anything with the other
        ("attentoin", ("attention",)),
        ("attentoin quokka", ("attention",)),  # put right, both are still on no entry together
        ("splat quokka -tag:diffusion", ("split -tag:diffusion",)),
        ("xyzzy xyzzy attention", ("attention",)),
        ("how does one split a paper by attention and xyzzy", ("split by attention",)),
        ('"attention split" "by split" xyzzy', ("attention split by",)),
        ("attention before:2024-01-01", ("attention",)),
        ("quokka -tag:diffusion", ()),
        ("quokka before:2030", ()),  # else all there is would be offered
        ("mooncheese", ()),  # of tomorrow's digest
        ("mooncheesy", ()),
        ("mooncheese attention", ("attention",)),
    ],
)
async def test_what_is_offered_finds_something(stores: Storage, asked: str, offered: tuple[str, ...]) -> None:
    await fill(stores)
    await stores.archive.add(paper("Split a paper by attention", DAY), by=None, at=AT)
    await stores.archive.add(paper("Mooncheese and attention", DAY + timedelta(1)), by=None, at=AT)
    nothing = await look_up(stores, READER, asked)
    assert nothing.hits == ()
    for suggestion in nothing.suggestions:
        assert (await look_up(stores, READER, suggestion)).hits, suggestion
    assert nothing.suggestions == offered


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ('"GPT4"', ("GPT4",)),
        ("oneshot", ("one-shot",)),
        ("oneshot 이미지", ("one-shot 이미지",)),
        ("title:onepaper", ("title:one-paper",)),
        ("이미지생성", ("이미지 생성",)),
        ("이미지생성을", ("이미지 생성을",)),
        ("이미지생성학습을", ()),
        ("이미생성학습을", ("이미 생성 학습을",)),
        ("onesohtt 이미지생성", ("이미지 생성",)),
        ("oneshot 이미지생성 GPT-4", ("one-shot 이미지 생성 GPT-4",)),  # both
        ("supervisde 이미지생성", ("supervised 이미지 생성",)),
        ("self-superviesd", ("self-supervised",)),
        ("slef-superviesd 이미지", ("self-supervised 이미지",)),
        ("w/o", ()),
        ("이미지생성 oneshot", ("이미지 생성 one-shot",)),
        ("학습 이미지생성", ("학습 이미지 생성",)),
        ("GPT 5", ("GPT",)),
        ("https://huggingface.co/papers/2406.14548v2", ("id:2406.14548",)),
        ("https://example.org/abs/2303.00750", ()),
        ('author:"Kaiming Hee"', ("author:Hee", "author:Kaiming")),
        ("author:supervised", ("supervised",)),
        ("muller", ("author:muller",)),
        ("date-tag", ()),
        ("2024-06-21", ("date:2024-06-21",)),
        ("one 2024-06", ("one date:2024-06",)),
        ("2024-07", ()),
        ("오늘", ("date:today",)),
        ("#large model", ("tag:large_model",)),
        ("what is a good self-supervised dataset", ("self-supervised dataset",)),
        ("papers about 이미지", ("이미지",)),
        ("papers of Kaiming Müller", ("Müller", "Kaiming")),
        ("이미지생성 관련 논문", ("이미지 생성",)),
        ("생성하는 이미지 추천", ("생성 이미지",)),
        ("생성했던데", ()),
        ("이미지하기", ("이미지",)),
        ("2024년 6월", ("date:2024-06",)),
        ("one 2024년 6월 21일", ("one date:2024-06-21",)),
        ("2030-01-01", ()),
        ("what does Kim say about dataset", ("dataset", "Kim")),
        ('author:"Y Kaiming"', ("author:Kaiming",)),
    ],
)
async def test_what_others_write_otherwise_is_offered(stores: Storage, asked: str, offered: tuple[str, ...]) -> None:
    said = "GPT-4는 one shot 이미지 생성, self-supervised dataset o 학습이"
    one = paper(
        "One paper",
        DAY,
        tags=("large_model",),
        url="https://example.org/one",
        commentary=said,
        authors=("Kaiming He",),
        arxiv_id="2406.14548",
    )
    await stores.archive.add(one, by=None, at=AT)
    await stores.archive.add(paper("Two", DAY, authors=("Hee Kim", "Jürgen Müller"), tags=("large",)), by=None, at=AT)
    nothing = await look_up(stores, READER, asked)
    assert nothing.hits == ()
    assert nothing.suggestions == offered
    for suggestion in nothing.suggestions:
        assert (await look_up(stores, READER, suggestion)).hits, suggestion


@pytest.mark.parametrize(
    "asked",
    [
        "-".join(["a"] * 500),
        "-".join(f"{number}" for number in range(250)),
        " ".join("-".join(f"{letter}{number}" for number in range(8)) for letter in "abcdefghijklmnopqrstuvwxyz"),
        'attentivn splir "qa qb" "qc qd" "qe qf" "qg qh"',
    ],
)
async def test_few_queries_are_tried_whatever_was_asked(stores: Storage, asked: str) -> None:
    await fill(stores)
    await stores.archive.add(paper("Split a paper by attention", DAY), by=None, at=AT)
    tried = Tried(stores.search)
    watched = tried.instead_of(stores)
    assert not (await look_up(watched, READER, asked)).hits
    assert len(tried.turns) <= 5
    assert sum(tried.turns) <= 86
    tried.turns.clear()
    assert (await look_up(watched, READER, asked, explained=False)).notice is None
    assert tried.turns == []


async def test_tomorrows_digest_and_drafts_are_not_found_by_readers(stores: Storage) -> None:
    tomorrow = await stores.archive.add(paper("Tomorrow", DAY + timedelta(days=1)), by=None, at=AT)
    draft = await stores.archive.add(paper("Draft", status=Status.DRAFT), by=None, at=AT)
    for text in ("", "Tomorrow", "Draft", "date:2024-06"):
        assert (await look_up(stores, READER, text)).hits == ()
    for entry in (tomorrow, draft):
        with pytest.raises(NotFound):
            await show_entry(stores, READER, entry.id)
        assert (await show_entry(stores, MAINTAINER, entry.id)).entry == entry
    later = caller(Role.READER, today=DAY + timedelta(days=1))
    assert [hit.entry.title for hit in (await look_up(stores, later, "")).hits] == ["Tomorrow"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("SPL", "“SPL”"),
        ("split atten", "“atten”"),
        ("attention title:spl", "“spl”"),
        ("self-SUPER ATTEN -quok", "“SUPER”, “ATTEN”"),
        ("self-SUPER를", "“SUPER”"),
        ("self-supe", "“supe”"),
        ("split", None),
        ("splits attention", None),
        ("self-supervised", None),
        ('"spl"', None),
        ("author:kum", None),
        ("학", None),
    ],
)
async def test_words_that_are_taken_for_beginnings_are_told(stores: Storage, asked: str, told: str | None) -> None:
    entry = paper("Split attention", DAY, commentary="self-supervised 학습", authors=("Kumar",))
    await stores.archive.add(entry, by=None, at=AT)
    found = await look_up(stores, READER, asked)
    assert len(found.hits) == (asked != '"spl"')
    said = f"No entry has the word {told}. These have words that start with it." if told else None
    assert (found.remark and str(found.remark)) == said
    assert (await look_up(stores, READER, asked, typing=True)).remark is None


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("flashattention", ("flash-attention",)),
        ("title:flashattention", ("title:flash-attention",)),
        ("flash-attention", ()),
        ("생성모델", ("생성 모델",)),
        ("생성모델 전이", ("생성 모델 전이",)),
        ("-생성모델 flash", ()),
        ('"생성모델"', ()),
        ("attention", ()),
        ("전이학습", ()),
        ("2024", ("date:2024",)),
    ],
)
async def test_where_little_is_found_other_spellings_that_find_more_are_offered(
    stores: Storage, asked: str, offered: tuple[str, ...]
) -> None:
    for title, said in (
        ("FlashAttention", "생성모델과 전이학습"),
        ("Flash attention", "생성 모델, 전이"),
        ("Attention, flash", "모델 생성 2024"),
    ):
        await stores.archive.add(paper(title, DAY, commentary=said), by=None, at=AT)
    tried = Tried(stores.search)
    found = await look_up(tried.instead_of(stores), READER, asked)
    assert found.hits
    assert found.suggestions == offered
    assert len(tried.turns) <= 1
    assert sum(tried.turns) <= 16
    for suggestion in found.suggestions:
        assert (await look_up(stores, READER, suggestion)).total > found.total
    if found.total > 1:
        assert (await look_up(stores, READER, asked, limit=1)).suggestions == ()
    assert (await look_up(stores, READER, asked, explained=False)).suggestions == ()


async def test_an_id_that_nobody_has_is_told(stores: Storage) -> None:
    await fill(stores)
    draft = await stores.archive.add(paper("Draft", status=Status.DRAFT, arxiv_id="2406.77777"), by=None, at=AT)
    for reference in ("2406.99999", "2406.77777"):
        nothing = await look_up(stores, READER, f"id:{reference}")
        expected = f"No paper here has the id {reference}. A maintainer can add it with /paper-add."
        assert (str(nothing.notice), nothing.suggestions) == (expected, ())
    nothing = await look_up(stores, READER, f"id:{draft.id}")
    assert str(nothing.notice) == f"No entry has the id {draft.id}."
    assert (await look_up(stores, MAINTAINER, "id:2406.77777")).notice is not None


@pytest.mark.parametrize("asked", ["https://huggingface.co/papers/2303.00750v2", "2303.00750", "arXiv-2303.00750"])
async def test_an_address_of_a_paper_that_nobody_has_is_told(stores: Storage, asked: str) -> None:
    await fill(stores)
    nothing = await look_up(stores, READER, asked)
    said = "No paper here has the id 2303.00750. A maintainer can add it with /paper-add."
    assert (str(nothing.notice), nothing.suggestions) == (said, ())


@pytest.mark.parametrize("asked", ["2024-13-45", "2024-02-30", "2024.13"])
async def test_what_looks_like_a_date_and_is_none_is_told(stores: Storage, asked: str) -> None:
    await fill(stores)
    nothing = await look_up(stores, READER, asked)
    assert str(nothing.notice).startswith(f"`{asked}` is not a date.")
    assert nothing.suggestions == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("before:0001", "No day meets all of these dates. Change one of them, or leave it out."),
        ("after:2023 before:2023", "No day meets all of these dates. Change one of them, or leave it out."),
        ("after:2030 quokka", "That day has not come yet."),
    ],
)
async def test_days_that_there_are_none_of_are_told(stores: Storage, asked: str, said: str) -> None:
    await fill(stores)
    assert str((await look_up(stores, READER, asked)).notice) == said


@pytest.mark.parametrize("asked", ["before:2015", "date:2014..2015", "after:2024-06-22"])
async def test_days_of_no_digest_are_told_with_those_there_are(stores: Storage, asked: str) -> None:
    await stores.archive.add(paper("One", DAY - timedelta(3)), by=None, at=AT)
    await stores.archive.add(paper("Two", DAY), by=None, at=AT)
    await stores.archive.add(paper("Tomorrow", DAY + timedelta(1)), by=None, at=AT)
    later = caller(Role.READER, today=DAY + timedelta(9))
    nothing = await look_up(stores, later, asked)
    assert nothing.suggestions
    for suggestion in nothing.suggestions:
        assert (await look_up(stores, later, suggestion)).hits, suggestion


@pytest.mark.parametrize("word", ["데이터", "모델", '"모으는 데이터"'])
async def test_a_total_leaves_out_what_was_not_wanted(stores: Storage, word: str) -> None:
    for number in range(12):
        said = "모으는 데이터를 모델에" if number < 4 else "아무 말"
        await stores.archive.add(paper(f"Paper {number}", tags=("vision",), commentary=said), by=None, at=AT)
    found = await look_up(stores, READER, f"tag:vision -{word}")
    assert (found.total, found.total_is_about) == (8, False)


async def test_korean_words_are_found_with_particles_attached(stores: Storage) -> None:
    await fill(stores, 3)
    for text in ("양자화", "양자화는", "양자화를", "양자화 를", "중요"):
        assert (await look_up(stores, READER, text)).total == 3


async def test_saving_is_personal(stores: Storage) -> None:
    await fill(stores)
    hit = (await look_up(stores, READER, 'title:"Paper 3"')).hits[0]
    await save(stores, READER, hit.entry.id, at=AT)
    await save(stores, READER, hit.entry.id, at=AT)
    assert [other.entry.id for other in (await look_up(stores, READER, "is:saved")).hits] == [hit.entry.id]
    assert (await look_up(stores, MAINTAINER, "is:saved")).hits == ()
    assert (await look_up(stores, READER, "sort:popular")).hits[0].entry.id == hit.entry.id
    assert (await show_entry(stores, READER, hit.entry.id)).engagement.saves == 1
    await unsave(stores, READER, hit.entry.id)
    assert (await show_entry(stores, READER, hit.entry.id)).engagement.saves == 0


async def test_forget_me_erases_only_ones_own(stores: Storage) -> None:
    await fill(stores)
    hits = (await look_up(stores, READER, "")).hits
    await save(stores, READER, hits[0].entry.id, at=AT)
    await save(stores, MAINTAINER, hits[0].entry.id, at=AT)
    assert await forget_me(stores, READER) == 1
    assert (await look_up(stores, READER, "is:saved")).hits == ()
    assert (await show_entry(stores, MAINTAINER, hits[0].entry.id)).engagement.saves == 1


async def test_more_like_this_shares_tags(stores: Storage) -> None:
    await fill(stores)
    entry = (await look_up(stores, READER, "tag:rlaif")).hits[0].entry
    similar = await more_like(stores, READER, entry.id)
    assert len(similar) == 5
    assert all("rlaif" in hit.entry.tags and hit.entry.id != entry.id for hit in similar)


async def test_help_shows_only_what_finds_something(stores: Storage) -> None:
    await fill(stores)
    for query, _ in (await show_help(stores, READER)).examples:
        results = await look_up(stores, READER, query)
        if query != "is:saved":
            assert results.hits, query


async def test_help_pairs_only_tags_that_go_together(stores: Storage) -> None:
    for n, tags in enumerate([("a",), ("a",), ("a",), ("b",), ("b",), ("c", "b"), ("c",)]):
        await stores.archive.add(paper(f"Paper {n}", DAY, tags=tags), by=None, at=AT)
    examples = [query for query, _ in (await show_help(stores, READER)).examples]
    assert examples[:4] == ["tag:a", "#b #c", "tag:b,c", "#b -tag:c"]


async def test_help_survives_any_title_and_name(stores: Storage) -> None:
    await stores.archive.add(paper('"Why" not “this”?', DAY, authors=("A. `O'Neil\"",)), by=None, at=AT)
    examples = [query for query, _ in (await show_help(stores, READER)).examples]
    assert "this" in examples
    assert 'title:"Why"' in examples
    for query in examples:
        await look_up(stores, READER, query)


async def test_recap(stores: Storage) -> None:
    await fill(stores)
    hits = (await look_up(stores, READER, "", limit=50)).hits
    await save(stores, READER, hits[0].entry.id, at=AT)
    week = await recap(stores, READER, None)
    assert (week.first, week.last) == (date(2024, 6, 17), date(2024, 6, 23))
    assert week.entry_count == 12
    assert [entry.id for entry, _ in week.top] == [hits[0].entry.id]
    assert sum(count for _, count in week.per_day) == 12
    with pytest.raises(NotFound):
        await recap(stores, READER, date(2020, 1, 1))


async def test_tomorrows_tags_are_unknown_today(stores: Storage) -> None:
    await stores.archive.add(paper("Tomorrow", DAY + timedelta(days=1), tags=("surprise",)), by=None, at=AT)
    await fill(stores)
    for typed in ("tag:surprise", "tag:surprize"):
        with pytest.raises(QueryError) as caught:
            await look_up(stores, READER, typed)
        assert "#surprise (" not in str(caught.value)
    tomorrow = caller(today=DAY + timedelta(days=1))
    assert (await look_up(stores, tomorrow, "tag:surprise")).total == 1


async def test_what_went_out_where_digests_are_made_is_there_for_readers_further_west(stores: Storage) -> None:
    tomorrow = date(2024, 6, 22)
    entry = await stores.archive.add(paper("Fresh", tomorrow, tags=("rlaif",)), by=None, at=AT)
    alone = caller(today=date(2024, 6, 21))
    with_community = replace(alone, community_day=tomorrow)
    assert (await look_up(stores, alone, "fresh")).hits == ()
    with pytest.raises(NotFound):
        await find_entry(stores, alone, entry.id)
    assert [hit.entry.id for hit in (await look_up(stores, with_community, "fresh")).hits] == [entry.id]
    assert (await find_entry(stores, with_community, entry.id)).id == entry.id
    assert (await show_digest(stores, with_community)).day == tomorrow
    assert (await look_up(stores, with_community, "date:today")).hits == (), "a person's today is their own"


async def test_an_address_that_is_looked_up_offers_its_entry(stores: Storage) -> None:
    address = "https://mistral.ai/news/Mistral-Nemo/"
    entry = await stores.archive.add(paper("Nemo", url=address), by=None, at=AT)
    await stores.archive.add(paper("Draft", url=f"{address}2", status=Status.DRAFT), by=None, at=AT)
    assert (await look_up(stores, READER, address)).suggestions == (f"id:{entry.id}",)
    assert (await look_up(stores, READER, f"{address}2")).suggestions == ()


async def test_an_entry_is_found_by_its_address(stores: Storage) -> None:
    address = "https://mistral.ai/news/Mistral-Nemo/"
    entry = await stores.archive.add(paper("Nemo", url=address), by=None, at=AT)
    for reference in (address, address.rstrip("/"), f" {address} "):
        assert (await find_entry(stores, READER, reference)).id == entry.id
    with pytest.raises(NotFound):
        await find_entry(stores, READER, "https://mistral.ai/news/")
