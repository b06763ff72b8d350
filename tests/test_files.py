"""Walking and reading what is to be imported."""

from __future__ import annotations

from pathlib import Path

from bot.core.imports import Document, Skipped, SkipReason
from bot.files import LARGEST_NOTE, find_files, read_documents


def test_a_folder_is_walked_in_order_without_hidden_parts(tmp_path: Path) -> None:
    for name in ("b/2.md", "b/1.md", "a.md", ".git/x.md", "b/.hidden.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    files, skipped = find_files([tmp_path])
    assert [name for name, _ in files] == ["a.md", "b/1.md", "b/2.md"]
    assert skipped == []
    assert [name for name, _ in find_files([tmp_path / "b" / "1.md"])[0]] == ["1.md"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "1.md").write_text("x")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    assert [name for name, _ in find_files([tmp_path])[0]] == ["real/1.md"]


def test_each_file_is_read_or_left_out_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("한글", encoding="utf-8")
    (tmp_path / "large.md").write_bytes(b"x" * (LARGEST_NOTE + 1))
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "table.csv").write_text("a,b")
    read = {
        item.path: item.reason if isinstance(item, Skipped) else item
        for item in read_documents(find_files([tmp_path])[0])
    }
    assert read == {
        "good.md": Document("good.md", "한글".encode()),
        "large.md": SkipReason.TOO_LARGE,
        "gone.md": SkipReason.UNREADABLE,
        "table.csv": SkipReason.UNKNOWN_FORMAT,
    }
