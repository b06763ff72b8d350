"""What the buttons of Paperboy's Discord messages are called, so that a press finds what it is for: `KIND:STATE`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

MOST_CUSTOM_ID: Final = 100
"""Characters that Discord takes as a component's custom id."""


class ActionId(StrEnum):
    """What a button does. Its state, such as the entry's id, stands behind it."""

    ABSTRACT = "abstract"
    SAVE = "save"
    UNSAVE = "unsave"
    LIKE = "like"
    DETAILS = "details"
    SHARE = "share"
    PAGE = "page"
    RUN = "run"
    CONFIRM = "confirm"
    FORM = "form"


_KEPT: Final = re.compile(r"~([\w-]{22})", re.ASCII)


def custom_id(kind: ActionId, state: str) -> str:
    """A button's custom id; one that is too long for Discord is shortened by `bot.discord.replying`.

    >>> custom_id(ActionId.SAVE, "e42")
    'save:e42'
    """
    return f"{kind.value}:{state}"


def numbered(custom_id: str, number: int) -> str:
    """The same for a second button of a message, in which each has an id of its own.

    >>> numbered("save:e42", 2)
    'save.2:e42'
    """
    kind, _, state = custom_id.partition(":")
    return f"{kind}.{number}:{state}"


def read_custom_id(text: str) -> tuple[ActionId, str] | None:
    """What a pressed button does, and its state; None for a button that Paperboy does not know (any more).

    >>> read_custom_id("save:e42"), read_custom_id("save.2:e42")
    ((<ActionId.SAVE: 'save'>, 'e42'), (<ActionId.SAVE: 'save'>, 'e42'))
    """
    head, _, state = text.partition(":")
    kind = head.partition(".")[0]
    return (ActionId(kind), state) if kind in list(ActionId) else None


def kept_state(key: str) -> str:
    """The state of a button whose own is kept in the database under this key."""
    return f"~{key}"


def key_of_kept(state: str) -> str | None:
    """The key of a kept state; None for one that stands in the button itself.

    >>> key_of_kept("~ehENNsTVlGAptiPoOUnl6M"), key_of_kept("/paper ~x")
    ('ehENNsTVlGAptiPoOUnl6M', None)
    """
    found = _KEPT.fullmatch(state)
    return found[1] if found else None
