"""The file side of importing: walks paths, reads files within limits, and says why it leaves one out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bot.core.imports import Document, Skipped, SkipReason

LARGEST_NOTE: Final = 2 * 1024 * 1024
"""Bytes in a note or page; real ones have less than 64 KiB."""
LARGEST_EXPORT: Final = 4 * 1024 * 1024 * 1024
"""Bytes in a JSON Lines file, which holds a whole archive."""
_SUFFIXES: Final = frozenset({".md", ".markdown", ".txt", ".jsonl", ".ndjson", ".json", ""})


def find_files(paths: Sequence[Path]) -> tuple[list[tuple[str, Path]], list[Skipped]]:
    """All files to be read, in a stable order, as (path relative to the given root, where it is); and what cannot be.

    A directory is walked without following links to directories, and without hidden files and folders; a file
    that is named itself is always taken.
    """
    found: list[tuple[str, Path]] = []
    skipped: list[Skipped] = []
    for path in paths:
        if path.is_dir():
            found += sorted((file.relative_to(path).as_posix(), file) for file in _walk(path, skipped))
        else:
            found.append((path.name, path))
    return found, skipped


def _walk(root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        where = Path(error.filename or root)
        skipped.append(Skipped(where.as_posix(), SkipReason.DIRECTORY_UNREADABLE, error.strerror or ""))

    for folder, folders, names in os.walk(root, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def read_documents(files: Sequence[tuple[str, Path]]) -> Iterator[Document | Skipped]:
    """Each file's bytes, or why it is left out; nothing is raised."""
    for name, path in files:
        yield _read(name, path)


def _read(name: str, path: Path) -> Document | Skipped:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        return Skipped(name, SkipReason.UNKNOWN_FORMAT, suffix)
    limit = LARGEST_EXPORT if suffix in (".jsonl", ".ndjson") else LARGEST_NOTE
    try:
        if not path.is_file():
            return Skipped(name, SkipReason.UNREADABLE, "not a file" if path.exists() else "no such file")
        size = path.stat().st_size
        if size > limit:
            return Skipped(name, SkipReason.TOO_LARGE, f"{size / 1024 / 1024:.1f} MiB")
        return Document(name, path.read_bytes())
    except OSError as error:
        return Skipped(name, SkipReason.UNREADABLE, error.strerror or type(error).__name__)
