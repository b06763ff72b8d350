"""Claims of posts as leases: a worker keeps what it was handed for as long as it is seen to be at work on it.

Whether a worker lives is never told by comparing clocks, which differ between machines and jump. A claim has a beat
that its holder counts on while it works. A worker that has seen the same beat for a whole lease, by its own count of
time, takes the claim for abandoned; its holder has given up by then by itself, unless it could say that it is at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

LEASE: Final = 60.0
"""Seconds without a beat after which a claim is taken away from its holder."""
BEAT: Final = 10.0
"""Seconds between two beats."""
KEPT: Final = 40.0
"""Seconds after its last beat after which a holder breaks off what it does: well before others act."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a post, and how often they have been seen at work on it."""

    post_id: int
    holder: str
    beat: int


class Watch:
    """Since when one worker has seen each claim of others just as it is."""

    def __init__(self) -> None:
        self._since: dict[Claim, float] = {}

    def abandoned(self, claims: Iterable[Claim], elapsed: float) -> Sequence[Claim]:
        """Of all claims of others as they are now, those that have not changed for a lease; `elapsed` in seconds."""
        self._since = {claim: self._since.get(claim, elapsed) for claim in claims}
        return [claim for claim, since in self._since.items() if elapsed - since >= LEASE]
