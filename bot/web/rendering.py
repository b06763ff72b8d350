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

from bot import wording
from bot.core.digests import Content, EntryContent, HeaderContent, ListContent, NoteContent
from bot.core.entries import Entry
from bot.core.markup import safe_url, title_text
from bot.core.people import Language
from bot.locale import Translator, translator

Payload = dict[str, object]


def payload_of(content: Content, language: Language) -> Payload:
    """A post's payload in the language of its subscription."""
    speaker = translator(language)
    match content:
        case HeaderContent():
            made = _header(content, speaker)
        case EntryContent(entry, late):
            mark = wording.late_mark(speaker) if late else None
            made = {"kind": "entry", "card": card_of(entry, language), "late": mark}
        case ListContent(days, entries, follows):
            items = [_item(entry, speaker) for entry in entries]
            made = {"kind": "list", **_heading(days, len(entries), speaker), "items": items}
            if follows:
                made["summary"] = f"{wording.followed(follows, speaker)} · {made['summary']}"
        case NoteContent(note):
            made = {"kind": "note", "text": speaker.say(note)}
    return {"language": language.value, **made}


def _header(content: HeaderContent, speaker: Translator) -> Payload:
    late = wording.late_head_mark(speaker) if content.late else None
    return {"kind": "header", **_heading(content.digest_dates, content.entry_count, speaker), "late": late}


def _heading(days: tuple[date, ...], count: int, speaker: Translator) -> Payload:
    said = wording.heading(days, count, speaker)
    return {"title": said.title, "summary": said.summary, "days": [day.isoformat() for day in days]}


def _item(entry: Entry, speaker: Translator) -> Payload:
    return {
        "entry_id": entry.id,
        "title": title_text(entry.title),
        "url": safe_url(entry.url),
        "byline": wording.byline(entry, speaker),
        "tags": list(entry.tags),
    }


def card_of(entry: Entry, language: Language) -> Payload:
    """An entry as a card. `commentary` is the one in this language where there is one, `other` the other one."""
    commentary, other = wording.commentaries(entry, language)
    return {
        **_item(entry, translator(language)),
        "source": wording.source_of(entry),
        "paper_date": entry.paper_date.isoformat() if entry.paper_date else None,
        "digest_date": entry.digest_date.isoformat() if entry.digest_date else None,
        "commentary": commentary,
        "other": other,
        "abstract": entry.abstract,
        "links": list(wording.further_links(entry)),
    }


def withdrawn_payload(before: Mapping[str, object]) -> Payload:
    """What stands in place of a withdrawn post whose thread stays."""
    language = Language(str(before.get("language", Language.KOREAN)))
    return {"kind": "withdrawn", "language": language.value, "text": wording.withdrawn(translator(language))}


def share_payload(entry_id: str, persona: str) -> Payload:
    """An entry that a person has shared into a channel."""
    return {"kind": "share", "entry_id": entry_id, "by": persona}
