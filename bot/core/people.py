"""Who is asking: a person on a platform, the roles they hold there, and how to speak to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.core.errors import NotAllowed
from bot.core.messages import msg


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """A person as a platform knows them. Only ids: names stay on the platform."""

    platform: str
    workspace: str
    user_id: str


class Role(StrEnum):
    """What a person may do. Everybody is a reader."""

    READER = "reader"
    MAINTAINER = "maintainer"
    OPERATOR = "operator"


class Language(StrEnum):
    """The languages Paperboy speaks."""

    KOREAN = "ko"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Staff:
    """Whom the operator has named: ids of people, and of groups or roles whose members count.

    An id may be written `WORKSPACE/ID`; then it counts in that workspace only.
    """

    maintainers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()

    def roles(self, person: Person, *, groups: Collection[str] = (), manages: bool = False) -> frozenset[Role]:
        """What a person may do; `groups` are those they belong to, `manages` whether the platform lets them manage."""
        names = {name for own in (person.user_id, *groups) for name in (own, f"{person.workspace}/{own}")}
        found = {Role.READER}
        if names & self.maintainers:
            found.add(Role.MAINTAINER)
        if manages or names & self.operators:
            found.add(Role.OPERATOR)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Caller:
    """A person at the moment of asking: roles as checked by the adapter, `today` in their time zone.

    `community_day`: the day where digests are made, if that may be another. What went out there is there for everybody.
    """

    person: Person
    roles: frozenset[Role]
    language: Language
    today: date
    community_day: date | None = None

    @property
    def horizon(self) -> date:
        """The newest digest date that is there for this person."""
        return max(self.today, self.community_day or self.today)

    def require(self, *any_of: Role) -> None:
        """Pass when the caller holds one of these roles.

        Raises:
            NotAllowed: when they hold none.
        """
        if not self.roles.intersection(any_of):
            if Role.MAINTAINER in any_of:
                raise NotAllowed(msg("Only maintainers can do this. Ask an operator to name you as one."))
            raise NotAllowed(msg("Only operators can do this: people who manage this channel."))
