"""Export the archive: it belongs to its community.

Without a query JSON Lines holds everything, drafts and removed entries too, so that an import into an empty database
gives the same archive. With a query, and in BibTeX and Atom, it holds what readers can find.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final

from bot.core.entries import Entry
from bot.core.ports import Stores
from bot.core.query import Query, Sort, criteria_of
from bot.core.query_syntax import parse
from bot.formats.atom import print_feed
from bot.formats.bibtex import print_bibtex
from bot.formats.json_lines import print_entry
from bot.usecases.look_up import refuse_unknown_tags

_PAGE: Final = 500
_NEWEST_IN_FEED: Final = 100

Exporter = Callable[[Stores, str, date], AsyncIterator[str]]


def export_archive(stores: Stores, exporter: Exporter, query: str, *, today: date) -> AsyncIterator[str]:
    """The export as pieces of text, read page by page.

    Raises:
        QueryError: the query is not understood.
    """
    return exporter(stores, query, today)


async def _json_lines(stores: Stores, query: str, today: date) -> AsyncIterator[str]:
    entries = _found(stores, query, today) if query.strip() else _everything(stores)
    async for entry in entries:
        yield print_entry(entry) + "\n"


async def _bibtex(stores: Stores, query: str, today: date) -> AsyncIterator[str]:
    async for entry in _found(stores, query, today):
        yield print_bibtex(entry) + "\n"


async def _atom(stores: Stores, query: str, today: date) -> AsyncIterator[str]:
    newest: list[Entry] = []
    async for entry in _found(stores, query, today, sort=Sort.NEW):
        newest.append(entry)
        if len(newest) == _NEWEST_IN_FEED:
            break
    day = newest[0].digest_date if newest and newest[0].digest_date else date(1970, 1, 1)
    yield print_feed(
        newest,
        title="Paperboy",
        self_url="urn:paperboy:feed",
        site_url="urn:paperboy",
        updated=datetime.combine(day, time(), tzinfo=UTC),
        feed_id="urn:paperboy:feed",
    )


async def _everything(stores: Stores) -> AsyncIterator[Entry]:
    after: str | None = None
    while page := await stores.archive.export(after=after, limit=_PAGE):
        for entry in page:
            yield entry
        after = page[-1].id


async def _found(stores: Stores, text: str, today: date, sort: Sort = Sort.OLD) -> AsyncIterator[Entry]:
    query: Query = parse(text)
    await refuse_unknown_tags(stores, query, today=today)
    criteria = replace(criteria_of(query, today), sort=query.sort or sort)
    cursor: str | None = None
    while True:
        page = await stores.search.page(criteria, asker=None, limit=_PAGE, cursor=cursor)
        for entry in page.entries:
            yield entry
        cursor = page.next_cursor
        if cursor is None:
            return


FORMATS: Final[Mapping[str, Exporter]] = {"jsonl": _json_lines, "bibtex": _bibtex, "atom": _atom}
