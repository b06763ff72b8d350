"""Views: modals and home tabs as the server keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class View:
    """An open view; `values` is what the person has put into it, by block and action."""

    id: str
    kind: str
    app_id: str
    bot_id: str
    team: str
    user: str
    payload: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    external_id: str = ""
    values: dict[str, dict[str, Json]] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        """Its blocks, each with an id."""
        blocks: list[Json] = self.payload["blocks"]
        return blocks

    @property
    def callback_id(self) -> str:
        """What the app calls it."""
        return str(self.payload.get("callback_id", ""))

    @property
    def title(self) -> str:
        """What stands at the top."""
        return str(self.payload.get("title", {}).get("text", ""))

    def json(self) -> Json:
        """What the API and payloads tell of it."""
        absent: Json = {"title": None, "submit": None, "close": None, "private_metadata": "", "callback_id": ""}
        return {
            **absent,
            "clear_on_close": False,
            "notify_on_close": False,
            **self.payload,
            "id": self.id,
            "team_id": self.team,
            "app_id": self.app_id,
            "bot_id": self.bot_id,
            "app_installed_team_id": self.team,
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "external_id": self.external_id,
            "state": {"values": self.values},
        }
