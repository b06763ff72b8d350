"""How long `paperboy paper` takes from nothing, against the bare import of SQLAlchemy in the same run.

    python benchmarks/cold_start.py

Prints both medians and their ratio; exits non-zero when the ratio passes the bar of 2. Runs alternate, so that a
machine that slows down slows both.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 15
BAR = 2.0


def seconds(*arguments: str, folder: Path) -> float:
    """The processor time of one Python process: other work on the machine disturbs it less than the wall clock."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PAPERBOY_LANGUAGE": "ko"}
    before = processor_time()
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return processor_time() - before


def processor_time() -> float:
    """What ended children of this process have used, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure and print; the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds("-m", "bot", "import", str(ROOT / "seeds"), folder=folder)
        bare: list[float] = []
        lookup: list[float] = []
        for _ in range(RUNS):
            bare.append(seconds("-c", "import sqlalchemy", folder=folder))
            lookup.append(seconds("-m", "bot", "paper", "tag:rlaif", folder=folder))
    baseline, measured = statistics.median(bare), statistics.median(lookup)
    ratio = measured / baseline
    print(f"import sqlalchemy           {baseline * 1000:7.0f} ms   (baseline)")
    print(f"paperboy paper tag:rlaif    {measured * 1000:7.0f} ms   {ratio:.2f} x  (bar: under {BAR} x)")
    print(f"bars: {int(ratio < BAR)} of 1 met")
    return 0 if ratio < BAR else 1


if __name__ == "__main__":
    sys.exit(main())
