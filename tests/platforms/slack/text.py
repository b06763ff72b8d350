"""What a message would ping and link, and what stands there to be read, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]

_ANGLED = re.compile(r"<([^<>\n]+)>")
_BARE_BROADCAST = re.compile(r"(?<![\w@])@(here|channel|everyone|group)\b")
_BARE_URL = re.compile(r"https?://[^\s<>|]+")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


class Readable(Protocol):
    """A message, or what only one person sees."""

    text: str
    blocks: list[Json]
    link_names: bool
    parse: str | None
    mrkdwn: bool


@dataclass
class Mentions:
    """What a message pings and links: user ids, group ids, broadcasts (`here`, ...), channel ids, addresses."""

    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    broadcasts: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def pings(self) -> bool:
        """Whether anybody would be notified."""
        return bool(self.users or self.groups or self.broadcasts)


def mentions_of(message: Readable) -> Mentions:
    """What Slack's parsing makes of a message: of its blocks, and of its text, which notifications show."""
    found = Mentions()
    names = message.link_names or message.parse == "full"
    _parse(message.text, found, names=names, marked=message.parse != "full")
    for value in _walk(message.blocks):
        kind = value.get("type")
        if kind in ("mrkdwn", "markdown"):
            _parse(value["text"], found, names=names, marked=True)
        elif kind in _RICH:
            name, attribute = _RICH[kind]
            getattr(found, attribute).append(value[name])
        elif isinstance(value.get("url"), str):
            found.links.append(value["url"])
    return found


_RICH = {
    "user": ("user_id", "users"),
    "usergroup": ("usergroup_id", "groups"),
    "broadcast": ("range", "broadcasts"),
    "channel": ("channel_id", "channels"),
    "link": ("url", "links"),
}


def _parse(text: str, found: Mentions, *, names: bool, marked: bool) -> None:
    if marked:
        for inside in _ANGLED.findall(text):
            _angled(inside.split("|")[0], found)
    if names:
        found.broadcasts += _BARE_BROADCAST.findall(_CODE.sub(" ", text))
    found.links += _BARE_URL.findall(_ANGLED.sub(" ", text) if marked else text)


def _angled(target: str, found: Mentions) -> None:
    if target.startswith("!subteam^"):
        found.groups.append(target.removeprefix("!subteam^"))
    elif target in ("!here", "!channel", "!everyone", "!group"):
        found.broadcasts.append(target[1:])
    elif target.startswith("@"):
        found.users.append(target[1:])
    elif target.startswith("#"):
        found.channels.append(target[1:])
    elif re.match(r"(https?|mailto|ftp):", target):
        found.links.append(target)


def _walk(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one)
    elif isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)


def visible_text(message: Readable) -> str:
    """What a person reads in a message, one line a block or part; the text alone when there are no blocks."""
    if not message.blocks:
        return shown(message.text)
    return "\n".join(line for block in message.blocks for line in _block_lines(block) if line)


def visible_blocks(blocks: Iterable[Json]) -> str:
    """What a person reads in blocks, of a view for instance."""
    return "\n".join(line for block in blocks for line in _block_lines(block) if line)


def shown(text: str) -> str:
    """Marked text as it is shown: links by their label, escapes undone; emphasis is left as it is."""
    unlinked = _ANGLED.sub(lambda match: match[1].split("|")[-1], text)
    return unlinked.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _text(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    text = str(value.get("text", ""))
    return shown(text) if value.get("type") == "mrkdwn" else text


def _block_lines(block: Json) -> Iterator[str]:
    kind = block["type"]
    if kind == "rich_text":
        yield from _rich_lines(block["elements"])
        return
    if kind == "markdown":
        yield block["text"]
        return
    yield _text(block.get("title")) or _text(block.get("text")) or _text(block.get("label"))
    if kind == "image":
        yield block["alt_text"]
    for field_text in block.get("fields") or []:
        yield _text(field_text)
    for element in [*(block.get("elements") or []), block.get("accessory"), block.get("element")]:
        yield from _element_lines(element)
    yield _text(block.get("hint"))


def _element_lines(element: Any) -> Iterator[str]:
    if not isinstance(element, dict):
        return
    if element.get("type") in ("plain_text", "mrkdwn"):
        yield _text(element)
        return
    yield _text(element.get("text")) or _text(element.get("placeholder")) or str(element.get("alt_text", ""))
    for option in element.get("options") or []:
        yield _text(option["text"])
        yield _text(option.get("description"))


def _rich_lines(parts: list[Json]) -> Iterator[str]:
    for part in parts:
        if part["type"] == "rich_text_list":
            yield from _rich_lines(part["elements"])
        else:
            yield "".join(_inline(element) for element in part["elements"])


def _inline(element: Json) -> str:
    signs = {"user": "@", "usergroup": "@", "channel": "#", "broadcast": "@"}
    kind = element["type"]
    if kind in signs:
        return signs[kind] + str(element[_RICH[kind][0]])
    if kind == "emoji":
        return f":{element['name']}:"
    return str(element.get("text") or element.get("url") or element.get("fallback") or "")
