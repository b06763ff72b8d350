"""Modals: what all of them share, and those that hold no form: pure.

A view that Slack takes has at most 100 blocks and is at most 250 KB large. Where a field's content no longer fits, it
is left as it is, and the form says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.core.markup import Run
from bot.core.messages import Message
from bot.core.people import Language
from bot.locale import translator
from bot.slack.blocks import context
from bot.slack.fields import shortened
from bot.slack.form_state import FormMeta, write_meta
from bot.slack.inputs import MOST_TEXT, plain
from bot.slack.pieces import said_blocks
from bot.slack.rich_text import Block, Section, blocks_of
from bot.usecases.answers import NoticeAnswer

MOST_TITLE: Final = 24
"""Characters of a view's title and of its buttons."""
MOST_BLOCKS: Final = 100
MOST_SIZE: Final = 240_000
"""Characters of a view as JSON in ASCII, which is how it travels."""

View = dict[str, object]
"""A view as Slack takes it, ready for JSON."""


def form_view(callback_id: str, title: Message, submit: Message, blocks: Sequence[Block], meta: FormMeta) -> View:
    """A modal with a form in it."""
    speaker = translator(meta.language)
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(shortened(speaker.say(title), MOST_TITLE)),
        "submit": plain(shortened(speaker.say(submit), MOST_TITLE)),
        "close": plain(shortened(speaker.t("Cancel"), MOST_TITLE)),
        "private_metadata": write_meta(meta),
        "blocks": list(blocks),
    }


def loading_view(title: Message, language: Language) -> View:
    """What stands there while the work is done; the view that is meant follows."""
    return _still(title, [context(translator(language).t("One moment…"))], language)


def message_view(title: Message, answer: NoticeAnswer, language: Language) -> View:
    """What has come of something, with the commands that go on from there."""
    speaker = translator(language)
    blocks = [block for message in answer.messages for block in said_blocks(speaker.say(message))]
    if answer.suggestions:
        lines = [run for line in answer.suggestions for run in (Run("\n"), Run(line, code=True))]
        blocks += [context(speaker.t("Try:")), *blocks_of([Section(tuple(lines[1:]))])]
    return _still(title, blocks, language)


def _still(title: Message, blocks: Sequence[Block], language: Language) -> View:
    speaker = translator(language)
    return {
        "type": "modal",
        "title": plain(shortened(speaker.say(title), MOST_TITLE)),
        "close": plain(shortened(speaker.t("Close"), MOST_TITLE)),
        "blocks": list(blocks),
    }


def remark_blocks(problem: Message | None, note: Message | None, language: Language) -> list[Block]:
    """What stands above a form: what is wrong with it as a whole, and what there is to know about it."""
    speaker = translator(language)
    said = [speaker.say(one) for one in (problem, note) if one is not None]
    return [block for text in said for block in said_blocks(text)]


def wrong_blocks(wrong: Message | None, language: Language) -> list[Block]:
    """What stands below a field that needs another look."""
    if wrong is None:
        return []
    return [context(shortened(f"⚠ {translator(language).say(wrong)}", MOST_TEXT))]
