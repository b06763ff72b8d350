"""Importing: each paper once, nothing lost, nothing twice, everything counted."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.core.entries import Action, Status
from bot.core.imports import Document, ImportReport, Skipped, SkipReason
from bot.files import find_files, read_documents
from bot.usecases.export_archive import FORMATS, export_archive
from bot.usecases.import_archive import import_documents
from storage.opening import Storage, open_storage

from .conftest import MAINTAINER

AT = datetime(2024, 7, 1, tzinfo=UTC)
SHARED = Path(__file__).parents[3] / "shared"

NOTE = """https://arxiv.org/abs/2406.14548

*Consistency Models Made Easy* (Zhengyang Geng, Ashwini Pokle)

> Tuning a diffusion model step by step until it is consistent.

확산 모델에서 출발해 조금씩 조여 가는 방법입니다.

#diffusion
"""
PAGE = """2024년 6월 21일
Consistency Models Made Easy
(Zhengyang Geng, Ashwini Pokle)
Tuning a diffusion model step by step until it is consistent.
확산 모델에서 출발해 조금씩 조여 가는 방법입니다.
#diffusion
Weak-to-Strong Reasoning
(Yuqing Yang, Yan Ma, Pengfei Liu)
약한 모델이 강한 모델을 이끕니다.
#alignment
"""


def note(path: str, text: str = NOTE) -> Document:
    return Document(path, text.encode())


async def read_in(stores: Storage, *documents: Document | Skipped) -> ImportReport:
    return await import_documents(stores, documents, at=AT)


async def exported(stores: Storage, form: str = "jsonl", query: str = "") -> str:
    pieces = [piece async for piece in export_archive(stores, FORMATS[form], query, today=date(2024, 8, 1))]
    return "".join(pieces)


@pytest.fixture
async def empty(template: Path, tmp_path: Path) -> AsyncIterator[Storage]:
    storage = await open_storage(f"sqlite:///{shutil.copy(template, tmp_path / 'second.db')}")
    yield storage
    await storage.close()


async def test_importing_again_adds_nothing(stores: Storage) -> None:
    documents = (note("240620 ECT.md"), note("page.txt", PAGE))
    first = await read_in(stores, *documents)
    assert (first.files_read, first.new, first.merged, first.unchanged) == (2, 2, 1, 0)
    before = await exported(stores)
    again = await read_in(stores, *documents)
    assert (again.files_read, again.new, again.merged, again.unchanged) == (2, 0, 0, 3)
    assert await exported(stores) == before


async def test_page_and_vault_make_one_entry_with_both_dates(stores: Storage) -> None:
    await read_in(stores, note("240620 ECT.md"), note("page.txt", PAGE))
    entry = await stores.archive.find("2406.14548")
    assert entry is not None
    assert (entry.paper_date, entry.digest_date) == (date(2024, 6, 20), date(2024, 6, 21))
    assert entry.sources == ("240620 ECT.md", "page.txt")
    assert "digest-date-derived" not in entry.warnings


@pytest.mark.parametrize("page_first", [True, False])
async def test_the_order_and_the_number_of_imports_make_no_difference(
    stores: Storage, empty: Storage, page_first: bool
) -> None:
    documents = [note("240620 ECT.md"), note("page.txt", PAGE)]
    await read_in(stores, *(reversed(documents) if page_first else documents))
    for document in documents:
        await read_in(empty, document)
    titles = {line.split('"title":')[1][:40] for text in (await exported(stores),) for line in text.splitlines()}
    others = {line.split('"title":')[1][:40] for text in (await exported(empty),) for line in text.splitlines()}
    assert titles == others
    assert await stores.archive.count() == await empty.archive.count() == 2


async def test_a_second_remark_on_the_same_paper_is_kept_beside_the_first(stores: Storage) -> None:
    other = NOTE.replace(
        "확산 모델에서 출발해 조금씩 조여 가는 방법입니다.", "다시 읽어 보니 스케일링이 더 흥미롭네요."
    )
    await read_in(stores, note("240620 ECT.md"))
    report = await read_in(stores, note("240702 ECT again.md", other))
    assert (report.new, report.merged) == (0, 1)
    entry = await stores.archive.find("2406.14548")
    assert entry is not None
    assert entry.commentary is not None
    assert "조금씩 조여" in entry.commentary
    assert "스케일링" in entry.commentary
    assert "texts-differ" in entry.warnings


async def test_edits_made_in_chat_survive_the_next_import(stores: Storage) -> None:
    await read_in(stores, note("240620 ECT.md"))
    entry = await stores.archive.find("2406.14548")
    assert entry is not None
    edited = replace(entry, title="Better title", commentary="고쳐 씀", tags=("consistency",))
    edited = await stores.archive.replace(edited, action=Action.EDIT, by=MAINTAINER.person, at=AT)
    report = await read_in(stores, note("240620 ECT.md"))
    assert (report.new, report.merged, report.unchanged) == (0, 0, 1)
    assert await stores.archive.find("2406.14548") == edited
    gone = replace(edited, status=Status.REMOVED)
    gone = await stores.archive.replace(gone, action=Action.REMOVE, by=MAINTAINER.person, at=AT)
    await read_in(stores, note("240620 ECT.md"))
    assert await stores.archive.find("2406.14548") == gone


async def test_bad_documents_are_counted_and_the_rest_goes_on(stores: Storage) -> None:
    report = await read_in(
        stores,
        Document("a.md", b"\x00\x01\x02"),
        Document("b.md", "한글".encode("cp949")),
        Skipped("c.md", SkipReason.TOO_LARGE, "50.0 MiB"),
        Document("d.csv", b"a,b\n"),
        Document("e.jsonl", b'{"title": 3}\n{"title": "Good", "digest_date": "2024-06-01"}\n'),
        note("240620 ECT.md"),
    )
    assert report.new == 2
    assert [(skip.path, skip.reason.value) for skip in report.skipped] == [
        ("a.md", "binary"),
        ("b.md", "not-utf8"),
        ("c.md", "too-large"),
        ("d.csv", "unknown-format"),
        ("e.jsonl", "broken-record"),
    ]
    assert "line 1" in report.skipped[-1].detail


async def test_undated_and_scratch_notes_are_drafts(stores: Storage) -> None:
    report = await read_in(stores, note("no date.md"))
    assert report.drafts == 1
    entry = await stores.archive.find("2406.14548")
    assert entry is not None
    assert (entry.status, entry.digest_date) == (Status.DRAFT, None)


async def test_export_import_export_is_the_same_to_the_byte(stores: Storage, empty: Storage) -> None:
    await read_in(stores, note("240620 ECT.md"), note("page.txt", PAGE), note("no date.md", NOTE.replace("14548", "1")))
    twin = await stores.archive.find("2406.14548")
    assert twin is not None
    await stores.archive.add(replace(twin, id="", arxiv_id=None), by=None, at=AT)  # two alike, kept apart on purpose
    entry = await stores.archive.find("2406.14548")
    assert entry is not None
    await stores.archive.replace(replace(entry, status=Status.REMOVED), action=Action.REMOVE, by=None, at=AT)
    first = await exported(stores)
    await read_in(empty, Document("archive.jsonl", first.encode()))
    assert await exported(empty) == first
    assert first.count("\n") == await empty.archive.count()


async def test_bibtex_and_atom_hold_what_readers_find(stores: Storage) -> None:
    await read_in(stores, note("page.txt", PAGE), note("no date.md", NOTE.replace("14548", "1")))
    assert (await exported(stores, "bibtex")).count("@") == 2
    atom = await exported(stores, "atom", "tag:alignment")
    assert "Weak-to-Strong" in atom
    assert "Consistency" not in atom


def documents_in(path: Path) -> tuple[Iterable[Document | Skipped], int]:
    files, skipped = find_files([path])
    return [*skipped, *read_documents(files)], len(files)


async def test_the_seeds_come_in_whole(stores: Storage) -> None:
    documents, _ = documents_in(Path(__file__).parents[2] / "seeds")
    report = await import_documents(stores, documents, at=AT)
    assert [skip.path for skip in report.skipped] == ["README.md"]
    assert report.new == 63
    assert report.merged == report.drafts == 0
    assert set(report.warnings) <= {"no-text"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="environment: the sample digests are not here")
async def test_the_sample_vault_is_accounted_for(stores: Storage) -> None:
    documents, count = documents_in(SHARED / "corpus" / "ml-papers")
    report = await import_documents(stores, documents, at=AT)
    assert report.files_read == count
    left_out = [skip for skip in report.skipped if skip.reason is not SkipReason.EXTRA_LINE]
    assert [skip.path for skip in left_out] == ["LICENSE"]
    assert report.new + report.merged + report.unchanged + len(left_out) == count
    before = await exported(stores)
    documents, _ = documents_in(SHARED / "corpus" / "ml-papers")
    again = await import_documents(stores, documents, at=AT)
    assert (again.new, again.merged) == (0, 0)
    assert await exported(stores) == before
