"""An Atom 1.0 feed (RFC 4287) of entries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from html import escape
from xml.etree import ElementTree as ET

from bot.core.addresses import read_address
from bot.core.entries import Entry
from bot.core.latex import readable

NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_AN_AUTHORITY = re.compile(r"[^a-z0-9.-]")


def print_feed(
    entries: Sequence[Entry], *, title: str, self_url: str, site_url: str, updated: datetime, feed_id: str
) -> str:
    """The feed as an XML document, entries in the order given.

    `site_url` is the reading room's address, under which an entry stands at `/e/ID`; `feed_id` is the feed's permanent
    `tag:` or other URI, on which the entries' ids are built, so that they stay when the site moves. `updated` must
    know its time zone. An entry was updated at the beginning of its digest date.
    """
    feed = ET.Element("feed", {"xmlns": NAMESPACE})
    _add(feed, "id", feed_id)
    _add(feed, "title", title)
    _add(feed, "updated", _stamp(updated))
    _link(feed, "self", self_url, "application/atom+xml")
    _link(feed, "alternate", site_url, "text/html")
    _add(_add(feed, "author"), "name", title)
    _add(feed, "generator", "Paperboy")
    for entry in entries:
        feed.append(_entry(entry, site_url.rstrip("/"), feed_id, updated))
    ET.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def entry_uri(feed_id: str, entry: Entry) -> str:
    """The permanent URI of an entry in a feed.

    >>> entry_uri("tag:example.org,2024:digest", Entry(id="abcdefghij", title="Boats"))
    'tag:example.org,2024:digest/abcdefghij'
    """
    if feed_id.startswith("tag:"):
        return f"{feed_id}/{entry.id}"
    host = _NOT_AN_AUTHORITY.sub("", feed_id.partition("://")[2].partition("/")[0].partition(":")[0].lower())
    return f"tag:{host or 'paperboy.invalid'},2024:{entry.id}"


def _entry(entry: Entry, site: str, feed_id: str, updated: datetime) -> ET.Element:
    element = ET.Element("entry")
    when = _midnight(entry.digest_date, updated)
    _add(element, "id", entry_uri(feed_id, entry))
    _add(element, "title", readable(entry.title) or entry.id)
    _add(element, "updated", _stamp(when))
    if entry.digest_date:
        _add(element, "published", _stamp(when))
    _link(element, "alternate", f"{site}/e/{entry.id}", "text/html")
    if entry.url and read_address(entry.url):
        _link(element, "related", entry.url)
    for name in filter(None, (entry.organisation, *entry.authors)):
        _add(_add(element, "author"), "name", name)
    for tag in entry.tags:
        ET.SubElement(element, "category", {"term": _clean(tag)})
    content = _content(entry)
    if content:
        _add(element, "content", content).set("type", "html")
    return element


def _content(entry: Entry) -> str:
    """The texts as HTML: remarks, their English version, the abstract as a quotation."""
    parts = [_paragraphs(entry.commentary)]
    if entry.commentary_en:
        parts.append(f'<div lang="en">{_paragraphs(entry.commentary_en)}</div>')
    if entry.abstract:
        parts.append(f'<blockquote lang="en">{_paragraphs(readable(entry.abstract))}</blockquote>')
    return "".join(parts)


def _paragraphs(text: str | None) -> str:
    blocks = re.split(r"\n[ \t]*\n\s*", text.strip()) if text else []
    return "".join(f"<p>{escape(block).replace(chr(10), '<br>')}</p>" for block in blocks if block.strip())


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = _clean(text) if text is not None else None
    return element


def _link(parent: ET.Element, relation: str, address: str, kind: str | None = None) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "href": _clean(address)} | ({"type": kind} if kind else {}))


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)


def _midnight(day: date | None, latest: datetime) -> datetime:
    return datetime.combine(day, time(), latest.tzinfo or UTC) if day else _LONG_AGO


def _stamp(moment: datetime) -> str:
    """A moment as RFC 3339."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0).isoformat()
