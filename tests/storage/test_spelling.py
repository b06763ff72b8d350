"""Words offered for mistyped ones: whatever is wrong in one letter, and what an upgrade makes of what is there."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.entries import Action, Status
from bot.core.ports import ImportedEntry
from storage import reindexing, spelling
from storage.migrating import alembic_config, upgrade
from storage.opening import Storage, open_storage
from storage.spelling import letters_of
from storage.words import stem
from tests.databases import ask, backend_of

from .conftest import Make

WORDS = (
    "loss",
    "prune",
    "reward",
    "attention",
    "transformer",
    "quantization",
    "misunderstandings",
    "데이터",
    "어텐션은",
)
NAMES = ("Kumar", "Raffel", "Bommasani", "김철수")


@pytest.fixture
async def archive(storage: Storage, make: Make, now: datetime) -> Storage:
    """Every word on an entry of its own."""
    for word in WORDS:
        await storage.archive.add(make(commentary=word), by=None, at=now)
    for name in NAMES:
        await storage.archive.add(make(authors=(name,)), by=None, at=now)
    return storage


async def near(storage: Storage, word: str) -> list[str]:
    return [found.name for found in (await storage.search.nearest_words([word])).get(word, ())]


async def near_name(storage: Storage, word: str) -> list[str]:
    return [found.name for found in (await storage.search.nearest_names([word])).get(word, ())]


def mistyped(word: str, other: str) -> Sequence[str]:
    """A word with one letter missing, too many or wrong, or two neighbours the other way round: wherever that is."""
    gaps = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    missing = [before + after[1:] for before, after in gaps if after]
    wrong = [before + other + after[1:] for before, after in gaps if after]
    swapped = [before + after[1] + after[0] + after[2:] for before, after in gaps if len(after) > 1]
    return [*missing, *wrong, *swapped, *(before + other + after for before, after in gaps)]


@pytest.mark.parametrize("word", ["loss", "reward", "attention", "transformer", "quantization"])
async def test_every_english_word_with_one_mistake_is_recognised(archive: Storage, word: str) -> None:
    missed = [one for one in mistyped(word, "q") if one != word and word not in await near(archive, one)]
    assert [one for one in missed if not has_an_ending(one)] == []


def has_an_ending(typed: str) -> bool:
    """Whether a mistake made it an inflection of another word, as in `los` or `losse`."""
    return len(stem(typed)) < len(typed)


@pytest.mark.parametrize("name", NAMES)
async def test_every_name_with_one_mistake_is_recognised(archive: Storage, name: str) -> None:
    letters, other = letters_of(name.lower()), "q" if name.isascii() else "\u1167"
    typed = [one for one in mistyped(letters, other) if one != letters]
    assert [one for one in typed if name.lower() not in await near_name(archive, one)] == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("attentoin", "attention"),  # in its middle
        ("attettion", "attention"),
        ("transphormer", "transformer"),  # two letters for one
        ("qunatizzation", "quantization"),  # one in either half, one of them too many
        ("vquantizatiun", "quantization"),
        ("missunderstanding", "misunderstandings"),  # as it is written there
        ("prunne", "prune"),
        ("뎨이터", "데이터"),
        ("데이타", "데이터"),
        ("어탠션", "어텐션"),
        ("어텐숀은", "어텐션"),
    ],
)
async def test_what_was_meant(archive: Storage, typed: str, meant: str) -> None:
    assert (await near(archive, typed))[:1] == [meant]


async def test_what_was_meant_is_offered_with_its_hyphen(storage: Storage, make: Make, now: datetime) -> None:
    await storage.archive.add(make(commentary="a self-supervised fine‐tuning run"), by=None, at=now)
    assert await near(storage, "selfsupervisde") == ["self-supervised"]
    assert await near(storage, "finetunign") == ["fine-tuning"]
    await storage.archive.add(make(commentary="a state-of-the-art model"), by=None, at=now)
    assert await near(storage, "heart") == []  # `the-art`
    await storage.archive.add(make(commentary="pretraining"), by=None, at=now)
    await storage.archive.add(make(commentary="pre-training-free nets"), by=None, at=now)
    assert await near(storage, "pretrainig") == ["pretraining"]


@pytest.mark.parametrize("typed", ["보상", "비지", "비지도", "감정", "버지", "모달"])
async def test_a_korean_word_that_nobody_wrote_is_not_taken_for_another(
    storage: Storage, make: Make, now: datetime, typed: str
) -> None:
    for word in ("보강", "가정", "이지", *["모델"] * 9, *["보지"] * 9, *["말"] * 30):
        await storage.archive.add(make(commentary=word), by=None, at=now)
    assert await near(storage, typed) == []


@pytest.mark.parametrize(
    ("typed", "meant"), [("뎨이터", "데이터"), ("모댈", "모델"), ("학슴", "학습"), ("모젤", "모델"), ("비젼", "비전")]
)
async def test_a_korean_word_is_taken_for_one_that_sounds_alike_or_is_frequent(
    storage: Storage, make: Make, now: datetime, typed: str, meant: str
) -> None:
    for word in ("데이터", "비전", *["모델"] * 9, *["학습"] * 9, *["말"] * 30):
        await storage.archive.add(make(commentary=word), by=None, at=now)
    assert await near(storage, typed) == [meant]


async def test_what_is_mistyped_itself_is_not_offered(storage: Storage, make: Make, now: datetime) -> None:
    for word in ("trasformer", "claude", "clunes", *["transformer"] * 20):
        await storage.archive.add(make(commentary=word), by=None, at=now)
    assert await near(storage, "tranformer") == ["transformer"]
    assert (await near(storage, "clude"))[:1] == ["claude"]


@pytest.mark.parametrize("typed", ["learnign", "learnimg", "learnig", "learnin", "learniing"])
async def test_a_mistyped_ending_is_put_right(storage: Storage, make: Make, now: datetime, typed: str) -> None:
    await storage.archive.add(make(commentary="learning"), by=None, at=now)
    assert await near(storage, typed) == ["learning"]


@pytest.mark.parametrize(
    "word", ["attention", "attentions", "데이터를", "zebra", "at", "q", "", "로", "x" * 19, "x" * 300]
)
async def test_what_is_no_mistake_or_nobodys(archive: Storage, word: str) -> None:
    assert await near(archive, word) == []


async def test_a_word_that_no_entry_has_any_more_is_not_offered_but_mistyped(
    storage: Storage, make: Make, now: datetime
) -> None:
    gone = await storage.archive.add(make(commentary="zebroid zebra"), by=None, at=now)
    await storage.archive.add(make(commentary="zebroids zebu"), by=None, at=now)
    await storage.archive.replace(
        replace(gone, commentary="zebroid", status=Status.REMOVED), action=Action.REMOVE, by=None, at=now
    )
    assert await near(storage, "zebroit") == ["zebroids"]
    await storage.archive.add(make(commentary="zebro"), by=None, at=now)
    assert await near(storage, "zebra") == ["zebro"]


async def test_words_of_later_digests_are_not_offered_nor_counted(storage: Storage, make: Make, now: datetime) -> None:
    today, tomorrow = "2024-06-21", "2024-06-22"
    for day, said in (
        (today, "attentive reward 어텐션은 데이터를 모델"),
        (today, "rewards"),
        (tomorrow, "attention rewarding 어텐슨의 데이터"),
        (tomorrow, "attentions 어텐슨 데이터베이스"),
    ):
        await storage.archive.add(make(day, commentary=said), by=None, at=now)
    await storage.archive.add(make(today, authors=("Kumari",)), by=None, at=now)
    await storage.archive.add(make(tomorrow, authors=("Kumar",)), by=None, at=now)

    async def near(word: str, until: str | None) -> list[tuple[str, int]]:
        day = date.fromisoformat(until) if until else None
        found = await storage.search.nearest_words([word], until=day)
        return [(one.name, one.count) for one in found.get(word, ())]

    assert await near("attentoin", tomorrow) == await near("attentoin", None) == [("attentions", 2), ("attentive", 1)]
    assert await near("attentoin", today) == [("attentive", 1)]
    assert await near("attention", None) == []
    assert await near("rewarg", None) == [("rewarding", 3)]
    assert await near("rewarg", today) == [("rewards", 2)]  # and as it is written there
    assert await near("어텐손", None) == [("어텐슨", 2), ("어텐션", 1)]
    assert await near("어텐손", today) == await near("어텐슨", today) == [("어텐션", 1)]
    assert await near("데이타", None) == [("데이터", 2)]
    assert await near("데이타", today) == [("데이터", 1)]
    for until, names in ((None, ["kumar", "kumari"]), (date(2024, 6, 21), ["kumari"])):
        found = await storage.search.nearest_names(["kumarr"], until=until)
        assert [one.name for one in found["kumarr"]] == names


async def test_later_digests_change_no_order_and_hide_nothing(storage: Storage, make: Make, now: datetime) -> None:
    today, tomorrow = "2024-06-21", "2024-06-22"
    texts = [(today, f"zert{last}") for last in "aabbcc"] + [(today, "zertd constraint")]
    for day, said in [*texts, *[(tomorrow, "zertd cqonstrqint")] * 3]:
        await storage.archive.add(make(day, commentary=said), by=None, at=now)
    found = await storage.search.nearest_words(["zertq", "cqonstrqint"], until=date(2024, 6, 21))
    assert [(one.name, one.count) for one in found["zertq"]] == [("zerta", 2), ("zertb", 2), ("zertc", 2)]
    assert [one.name for one in found["cqonstrqint"]] == ["constraint"]


@pytest.mark.parametrize("word", ["gan", "vit", "cap", "쥐"])
async def test_a_short_word_that_is_there_is_no_mistake(storage: Storage, make: Make, now: datetime, word: str) -> None:
    await storage.archive.add(make(commentary="gan vit cap 쥐 guan vitae capo 쥐가 쥐는다"), by=None, at=now)
    assert await near(storage, word) == []


async def test_words_that_end_alike_are_told_apart(storage: Storage, make: Make, now: datetime) -> None:
    """Twelve thousand verbs have the same ending, and none of them is lost."""
    syllables = [chr(code) for code in range(ord("가"), ord("가") + 80 * 28, 28)]
    nouns = [one + other for one in syllables for other in syllables]
    verbs = [f"{noun}합니다 {noun}됩니다" for noun in nouns]
    texts = [" ".join(verbs[at : at + 100]) for at in range(0, len(verbs), 100)]
    entries = [make(id=f"entry{at:05}", commentary=text) for at, text in enumerate(texts)]
    await storage.archive.write_import([ImportedEntry(entry, True) for entry in entries], documents=[], at=now)
    for noun in nouns[7::640]:
        letters = letters_of(f"{noun}합니다")
        typed = unicodedata.normalize("NFC", f"{letters[:2]}\u11b0{letters[2:]}")
        assert (await near(storage, typed))[:1] == [f"{noun}합니다"]


async def test_a_word_two_letters_away_does_not_hide_what_was_meant(
    storage: Storage, make: Make, now: datetime
) -> None:
    await storage.archive.write_import(
        [ImportedEntry(make(id=f"entry{at:05}", commentary="border"), True) for at in range(9)], documents=[], at=now
    )
    await storage.archive.add(make(commentary="bopen"), by=None, at=now)
    assert await near(storage, "bopdenr") == ["border", "bopen"]


async def test_doctor_sees_words_that_are_not_kept(archive: Storage, database_url: str) -> None:
    ask(database_url, "DELETE FROM near_terms WHERE term = 'quantization'")
    (problem,) = await archive.check()
    assert str(problem).startswith("1 word of those looked at would not be offered")
    await archive.reindex()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    word=st.text(st.sampled_from("abcde"), min_size=4, max_size=18),
    at=st.integers(0, 17),
    letter=st.sampled_from("abcde"),
)
def test_a_word_and_what_is_one_letter_away_share_a_rest(word: str, at: int, letter: str) -> None:
    kept = set(spelling.rests_of("w:" + word))
    there = min(at, len(word) - 1)
    for typed in (
        word[:there] + word[there + 1 :],
        word[:there] + letter + word[there:],
        word[:there] + letter + word[there + 1 :],
        word[:there] + word[there : there + 2][::-1] + word[there + 2 :],
    ):
        assert kept.intersection(spelling._rests_meant("w:", typed, 1)), typed


async def test_an_archive_of_an_older_paperboy_corrects_words_at_once(
    database_url: str, make: Make, now: datetime
) -> None:
    archive = await open_storage(database_url)
    for word in WORDS:
        await archive.archive.add(make(commentary=word), by=None, at=now)
    await archive.close()
    kept = ask(database_url, "SELECT rest, term FROM near_terms ORDER BY rest, term")
    backend = backend_of(database_url)
    with backend.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0008")
        reindexing.start(connection)
    upgrade(backend)
    assert ask(database_url, "SELECT rest, term FROM near_terms ORDER BY rest, term") == kept
    archive = await open_storage(database_url)
    assert await near(archive, "attentoin") == ["attention"]
    assert await archive.check() == []
    await archive.close()
