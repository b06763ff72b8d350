"""What the buttons of Paperboy's Slack messages are called, so that a press finds what it is for."""

from __future__ import annotations

from enum import StrEnum


class ActionId(StrEnum):
    """What a button does. Its state, such as the entry's id, stands in its `value`."""

    ABSTRACT = "abstract"
    SAVE = "save"
    UNSAVE = "unsave"
    LIKE = "like"
    DETAILS = "details"
    SHARE = "share"
    PAGE = "page"
    RUN = "run"
    CONFIRM = "confirm"


def action_id(kind: ActionId, n: int | None = None) -> str:
    """A button's `action_id`; with `n` it is unique among buttons of one kind in one block.

    >>> action_id(ActionId.PAGE, 2)
    'page:2'
    """
    return kind.value if n is None else f"{kind.value}:{n}"


def kind_of(action_id: str) -> ActionId | None:
    """What a pressed button does; None for a button that Paperboy does not know (any more).

    >>> kind_of("page:2")
    <ActionId.PAGE: 'page'>
    """
    try:
        return ActionId(action_id.partition(":")[0])
    except ValueError:
        return None
