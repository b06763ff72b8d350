"""What private answers are made of: lines, results, suggestions: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import wording
from bot.core.markup import Run, safe_url, sentence, title_text
from bot.core.people import Role
from bot.discord.actions import ActionId, custom_id
from bot.discord.components import MOST_LABEL, Button, Part, Section, Style, Text, rows
from bot.discord.markdown import parts, small
from bot.discord.paging import Group
from bot.discord.rendering import MOST_BLOCK
from bot.usecases.asks import Press, write_press
from bot.usecases.look_up import Hit
from bot.viewing import View

_NEW_LINE: Final = Run("\n")
_MOST_SUGGESTIONS: Final = 10


def lined(*lines: Sequence[Run]) -> list[Run]:
    """Lines of one text; empty ones are left out."""
    runs: list[Run] = []
    for line in lines:
        if line:
            runs += [_NEW_LINE, *line] if runs else line
    return runs


def plain_runs(text: str) -> list[Run]:
    """A run of plain text, or nothing."""
    return [Run(text)] if text else []


def texts(runs: Sequence[Run]) -> list[Part]:
    """Runs as texts, as many as they need."""
    return [Text(part) for part in parts(runs, MOST_BLOCK)]


def said_parts(text: str) -> list[Part]:
    """One of our own sentences, in which backticks mark what a person may type."""
    return texts(sentence(text))


def button(label: str, kind: ActionId, state: str, *, style: Style = Style.PLAIN) -> Button:
    """A button whose label fits."""
    shown = label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"
    return Button(shown, custom_id(kind, state), style=style)


def run_button(line: str, label: str | None = None) -> Button:
    """A button that does what a line says."""
    return button(label or line, ActionId.RUN, line)


def suggestion_groups(lines: Sequence[str], label: str) -> list[Group]:
    """Lines that a press types in, under a label; nothing for none."""
    if not lines:
        return []
    return [[Text(small(label)), *rows([run_button(line) for line in lines[:_MOST_SUGGESTIONS]])]]


def hit_group(hit: Hit, view: View) -> Group:
    """One result: what it is, with a button to all about it and what can be done with it."""
    entry, speaker = hit.entry, view.speaker
    name = Run(title_text(entry.title) or entry.id, bold=True, url=safe_url(entry.url))
    when = entry.digest_date.isoformat() if entry.digest_date else ""
    saved = speaker.t("Saved") if hit.saved else ""
    gathered = wording.gathered(hit.engagement, speaker)
    facts = " · ".join(filter(None, (when, wording.byline(entry, speaker), gathered, saved)))
    jump = view.permalink(hit.jump) if hit.jump else None
    post = [Run(speaker.t("Jump to the post"), url=jump)] if jump else []
    tags = " ".join(f"#{title_text(tag)}" for tag in entry.tags)
    first, *rest = parts(lined([name], plain_runs(facts), plain_runs(tags), post), MOST_BLOCK)
    return [Section(first, button(speaker.t("Details"), ActionId.DETAILS, entry.id)), *map(Text, rest)]


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
