"""What a post says, as JSON values: pure. Templates turn these payloads into HTML, for every viewer in the same words.

{"kind": "header", "language": "ko", "title": ..., "summary": ..., "days": [...]}
{"kind": "entry", "language": "ko", "card": {...}}            see `card_of`
{"kind": "list", "language": "ko", "title": ..., "summary": ..., "items": [...]}
{"kind": "note", "language": "ko", "text": ...}
{"kind": "withdrawn", "language": "ko", "text": ...}
{"kind": "share", "entry_id": ..., "by": ...}                 its card is read from the archive when it is shown
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.messages import msg, msg_n
from bot.core.people import Language
from bot.core.text import shorten_authors
from bot.locale import Translator, translator
from bot.web.markup import host_of, safe_url, title_text

Payload = dict[str, object]


def payload_of(content: Content, language: Language) -> Payload:
    """A post's payload in the language of its subscription."""
    speaker = translator(language)
    match content:
        case HeaderContent():
            made = _header(content, speaker)
        case EntryContent(entry, late):
            note = speaker.say(msg("Late addition")) if late else None
            made = {"kind": "entry", "card": card_of(entry, language), "late": note}
        case ListContent(days, entries):
            items = [_item(entry, speaker) for entry in entries]
            made = {"kind": "list", **_heading(days, len(entries), speaker), "items": items}
        case NoteContent(note):
            made = {"kind": "note", "text": speaker.say(note)}
    return {"language": language.value, **made}


def _header(content: HeaderContent, speaker: Translator) -> Payload:
    late = speaker.say(msg("Late additions")) if content.late else None
    return {"kind": "header", **_heading(content.digest_dates, content.entry_count, speaker), "late": late}


def _heading(days: tuple[date, ...], count: int, speaker: Translator) -> Payload:
    return {
        "title": " · ".join(speaker.day(day) for day in days),
        "summary": speaker.say(msg_n("{n} entry", "{n} entries", n=count)),
        "days": [day.isoformat() for day in days],
    }


def _item(entry: Entry, speaker: Translator) -> Payload:
    return {
        "entry_id": entry.id,
        "title": title_text(entry.title),
        "url": safe_url(entry.url),
        "byline": _byline(entry, speaker),
        "tags": list(entry.tags),
    }


def card_of(entry: Entry, language: Language) -> Payload:
    """An entry as a card. `commentary` is the one in this language where there is one, `other` the other one."""
    speaker = translator(language)
    commentary, other = entry.commentary, entry.commentary_en
    if language is Language.ENGLISH or commentary is None:
        commentary, other = other or commentary, commentary if other else None
    return {
        **_item(entry, speaker),
        "source": _source(entry),
        "paper_date": entry.paper_date.isoformat() if entry.paper_date else None,
        "digest_date": entry.digest_date.isoformat() if entry.digest_date else None,
        "commentary": commentary,
        "other": other,
        "abstract": entry.abstract,
        "links": [link for link in entry.links if safe_url(link) and link != entry.url],
    }


def _byline(entry: Entry, speaker: Translator) -> str:
    short = shorten_authors(entry.authors, entry.organisation)
    names = ", ".join(short.names)
    if not short.more:
        return names
    return speaker.say(msg_n("{names} and {n} more", "{names} and {n} more", n=short.more, names=names))


def _source(entry: Entry) -> str | None:
    """Where the title leads, in a few letters."""
    if entry.arxiv_id:
        return f"arXiv:{entry.arxiv_id}"
    return host_of(entry.url) or None if entry.url else None


def withdrawn_payload(before: Mapping[str, object]) -> Payload:
    """What stands in place of a withdrawn post whose thread stays."""
    language = Language(str(before.get("language", Language.KOREAN)))
    text = translator(language).say(msg("This post was withdrawn; what was said about it stays."))
    return {"kind": "withdrawn", "language": language.value, "text": text}


def share_payload(entry_id: str, persona: str) -> Payload:
    """An entry that a person has shared into a channel."""
    return {"kind": "share", "entry_id": entry_id, "by": persona}
