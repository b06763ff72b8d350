"""What private answers are made of: lines, results, suggestions: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import wording
from bot.core.hits import Hit
from bot.core.markup import Run, paragraphs, safe_url, sentence, title_text
from bot.core.people import Role
from bot.slack.actions import ActionId
from bot.slack.blocks import MOST_VALUE, actions, button, context
from bot.slack.paging import Group
from bot.slack.rich_text import Block, Section, blocks_of
from bot.usecases.asks import Press, write_press
from bot.viewing import View, snippet_runs

_MOST_BUTTON: Final = 75
_NEW_LINE: Final = Run("\n")


def lined(*lines: Sequence[Run]) -> Section:
    """Lines of one section; empty ones are left out."""
    runs: list[Run] = []
    for line in lines:
        if line:
            runs += [_NEW_LINE, *line] if runs else line
    return Section(tuple(runs))


def plain_runs(text: str) -> list[Run]:
    """A run of plain text, or nothing."""
    return [Run(text)] if text else []


def text_sections(text: str | None, *, keep_lines: bool = True) -> list[Section]:
    """An entry's text as one section, with an empty line between paragraphs; nothing for none."""
    runs: list[Run] = []
    for paragraph in paragraphs(text or "", keep_lines=keep_lines):
        runs += [_NEW_LINE, _NEW_LINE, *paragraph] if runs else paragraph
    return [Section(tuple(runs))] if runs else []


def said_blocks(text: str) -> Group:
    """One of our own sentences, in which backticks mark what a person may type."""
    return blocks_of([Section(tuple(sentence(text)))])


def suggestion_groups(lines: Sequence[str], label: str) -> list[Group]:
    """Lines that a press types in, under a label; nothing for none."""
    if not lines:
        return []
    return [[context(label), actions([run_button(line, number) for number, line in enumerate(lines[:10])])]]


def run_button(line: str, n: int, label: str | None = None) -> Block:
    """A button that does what a line says."""
    shown = label or line
    return button(shown if len(shown) <= _MOST_BUTTON else shown[: _MOST_BUTTON - 1] + "…", ActionId.RUN, line, n=n)


def hit_group(hit: Hit, view: View) -> Group:
    """One result: what it is, and what can be done with it."""
    entry, speaker = hit.entry, view.speaker
    name = Run(title_text(entry.title) or entry.id, bold=True, url=safe_url(entry.url))
    when = entry.digest_date.isoformat() if entry.digest_date else ""
    facts = " · ".join(filter(None, (when, wording.byline(entry, speaker), wording.gathered(hit.engagement, speaker))))
    jump = view.permalink(hit.jump) if hit.jump else None
    post = [Run(speaker.t("Jump to the post"), url=jump)] if jump else []
    tags = " ".join(f"#{title_text(tag)}" for tag in entry.tags)
    return [
        *blocks_of([lined([name], plain_runs(facts), plain_runs(tags), snippet_runs(hit), post)]),
        actions(entry_buttons(hit, view)),
    ]


def entry_buttons(hit: Hit, view: View, *, details: bool = True) -> list[Block]:
    """What can be done with an entry by whoever looks."""
    speaker, value = view.speaker, write_press(Press(hit.entry.id, view.ask), MOST_VALUE)
    buttons = [button(speaker.t("Details"), ActionId.DETAILS, hit.entry.id)] if details else []
    if hit.saved:
        buttons.append(button(speaker.t("Saved"), ActionId.UNSAVE, value))
    else:
        buttons.append(button(speaker.t("Save"), ActionId.SAVE, value))
    if hit.entry.is_public:
        buttons.append(button(speaker.t("Share"), ActionId.SHARE, hit.entry.id))
    if Role.MAINTAINER in view.caller.roles:
        buttons.append(run_button(f"/paper-edit {hit.entry.id}", 0, speaker.t("Edit")))
    return buttons
