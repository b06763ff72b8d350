"""What a lookup finds, and goes on to offer, is what a plain reading of the entries finds: on both databases.

The reading here knows nothing of tokens or of an index. It knows which English words are forms of one word, takes a
Korean noun for there wherever its letters stand, and goes through every entry.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry, Status
from bot.core.ports import Facet, ImportedEntry
from bot.core.query import Criteria, Sort, criteria_of
from bot.core.query_syntax import parse
from storage.opening import Storage, open_storage
from tests.databases import KINDS, SQLITE

NOW = datetime(2024, 6, 30, tzinfo=UTC)
TODAY = NOW.date()

FORMS = [
    ["train", "trains", "trained", "training"],
    ["scale", "scales", "scaled", "scaling"],
    ["policy", "policies"],
    ["align", "aligned", "aligning"],
    ["alignment", "alignments"],
    ["reward", "rewards"],
    ["also"],
    ["llm", "llms"],
    ["gpt"],
    ["4"],
    ["gpt4"],
    ["pre"],
    ["pretrain", "pretrains", "pretrained", "pretraining"],
]
FORMS_OF = {form: forms for forms in FORMS for form in forms}
NOUNS = ["양자화", "양자", "모델", "언어모델", "학습", "강화학습", "데이터", "정확도", "정확"]
PARTICLES = ["", "을", "의", "에서", "으로", "까지", "도"]
NAMES = ["Min Kim", "Kiran Lee", "Lee Min", "Ann Kumar", "Jin-Hwa Kim", "Jinhwa Lee"]
TAGS = ["rlaif", "reward-model", "vision", "LLM"]
DAYS = [date(2023, 12, 31), date(2024, 5, 31), date(2024, 6, 1), date(2024, 6, 21), date(2024, 7, 1)]

english = st.sampled_from(sorted(FORMS_OF))
korean = st.tuples(st.sampled_from(NOUNS), st.sampled_from(PARTICLES)).map("".join)
mixed = st.tuples(st.sampled_from(["LLM", "GPT-4", "GPT4"]), st.sampled_from(["을", "의", ""])).map("".join)
hyphened = st.sampled_from(["pre-training", "Pre-trained", "pre-4", "4-4"])
word = english | english.map(str.capitalize) | korean | mixed | hyphened
text = st.lists(st.tuples(word, st.sampled_from([" ", " ", " ", ", ", "/", ". "])), max_size=6).map(
    lambda parts: "".join(part for pair in parts for part in pair).rstrip(" ,/.")
)
entry = st.builds(
    Entry,
    id=st.just(""),
    title=text.map(lambda title: title or "none"),
    digest_date=st.sampled_from(DAYS) | st.none(),
    authors=st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
    tags=st.lists(st.sampled_from(TAGS), max_size=3, unique=True).map(tuple),
    organisation=st.sampled_from([None, "Kim Labs"]),
    abstract=text,
    commentary=text,
    commentary_en=st.none() | text,
    status=st.sampled_from([Status.PUBLISHED] * 5 + [Status.DRAFT]),
)


def words_in(text: str) -> list[str]:
    return re.findall(r"[가-힣]+|[a-z0-9]+", text.lower())


def joined_in(text: str) -> list[str]:
    """What stands there with one hyphen in it, without that; but for two numbers."""
    found = re.findall(r"\b([a-z0-9]+)-(?=([a-z0-9]+))", text.lower())
    return [first + second for first, second in found if not (first + second).isdigit()]


def all_texts(of: Entry) -> Sequence[str]:
    return [of.title, of.abstract or "", of.commentary or "", of.commentary_en or "", *names_on(of), *of.tags]


def names_on(of: Entry) -> Sequence[str]:
    return [*of.authors, *([of.organisation] if of.organisation else [])]


Meets = Callable[[Entry, Set[str]], bool]
"""Whether an entry meets a part of a query, in an archive with these words, and with these names after `name `."""


@dataclass(frozen=True)
class Part:
    """A part of a query, and how it is to be understood."""

    typed: str
    meets: Meets
    word: str = ""
    """An English word that is wanted."""

    def __repr__(self) -> str:
        return self.typed


def typed_as(name: str) -> str:
    return f'"{name}"' if " " in name else name


def has_word(asked: str, texts: Callable[[Entry], Sequence[str]]) -> Meets:
    """In any form; where the archive has none, the forms of words that begin so."""

    def meets(of: Entry, known: Set[str]) -> bool:
        forms = FORMS_OF.get(asked, [asked])
        if known.isdisjoint(forms):
            forms = [form for each in FORMS if each[0].startswith(asked) for form in each]
        return any(not set(forms).isdisjoint([*words_in(text), *joined_in(text)]) for text in texts(of))

    return meets


def has_compound(first: str, second: str, texts: Callable[[Entry], Sequence[str]]) -> Meets:
    """Two words one behind the other, in any form, or as one."""
    forms = FORMS_OF[second]

    def stands(text: str) -> bool:
        words = words_in(text)
        return any(pair[0] == first and pair[1] in forms for pair in pairwise(words)) or not {
            first + form for form in forms
        }.isdisjoint(words)

    return lambda of, _: any(map(stands, texts(of)))


def has_letters(typed: str, texts: Callable[[Entry], Sequence[str]]) -> Meets:
    """Without its particle. What ends like one is a noun as it is where it takes a particle itself, as `정확도를`."""
    bare = re.sub(f"(?<=..)({'|'.join(filter(None, PARTICLES))})$", "", typed)

    def meets(of: Entry, known: Set[str]) -> bool:
        is_noun = any(re.search(f"{typed}[을를이가]", word) for word in known)
        return any((typed if is_noun else bare) in text for text in texts(of))

    return meets


def has_run(run: Sequence[str], texts: Callable[[Entry], Sequence[str]]) -> Meets:
    """Word for word, but the last in a form that goes on from it, and Korean ones within longer words at the ends."""

    def stands(words: Sequence[str]) -> bool:
        first, last = words[0], words[-1]
        begins = first.endswith(run[0]) if run[0] >= "가" else first == run[0]
        goes_on = last.startswith(run[-1]) and (run[-1] >= "가" or last in FORMS_OF[run[-1]])
        return begins and [*words[1:-1]] == [*run[1:-1]] and goes_on

    def meets(of: Entry, _: Set[str]) -> bool:
        split = map(words_in, texts(of))
        return any(stands(words[at : at + len(run)]) for words in split for at in range(len(words) - len(run) + 1))

    return meets


def has_name(asked: str) -> Meets:
    """Each word, or two of them as one where some name has that; one that no name has as a beginning."""
    words = words_in(asked)
    as_one = ["".join(pair) for pair in pairwise(words)]

    def meets(of: Entry, known: Set[str]) -> bool:
        def has(there: Sequence[str], at: int) -> bool:
            word, joined = words[at], as_one[max(0, at - 1) : at + 1]
            same = (lambda one: one == word) if f"name {word}" in known else (lambda one: one.startswith(word))
            return any(map(same, there)) or any(f"name {one}" in known and one in there for one in joined)

        split = ([*words_in(name), *joined_in(name)] for name in names_on(of))
        return any(all(has(there, at) for at in range(len(words))) for there in split)

    return meets


def has_tag(asked: str) -> Meets:
    return lambda of, _: asked.replace("_", "-").lower() in map(str.lower, of.tags)


def dated(first: date, last: date) -> Meets:
    return lambda of, _: of.digest_date is not None and first <= of.digest_date <= last


def title_of(of: Entry) -> Sequence[str]:
    return [of.title]


WITHIN = [("", all_texts), ("title:", title_of)]
words = [
    Part(f"{key}{asked}", has_word(asked, texts), asked)
    for key, texts in WITHIN
    for asked in [*FORMS_OF, "al", "rew", "po"]
]
compounds = [
    Part(f"{key}{first}-{second}", has_compound(first, second, texts))
    for key, texts in WITHIN
    for first, second in [("pre", "training"), ("pre", "train"), ("gpt", "4"), ("reward", "train"), ("4", "4")]
]
nouns = [
    Part(f"{key}{noun}{particle}", has_letters(f"{noun}{particle}", texts))
    for key, texts in WITHIN
    for noun in NOUNS
    for particle in PARTICLES
]
RUNS = [["reward", "train"], ["scaled", "policy"], ["training", "alignment"], ["gpt", "4"], ["llm", "reward", "also"]]
RUNS += [["언어모델", "학습"], ["모델", "정확"], ["llm", "학습"], ["학습", "reward", "모델"]]
runs = [Part(f'{key}"{" ".join(run)}"', has_run(run, texts)) for key, texts in WITHIN for run in RUNS]
ASKED_NAMES = [
    "kim",
    "ki",
    "Min Kim",
    "lee min",
    "ann k",
    "le",
    "labs",
    "jinhwa",
    "Jin-Hwa Kim",
    "jin hwa",
    "hwa",
    "ji",
]
names = [Part(f"author:{typed_as(name)}", has_name(name)) for name in ASKED_NAMES]
tags = [Part(f"tag:{tag}", has_tag(tag)) for tag in ["rlaif", "Reward_Model", "VISION", "llm"]]
either = Part("tag:rlaif,vision", lambda of, _: not {"rlaif", "vision"}.isdisjoint(of.tags))
days = [
    Part("date:2024-06-21", dated(DAYS[3], DAYS[3])),
    Part("date:2024-06", dated(DAYS[2], TODAY)),
    Part("date:2023", dated(DAYS[0], DAYS[0])),
    Part("after:2024-05-31", dated(DAYS[2], TODAY)),
    Part("before:2024-06-01", dated(DAYS[0], DAYS[1])),
    Part("date:2024-05-31..2024-06-01", dated(DAYS[1], DAYS[2])),
]


def negated(part: Part) -> Part:
    return Part(f"-{part.typed}", lambda of, known: not part.meets(of, known))


can_be_negated = (
    st.sampled_from(words)
    | st.sampled_from(compounds)
    | st.sampled_from(nouns)
    | st.sampled_from(runs)
    | st.sampled_from(names + tags)
)
part = can_be_negated | st.builds(negated, can_be_negated) | st.sampled_from([either, *days])
query = st.lists(part, min_size=1, max_size=3)


def read(entries: Sequence[Entry], parts: Sequence[Part]) -> list[Entry]:
    """What meets all parts, the oldest first; nothing that is dated later than today."""
    public = [one for one in entries if one.is_public]
    known = {word for one in public for text in all_texts(one) for word in [*words_in(text), *joined_in(text)]}
    names_there = {name for one in public for name in names_on(one)}
    known |= {f"name {word}" for name in names_there for word in [*words_in(name), *joined_in(name)]}
    over = [one for one in public if day_of(one) <= TODAY]
    ways = {id(part): [part.meets] for part in parts}
    for one, other, both in two_as_one(parts, known):
        ways[id(one)].append(both)
        ways[id(other)].append(both)
    met = (one for one in over if all(any(meets(one, known) for meets in each) for each in ways.values()))
    return sorted(met, key=day_of)


def two_as_one(parts: Sequence[Part], known: Set[str]) -> Iterator[tuple[Part, Part, Meets]]:
    """Two words behind each other, and that an entry has the one they may be written as, where some entry has it."""
    words_only = [part for part in parts if not re.match("-?(tag|author|date|after|before):", part.typed)]
    for in_title, (_, texts) in zip((False, True), WITHIN, strict=True):
        typed = [part for part in words_only if part.typed.removeprefix("-").startswith("title:") is in_title]
        for one, other in pairwise(typed):
            joined = one.word + other.word
            if one.word and other.word and joined != "44" and not known.isdisjoint(FORMS_OF.get(joined, [joined])):
                yield one, other, has_word(joined, texts)


def day_of(one: Entry) -> date:
    return one.digest_date or date.min


FACETS: list[tuple[Facet, Callable[[Entry], Sequence[str]]]] = [
    (Facet.TAGS, lambda of: of.tags),
    (Facet.AUTHORS, names_on),
    (Facet.DAYS, lambda of: [day_of(of).isoformat()]),
]


async def found(storage: Storage, criteria: Criteria) -> list[str]:
    """The ids on all pages, each of which is asked for by the one before."""
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await storage.search.page(criteria, asker=None, limit=4, cursor=cursor or None)
        ids += [one.id for one in page.entries]
        cursor = page.next_cursor
    return ids


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases of one kind: an example each."""
    if request.param == SQLITE:
        template = request.getfixturevalue("template")
        yield lambda: f"sqlite:///{shutil.copy(template, tmp_path / 'reading.db')}"
        return
    server, template = request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template")
    made: list[str] = []

    def drop() -> None:
        while made:
            server.drop(made.pop())

    def make() -> str:
        drop()
        made.append(server.create(template))
        return str(server.url(made[-1]))

    yield make
    drop()


@given(made=st.lists(entry, max_size=12), queries=st.lists(query, min_size=1, max_size=40))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_what_is_found_is_what_a_plain_reading_finds(
    empty: Callable[[], str], made: list[Entry], queries: list[list[Part]]
) -> None:
    entries = [replace(one, id=f"{number:010}") for number, one in enumerate(made)]
    storage = await open_storage(empty())
    try:
        await storage.archive.write_import([ImportedEntry(one, True) for one in entries], documents=[], at=NOW)
        for parts in queries:
            there = read(entries, parts)
            expected = [one.id for one in there]
            criteria = criteria_of(parse(" ".join(map(repr, parts))), TODAY)
            assert await found(storage, replace(criteria, sort=Sort.OLD)) == expected, parts
            assert await found(storage, replace(criteria, sort=Sort.NEW)) == expected[::-1], parts
            assert sorted(await found(storage, replace(criteria, sort=Sort.RELEVANCE))) == sorted(expected), parts
            for facet, values in FACETS:
                offered = await storage.search.narrowed(criteria, facet, "", limit=50)
                counts = Counter(chain.from_iterable(map(values, there)))
                assert {one.name: one.count for one in offered} == counts, parts
    finally:
        await storage.close()
