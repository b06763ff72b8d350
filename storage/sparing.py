"""Which tokens are asked for, where fewer will do.

The database walks along the places of each token that is asked for: of a frequent one beside a rare one, along hundreds
of thousands that lead nowhere. Where entries are looked into anyway, it is left out if it is quicker to look into those
few more. What is found in the end is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from storage.asking import Group
from storage.tokens import ALL

_WALKED = 900
"""To look into one entry takes as long as to walk along so many places (8 microseconds, 9 nanoseconds)."""


def spared(wanted: Sequence[Group], uses_of: Callable[[Collection[str]], Mapping[str, int]]) -> tuple[Group, ...]:
    """The same groups without tokens that cost more than they save; `uses_of` says on how many entries tokens are."""
    if not any(map(_has_choice, wanted)):
        return tuple(wanted)
    uses = uses_of({token for group in wanted for token in group.each()} | {ALL})
    total = max(1, uses.get(ALL, 0))
    expected = float(total)  # so many entries have what is kept so far, if tokens had nothing to do with each other
    for group in wanted:
        if not _has_choice(group):
            expected *= min(1.0, group.most(uses) / total)
    offered = sorted(
        (uses.get(token, 0), at, token)
        for at, group in enumerate(wanted)
        if _has_choice(group)
        for token in group.alternatives[0]
    )
    kept: dict[int, list[str]] = {}
    for count, at, token in offered:
        share = min(1.0, count / total)
        if at not in kept or count < _WALKED * expected * (1 - share):
            kept.setdefault(at, []).append(token)
            expected *= share
    return tuple(
        replace(one, alternatives=(tuple(kept[at]), *one.alternatives[1:])) if at in kept else one
        for at, one in enumerate(wanted)
    )


def _has_choice(group: Group) -> bool:
    """Whether some of the tokens of its first alternative may be left out, beside others of one token each."""
    first, *others = group.alternatives
    return group.looked_into and len(first) > 1 and all(len(one) == 1 for one in others)
