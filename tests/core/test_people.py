"""Who may do what."""

from __future__ import annotations

import pytest

from bot.core.people import Person, Role, Staff

ANN = Person("slack", "T1", "U1")
STAFF = Staff(maintainers=frozenset({"U1", "S9", "T2/U7"}), operators=frozenset({"T1/U5"}))


@pytest.mark.parametrize(
    ("person", "groups", "manages", "expected"),
    [
        (ANN, (), False, {Role.MAINTAINER}),
        (Person("slack", "T1", "U2"), (), False, set()),
        (Person("slack", "T1", "U2"), ("S9",), False, {Role.MAINTAINER}),
        (Person("slack", "T1", "U7"), (), False, set()),
        (Person("slack", "T2", "U7"), (), False, {Role.MAINTAINER}),
        (Person("slack", "T1", "U5"), (), False, {Role.OPERATOR}),
        (Person("slack", "T2", "U5"), (), False, set()),
        (Person("slack", "T1", "U2"), (), True, {Role.OPERATOR}),
        (ANN, (), True, {Role.MAINTAINER, Role.OPERATOR}),
    ],
)
def test_roles(person: Person, groups: tuple[str, ...], manages: bool, expected: set[Role]) -> None:
    assert STAFF.roles(person, groups=groups, manages=manages) == {Role.READER, *expected}


def test_nobody_is_named_by_default() -> None:
    assert Staff().roles(ANN) == {Role.READER}
