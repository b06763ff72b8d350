"""How long importing 5,560 notes takes, against the parsers alone over the same files in the same run.

    python benchmarks/import_speed.py [NOTES]

The notes are made up with a fixed seed: Korean remarks, English abstracts and tags in the lengths and proportions that
real vaults have. Exits non-zero when the whole import takes more than 3 times the parsers' time.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.files import find_files, read_documents  # noqa: E402
from bot.usecases.import_archive import import_documents, read_entries  # noqa: E402
from storage.opening import open_storage  # noqa: E402

BAR = 3.0
RUNS = 3
ENGLISH = (
    *("model", "training", "attention", "sample", "latent", "token", "scaling"),
    *("reward", "policy", "diffusion", "retrieval", "data", "image"),
)
KOREAN = (
    *("모델을", "학습하는", "방법이", "어텐션", "구조와", "스케일링", "법칙을"),
    *("따라", "데이터", "효율성이", "좋아진다고", "합니다", "재미있네요"),
)
TAGS = [f"{word}-{n}" for word in ENGLISH for n in range(28)]


def write_vault(folder: Path, notes: int) -> None:
    """Notes in the shape of the years 2020 to 2026."""
    chance = random.Random(5560)
    for n in range(notes):
        day = date(2020, 1, 1) + timedelta(days=n // 3)
        names = ", ".join(
            f"{chance.choice('ABCDEFG')}. Author{chance.randrange(4000)}" for _ in range(chance.randint(2, 9))
        )
        title = " ".join(chance.choices(ENGLISH, k=7)).capitalize() + f" {n}"
        abstract = " ".join(chance.choices(ENGLISH, k=190)) if n % 3 else ""
        remark = " ".join(chance.choices(KOREAN, k=chance.randint(20, 120)))
        tags = " ".join(f"#{tag}" for tag in chance.sample(TAGS, chance.randint(1, 3)))
        quote = f"> {abstract}\n\n" if abstract else ""
        text = f"https://arxiv.org/abs/{day:%y%m}.{10000 + n:05}\n\n*{title}* ({names})\n\n{quote}{remark}\n\n{tags} "
        (folder / f"{day:%y%m%d} Note {n}.md").write_text(text, encoding="utf-8")


def parse_only(folder: Path) -> float:
    """Seconds for reading, decoding, detecting and parsing every file."""
    started = time.perf_counter()
    files, _ = find_files([folder])
    read_entries(read_documents(files))
    return time.perf_counter() - started


async def whole_import(folder: Path, database: Path) -> float:
    """Seconds for the same and everything after it, up to the commit."""
    storage = await open_storage(f"sqlite:///{database}", migrate=True)
    started = time.perf_counter()
    files, _ = find_files([folder])
    await import_documents(storage, read_documents(files), at=datetime.now(UTC))
    seconds = time.perf_counter() - started
    await storage.close()
    return seconds


def main() -> int:
    """Measure and print; the exit code."""
    notes = int(sys.argv[1]) if len(sys.argv) > 1 else 5_560
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "vault")
        folder.mkdir()
        write_vault(folder, notes)
        parsing, importing = [], []
        for run in range(RUNS):
            parsing.append(parse_only(folder))
            importing.append(asyncio.run(whole_import(folder, Path(name, f"{run}.db"))))
    baseline, measured = statistics.median(parsing), statistics.median(importing)
    ratio = measured / baseline
    print(f"parsers alone, {notes} notes   {baseline * 1000:7.0f} ms   (baseline)")
    print(f"whole import               {measured * 1000:7.0f} ms   {ratio:.2f} x  (bar: at most {BAR} x)")
    print(f"bars: {int(ratio <= BAR)} of 1 met")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
