"""How a person looks at a private answer, on every chat platform: in which words, and from page to page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from bot.core.digests import MessageRef
from bot.core.hits import Hit
from bot.core.markup import Run
from bot.core.people import Caller
from bot.locale import Translator, translator
from bot.usecases.asks import Ask


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, at the answer to what, and where posts of this workspace are found."""

    caller: Caller
    ask: Ask | None
    permalink: Callable[[MessageRef], str | None]

    @property
    def speaker(self) -> Translator:
        """The words of the person's language."""
        return translator(self.caller.language)


@dataclass(frozen=True, slots=True)
class Around:
    """What is asked by turning back from the first page of an answer, and on from its last."""

    before: Ask | None = None
    after: Ask | None = None


ALONE: Final = Around()
"""Nothing before and nothing after it."""


def page_of(view: View, pages: int) -> int:
    """Which of so many pages was asked for, from 0."""
    return min(view.ask.page if view.ask else 0, pages - 1)


def turns(view: View, page: int, pages: int, around: Around) -> Iterator[tuple[str, Ask]]:
    """What the buttons to the pages beside this one say and ask."""
    before = replace(view.ask, page=page - 1) if view.ask and page > 0 else around.before
    after = replace(view.ask, page=page + 1) if view.ask and page < pages - 1 else around.after
    if before:
        yield view.speaker.t("Previous"), before
    if after:
        yield view.speaker.t("Next"), after


def snippet_runs(hit: Hit) -> list[Run]:
    """Where the words asked for stand in an entry, in bold; nothing where none were asked for."""
    return [Run(excerpt.text, bold=excerpt.matched) for excerpt in hit.snippet]
