"""Real pages and a real vault, where they lie beside the project; they are not part of it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bot.core.entries import Entry, Kind
from bot.core.imports import Doubt, Parsed
from bot.core.merging import gather, merge
from bot.formats.detect import decode, detect
from bot.formats.digest_page import parse_page
from bot.formats.vault import resolve_wikilinks

SHARED = Path(__file__).parents[2].parent / "shared"
PAGES = SHARED / "seeds"
VAULT = SHARED / "corpus" / "ml-papers"

PAGE = tuple[str, str | None, tuple[str, ...], tuple[str, ...], int | None, tuple[int, int]]
"""Title, organisation, authors, tags, the abstract's line, and the first and last line of the commentary (from 1)."""

JUNE: tuple[PAGE, ...] = (
    ("Claude 3.5 Sonnet", "Anthropic", (), ("llm",), None, (4, 7)),
    ("Optimizing AI Inference at Character.AI", "Character.AI", (), ("transformer", "efficiency"), None, (11, 17)),
    (
        "RL on Incorrect Synthetic Data Scales the Efficiency of LLM Math Reasoning by Eight-Fold",
        None,
        ("Amrith Setlur", "Saurabh Garg", "Xinyang Geng", "Naman Garg", "Virginia Smith", "Aviral Kumar"),
        ("rlaif",),
        21,
        (22, 22),
    ),
    (
        "Consistency Models Made Easy",
        None,
        ("Zhengyang Geng", "Ashwini Pokle", "William Luo", "Justin Lin", "J. Zico Kolter"),
        ("diffusion",),
        26,
        (27, 27),
    ),
    (
        "Self-play with Execution Feedback: Improving Instruction-following Capabilities of Large Language Models",
        None,
        ("Guanting Dong", "Keming Lu", "Chengpeng Li", "Tingyu Xia", "Bowen Yu", "Chang Zhou", "Jingren Zhou"),
        ("instruction-tuning", "alignment", "synthetic-data"),
        31,
        (32, 34),
    ),
)
JULY: tuple[PAGE, ...] = (
    (
        "GPT-4o mini: advancing cost-efficient intelligence",
        "OpenAI",
        (),
        ("llm", "synthetic-data"),
        None,
        (4, 7),
    ),
    ("Mistral NeMo", "Mistral AI", (), (), None, (11, 12)),
    (
        "Scaling Laws with Vocabulary: Larger Models Deserve Larger Vocabularies",
        None,
        (
            *("Chaofan Tao", "Qian Liu", "Longxu Dou", "Niklas Muennighoff"),
            *("Zhongwei Wan", "Ping Luo", "Min Lin", "Ngai Wong"),
        ),
        ("scaling-law", "tokenizer"),
        15,
        (16, 16),
    ),
    ("Weak-to-Strong Reasoning", None, ("Yuqing Yang", "Yan Ma", "Pengfei Liu"), ("alignment",), 20, (21, 21)),
)


def _here(place: Path) -> Path:
    if not place.exists():
        pytest.skip(f"{place.name} does not lie beside the project")
    return place


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [("2024-06-21.txt", date(2024, 6, 21), JUNE), ("2024-07-19.txt", date(2024, 7, 19), JULY)],
)
def test_two_real_pages(name: str, day: date, expected: tuple[PAGE, ...]) -> None:
    text = _here(PAGES / name).read_text(encoding="utf-8")
    lines = text.split("\n")
    parsed = parse_page(name, text)
    assert not parsed.skipped
    for entry, (title, organisation, authors, tags, abstract, (first, last)) in zip(
        parsed.entries, expected, strict=True
    ):
        assert (entry.title, entry.organisation, entry.authors, entry.tags) == (title, organisation, authors, tags)
        assert entry.abstract == (lines[abstract - 1] if abstract else None)
        assert entry.commentary == "\n".join(lines[first - 1 : last])
        assert (entry.digest_date, entry.paper_date) == (day, None)
        assert entry.kind is (Kind.ANNOUNCEMENT if organisation else Kind.PAPER)


def test_the_cut_page_is_marked() -> None:
    text = _here(PAGES / "2024-06-21.txt").read_text(encoding="utf-8")
    marked = [entry.warnings for entry in parse_page("2024-06-21.txt", text).entries]
    assert marked == [(), (), (), (), (Doubt.STRAY_AFTER_TAGS, Doubt.PARTIAL_ENTRY)]


@pytest.fixture(scope="module")
def notes() -> list[Parsed]:
    """Every note of the real vault."""
    root = _here(VAULT)
    parsed = []
    for file in sorted(root.rglob("*.md")):
        path = file.relative_to(root).as_posix()
        text = decode(file.read_bytes())
        parser = detect(path, text)
        assert parser is not None
        parsed.append(parser(path, text))
    return parsed


def _entries(notes: list[Parsed]) -> list[Entry]:
    return [entry for parsed in notes for entry in parsed.entries]


def test_every_note_is_an_entry(notes: list[Parsed]) -> None:
    assert len(notes) == 1706
    assert all(len(parsed.entries) == 1 for parsed in notes)


def test_the_doubts_of_the_vault(notes: list[Parsed]) -> None:
    entries = resolve_wikilinks(_entries(notes))
    assert Counter(kind for entry in entries for kind in entry.warnings) == DOUBTS
    assert Counter(entry.kind for entry in entries) == KINDS


def test_the_same_papers_are_merged_and_again_nothing_changes(notes: list[Parsed]) -> None:
    entries = _entries(notes)
    gathered = gather(entries)
    assert len(gathered) == GATHERED
    by_source = {source: entry for entry in gathered for source in entry.sources}
    assert all(merge(by_source[entry.sources[0]], entry).entry == by_source[entry.sources[0]] for entry in entries)


DOUBTS = {
    "digest-date-derived": 1704,
    "no-text": 256,
    "title-derived": 244,
    "several-papers": 4,
    "date-conflict": 3,
    "undated": 2,
    "authors-unclosed": 2,
    "broken-quote": 1,
    "scheme-added": 1,
}
KINDS = {Kind.PAPER: 1586, Kind.ESSAY: 81, Kind.ANNOUNCEMENT: 39}
GATHERED = 1625
