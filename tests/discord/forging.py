"""Buttons and windows that Paperboy has not shown: what they carry comes to it all the same, as from an app gone wild.

Discord itself lets nobody press what is not there; whoever gets past it must still not get past Paperboy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.discord.conftest import Served
from tests.platforms.discord import payloads
from tests.platforms.discord.component_rules import BUTTON, LABEL, ROW, TEXT_INPUT, with_ids
from tests.platforms.discord.interactions import COMMAND
from tests.platforms.discord.modals import Modal
from tests.platforms.discord.world import COMPONENTS_V2, EPHEMERAL, Channel, Message, User

CONTAINER = 17
IN_ROW = 5


def forged_buttons(
    served: Served, where: Channel, custom_ids: Sequence[str], *, only_for: User | None = None
) -> Message:
    """A message of Paperboy's with a button for each of these; private where it is for one person only."""
    state = served.server.state
    made = [
        {"type": BUTTON, "style": 2, "label": f"{number}", "custom_id": one} for number, one in enumerate(custom_ids)
    ]
    rows = [{"type": ROW, "components": made[at : at + IN_ROW]} for at in range(0, len(made), IN_ROW)]
    message = Message(state.new_id(), where.id, state.application.bot, flags=COMPONENTS_V2)
    message.components = with_ids([{"type": CONTAINER, "components": rows}])
    if only_for is None:
        where.messages[message.id] = message
    else:
        message.flags |= EPHEMERAL
        message.only_for = only_for.id
        state.ephemerals[message.id] = message
    return message


def forged_window(served: Served, user: User, where: Channel, custom_id: str, fields: Mapping[str, str]) -> Modal:
    """A window before somebody, with these fields filled in."""
    opener = served.server.interactions.begin(
        COMMAND, user.id, where, message=None, metadata=payloads.metadata(COMMAND, user, {"0": str(where.guild_id)})
    )
    inputs = [{"type": TEXT_INPUT, "custom_id": name, "style": 2, "value": text} for name, text in fields.items()]
    components: list[dict[str, Any]] = [
        {"type": LABEL, "label": one["custom_id"], "component": {**one, "required": False}} for one in inputs
    ]
    modal = Modal(custom_id, "Forged", with_ids(components), opener)
    served.server.interactions.modals[user.id] = modal
    return modal
