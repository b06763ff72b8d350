"""The Atom feed: the newest entries, or those that meet a query."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.core.entries import Entry
from bot.core.query import Sort
from bot.formats.atom import print_feed
from bot.usecases.look_up import Results, look_up
from bot.web.pages import address
from bot.web.parts import PARTS, WebParts
from bot.web.reading_room import visitor
from bot.web.security import own_origin

FEED_SIZE = 50


async def feed(request: web.Request) -> web.Response:
    """The feed, or 304 to a reader that has this very one."""
    parts, query = request.app[PARTS], request.query.get("q", "").strip()
    asked = query or f"sort:{Sort.NEW}"
    found = await look_up(parts.stores, visitor(request), asked, limit=FEED_SIZE, explained=False)
    entries = [hit.entry for hit in found.hits]
    updated = await _updated(parts, entries)
    origin = own_origin(request)
    text = print_feed(
        entries,
        title=_title(query, found),
        self_url=f"{origin}{address('/feed.atom', q=query)}",
        site_url=f"{origin}",
        updated=updated,
        feed_id=_feed_id(parts.workspace, query),
    )
    return _answer(request, text.encode(), updated)


def _title(query: str, found: Results) -> str:
    return f"Paperboy: {found.text}" if query else "Paperboy"


def _feed_id(workspace: str, query: str) -> str:
    """The same for the same feed wherever it is served: never its address."""
    known = hashlib.sha256(f"{workspace}\x00{query}".encode()).hexdigest()[:16]
    return f"urn:paperboy:feed:{known}"


async def _updated(parts: WebParts, entries: Sequence[Entry]) -> datetime:
    """When the feed last changed: with the newest change of the archive, or at the start of the newest digest's day."""
    days = [entry.digest_date for entry in entries if entry.digest_date]
    moments = [datetime.combine(max(days), time(), tzinfo=ZoneInfo(parts.zone))] if days else []
    archive = parts.stores.archive
    for _, entry in await archive.changed_since(max(await archive.latest_change() - 1, 0), limit=1):
        moments += [revision.at for revision in await archive.revisions(entry.id, limit=1)]
    return max(moments, default=datetime.fromtimestamp(0, UTC)).astimezone(UTC).replace(microsecond=0)


def _answer(request: web.Request, body: bytes, updated: datetime) -> web.Response:
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = {
        "Cache-Control": "public, max-age=300",
        "ETag": f'"{tag}"',
        "Last-Modified": format_datetime(updated, usegmt=True),
    }
    if _is_known(request, tag, updated):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=body, content_type="application/atom+xml", charset="utf-8", headers=headers)


def _is_known(request: web.Request, tag: str, updated: datetime) -> bool:
    """Whether the reader has this: by the tag where it sends one, else by time."""
    if request.if_none_match is not None:
        return any(known.value in {tag, "*"} for known in request.if_none_match)
    since = request.if_modified_since
    return since is not None and updated <= since
