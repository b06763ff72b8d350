"""Options for the menus of forms while somebody types: tags of the archive, and time zones. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from bot.core.entries import TagCount, tag_key
from bot.core.messages import msg_n
from bot.core.people import Language
from bot.core.text import fold
from bot.locale import translator
from bot.slack.inputs import option, tag_option
from bot.slack.rich_text import Block

MOST_OPTIONS: Final = 100

_NEW_TAG: Final = re.compile(r"[\w.+/-]{1,60}")
_USUAL_ZONES: Final = (
    *("Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Asia/Singapore", "Asia/Kolkata", "Australia/Sydney", "UTC"),
    *("Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles"),
)


def typed_tag(typed: str) -> str:
    """What somebody types into the menu of tags, as a tag.

    >>> typed_tag(" #weak to strong")
    'weak-to-strong'
    """
    return "-".join(typed.replace("＃", "#").strip("#, \t").split())


def tag_options(
    typed: str, found: Sequence[TagCount], chosen: Collection[str], language: Language, *, is_known: bool
) -> list[Block]:
    """Tags to choose from, without those that are chosen; last the typed one itself where it is not among them.

    `is_known`: the archive has it, though perhaps by another name; else it would be a new one.
    """
    speaker = translator(language)
    taken = {tag_key(tag) for tag in chosen}
    offered = [
        tag_option(tag.name, speaker.say(msg_n("{n} entry", "{n} entries", n=tag.count)))
        for tag in found
        if tag_key(tag.name) not in taken
    ]
    name = typed_tag(typed)
    shown = taken | {tag_key(tag.name) for tag in found}
    if _NEW_TAG.fullmatch(name) and tag_key(name) not in shown:
        itself = tag_option(name) if is_known else option(speaker.t("Add #{tag}", tag=name), name)
        return [*offered[: MOST_OPTIONS - 1], itself]
    return offered[:MOST_OPTIONS]


def zone_options(typed: str, usual: str) -> list[Block]:
    """Time zones in whose names the typed text stands: cities that begin with it first. For nothing typed a few."""
    asked = fold(typed).replace(" ", "_")
    if not asked:
        return [option(zone, zone) for zone in dict.fromkeys((usual, *_USUAL_ZONES))]
    found = [zone for zone in _zones() if asked in zone.casefold()]
    found.sort(key=lambda zone: (not zone.casefold().rpartition("/")[2].startswith(asked), zone))
    return [option(zone, zone) for zone in found[:MOST_OPTIONS]]


@cache
def _zones() -> tuple[str, ...]:
    """All names there are, read from the disk but once: that takes long enough to keep others waiting."""
    return tuple(sorted(zone for zone in available_timezones() if not zone.startswith("posix")))
