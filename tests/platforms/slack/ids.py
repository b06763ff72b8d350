"""Ids that Slack makes up: for blocks and actions that have none, and for other things that need one."""

from __future__ import annotations

import copy
import itertools
from typing import Any

Json = dict[str, Any]

_numbers = itertools.count(1)


def new_id(prefix: str) -> str:
    """An id that nothing else has."""
    return f"{prefix}{next(_numbers):06d}"


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy of blocks in which every block and every interactive element has an id."""
    copied = copy.deepcopy(blocks)
    for block in copied:
        if not block.get("block_id"):
            block["block_id"] = new_id("blk")
        if block["type"] in ("actions", "section", "input"):
            for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
                if isinstance(element, dict) and element.get("type") != "image" and not element.get("action_id"):
                    element["action_id"] = new_id("act")
    return copied
