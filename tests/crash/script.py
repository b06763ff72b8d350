"""What one round asks for: papers on two days, changes meanwhile, and what channels have to show in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from bot.core.entries import Entry, Status
from bot.core.subscriptions import Layout
from tests.crash.marks import head_mark, list_mark, mark

_WORDS = "A word and another, and some more of them to fill the line. " * 6


@dataclass
class Paper:
    """A paper of a round, as it has to be shown: `id` is its entry's."""

    number: int
    day: date
    paragraphs: int = 1
    version: int = 1
    removed: bool = False
    id: str = ""


@dataclass
class Round:
    """The papers of a round; `late` ones come after the digests were planned."""

    number: int
    days: tuple[date, ...]
    papers: list[Paper] = field(default_factory=list)
    late: list[Paper] = field(default_factory=list)

    @property
    def tag(self) -> str:
        """What the round's papers are tagged with, and its subscriptions ask for."""
        return f"round{self.number}"

    def title(self, paper: Paper) -> str:
        """The mark of a paper's title."""
        return mark(self.number, paper.number, paper.version, "t0")

    def marks(self, paper: Paper) -> list[str]:
        """All marks of a paper's card, in order."""
        parts = [mark(self.number, paper.number, paper.version, f"p{part}") for part in range(paper.paragraphs)]
        return [self.title(paper), *parts]

    def entry(self, paper: Paper) -> Entry:
        """Its entry, as it is to be now; without an id, to be added to the archive."""
        title, *parts = self.marks(paper)
        return Entry(
            id=paper.id,
            title=f"Paper {title}",
            commentary_en="\n\n".join(f"{part} {_WORDS}" for part in parts),
            digest_date=paper.day,
            tags=(self.tag,),
            status=Status.REMOVED if paper.removed else Status.PUBLISHED,
        )

    def add_late(self) -> Paper:
        """One more paper of the last day."""
        paper = Paper(len(self.papers) + len(self.late), self.days[-1])
        self.late.append(paper)
        return paper

    def edit_one(self, chance: Random) -> Paper:
        """A paper says something else now, and is as long as it was: what a thread has room for stays in its place."""
        paper = chance.choice([one for one in self.papers if not one.removed])
        paper.version += 1
        return paper

    def remove_one(self, chance: Random) -> Paper:
        """A paper is removed; some of its day stay."""
        day = chance.choice(self.days)
        paper = chance.choice([one for one in self.papers if one.day == day and not one.removed])
        paper.removed = True
        return paper

    # --- what has to be there in the end -------------------------------------------------------------------------

    def posts(self, layout: Layout) -> list[list[str]]:
        """The marks of every post of a channel, in the order in which they are read."""
        return list(self._compact() if layout is Layout.COMPACT else self._one_after_another(layout))

    def _of_day(self, day: date, papers: Sequence[Paper]) -> list[Paper]:
        return [paper for paper in papers if paper.day == day and not paper.removed]

    def _one_after_another(self, layout: Layout) -> Iterator[list[str]]:
        for day in self.days:
            there = self._of_day(day, self.papers)
            if layout is Layout.CARDS:
                yield [head_mark(day, len(there) + len(self._of_day(day, self.late)))]
            yield from map(self.marks, there)
        yield from (self.marks(paper) for paper in self.late)

    def _compact(self) -> Iterator[list[str]]:
        """The entries of a list stand in its thread, late ones too."""
        for day in self.days:
            there = self._of_day(day, [*self.papers, *self.late])
            yield [head_mark(day, len(there)), *(list_mark(self.title(paper)) for paper in there)]
            yield from map(self.marks, there)


def new_round(number: int, today: date, *, papers: int, long: int) -> Round:
    """Yesterday's digest and today's; in each the second paper is so `long`, in paragraphs, that it is continued."""
    days = (today - timedelta(days=1), today)
    made = [
        Paper(at * papers + place, day, paragraphs=long if place == 1 else 1)
        for at, day in enumerate(days)
        for place in range(papers)
    ]
    return Round(number, days, made)
