"""Who sits in front of the local workspace: the persona and language chosen in its sidebar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from bot.core.people import Caller, Person, Role
from bot.core.subscriptions import Channel
from bot.usecases.converse import Desk
from bot.web.courier import PLATFORM
from bot.web.pages import language_for
from bot.web.parts import PARTS, WebParts

PERSONA_COOKIE: Final = "persona"


class Persona(StrEnum):
    """The two people of the local workspace; their names are their user ids."""

    READER = "reader"
    MAINTAINER = "maintainer"


_ROLES: Final = {
    Persona.READER: frozenset({Role.READER}),
    Persona.MAINTAINER: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request's person, with the parts that answer it."""

    parts: WebParts
    persona: Persona
    caller: Caller

    @property
    def desk(self) -> Desk:
        """What answers this person."""
        return self.parts.desk

    def channel(self, channel_id: str) -> Channel:
        """A channel of this workspace, as the core knows it."""
        return Channel(PLATFORM, self.parts.workspace, channel_id)


def visitor_of(request: web.Request) -> Visitor:
    """The visitor behind a request; without a valid choice it is the reader, who may do least."""
    parts = request.app[PARTS]
    chosen = request.cookies.get(PERSONA_COOKIE)
    persona = Persona(chosen) if chosen in list(Persona) else Persona.READER
    caller = Caller(
        person=Person(PLATFORM, parts.workspace, persona.value),
        roles=_ROLES[persona],
        language=language_for(request),
        today=parts.today(),
    )
    return Visitor(parts, persona, caller)
