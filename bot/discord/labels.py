"""How the key of a post travels with its messages, so that an interrupted post can be found again.

Discord answers a repeated `nonce` with the message that has it, but for a few minutes only, and need not tell it later.
What stays with a message are the numbers of its components: two of them, 60 bits together, hold the key's digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import discord

Payload = Mapping[str, Any]
"""A message as Discord sends it."""

_CONTAINER: Final = discord.ComponentType.container.value
_TEXT: Final = discord.ComponentType.text_display.value
_OWN: Final = 1 << 30
"""Set in each of our numbers, because Discord gives small ones to components that came without."""


def nonce(key: str, part: int) -> str:
    """The nonce of a part of a post: 24 characters of the 25 there may be.

    >>> nonce("1/2024-06-21/head", 0)
    'ehENNsTVlGAptiPoOUnl6Mj0'
    """
    return base64.urlsafe_b64encode(_digest(key, part)[:18]).decode("ascii")


def ids(key: str, part: int) -> tuple[int, int]:
    """The numbers of the container and of the first text of a part of a post: 31 bits each, never equal."""
    digest = _digest(key, part)
    first, second = (int.from_bytes(digest[at : at + 4], "big") % _OWN | _OWN for at in (18, 22))
    return first, second if second != first else second ^ 1


def part_key(post_id: int) -> str:
    """The key under which what continues a post is labelled: whoever changes a post knows its id, and not its key."""
    return f"after/{post_id}"


def own_numbers(message: Payload) -> tuple[int, int] | None:
    """The numbers by which a message of ours is labelled; None where it has no label any more."""
    found = numbers(message)
    return found if found and all(number & _OWN for number in found) else None


def carries(message: Payload, key: str, part: int) -> bool:
    """Whether a message is this part of the post with this key; what continues a post has a `part_key`.

    Whose message it is has to be asked apart.
    """
    return message.get("nonce") == nonce(key, part) or numbers(message) == ids(key, part)


def numbers(message: Payload) -> tuple[int, int] | None:
    """The two numbers of a message that may be ours; None where it has no container with a text."""
    for component in message.get("components") or ():
        for child in component.get("components") or ():
            if component.get("type") == _CONTAINER and child.get("type") == _TEXT:
                return component.get("id", 0), child.get("id", 0)
    return None


def _digest(key: str, part: int) -> bytes:
    return hashlib.sha256(f"{key}\n{part}".encode()).digest()
