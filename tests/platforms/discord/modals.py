"""A modal before a person: what it asks, and what has been put in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.discord.component_rules import FILE_UPLOAD, LABEL, ROW, TEXT_DISPLAY
from tests.platforms.discord.inputs import entered, preset
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import Guild, World

if TYPE_CHECKING:
    from tests.platforms.discord.interactions import Interaction

Json = dict[str, Any]


@dataclass(eq=False)
class Modal:
    """What an app has put before somebody; `values` is what stands in it, by custom id."""

    custom_id: str
    title: str
    components: list[Json]
    interaction: Interaction  # the one that it answers
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put in what the app has filled in."""
        self.values = {name: preset(one) for name, one in self.inputs.items()} | self.values

    @property
    def inputs(self) -> dict[str, Json]:
        """Its inputs in order, by custom id."""
        found: list[Json] = []
        for top in self.components:
            found += top.get("components") or []
            found += [top["component"]] if top["type"] == LABEL else []
        return {one["custom_id"]: one for one in found}

    @property
    def labels(self) -> dict[str, str]:
        """What its inputs are called, by custom id."""
        found: dict[str, str] = {}
        for top in self.components:
            if top["type"] == LABEL:
                found[top["component"]["custom_id"]] = top["label"]
            elif top["type"] == ROW:
                found[top["components"][0]["custom_id"]] = top["components"][0]["label"]
        return found

    @property
    def texts(self) -> list[str]:
        """What it says beside its inputs."""
        return [one["content"] for one in self.components if one["type"] == TEXT_DISPLAY]

    def fill(self, values: dict[str, Any]) -> None:
        """Put something in, by custom id or by label.

        Raises:
            NotPossible: it has no such input.
        """
        by_label = {label: name for name, label in self.labels.items()}
        for given, value in values.items():
            name = given if given in self.inputs else by_label.get(given)
            if name is None:
                raise NotPossible(f"the modal has {list(self.inputs)}, not {given!r}")
            self.values[name] = value

    def entered(self, world: World, guild: Guild | None) -> list[Json]:
        """Its components as they are submitted.

        Raises:
            NotPossible: the client does not let it be submitted.
        """
        found: list[Json] = []
        for top in self.components:
            told: Json = {"type": top["type"], "id": top["id"]}
            if top["type"] == ROW:
                told["components"] = [self._entered(one, world, guild) for one in top["components"]]
            elif top["type"] == LABEL:
                told["component"] = self._entered(top["component"], world, guild)
            found.append(told)
        return found

    def _entered(self, one: Json, world: World, guild: Guild | None) -> Json:
        if one["type"] == FILE_UPLOAD and one.get("required", True):
            raise NotPossible("nobody uploads files here")
        return entered(one, self.values[one["custom_id"]], world, guild)
