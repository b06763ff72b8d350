"""The index of words: right after every way of writing, made anew beside the one that answers, and what it finds."""

from __future__ import annotations

import random
import sys
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from signal import SIGSTOP

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.core.entries import Action, Entry, Status, TagCount
from bot.core.errors import QueryError
from bot.core.people import Person
from bot.core.ports import ImportedEntry, SearchPage
from bot.core.query import Criteria, Query, Sort, TextTerm, criteria_of
from bot.core.query_syntax import parse
from storage import index, reindexing, tokens
from storage.bulk import insert_rows
from storage.entry_rows import insert_entries
from storage.opening import Storage
from storage.places import FIRST_DATED, narrow, wide
from storage.raw import rows_of, value_of
from storage.tokenising import TokensBeside, tokens_beside
from tests.databases import ask, on_sqlite, statements_while

from .conftest import Make

TODAY = date(2024, 6, 30)
NOUNS = ["양자화", "모델", "학습", "정확도", "데이터", "언어", "강화학습", "추론", "어텐션", "난이도", "로봇"]
PARTICLES = ("을", "를", "은", "는", "이", "가", "의", "에서", "으로", "까지", "에서는")
ENGLISH = ["model", "training", "quantization", "reward", "policy", "agents", "scaling"]


async def found(storage: Storage, query: str, sort: Sort = Sort.NEW) -> list[str]:
    """The titles a query finds, page by page."""
    criteria = replace(criteria_of(parse(query), TODAY), sort=sort)
    titles: list[str] = []
    cursor = None
    while True:
        page = await storage.search.page(criteria, asker=None, limit=3, cursor=cursor)
        titles += [entry.title for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            return titles


async def test_every_way_of_writing_keeps_it_right(storage: Storage, make: Make, now: datetime) -> None:
    """Chance decides what is done; `check` compares every token with what the entries say."""
    chance = random.Random(6)
    ann = Person("slack", "T1", "U1")
    held: list[Entry] = []
    for step in range(40):
        text = " ".join(chance.choices([*NOUNS, *ENGLISH], k=6))
        day = f"2024-06-{chance.randint(1, 9):02}"
        what = chance.choice(("add", "edit", "edit", "remove", "undo", "import", "alias", "draft"))
        if what == "add" or not held:
            held.append(await storage.archive.add(make(day, commentary=text, tags=("a", "b-c")), by=ann, at=now))
        elif what == "import":
            new = [ImportedEntry(make(day, id=f"import{step:04}", abstract=text, authors=("Kim Min",)), True)]
            one = chance.randrange(len(held))
            merged = replace(held[one], abstract=text)
            await storage.archive.write_import([*new, ImportedEntry(merged, False)], documents=[], at=now)
            held[one] = (await storage.archive.get([merged.id]))[merged.id]
        elif what == "alias":
            await storage.archive.declare_alias(chance.choice("xyz"), "a")
        else:
            one = chance.randrange(len(held))
            changed = {
                "edit": {"commentary": text, "digest_date": date.fromisoformat(day), "tags": ("b-c", "d")},
                "remove": {"status": Status.REMOVED},
                "undo": {"status": Status.PUBLISHED},
                "draft": {"status": Status.DRAFT, "title": text},
            }[what]
            action = {"remove": Action.REMOVE, "undo": Action.UNDO}.get(what, Action.EDIT)
            held[one] = await storage.archive.replace(replace(held[one], **changed), action=action, by=ann, at=now)  # type: ignore[arg-type]
        assert await storage.check() == []


async def test_counts_are_exact_whether_they_have_been_counted_in_or_not(
    storage: Storage, make: Make, now: datetime
) -> None:
    texts = [" ".join(f"word{part}x{number}" for number in range(400)) for part in "abcdefghijklmnopqrstuvwxyz"]
    first = [make("2024-06-01", id=f"first{at:05}", commentary=text) for at, text in enumerate(texts)]
    await storage.archive.write_import([ImportedEntry(entry, True) for entry in first], documents=[], at=now)
    second = [
        await storage.archive.add(make("2024-06-02", id=f"second{at:04}", commentary=text), by=None, at=now)
        for at, text in enumerate(texts)
    ]
    assert await storage.check() == []
    assert await _total(storage, "wordax7") == 2
    while await storage.database.write(_waiting) > 2_000:
        await storage.database.write(index.tidy)
    assert await storage.check() == []
    assert 0 < await storage.database.read(_waiting) <= 2_000
    for entry in second:
        await storage.archive.replace(replace(entry, status=Status.REMOVED), action=Action.REMOVE, by=None, at=now)
    assert await storage.check() == []
    assert await _total(storage, "wordax7") == 1
    for entry in first:
        await storage.archive.replace(replace(entry, status=Status.REMOVED), action=Action.REMOVE, by=None, at=now)
    assert await storage.check() == []
    assert await storage.database.read(_waiting) == 0
    assert await _total(storage, "wordax7") == 0


async def test_counts_after_a_large_import_are_those_of_every_entry(
    storage: Storage, make: Make, now: datetime
) -> None:
    """Counts of single changes still wait; entries change in it, and leave; the next one is small beside what is there.

    Of whole Korean words the index knows nothing, and the check of the archive neither.
    """

    def kept(connection: Connection) -> dict[str, int]:
        rows = rows_of(connection, "SELECT term, uses FROM terms UNION ALL SELECT term, uses FROM term_changes")
        uses: Counter[str] = Counter()
        for term, by in rows:
            uses[term] += by
        return {term: by for term, by in uses.items() if by}

    async def assert_counts_are_right() -> None:
        entries = await storage.archive.export(after=None, limit=100_000)
        made = [tokens.make_tokens(entry) for entry in entries if entry.is_public]
        assert await storage.database.read(kept) == Counter(token for one in made for token in one.each())
        assert await storage.check() == []

    alone = [
        await storage.archive.add(make(id=f"a{at}", commentary=f"모델을 alone{at} both"), by=None, at=now)
        for at in range(4)
    ]
    changed = [ImportedEntry(replace(entry, commentary="데이터는 both"), False) for entry in alone[:2]]
    changed.append(ImportedEntry(replace(alone[2], status=Status.DRAFT), False))
    text = "모델의 데이터 many both"
    many = [ImportedEntry(make(id=f"m{at:04}", commentary=f"{text} m{at % 9}"), True) for at in range(1_000)]
    await storage.archive.write_import([*changed, *many], documents=[], at=now)
    await assert_counts_are_right()
    (near,) = (await storage.search.nearest_words(["모뎰"]))["모뎰"]
    assert (near.name, near.count) == ("모델", 1_001)
    for base, size in (("n", 2_000), ("o", 500)):
        more = [ImportedEntry(make(id=f"{base}{at:04}", commentary=f"{base}more 모델과"), True) for at in range(size)]
        await storage.archive.write_import(more, documents=[], at=now)
        await assert_counts_are_right()
    gone = [replace(item.entry, status=Status.REMOVED) for item in many]
    stored = await storage.archive.get([entry.id for entry in gone])
    leaving = [ImportedEntry(replace(entry, revision=stored[entry.id].revision), False) for entry in gone]
    await storage.archive.write_import(leaving, documents=[], at=now)
    await assert_counts_are_right()


async def test_upkeep_leaves_the_random_numbers_of_the_program_alone(
    storage: Storage, make: Make, now: datetime
) -> None:
    """It is done in another thread, whenever it is quiet: whoever seeds `random` counts on what comes next."""
    before = random.getstate()
    for number in range(4):
        await storage.archive.add(make(commentary=f"word{number}"), by=None, at=now)
        await storage.database.write(index.tidy)
    assert random.getstate() == before


@on_sqlite
async def test_where_very_much_waits_the_pieces_of_the_index_are_joined_all_the_same(
    storage: Storage, make: Make, now: datetime
) -> None:
    """Neither part of the upkeep is put off for the other, however little is done of either.

    So much waits that it is not through, also where the upkeep of idle times helps.
    """

    def pieces(connection: Connection) -> int:
        return int(value_of(connection, "SELECT count(DISTINCT segid) FROM lookup_idx"))

    def let_wait(connection: Connection) -> None:
        rows = [(f"waiting{number}", 0) for number in range(150_000)]
        insert_rows(connection, "term_changes", ("term", "uses"), rows)

    await storage.database.write(let_wait)
    for number in range(12):  # past the archive, which would have some joined as soon as it is quiet
        new = make(id=f"entry{number:05}", commentary=f"word{number}")
        await storage.database.write(insert_entries, [new], now)
    before = await storage.database.read(pieces), await storage.database.read(_waiting)
    for _ in range(24):  # that chance names one first every time happens once in ten million times
        assert await storage.database.write(index.tidy)
    after = await storage.database.read(pieces), await storage.database.read(_waiting)
    assert after[0] < before[0]
    assert 2_000 < after[1] < before[1]


async def test_the_most_frequent_come_first_also_where_counts_wait(storage: Storage, make: Make, now: datetime) -> None:
    words = [f"quant{letter}tor" for letter in "abcdefghijklmnopqrstuvwxyz"]
    for at, word in enumerate([*words, *([words[-1]] * 5)]):
        await storage.archive.add(make("2024-06-01", id=f"entry{at:05}", commentary=word), by=None, at=now)
    for _ in range(2):
        begun = await storage.search.page(Criteria(texts=(TextTerm("quant"),)), asker=None, limit=50)
        assert len(begun.entries) == 16 + 5
        near = await storage.search.nearest_words(["quantetor", "quant5tor"])
        assert near["quant5tor"][0] == TagCount(words[-1], 6)
        await storage.reindex()


async def test_what_every_entry_has_is_no_word_that_begins_so(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(title="Alignment"), by=None, at=now)
    await storage.archive.add(make(title="Quantization"), by=None, at=now)

    async def begun(word: str) -> list[str]:
        typing = criteria_of(Query((TextTerm(word, begun=True),)), TODAY)
        page = await storage.search.page(typing, asker=None, limit=5)
        return [entry.title for entry in page.entries]

    assert await begun("al") == ["Alignment"]
    assert await begun("all") == []
    assert await found(storage, "al") == ["Alignment"]  # nobody types any more, but it may be meant so


def _waiting(connection: Connection) -> int:
    return int(value_of(connection, "SELECT count(*) FROM term_changes"))


async def _total(storage: Storage, query: str) -> int:
    page = await storage.search.page(criteria_of(parse(query), TODAY), asker=None, limit=1)
    return page.total


async def test_nouns_are_found_with_and_without_particles(storage: Storage, make: Make, now: datetime) -> None:
    """Against the truth of substrings: everything that has a noun, and nothing else."""
    chance = random.Random(7)
    texts = {}
    for number in range(60):
        words = [chance.choice(NOUNS) + chance.choice(("", *PARTICLES)) for _ in range(5)]
        texts[f"T {number}"] = " ".join([*words, chance.choice(("정확도를 보면", "난이도가 높다", "LLM을 쓴다"))])
    imported = [
        ImportedEntry(make("2024-06-01", id=f"{number:010}", title=title, commentary=text), True)
        for number, (title, text) in enumerate(texts.items())
    ]
    await storage.archive.write_import(imported, documents=[], at=now)
    for noun in NOUNS:
        truth = {title for title, text in texts.items() if noun in text}
        assert set(await found(storage, noun)) == truth
        for particle in PARTICLES:
            assert set(await found(storage, noun + particle)) == truth, noun + particle
    assert set(await found(storage, "llm")) == {title for title, text in texts.items() if "LLM" in text}


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_of_a_word_are_whole_in_every_order(
    storage: Storage, make: Make, now: datetime, sort: Sort
) -> None:
    for number in range(11):
        title = f"model {number}" if number % 3 else f"other {number}"
        day = f"2024-06-{number % 4 + 1:02}"
        await storage.archive.add(make(day, title=title, commentary="the model"), by=None, at=now)
    titles = await found(storage, "model", sort)
    assert len(titles) == len(set(titles)) == 11
    if sort is Sort.RELEVANCE:
        assert all("model" in title for title in titles[:7])


async def test_a_phrase_in_a_title_comes_first_and_a_part_of_it_is_none(
    storage: Storage, make: Make, now: datetime
) -> None:
    for day, title, commentary in (
        ("2024-06-01", "Strong reward models", ""),
        ("2024-06-02", "On rewards", "those reward models"),
        ("2024-06-03", "Others", "all reward models"),
        ("2024-06-04", "Rewards and models", "no reward for models"),
        ("2024-06-05", "Language models", ""),
        ("2024-06-06", "World models", ""),
    ):
        await storage.archive.add(make(day, title=title, commentary=commentary), by=None, at=now)
    ranked = await found(storage, '"reward models"', Sort.RELEVANCE)
    assert ranked == ["Strong reward models", "Others", "On rewards"]


async def test_made_anew_while_lookups_and_changes_go_on(storage: Storage, make: Make, now: datetime) -> None:
    entries = [
        ImportedEntry(make(f"2024-06-{number % 9 + 1:02}", id=f"{number:010}", commentary="모델 words"), True)
        for number in range(1_100)
    ]
    await storage.archive.write_import(entries, documents=[], at=now)
    await storage.database.write(reindexing.start)
    assert await storage.database.write(reindexing.step) == 500
    early, late = entries[0].entry, entries[8].entry  # on the first day, behind what is reached; on the last, before it
    for entry in (early, late):
        await storage.archive.replace(replace(entry, commentary="changed"), action=Action.EDIT, by=None, at=now)
    await storage.archive.add(make("2024-06-01", title="new", commentary="changed"), by=None, at=now)
    assert set(await found(storage, "changed")) == {early.title, late.title, "new"}
    assert await storage.keep_index()  # goes on from where it was
    assert set(await found(storage, "changed")) == {early.title, late.title, "new"}
    assert await storage.check() == []
    told: list[tuple[int, int]] = []
    await storage.reindex(lambda done, of: told.append((done, of)))
    assert told[0] == (0, 1_101)
    assert told[-1] == (1_101, 1_101)


async def test_another_version_is_made_anew_by_itself(
    storage: Storage, make: Make, now: datetime, database_url: str
) -> None:
    added = await storage.archive.add(make(commentary="before"), by=None, at=now)
    ask(database_url, "UPDATE index_state SET version = version + 1")
    assert [str(problem) for problem in await storage.check()] == [
        "The index of words was made by another version of Paperboy. `paperboy reindex` makes it anew."
    ]
    assert await found(storage, "before") == [added.title]  # the old one answers meanwhile
    await storage.archive.replace(replace(added, commentary="after"), action=Action.EDIT, by=None, at=now)
    assert await storage.keep_index()
    assert await found(storage, "after") == [added.title]
    assert await found(storage, "before") == []
    assert await storage.check() == []
    assert not await storage.keep_index()


async def test_a_day_may_have_more_entries_than_small_numbers_have_room_for(
    database_url: str, storage: Storage, make: Make, now: datetime
) -> None:
    def bits() -> Sequence[tuple[object, ...]]:
        return ask(database_url, "SELECT bits, next_bits FROM index_state")

    day = "2024-06-01"
    many = [ImportedEntry(make(day, id=f"{number:010}", title=f"word {number}"), True) for number in range(4_096)]
    await storage.archive.write_import(many, documents=[], at=now)
    assert bits() == [(12, None)]
    last = await storage.archive.add(make(day, title="word beyond"), by=None, at=now)
    assert bits() == [(20, None)]
    assert await storage.check() == []
    assert await newest(storage, 2) == ["word beyond", "word 4095"]
    await storage.archive.replace(replace(last, status=Status.REMOVED), action=Action.REMOVE, by=None, at=now)
    await storage.database.write(reindexing.start)
    assert bits() == [(20, 12)]
    for title in ("word again", "word after"):
        await storage.archive.add(make(day, title=title), by=None, at=now)
    await storage.keep_index()
    assert await storage.check() == []
    assert await newest(storage, 3) == ["word after", "word again", "word 4095"]


async def newest(storage: Storage, count: int) -> list[str]:
    page = await storage.search.page(criteria_of(parse("word"), TODAY), asker=None, limit=count)
    return [entry.title for entry in page.entries]


async def test_the_nearest_words_are_offered(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(
        make(title="Alignment of models", commentary="데이터로 학습을 합니다", authors=("Aviral Kumar",)),
        by=None,
        at=now,
    )

    async def near(word: str) -> list[str]:
        return [found.name for found in (await storage.search.nearest_words([word])).get(word, ())]

    assert await near("alignmnet") == ["alignment"]
    assert await near("modles") == ["models"]
    assert await near("뎨이터") == ["데이터"]
    assert await near("alignment") == []
    assert await near("zzzzzz") == []
    names = await storage.search.nearest_names(["kumr"])
    assert [found.name for found in names["kumr"]] == ["kumar"]


async def test_what_is_alike_shares_tags_and_rare_words(storage: Storage, make: Make, now: datetime) -> None:
    for number in range(8):
        await storage.archive.add(make("2024-06-01", title=f"filler {number}", commentary="모델"), by=None, at=now)
    mine = await storage.archive.add(
        make("2024-06-02", title="mine", tags=("x", "y"), abstract="zebra"), by=None, at=now
    )
    for title, tags, abstract in (("both", ("x", "y"), ""), ("one", ("x",), ""), ("rare", (), "zebra")):
        await storage.archive.add(make("2024-06-01", title=title, tags=tags, abstract=abstract), by=None, at=now)
    await storage.archive.add(make("2024-06-03", title="later", tags=("x", "y")), by=None, at=now)
    hits = await storage.search.like(mine, asker=None, until=date(2024, 6, 2), limit=5)
    titles = [hit.entry.title for hit in hits]
    assert titles[0] == "both"
    assert set(titles) == {"both", "one", "rare"}


async def test_what_is_alike_by_chance_is_not_what_is_alike(storage: Storage, make: Make, now: datetime) -> None:
    """Neither the first name of an author nor half a Korean word says what one is about; a single word says little."""
    for number in range(8):
        await storage.archive.add(make(title=f"filler {number}", commentary="모델"), by=None, at=now)
    mine = await storage.archive.add(
        make(title="Zebra", tags=("gan",), commentary="하이브리드 방식 okapi", authors=("Mingkai Chen",)),
        by=None,
        at=now,
    )
    others = [
        make(title="same name", authors=("Mingkai Deng",)),
        make(title="half a word", commentary="브리핑 그리드 하이킹"),
        make(title="one word", commentary="okapi"),
        make(title="two words", commentary="하이브리드는 okapi"),
        make(title="same tag", tags=("gan",)),
    ]
    for other in others:
        await storage.archive.add(other, by=None, at=now)
    hits = await storage.search.like(mine, asker=None, until=TODAY, limit=5)
    assert [hit.entry.title for hit in hits] == ["same tag", "two words", "one word"]


async def test_a_long_text_that_has_all_kinds_of_words_is_less_alike(
    storage: Storage, make: Make, now: datetime
) -> None:
    rare = "quartz osmium zebra"
    for title, text in (
        ("Short", rare),
        ("Filler", "other words"),
        ("Long", f"{rare} obsidian {'of this and that ' * 200}"),
    ):
        for copy in range(1 if title != "Filler" else 60):
            await storage.archive.add(make(title=f"{title} {copy}", commentary=text), by=None, at=now)
    entry = await storage.archive.add(make(title="One", commentary=f"{rare} obsidian"), by=None, at=now)
    alike = await storage.search.like(entry, asker=None, until=TODAY, limit=2)
    assert [hit.entry.title for hit in alike] == ["Short 0", "Long 0"]


async def test_a_compound_is_no_second_word_that_is_shared(storage: Storage, make: Make, now: datetime) -> None:
    for text in ("zebra-like", "quartz osmium", *["like"] * 60):
        await storage.archive.add(make(title="Paper", commentary=text), by=None, at=now)
    entry = await storage.archive.add(make(commentary="zebra-like quartz osmium"), by=None, at=now)
    alike = await storage.search.like(entry, asker=None, until=TODAY, limit=2)
    assert [hit.entry.commentary for hit in alike] == ["quartz osmium", "zebra-like"]


async def test_what_is_like_an_entry_with_very_many_tags_and_words_takes_few_questions(
    storage: Storage, make: Make, now: datetime
) -> None:
    tags = tuple(f"tag{number}" for number in range(60))
    text = " ".join(f"word{number}" for number in range(500))
    one, *_ = [await storage.archive.add(make(tags=tags, abstract=text), by=None, at=now) for _ in range(3)]
    for number in range(40):
        await storage.archive.add(make(tags=tags[number:], title=f"more {number}"), by=None, at=now)

    async def ask() -> None:
        hits = await storage.search.like(one, asker=None, until=TODAY, limit=5)
        assert [hit.entry.title for hit in hits[:2]] == ["Paper 3", "Paper 2"]

    assert len(await statements_while(storage, ask)) < 12 + 12 + 6 + 8


async def test_words_asked_for_are_shown_where_they_stand(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(
        make(title="A", commentary="앞말이 길고 " * 20 + "모델의 양자화는 좋다", abstract="We trained it. " * 30),
        by=None,
        at=now,
    )

    async def snippet(query: str) -> str:
        page = await storage.search.page(criteria_of(parse(query), TODAY), asker=None, limit=1)
        return "".join(f"[{piece.text}]" if piece.matched else piece.text for piece in page.hits[0].snippet)

    assert (await snippet("양자화를")).endswith("모델의 [양자화]는 좋다")
    assert (await snippet("양자화")).startswith("… ")
    assert "[trained]" in await snippet("training")
    assert "[We trained it]" in await snippet('"we trained it"')
    assert await snippet("date:2024") == ""
    await storage.archive.add(make(title="B", commentary="zebra \u202etxet"), by=None, at=now)
    assert await snippet("zebra") == "[zebra] txet"
    await storage.archive.add(
        make(title="C", commentary="no pre-training, fine‑tuned, GPT4; re-ranks"), by=None, at=now
    )
    assert await snippet("pretrained") == "no [pre-training], fine‑tuned, GPT4; re-ranks"
    assert await snippet("finetuning gpt-4") == "no pre-training, [fine‑tuned], [GPT4]; re-ranks"
    assert await snippet("rerank") == "no pre-training, fine‑tuned, GPT4; [re-ranks]"


async def test_a_name_that_is_found_is_shown_unless_the_title_has_it(
    storage: Storage, make: Make, now: datetime
) -> None:
    for title in ("Other", "The zebra"):
        await storage.archive.add(make(title=title, commentary="no", authors=("A B", "Zed Zebra")), by=None, at=now)
    page = await storage.search.page(criteria_of(parse("zebra sort:relevance"), TODAY), asker=None, limit=2)
    shown = ["".join(f"[{one.text}]" if one.matched else one.text for one in hit.snippet) for hit in page.hits]
    assert shown == ["", "A B, Zed [Zebra]"]


FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("written", "asked", "shown"),
    [
        (unicodedata.normalize("NFD", "모델의 양자화는 좋다"), "양자화", "모델의 [양자화]는 좋다"),
        ("an eﬃcient ＬＬＭ", "efficient llm", "an [efficient] [LLM]"),
        ("alpha is eﬃcient", "alpha efficient", "[alpha] is [efficient]"),
        ("İzmir and zebra", "zebra", "İzmir and [zebra]"),
        ("a **bold** claim of $\\mathcal{O}(n^2)$ time", "time", "a bold claim of O(n²) [time]"),
        ("a **bold claim** about $\\alpha$ zebras", "bold", "a [bold] claim about α zebras"),
        ("see \\url{https://zebra.example}", "zebra", "see https://[zebra].example"),
        (f"{'가' * 60}zebra{FAMILY * 40}", "zebra", f"… {'가' * 50}[zebra]{FAMILY * 25} …"),
        (f"a zebra {'x ' * 99} fast zebra", "fast zebra", f"… {'x ' * 24}[fast] [zebra]"),
        ("3-5 runs, then 35 runs", "35", "3-5 runs, then [35] runs"),
        ("pre\n-training, and then pretraining", "pretraining", "pre -training, and then [pretraining]"),
        (f"We use pretraining {'word ' * 118}a training it is", "training", f"… {'word ' * 9}a [training] it is"),
        ("a pre-training run", "pretrain pretraini", "a [pre-training] run"),
        ("zebra zebras dall-e zebra", "dall-e", "zebra zebras [dall-e] zebra"),
        (f"{'🇰🇷' * 40} zebra", "zebra", f"… {'🇰🇷' * 25} [zebra]"),
    ],
)
async def test_what_is_shown_can_be_read(
    storage: Storage, make: Make, now: datetime, written: str, asked: str, shown: str
) -> None:
    await storage.archive.add(make(title="A", commentary=written), by=None, at=now)
    page = await storage.search.page(criteria_of(parse(asked), TODAY), asker=None, limit=1)
    assert "".join(f"[{piece.text}]" if piece.matched else piece.text for piece in page.hits[0].snippet) == shown


async def test_a_title_with_a_hyphen_fits_a_word_without_one(storage: Storage, make: Make, now: datetime) -> None:
    for title in ("Pre-Training", "Something else", "Pretraining for very many other things as well"):
        await storage.archive.add(make(title=title, commentary="pretraining"), by=None, at=now)
    for typed in ("pretraining", "pre-training"):
        criteria = criteria_of(parse(f"{typed} sort:relevance"), TODAY)
        page = await storage.search.page(criteria, asker=None, limit=3)
        assert [entry.title.split()[0] for entry in page.entries] == ["Pre-Training", "Pretraining", "Something"]


FOUND_AT = [*random.Random(3).sample(range(2_400), 30), 0, 1, 2_399]


@pytest.fixture
async def weak_and_strong(storage: Storage, make: Make, now: datetime) -> Storage:
    """All entries have the same words, a few of them as a phrase, and the oldest alone as another one."""
    texts = dict.fromkeys(range(2400), "strong weak to") | dict.fromkeys(FOUND_AT, "weak to strong")
    texts[0] = "weak to strong, strong to weak"
    day = date(2024, 1, 1)
    entries = [
        make(str(day + timedelta(number // 20)), id=f"entry{number:05}", title=f"T {number}", commentary=text)
        for number, text in texts.items()
    ]
    await storage.archive.write_import([ImportedEntry(entry, True) for entry in entries], documents=[], at=now)
    return storage


async def pages_of(storage: Storage, criteria: Criteria, cursor: str | None = None) -> list[SearchPage]:
    """A page and all that follow it."""
    pages = [await storage.search.page(criteria, asker=None, limit=5, cursor=cursor)]
    while pages[-1].next_cursor:
        pages.append(await storage.search.page(criteria, asker=None, limit=5, cursor=pages[-1].next_cursor))
    return pages


def titles_on(pages: Iterable[SearchPage]) -> list[str]:
    return [entry.title for page in pages for entry in page.entries]


async def test_pages_of_a_phrase_of_frequent_words_go_on_forward_and_back(weak_and_strong: Storage) -> None:
    """Each of a hundred entries looked into may have none of them."""
    newest_first = [f"T {number}" for number in sorted(set(FOUND_AT), reverse=True)]
    for sort in (Sort.NEW, Sort.OLD, Sort.RELEVANCE):
        criteria = Criteria(texts=(TextTerm("weak to strong", phrase=True),), sort=sort)
        pages = await pages_of(weak_and_strong, criteria)
        assert titles_on(pages) == (newest_first[::-1] if sort is Sort.OLD else newest_first)
        assert all(page.entries for page in pages[:-1])
        assert pages[0].previous_cursor is None
        before, back = pages[-1], [pages[-1]]
        while before.previous_cursor:
            before = await weak_and_strong.search.page(criteria, asker=None, limit=5, cursor=before.previous_cursor)
            back.insert(0, before)
        assert list(dict.fromkeys(titles_on(back))) == titles_on(pages)
        for page in pages[1:]:
            assert page.previous_cursor
            before = await weak_and_strong.search.page(criteria, asker=None, limit=5, cursor=page.previous_cursor)
            following = await weak_and_strong.search.page(criteria, asker=None, limit=5, cursor=before.next_cursor)
            both = min(len(following.entries), len(page.entries))
            assert both
            assert following.entries[:both] == page.entries[:both]


async def test_a_phrase_that_stands_nowhere_near_ends_a_page_and_goes_on(weak_and_strong: Storage) -> None:
    criteria = Criteria(texts=(TextTerm("strong to weak", phrase=True),))
    pages = await pages_of(weak_and_strong, criteria)
    assert [titles_on([page]) for page in pages] == [[], [], ["T 0"]]
    assert (pages[0].total, pages[0].total_is_about) == (0, True)
    oldest_first = await pages_of(weak_and_strong, replace(criteria, sort=Sort.OLD))
    assert titles_on(oldest_first) == ["T 0"]
    nowhere = await pages_of(weak_and_strong, Criteria(texts=(TextTerm("to weak to", phrase=True),)))
    assert titles_on(nowhere) == []
    assert (nowhere[-1].total, nowhere[-1].total_is_about) == (0, False)


def test_tokens_made_by_other_processes_are_the_same(make: Make) -> None:
    entries = [make(id=f"{number:010}", commentary=f"양자화는 {number}") for number in range(4_000)]
    with tokens_beside(entries) as ready:
        if ready is None:
            pytest.skip("environment: one processor")
        for entry in (*entries[:3], entries[-1], make(id="other")):
            assert same(ready.of(entry), entry)
    left = entries[2_000]  # whoever still asks when the import was given up gets them too
    assert same(ready.of(left), left)


def same(made: tokens.Tokens, entry: Entry) -> bool:
    """Whether these are the tokens of an entry, in any order."""
    expected = tokens.make_tokens(entry)
    return [sorted(one.split()) for one in made] == [sorted(one.split()) for one in expected]


def ended(beside: TokensBeside) -> bool:
    """Whether its processes and threads come to their end by themselves."""
    for thread in threading.enumerate():
        if thread.name == "tokens":
            thread.join(10)
    return all(process.returncode is not None for process in beside.processes)


@pytest.mark.parametrize("after", [0, 1, 100, 700])
def test_an_import_goes_on_where_a_process_that_makes_tokens_is_killed(make: Make, after: int) -> None:
    """Long entries, so that much is under way at that moment."""
    text = " ".join(f"{noun}{particle}" for noun in NOUNS for particle in PARTICLES)
    entries = [make(id=f"{number:010}", commentary=f"{text} {number}") for number in range(1_500)]
    beside = TokensBeside(entries, 2)
    for number, entry in enumerate(entries):
        if number == after:
            time.sleep(0.3)
            for process in beside.processes:
                process.kill()
        assert same(beside.of(entry), entry)
    assert ended(beside)


def test_an_import_goes_on_where_a_process_that_makes_tokens_is_stopped(make: Make) -> None:
    entries = [make(id=f"{number:010}", commentary=f"양자화는 {number}") for number in range(1_500)]
    beside = TokensBeside(entries, 2, patience=0.2)
    for process in beside.processes:
        process.send_signal(SIGSTOP)
    assert all(same(beside.of(entry), entry) for entry in entries)
    assert ended(beside)


def test_an_import_goes_on_where_no_process_can_be_started(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    entries = [make(id=f"{number:010}", commentary=f"양자화는 {number}") for number in range(300)]
    beside = TokensBeside(entries, 2)
    assert beside.processes == []
    assert all(same(beside.of(entry), entry) for entry in entries)


@pytest.mark.parametrize("asked", [1, 1_500])
def test_processes_that_make_tokens_end_when_an_import_is_over_or_given_up(make: Make, asked: int) -> None:
    entries = [make(id=f"{number:010}") for number in range(1_500)]
    beside = TokensBeside(entries, 2)
    assert all(same(beside.of(entry), entry) for entry in entries[:asked])
    beside.close()
    assert ended(beside)
    assert asked == 1 or [process.returncode for process in beside.processes] == [0, 0]


@given(st.integers(0, 3_000_000), st.integers(0, (1 << 12) - 1))
def test_small_numbers_are_places(day: int, number: int) -> None:
    place = day << 20 | number
    assert wide(narrow(place, 12), 12) == place
    assert narrow(place, 20) == place
    beyond = day << 20 | (1 << 12)
    assert narrow(place, 12) <= narrow(beyond, 12) < narrow(beyond, 12, up=True)
    assert FIRST_DATED == 1 << 20


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [*'"*():#^{}\\%_-', " AND ", " OR ", " NOT ", "NEAR(", "tag:", "\x00", "the of", "은는", "모델을", "a" * 60]
        ),
        max_size=12,
    ).map("".join),
)


async def test_whatever_is_typed_is_answered(storage: Storage, make: Make, now: datetime) -> None:
    """Nothing but the query error comes out."""
    await storage.archive.add(make(commentary="모델을 the of AND"), by=None, at=now)
    queries: list[str] = []

    @given(HOSTILE)
    def collect(text: str) -> None:
        queries.append(text)

    collect()
    for query in [*queries, "of the and", '"of the"', "가" * 500, "OR", "NOT NOT", "-모델을", "-the -of"]:
        for sort in (Sort.NEW, Sort.RELEVANCE, Sort.POPULAR):
            try:
                await found(storage, query, sort)
            except QueryError:
                break
