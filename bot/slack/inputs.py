"""The blocks that forms are made of: pure. Every input's action has the name of its kind of block, see `ActionName`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from bot.slack.fields import MOST_OPTION, shortened, tag_text, tag_value
from bot.slack.rich_text import Block

MOST_LABEL: Final = 2_000
MOST_PLACEHOLDER: Final = 150
MOST_TEXT: Final = 3_000
MOST_CHOSEN: Final = 100
"""Options that may be chosen when a form opens."""


class ActionName(StrEnum):
    """What the elements of forms are called, so that a press or a query for options finds what it is for."""

    FIELD = "form_field"
    TAGS = "form_tags"
    ZONE = "form_zone"
    ROOM = "form_room"
    TAKE = "form_take"
    QUERY = "form_query"


def plain(text: str) -> dict[str, object]:
    """A text that is shown as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def labelled(name: str, label: str, element: Block, *, hint: str = "", optional: bool = True) -> Block:
    """An element with what it is called and explained by."""
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": plain(shortened(label, MOST_LABEL)),
        "element": element,
        "optional": optional,
    }
    return {**made, "hint": plain(shortened(hint, MOST_LABEL))} if hint else made


def text_element(value: str, *, multiline: bool = False, placeholder: str = "", most: int | None = None) -> Block:
    """A field for text of at most `most` characters, if it does not hold more already."""
    made: Block = {"type": "plain_text_input", "action_id": ActionName.FIELD.value, "multiline": multiline}
    if value:
        made["initial_value"] = value
    if placeholder:
        made["placeholder"] = plain(shortened(placeholder, MOST_PLACEHOLDER))
    if most is not None and len(value) <= most:
        made["max_length"] = most
    return made


def tags_element(tags: Sequence[str], most: int, placeholder: str) -> Block:
    """A menu of tags that asks for its options while somebody types."""
    made: Block = {
        "type": "multi_external_select",
        "action_id": ActionName.TAGS.value,
        "min_query_length": 0,
        "max_selected_items": max(most, len(tags)),
        "placeholder": plain(shortened(placeholder, MOST_PLACEHOLDER)),
    }
    return {**made, "initial_options": [tag_option(tag) for tag in dict.fromkeys(tags)]} if tags else made


def zone_element(zone: str, placeholder: str) -> Block:
    """A menu of time zones that asks for its options while somebody types."""
    made: Block = {
        "type": "external_select",
        "action_id": ActionName.ZONE.value,
        "min_query_length": 0,
        "placeholder": plain(shortened(placeholder, MOST_PLACEHOLDER)),
    }
    return {**made, "initial_option": option(zone, zone)} if zone else made


def date_element(day: str) -> Block:
    """A calendar; what is no date in ISO form chooses none."""
    made: Block = {"type": "datepicker", "action_id": ActionName.FIELD.value}
    return {**made, "initial_date": day} if _is_date(day) else made


def time_element(at: str) -> Block:
    """A clock, for HH:MM."""
    return {"type": "timepicker", "action_id": ActionName.FIELD.value, "initial_time": at}


def radio_element(options: Sequence[Block], chosen: str) -> Block:
    """One of a few, all of them to be seen."""
    made: Block = {"type": "radio_buttons", "action_id": ActionName.FIELD.value, "options": list(options)}
    return made | _initial(options, chosen)


def select_element(options: Sequence[Block], chosen: str) -> Block:
    """One of a few, in a menu."""
    made: Block = {"type": "static_select", "action_id": ActionName.FIELD.value, "options": list(options)}
    return made | _initial(options, chosen)


def checkbox_element(options: Sequence[Block], chosen: Sequence[str]) -> Block:
    """Any of a few."""
    made: Block = {"type": "checkboxes", "action_id": ActionName.FIELD.value, "options": list(options)}
    ticked = [one for one in options if one["value"] in chosen]
    return {**made, "initial_options": ticked} if ticked else made


def option(text: str, value: str, description: str = "") -> Block:
    """One option of a menu or list, with a line that explains it."""
    made: Block = {"text": plain(shortened(text, MOST_OPTION)), "value": value}
    return {**made, "description": plain(shortened(description, MOST_OPTION))} if description else made


def tag_option(tag: str, description: str = "") -> Block:
    """A tag as an option."""
    return {**option(tag_text(tag), tag_value(tag), description)}


def _initial(options: Sequence[Block], chosen: str) -> Block:
    found = next((one for one in options if one["value"] == chosen), None)
    return {"initial_option": found} if found else {}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
