"""What private answers are made of: lines, results, suggestions: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot import wording
from bot.core.hits import Hit
from bot.core.markup import Run, clean, sentence
from bot.core.people import Role
from bot.discord.actions import ActionId, custom_id
from bot.discord.components import MOST_LABEL, Button, Part, Section, Style, Text, joined, rows, shortened
from bot.discord.lines import as_typed
from bot.discord.markdown import small
from bot.discord.paging import Group
from bot.discord.rendering import small_texts, tags_line, texts, title_run
from bot.usecases.asks import Press, write_press
from bot.viewing import View, snippet_runs

_DOT: Final = Run(" · ")
_MOST_SUGGESTIONS: Final = 10


def dotted(*facts: Sequence[Run]) -> list[Run]:
    """Facts on one line, with dots between them; empty ones are left out."""
    runs: list[Run] = []
    for fact in facts:
        if fact:
            runs += [_DOT, *fact] if runs else fact
    return runs


def plain_runs(text: str) -> list[Run]:
    """A run of plain text, or nothing."""
    return [Run(text)] if text else []


def said_parts(text: str) -> list[Part]:
    """One of our own sentences, in which backticks mark what a person may type."""
    return texts([replace(run, text=as_typed(run.text)) if run.code else run for run in sentence(text)])


def button(label: str, kind: ActionId, state: str, *, style: Style = Style.PLAIN) -> Button:
    """A button whose label fits."""
    return Button(shortened(" ".join(clean(label).split()), MOST_LABEL), custom_id(kind, state), style=style)


def run_button(line: str, label: str | None = None) -> Button:
    """A button that does what a line says."""
    return button(label or as_typed(line), ActionId.RUN, line)


def suggestion_groups(lines: Sequence[str], label: str) -> list[Group]:
    """Lines that a press types in, under a label; nothing for none."""
    if not lines:
        return []
    return [[Text(small(label)), *rows([run_button(line) for line in lines[:_MOST_SUGGESTIONS]])]]


def hit_group(hit: Hit, view: View, *, dated: bool = True) -> Group:
    """One result: what it is, with a button to all about it and what can be done with it."""
    entry, speaker = hit.entry, view.speaker
    when = entry.digest_date.isoformat() if entry.digest_date and dated else ""
    saved = speaker.t("Saved") if hit.saved else ""
    facts = (when, wording.byline(entry, speaker), wording.gathered(hit.engagement, speaker), saved)
    told = [
        *texts([title_run(entry)]),
        *small_texts(dotted(*map(plain_runs, facts))),
        *small_texts(tags_and_jump(hit, view)),
        *texts(snippet_runs(hit)),
    ]
    first, *rest = joined(told)
    assert isinstance(first, Text)
    return [Section(first.markdown, button(speaker.t("Details"), ActionId.DETAILS, entry.id)), *rest]


def tags_and_jump(hit: Hit, view: View) -> list[Run]:
    """An entry's tags, and the way to its post where there is one that the person sees."""
    address = view.permalink(hit.jump) if hit.jump else None
    jump = [Run(view.speaker.t("Jump to the post"), url=address)] if address else []
    return dotted(plain_runs(tags_line(hit.entry)), jump)


def entry_buttons(hit: Hit, view: View) -> list[Button]:
    """What can be done with an entry by whoever looks at it."""
    speaker, state = view.speaker, write_press(Press(hit.entry.id, view.ask))
    kind, label = (ActionId.UNSAVE, speaker.t("Saved")) if hit.saved else (ActionId.SAVE, speaker.t("Save"))
    buttons = [button(label, kind, state, style=Style.FIRST if hit.saved else Style.PLAIN)]
    buttons.append(button(speaker.t("More like this"), ActionId.LIKE, hit.entry.id))
    if hit.entry.is_public:
        buttons.append(button(speaker.t("Share"), ActionId.SHARE, hit.entry.id))
    if Role.MAINTAINER in view.caller.roles:
        buttons.append(run_button(f"/paper-edit {hit.entry.id}", speaker.t("Edit")))
    return buttons
