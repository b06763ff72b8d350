"""A person's hands on buttons, selects and modals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.platforms.discord import payloads
from tests.platforms.discord.component_rules import BUTTON, LINK, PREMIUM, SELECTS, walk
from tests.platforms.discord.inputs import chosen, pointed
from tests.platforms.discord.interactions import COMPONENT, MODAL_SUBMIT, Interaction
from tests.platforms.discord.keyboard import Keyboard
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Channel, Message

Json = dict[str, Any]


def buttons(message: Message) -> dict[str, Json]:
    """A message's buttons by label, links too."""
    return {one.get("label") or "": one for _, one in walk(message.components) if one.get("type") == BUTTON}


class Pressing(Keyboard):
    """Presses, chooses and submits; each gives the interaction once the app has called back."""

    async def click(self, message: Message, button: str) -> Interaction:
        """Press a button, named by its custom id or what stands on it.

        Raises:
            PersonError: there is no such button to press, or the app did not respond.
        """
        found = self._component(message, button, (BUTTON,))
        if found.get("style") in (LINK, PREMIUM):
            raise NotPossible(f"{button!r} is a link to {found.get('url')}")
        return await self._use(message, found, {})

    async def select(self, message: Message, select: str, *values: Any) -> Interaction:
        """Choose in a select, named by its custom id or placeholder; options by value or label, people as they are.

        Raises:
            PersonError: that cannot be chosen, or the app did not respond.
        """
        found = self._component(message, select, SELECTS)
        channel = self._where(message)
        picked = chosen(found, values, self.world, self.world.guild_of(channel))
        more: Json = {"values": picked}
        if resolved := self._resolved(channel, [(found["type"], picked)]):
            more["resolved"] = resolved
        return await self._use(message, found, more)

    async def submit(self, values: Mapping[str, Any] | None = None, modal: Any = None) -> Interaction:
        """Fill in the modal before them, by custom id or label, and submit it; it goes away when the app has answered.

        Raises:
            PersonError: something is missing or cannot be put in, or the app did not respond (the modal stays).
        """
        before = self.modal
        if before is None or modal not in (None, before):
            raise NotPossible("there is no modal before them")
        before.fill(dict(values or {}))
        opener = before.interaction
        channel = opener.channel
        components = before.entered(self.world, self.world.guild_of(channel))
        data: Json = {"custom_id": before.custom_id, "components": components}
        picked = [
            (one["type"], one["values"])
            for top in components
            for one in (*top.get("components", ()), *((top["component"],) if "component" in top else ()))
            if one["type"] in SELECTS
        ]
        if resolved := self._resolved(channel, picked):
            data["resolved"] = resolved
        more = {"triggering_interaction_metadata": opener.metadata}
        interaction = self._begin(MODAL_SUBMIT, channel, opener.message, opener, more)
        await self._send(interaction, data)
        if self.modal is before:
            self.close()
        return interaction

    def close(self) -> None:
        """Put the modal away without submitting: the app is not told."""
        self.server.interactions.modals.pop(self.user.id, None)
        self.server.changed()

    def dismiss(self, message: Message) -> None:
        """Dismiss a message that only they see."""
        if message.only_for != self.user.id:
            raise NotPossible("only one's own private messages can be dismissed")
        self.server.interactions.remove(message)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _component(self, message: Message, name: str, kinds: Sequence[int]) -> Json:
        self._must_see_message(message)
        offered = [one for _, one in walk(message.components) if one.get("type") in kinds]
        found = [one for one in offered if one.get("custom_id") == name]
        found = found or [one for one in offered if name in (one.get("label"), one.get("placeholder"))]
        if len(found) != 1:
            there = [one.get("label") or one.get("custom_id") for one in offered]
            raise NotPossible(f"there is no one {name!r} among {there}")
        if found[0].get("disabled"):
            raise NotPossible(f"{name!r} is disabled")
        return found[0]

    async def _use(self, message: Message, component: Json, more: Json) -> Interaction:
        data = {"component_type": component["type"], "custom_id": component["custom_id"], "id": component["id"], **more}
        opened = next((one for one in self.server.interactions.all if message in one.replies), None)
        metadata = {"interacted_message_id": str(message.id)}
        interaction = self._begin(COMPONENT, self._where(message), message, opened, metadata)
        return await self._send(interaction, data)

    def _begin(
        self, kind: int, channel: Channel, message: Message | None, before: Interaction | None, more: Json
    ) -> Interaction:
        """A new interaction; the way in which the app is there is that of the one before, or the server's."""
        if before is None:
            owned = payloads.owners(channel, self.user, {0})
        else:
            owned = before.metadata["authorizing_integration_owners"]
        return self.server.interactions.begin(
            kind,
            self.user.id,
            channel,
            message=message,
            is_external=before is not None and before.is_external,
            metadata=payloads.metadata(kind, self.user, owned, **more),
        )

    async def _send(self, interaction: Interaction, data: Json) -> Interaction:
        return await self.server.interactions.send(interaction, payloads.payload(self.world, interaction, data))

    def _resolved(self, channel: Channel, picked: Sequence[tuple[int, Sequence[str]]]) -> Json:
        ids: dict[str, list[int]] = {}
        for kind, values in picked:
            for name, numbers in pointed(kind, values, self.world).items():
                ids.setdefault(name, []).extend(numbers)
        return payloads.resolved(self.world, channel, self.user, ids)
