"""`python -m tests.crash`: see the package."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.crash.campaign import Campaign, Report
from tests.crash.databases import BASES
from tests.crash.lives import BLIND, PAPERBOY
from tests.crash.places import PLACES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, print a line for each platform and database, and say whether all is well."""
    given = _parser().parse_args(arguments)
    platforms = [name for name in PLACES if name in given.which] or list(PLACES)
    databases = [name for name in BASES if name in given.which] or list(BASES)
    seed = Random().randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    lines, is_good = [], True
    for platform in platforms:
        for database in databases:
            report = asyncio.run(_campaign(platform, database, seed, given))
            lines.append(report.line(platform, database))
            lines += [f"  {problem}" for problem in report.problems[:20]]
            is_good &= report.is_good
    print(*lines, sep="\n")
    return 0 if is_good else 1


async def _campaign(platform: str, database: str, seed: int, given: argparse.Namespace) -> Report:
    with ExitStack() as stack:
        if given.folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-crash-")))
        else:
            folder = given.folder / f"{platform}-{database}"

        def say(said: str) -> None:
            print(f"  {platform} {database}: {said}", flush=True)

        module, is_warm = BLIND if given.control else PAPERBOY, not given.cold
        campaign = Campaign(platform, database, given.kills, seed, folder, module, is_warm, given.workers, say=say)
        return await campaign.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("which", nargs="*", help="platforms and databases (all)")
    parser.add_argument("-n", "--kills", type=int, default=20, help="kills of each platform and database (20)")
    parser.add_argument("--seed", type=int, help="makes the same choices again")
    parser.add_argument("--control", action="store_true", help="switch the look-up off: posts must be found doubled")
    parser.add_argument("--workers", type=int, default=1, choices=[1, 2], help="processes at a time (1)")
    parser.add_argument("--cold", action="store_true", help="import everything at every start, as without the harness")
    parser.add_argument("--folder", type=Path, help="where databases and logs are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
