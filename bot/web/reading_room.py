"""The reading room: digests, tags, entries and search, read only and open to everybody who reaches the server."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from itertools import groupby

from aiohttp import web
from babel.dates import format_skeleton

from bot.core.dates import parse_day, print_day
from bot.core.entries import TagCount, tag_key
from bot.core.errors import NotFound, QueryError
from bot.core.messages import msg
from bot.core.people import Caller, Person, Role
from bot.core.query import PartialDate, Query, TagTerm, first_day
from bot.core.query_syntax import parse
from bot.core.query_writing import unparse
from bot.formats.bibtex import print_bibtex
from bot.usecases.look_up import Results, look_up, more_like, show_digest, show_entry, show_help
from bot.web.pages import address, day_address, entry_address, language_for, render, search_address, tag_address
from bot.web.parts import PARTS, WebParts
from bot.web.security import Link, Problem, answer

PAGE_SIZE = 20
_MOST_TAGS = 5_000
_MOST_DAYS = 366
_LONGEST_NAME = 200
_OWN = "is:saved"  # finds nothing here, where nobody is anybody


def add_routes(app: web.Application) -> None:
    """The reading room's pages; the front page is the latest digest unless the chat page has that place."""
    if not app[PARTS].is_local:
        app.router.add_get("/", latest)
    app.add_routes(
        (
            web.get("/read", latest),
            web.get("/d", latest_days),
            web.get("/d/", latest_days),
            web.get("/d/{day}", day),
            web.get("/tag/{name:.+}", tag),
            web.get("/tags", tags),
            web.get("/e/{reference:.+}", entry),
            web.get("/search", search),
        )
    )


def visitor(request: web.Request) -> Caller:
    """Whoever reads here: nobody in particular."""
    parts = request.app[PARTS]
    person = Person("web", parts.workspace, "visitor")
    return Caller(person, frozenset({Role.READER}), language_for(request), parts.today())


# --- digests ------------------------------------------------------------------------------------------------------


async def latest(request: web.Request) -> web.Response:
    """The newest digest."""
    try:
        view = await show_digest(request.app[PARTS].stores, visitor(request))
    except NotFound:
        return render(request, "reading/empty.html")
    return render(request, "reading/digest.html", view=view)


async def day(request: web.Request) -> web.StreamResponse:
    """One day's digest; a year's or a month's list of digests; other ways of writing a day lead to its address."""
    text = request.match_info["day"]
    if text == "latest":
        return await latest(request)
    named = parse_day(text[:_LONGEST_NAME])
    if named is None:
        raise web.HTTPNotFound
    if not isinstance(named, PartialDate):
        raise web.HTTPFound(day_address(first_day(named, visitor(request).today)))
    if text != print_day(named):
        raise web.HTTPFound(f"/d/{print_day(named)}")
    return await (_days(request, named) if named.day is None else _digest(request, first_day(named, date.min)))


async def _digest(request: web.Request, wanted: date) -> web.Response:
    stores, caller = request.app[PARTS].stores, visitor(request)
    try:
        view = await show_digest(stores, caller, wanted)
    except NotFound as error:
        near = await stores.archive.nearest_digests(wanted, today=caller.today)
        links = tuple(Link(day_address(other), msg("Digest of {day}", day=other)) for other in near if other)
        return answer(request, Problem(HTTPStatus.NOT_FOUND, error.message, links=links))
    return render(request, "reading/digest.html", view=view)


async def latest_days(request: web.Request) -> web.Response:
    """The digests of the newest year that has any."""
    parts = request.app[PARTS]
    newest = await parts.stores.archive.digest_dates(today=parts.today(), limit=1)
    if not newest:
        return render(request, "reading/empty.html")
    return await _days(request, PartialDate(newest[0][0].year))


async def _days(request: web.Request, wanted: PartialDate) -> web.Response:
    parts, prefix = request.app[PARTS], print_day(wanted)
    days = await parts.stores.archive.digest_dates(f"{prefix}-", today=parts.today(), limit=_MOST_DAYS)
    before, after = await _years_around(parts, wanted.year)
    if not days:
        links = tuple(Link(f"/d/{year}", year) for year in (before, after) if year)
        return answer(
            request, Problem(HTTPStatus.NOT_FOUND, msg("There are no digests in {day}.", day=prefix), links=links)
        )
    locale = language_for(request).value
    months = [
        (format_skeleton("yMMMM", month, locale=locale), list(group))
        for month, group in groupby(days, key=lambda found: found[0].replace(day=1))
    ]
    return render(
        request, "reading/days.html", heading=prefix, count=len(days), months=months, before=before, after=after
    )


async def _years_around(parts: WebParts, year: int) -> tuple[str | None, str | None]:
    """The nearest years with digests on either side of one."""
    before, _ = await parts.stores.archive.nearest_digests(date(year, 1, 1), today=parts.today())
    _, after = await parts.stores.archive.nearest_digests(date(year, 12, 31), today=parts.today())
    return (f"{before.year:04}" if before else None, f"{after.year:04}" if after else None)


# --- entries ------------------------------------------------------------------------------------------------------


async def entry(request: web.Request) -> web.Response:
    """One entry in full, and what is like it. An arXiv id leads to the entry's own address."""
    stores, caller, reference = request.app[PARTS].stores, visitor(request), request.match_info["reference"]
    try:
        hit = await show_entry(stores, caller, reference[:_LONGEST_NAME])
    except NotFound:
        return answer(request, Problem(HTTPStatus.NOT_FOUND, msg("There is no such entry")))
    if hit.entry.id != reference:
        raise web.HTTPFound(entry_address(hit.entry))
    alike = await more_like(stores, caller, hit.entry.id)
    bibtex = print_bibtex(hit.entry, with_id=False).strip()
    return render(request, "reading/entry.html", hit=hit, alike=alike, bibtex=bibtex)


# --- tags and search ----------------------------------------------------------------------------------------------


async def tags(request: web.Request) -> web.Response:
    """All tags, most used first."""
    parts = request.app[PARTS]
    found: Sequence[TagCount] = await parts.stores.archive.tags(limit=_MOST_TAGS, today=parts.today())
    return render(request, "reading/tags.html", tags=found)


async def tag(request: web.Request) -> web.Response:
    """A tag's entries, page by page."""
    name = _tag_name(request.match_info["name"])
    try:
        found = await _results(request, unparse(Query((TagTerm((name,)),))))
    except QueryError as error:
        links = tuple(_tag_link(query) for query in error.suggestions)
        return answer(request, Problem(HTTPStatus.NOT_FOUND, error.message, links=links))
    return _list(request, f"#{name}", found, path=tag_address(name), query=None)


def _tag_name(typed: str) -> str:
    """The tag's name as queries have it.

    Raises:
        HTTPNotFound: no tag can be called so.
    """
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(name) > _LONGEST_NAME or not tag_key(name) or not name.isprintable():
        raise web.HTTPNotFound
    return name


def _tag_link(query: str) -> Link:
    names = [name for term in parse(query).terms if isinstance(term, TagTerm) for name in term.names]
    return Link(tag_address(names[0]) if names else search_address(query), f"#{names[0]}" if names else query)


async def search(request: web.Request) -> web.Response:
    """The results of `?q=`, or how to search."""
    text = request.query.get("q", "").strip()
    if not text:
        return await _how_to_search(request, text, None)
    try:
        found = await _results(request, text)
    except QueryError as error:
        return await _how_to_search(request, text, error)
    return _list(request, found.text, found, path="/search", query=found.text, query_text=text)


async def _how_to_search(request: web.Request, text: str, error: QueryError | None) -> web.Response:
    tips = await show_help(request.app[PARTS].stores, visitor(request))
    examples = [(query, meaning) for query, meaning in tips.examples if query != _OWN]
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    return render(request, "reading/search.html", status=status, query_text=text, error=error, examples=examples)


async def _results(request: web.Request, text: str) -> Results:
    cursor = request.query.get("cursor") or None
    return await look_up(request.app[PARTS].stores, visitor(request), text, cursor=cursor, limit=PAGE_SIZE)


def _list(
    request: web.Request, heading: str, found: Results, *, path: str, query: str | None, query_text: str = ""
) -> web.Response:
    def page(cursor: str | None) -> str | None:
        return address(path, q=query, cursor=cursor) if cursor else None

    return render(
        request,
        "reading/list.html",
        heading=heading,
        found=found,
        previous=page(found.previous_cursor),
        next=page(found.next_cursor),
        query_text=query_text,
    )
