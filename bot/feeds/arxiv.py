"""What arXiv knows about a paper, asked over its API.

The API: https://info.arxiv.org/help/api/user-manual.html. Its terms ask for at most one request every three seconds
and one connection at a time: https://info.arxiv.org/help/api/tou.html.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from urllib.parse import urlencode
from xml.parsers import expat

from bot.core.entries import Entry, Kind, Status, arxiv_id_of
from bot.core.errors import LookupUnavailable
from bot.core.messages import msg
from bot.feeds.fetcher import Fetcher, TryLater

_FEED_TYPES = ("application/atom+xml", "application/xml", "text/xml")
_MALFORMED_ID = 400  # arXiv sends its Error feed with 200 or 400
_SUBJECT_CLASS = re.compile(r"(?<=[a-z])\.[a-z]{2}(?=/)")
_UNSAID_PAUSE = 30.0
_LONGEST_PAUSE = 3600.0


class ArxivSource:
    """arXiv as a `PaperSource`.

    Requests go out one at a time and at least `interval` seconds apart; who would wait longer than `patience` seconds
    for a turn is told so instead. An answer is kept in memory for `keep` seconds, also that there is no such paper.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        base_url: str = "https://export.arxiv.org/api/query",
        interval: float = 3.0,
        patience: float = 5.0,
        keep: float = 3600.0,
        most_kept: int = 128,
    ) -> None:
        self._fetcher = fetcher
        self._base_url = base_url
        self._interval = interval
        self._patience = patience
        self._answers = _Answers(keep=keep, most=most_kept)
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    async def paper(self, arxiv_id: str) -> Entry | None:
        """A draft of the paper with this id, in any spelling; None when arXiv knows no such paper.

        Raises:
            LookupUnavailable: arXiv cannot be asked now.
        """
        asked = _canonical(arxiv_id)
        if asked is None:
            return None
        if asked not in self._answers:
            deadline = time.monotonic() + self._patience
            async with self._queue():
                if asked not in self._answers:  # else whoever went before asked for the same
                    await self._pace(deadline)
                    self._answers.put(asked, await self._ask(asked))
        return self._answers.get(asked)

    @asynccontextmanager
    async def _queue(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError as error:
            raise _busy() from error
        try:
            yield
        finally:
            self._turn.release()

    async def _pace(self, deadline: float) -> None:
        if self._free_at > deadline:
            raise _busy()
        await asyncio.sleep(max(self._free_at - time.monotonic(), 0))
        self._free_at = time.monotonic() + self._interval

    async def _ask(self, arxiv_id: str) -> Entry | None:
        query = urlencode({"id_list": arxiv_id, "max_results": 1}, safe="/")
        try:
            answer = await self._fetcher.get(
                f"{self._base_url}?{query}", accept=_FEED_TYPES, statuses=(200, _MALFORMED_ID)
            )
        except TryLater as later:
            pause = _UNSAID_PAUSE if later.retry_after is None else min(later.retry_after, _LONGEST_PAUSE)
            self._free_at = time.monotonic() + max(pause, self._interval)
            raise
        return await asyncio.to_thread(_read, answer.body, arxiv_id)


class _Answers:
    """The latest answers by arXiv id, each for `keep` seconds, at most `most` of them."""

    def __init__(self, *, keep: float, most: int) -> None:
        self._keep = keep
        self._most = most
        self._kept: OrderedDict[str, tuple[float, Entry | None]] = OrderedDict()

    def __contains__(self, arxiv_id: str) -> bool:
        kept = self._kept.get(arxiv_id)
        return kept is not None and time.monotonic() < kept[0]

    def get(self, arxiv_id: str) -> Entry | None:
        self._kept.move_to_end(arxiv_id)
        return self._kept[arxiv_id][1]

    def put(self, arxiv_id: str, answer: Entry | None) -> None:
        self._kept[arxiv_id] = time.monotonic() + self._keep, answer
        self._kept.move_to_end(arxiv_id)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _canonical(text: str) -> str | None:
    """The id as arXiv writes it: without version, and without the subject class that old ids were once cited with."""
    arxiv_id = arxiv_id_of(text)
    return _SUBJECT_CLASS.sub("", arxiv_id) if arxiv_id else None


def _read(body: bytes, arxiv_id: str) -> Entry | None:
    """The paper an answer describes; None for a feed without it: empty, or with arXiv's Error entry in its place.

    Raises:
        LookupUnavailable: this is no whole Atom feed.
    """
    try:
        _demand_plain_xml(body)
        return _found(body, arxiv_id)
    except Exception as error:  # feedparser raises whatever it trips over
        raise LookupUnavailable(msg("arXiv's answer cannot be read")) from error


def _demand_plain_xml(body: bytes) -> None:
    """Refuse what is not well-formed, which feedparser would take long to guess at, and entities of its own."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(body, True)


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a feed has no document type")


def _found(body: bytes, arxiv_id: str) -> Entry | None:
    import feedparser  # noqa: PLC0415 - slow to import, and few commands need it

    # As a stream: feedparser takes bare bytes for the name of a file first.
    feed = feedparser.parse(io.BytesIO(body), resolve_relative_uris=False)
    if feed.bozo or not feed.get("version", "").startswith("atom"):
        raise ValueError("no Atom feed")
    item = next((item for item in feed.entries if _canonical(item.get("id", "")) == arxiv_id), None)
    return None if item is None else _draft(item, arxiv_id)


def _draft(item: Any, arxiv_id: str) -> Entry:
    title = _one_line(item.get("title"))
    if not title:
        raise ValueError("a paper without title")
    names = (_one_line(author.get("name")) for author in item.get("authors", ()))
    return Entry(
        id="",
        title=title,
        paper_date=_day(item.get("published_parsed")),
        authors=tuple(name for name in names if name),
        url=f"https://arxiv.org/abs/{arxiv_id}",
        arxiv_id=arxiv_id,
        abstract=_one_line(item.get("summary")) or None,
        kind=Kind.PAPER,
        status=Status.DRAFT,
    )


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _day(moment: time.struct_time | None) -> date | None:
    return None if moment is None else date(moment.tm_year, moment.tm_mon, moment.tm_mday)


def _busy() -> LookupUnavailable:
    return LookupUnavailable(msg("arXiv is being asked too often right now; try again in a moment"))
