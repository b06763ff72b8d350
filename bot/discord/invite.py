"""`paperboy invite discord`: whose link it is."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from bot.core.errors import InputError
from bot.core.messages import msg
from bot.discord.permissions import invite_link

_MOST_DIGITS: Final = 20
"""Of an id, which is a number of 64 bits."""


def invite(token: str | None, client_id: str | None) -> str:
    """The link for the application with this id, else the one whose token it is: a token begins with it.

    Raises:
        InputError: neither tells an application's id.
    """
    if client_id is not None:
        if not _is_id(client_id):
            raise InputError(
                msg(
                    "“{id}” is not the id of an application. It is a long number, under “General Information”.",
                    id=client_id,
                )
            )
        return invite_link(int(client_id))
    if token is None:
        raise InputError(msg("Set DISCORD_TOKEN, or name the application: `paperboy invite discord --client-id ID`."))
    found = _id_in(token)
    if found is None:
        raise InputError(
            msg("DISCORD_TOKEN does not tell which application it is for: `paperboy invite discord --client-id ID`.")
        )
    return invite_link(found)


def _id_in(token: str) -> int | None:
    first = token.partition(".")[0]
    try:
        text = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(text) if _is_id(text) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text) > 0
