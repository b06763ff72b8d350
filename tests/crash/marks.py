"""Marks in the texts of entries, by which it is seen what stands in a channel; and the judgement of that."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

_MARK = re.compile(r"\bq\d+e\d+v\d+[tp]\d+q\b")
_COUNT = re.compile(r"(\d+) entr(?:y|ies)\b")


def mark(round_: int, paper: int, version: int, place: str) -> str:
    """A word that occurs once in a round: of a paper's version the title (`t0`) or a paragraph (`p0`, `p1`, ...)."""
    return f"q{round_}e{paper}v{version}{place}q"


def head_mark(day: date, count: int) -> str:
    """What stands for the first message of a digest."""
    return f"head {day} {count}"


def list_mark(title: str) -> str:
    """What stands for a title in the list of a digest, which its card has once more."""
    return f"list {title}"


def marks_in(text: str, days: Mapping[str, date]) -> list[str]:
    """The marks of one message, in order. `days`: the headings under which digests go out."""
    found = _MARK.findall(text)
    first, _, rest = text.strip().partition("\n")
    heading = next((day for title, day in days.items() if title in first), None)
    if heading is not None:
        count = _COUNT.search(rest)
        return [head_mark(heading, int(count[1]) if count else 0), *map(list_mark, found)]
    return found or [f"? {text.strip()[:60]}"]


@dataclass(frozen=True)
class Score:
    """How many posts went wrong, and how."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.lost + other.lost, self.doubled + other.doubled, self.disordered + other.disordered)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.disordered)

    def __str__(self) -> str:
        return f"lost {self.lost}, doubled {self.doubled}, disordered {self.disordered}"


def judge(posts: Sequence[Sequence[str]], shown: Sequence[str]) -> Score:
    """Hold what is shown, mark by mark as it is read, against the marks of the posts that have to be there, in order.

    A post is lost when any mark of it is missing, and doubled when one is there more than once; so counts every mark
    that nobody asked for, of a text that was changed or removed since. Disordered are the posts that would have to be
    put elsewhere.
    """
    count = Counter(shown)
    wanted = {name: (number, place) for number, post in enumerate(posts) for place, name in enumerate(post)}
    lost = sum(any(not count[name] for name in post) for post in posts)
    doubled = sum(any(count[name] > 1 for name in post) for post in posts)
    strange = sum(1 for name in count if name not in wanted)
    order = [wanted[name] for name in dict.fromkeys(shown) if name in wanted]
    return Score(lost, doubled + strange, _out_of_place(order))


def _out_of_place(order: Sequence[tuple[int, int]]) -> int:
    """Of how many posts some mark is not on the longest way through that goes upwards."""
    ends: list[tuple[int, int]] = []
    lengths: list[int] = []
    for one in order:
        at = bisect_left(ends, one)
        ends[at : at + 1] = [one]
        lengths.append(at)
    left, misplaced = len(ends) - 1, set()
    for one, length in zip(reversed(order), reversed(lengths), strict=True):
        if length == left:
            left -= 1
        else:
            misplaced.add(one[0])
    return len(misplaced)


def differences(posts: Sequence[Sequence[str]], shown: Sequence[str]) -> str:
    """What is missing, and what is there too often or should not be there, for people who look into it."""
    wanted, there = Counter(name for post in posts for name in post), Counter(shown)
    return f"missing {list((wanted - there).elements())}, too many {list((there - wanted).elements())}"
