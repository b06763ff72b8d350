"""The links a vault note begins with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.addresses import read_address
from bot.core.text import has_hangul

_MOST_HEAD_LINES = 200
_MOST_LINKS_IN_LINE = 20
_HEAD_LINK = re.compile(
    r"\s*(?:[-*+]\s+)?(?P<link>\[(?P<name>[^\[\]]{0,500})\]\((?P<target>\S+)\)"
    r"|<?(?i:h{0,2}t{1,3}ps?(?::/{1,3}|//)|www\.|(?:[a-z]+\.)?arxiv\.org/)[!-;=?-Z\\^-~]*>?"
    r"|\\url\{[^{}]+\})(?P<rest>.*)",
    re.DOTALL,
)
_IS_URL = re.compile(r"\s*(?:https?://|www\.|[\w.-]+\.[a-z]{2,}/)", re.IGNORECASE)
_SITE_AFTER_NAME = re.compile(r"\s*\((?:[\w-]+\.)+[a-z]{2,}\)$", re.IGNORECASE)


_AFTER_LINK = re.compile(r"\A[-–—:|,]\s+")


@dataclass(slots=True)
class Head:
    """The links a note begins with. `name` is the text of a link `[name](...)`, `broken` what looked like a link."""

    urls: list[str] = field(default_factory=list)
    name: str | None = None
    scheme_added: bool = False
    broken: bool = False


def take_head(lines: Sequence[str]) -> tuple[Head, list[str]]:
    """The links at the very beginning, alone on their lines but for what follows the last one."""
    head = Head()
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        found = _HEAD_LINK.match(line) if number < _MOST_HEAD_LINES else None
        if not found or (head.urls and has_hangul(line)):
            return head, list(lines[number:])
        rest = _read_links(line, head)
        if rest is None:
            return head, list(lines[number:])
        if rest.strip():
            return head, [_AFTER_LINK.sub("", rest.strip(), count=1), *lines[number + 1 :]]
    return head, []


def _read_links(line: str, head: Head) -> str | None:
    """What follows the links that a line begins with; None when the first of them is broken or part of a sentence."""
    rest = line
    for _ in range(_MOST_LINKS_IN_LINE):
        found = _HEAD_LINK.match(rest)
        if not found:
            break
        target = found["target"]
        address = read_address(found["link"] if target is None else target)
        if address is None:
            head.broken = head.broken or not head.urls
            return None if rest is line else rest
        if address.url not in head.urls:
            head.urls.append(address.url)
        head.scheme_added = head.scheme_added or address.scheme_added
        if target is not None and head.name is None and not _IS_URL.match(found["name"]):
            head.name = _SITE_AFTER_NAME.sub("", found["name"].strip()) or None
        rest = found["rest"]
        if rest[:1] and not rest[0].isspace() and (target is None or has_hangul(rest[0])):
            return line if rest.strip(".,;:)") else ""  # a sentence that begins with its link
    return rest
