"""What one process of Paperboy does, where several share a database: `paperboy run --role`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class ProcessRole(StrEnum):
    """What a process is started as; one may be several."""

    ALL = "all"
    GATEWAY = "gateway"
    DELIVER = "deliver"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Duties:
    """What a process does.

    `listens`: it holds the connections over which platforms send what people do. `delivers`: it plans and posts.
    `serves_pages`: the reading room, and what platforms send over HTTP. `is_alone`: it does everything, so whatever
    happens in it is heard of at once, and the local workspace can be served; others look into the database.
    """

    listens: bool
    delivers: bool
    serves_pages: bool

    @property
    def is_alone(self) -> bool:
        """Whether nothing is left to other processes."""
        return self.listens and self.delivers and self.serves_pages


def duties_of(roles: Collection[ProcessRole]) -> Duties:
    """What a process with these roles does; with none everything.

    >>> duties_of([ProcessRole.WEB])
    Duties(listens=False, delivers=False, serves_pages=True)
    """
    wanted = set(roles) or {ProcessRole.ALL}
    if ProcessRole.ALL in wanted:
        wanted = set(ProcessRole)
    return Duties(ProcessRole.GATEWAY in wanted, ProcessRole.DELIVER in wanted, ProcessRole.WEB in wanted)


EVERYTHING = duties_of([ProcessRole.ALL])
