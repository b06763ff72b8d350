"""What the command line prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.latex import readable
from bot.core.text import shorten_authors
from bot.locale import Translator

if TYPE_CHECKING:  # each command imports what it uses: a lookup has to start fast
    from bot.core.checks import Check
    from bot.core.hits import Hit
    from bot.core.imports import ImportReport
    from bot.usecases.look_up import Results

_SKIPPED_SHOWN = 20


def console() -> Console:
    """Standard output as rich sees it; plain where it is no terminal."""
    return Console(file=sys.stdout, highlight=False)


def print_results(words: Translator, results: Results) -> None:
    """A page of results as a table, or the reason why it is empty with what to try instead."""
    out = console()
    if not results.hits:
        if results.notice:
            out.print(words.say(results.notice), markup=False)
        for suggestion in results.suggestions:
            out.print(f"  paperboy paper '{suggestion}'", markup=False)
        return
    if results.remark:
        out.print(words.say(results.remark), markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(words.t("Date"), no_wrap=True)
    table.add_column(words.t("Title"), ratio=3, overflow="fold")
    table.add_column(words.t("Authors"), ratio=1, overflow="fold")
    table.add_column(words.t("Tags"), ratio=1, overflow="fold")
    table.add_column(words.t("Id"), no_wrap=True)
    for hit in results.hits:
        table.add_row(*_row(words, hit))
    out.print(table)
    out.print(_total(words, results), markup=False, style="dim")
    if results.suggestions:
        out.print(words.t("Written otherwise there is more:"), markup=False)
    for suggestion in results.suggestions:
        out.print(f"  paperboy paper '{suggestion}'", markup=False)


def _row(words: Translator, hit: Hit) -> list[Text]:
    entry = hit.entry
    title = Text(readable(entry.title))
    if entry.url:
        title.stylize(f"link {entry.url}")
    day = entry.digest_date.isoformat() if entry.digest_date else ""
    tags = " ".join(f"#{tag}" for tag in entry.tags)
    return [Text(day), title, Text(_authors(words, hit)), Text(tags), Text(entry.arxiv_id or entry.id)]


def _authors(words: Translator, hit: Hit) -> str:
    short = shorten_authors(hit.entry.authors, hit.entry.organisation)
    names = ", ".join(short.names)
    return words.n("{names} and {n} more", "{names} and {n} more", short.more, names=names) if short.more else names


def _total(words: Translator, results: Results) -> str:
    if results.total_is_about:
        return words.t("{shown} of about {total}", shown=len(results.hits), total=results.total)
    return words.t("{shown} of {total}", shown=len(results.hits), total=results.total)


@contextmanager
def import_progress(words: Translator, total: int, *, hidden: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error over `total` documents; hands out what to tell how many are read."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as progress:
        task = progress.add_task(words.t("Reading files"), total=total)
        yield lambda count: progress.update(task, completed=count)


@contextmanager
def reindex_progress(words: Translator) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; hands out what to tell how many entries of how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words.t("Making the index"), total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


@contextmanager
def copy_progress(words: Translator) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; hands out what to tell how many rows of how many are there."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words.t("Copying; nothing else can write meanwhile"), total=None)
        yield lambda count, total: progress.update(task, completed=count, total=total)


def print_import_report(words: Translator, report: ImportReport, *, as_json: bool) -> None:
    """The counts an import ends with."""
    if as_json:
        print(json.dumps(asdict(report), ensure_ascii=False))  # noqa: T201
        return
    out = console()
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, count in (
        (words.t("Files read"), report.files_read),
        (words.t("Entries new"), report.new),
        (words.t("Entries merged"), report.merged),
        (words.t("Entries unchanged"), report.unchanged),
        (words.t("Of these, drafts"), report.drafts),
        (words.t("Skipped"), len(report.skipped)),
    ):
        table.add_row(name, Text(f"{count:,}", justify="right"))
    out.print(table)
    _print_skipped(words, out, report)
    _print_warnings(words, out, report)
    if report.alias_offers:
        out.print(words.t("Tags written in several ways (they count as one):"), markup=False)
        for names in report.alias_offers:
            out.print("  " + " = ".join(f"#{name}" for name in names), markup=False)


def _print_skipped(words: Translator, out: Console, report: ImportReport) -> None:
    if not report.skipped:
        return
    out.print(words.t("Skipped, by reason:"), markup=False)
    for reason, count in Counter(skip.reason for skip in report.skipped).most_common():
        out.print(f"  {reason.value}: {count:,}", markup=False)
    for skip in report.skipped[:_SKIPPED_SHOWN]:
        out.print(f"    {skip.path}: {skip.reason.value} {skip.detail}".rstrip(), markup=False)
    rest = len(report.skipped) - _SKIPPED_SHOWN
    if rest > 0:
        out.print("    " + words.n("… and {n} more (--json lists all)", "… and {n} more (--json lists all)", rest))


def _print_warnings(words: Translator, out: Console, report: ImportReport) -> None:
    from bot.core.imports import REMARKS  # noqa: PLC0415 - as above

    doubts = {kind: count for kind, count in report.warnings.items() if kind not in REMARKS}
    remarks = {kind: count for kind, count in report.warnings.items() if kind in REMARKS}
    for heading, kinds in ((words.t("Warnings, by kind:"), doubts), (words.t("Remarks:"), remarks)):
        if kinds:
            out.print(heading, markup=False)
            for kind, count in kinds.items():
                out.print(f"  {kind}: {count:,}", markup=False)


def print_checks(words: Translator, checks: Sequence[Check]) -> None:
    """The doctor's findings, one a line."""
    out = console()
    for check in checks:
        mark = Text("ok  ", style="green") if check.ok else Text("!!  ", style="bold red")
        out.print(mark + Text(words.say(check.message)))
