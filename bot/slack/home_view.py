"""The Home tab, where a person finds everything of Paperboy's that is theirs: pure.

    latest digest · saved papers, a page at a time · what they follow · the workspace's subscriptions, for operators

Slack takes 100 blocks; what each part may hold adds up to less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot import wording
from bot.core.hits import Hit
from bot.core.markup import Run, safe_url, title_text
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Caller, Role
from bot.core.subscriptions import Subscription
from bot.locale import Translator, translator
from bot.slack.actions import ActionId
from bot.slack.blocks import actions, button, context, title
from bot.slack.rich_text import Block, Section, blocks_of
from bot.usecases.follow import Followed
from bot.usecases.look_up import DigestView, Results

MOST_HITS: Final = 10
"""Entries of the digest, and saved ones on one page."""
MOST_SUBSCRIPTIONS: Final = 8
_MOST_TITLE: Final = 300
_MOST_QUERY: Final = 200
_DIVIDER: Final[Block] = {"type": "divider"}


class HomeAction(StrEnum):
    """The buttons that stand on the Home tab only."""

    SAVE = "home_save"
    UNSAVE = "home_unsave"
    NEXT = "home_next"
    PREVIOUS = "home_previous"
    UNFOLLOW = "home_unfollow"
    ADD = "home_add"
    EDIT = "home_edit"
    PAUSE = "home_pause"
    RESUME = "home_resume"


@dataclass(frozen=True, slots=True)
class Home:
    """What a person's Home tab shows.

    `digest` is None before the first one, `subscriptions` for who is no operator. `cursor` is the page of the saved
    papers. `notice` is what the last press led to, where that needs words.
    """

    caller: Caller
    digest: DigestView | None
    saved: Results
    followed: Followed
    subscriptions: Sequence[Subscription] | None = None
    cursor: str | None = None
    notice: Message | None = None

    @property
    def speaker(self) -> Translator:
        """The words of the person's language."""
        return translator(self.caller.language)


def home_view(home: Home) -> dict[str, Any]:
    """The tab as Slack takes it. It remembers the page of the saved papers in its `private_metadata`."""
    parts = [_head(home), _digest(home), _saved(home), _following(home), _subscriptions(home)]
    blocks = [block for part in parts if part for block in (_DIVIDER, *part)]
    return {"type": "home", "private_metadata": home.cursor or "", "blocks": blocks[1:]}


def subscription_value(subscription: Subscription) -> str:
    """A subscription with its channel, as a button's value.

    >>> read_subscription("C1 3")
    ('C1', 3)
    """
    return f"{subscription.channel.id} {subscription.id}"


def read_subscription(value: str) -> tuple[str, int] | None:
    """The channel and the number of a button's value; None for what is none."""
    channel, _, number = value.partition(" ")
    if not channel or not (number.isascii() and number.isdecimal()) or len(number) > 9:
        return None
    return channel, int(number)


# --- parts ------------------------------------------------------------------------------------------------------------


def _head(home: Home) -> list[Block]:
    speaker = home.speaker
    notice = [context(speaker.say(home.notice))] if home.notice else []
    row = [button(speaker.t("How to look papers up"), ActionId.RUN, "/paper help")]
    if Role.MAINTAINER in home.caller.roles:
        row.append(_button(speaker.t("Add a paper"), HomeAction.ADD, "add"))
    said = speaker.t("Your papers, and what is new. Type /paper and what you look for, in any channel.")
    return [*title("Paperboy"), *notice, context(said), _row("home", row)]


def _digest(home: Home) -> list[Block]:
    speaker, digest = home.speaker, home.digest
    if digest is None:
        return [*title(speaker.t("Latest digest")), context(speaker.t("There is no digest yet."))]
    heading = wording.heading([digest.day], len(digest.hits), speaker)
    shown = [block for hit in digest.hits[:MOST_HITS] for block in _hit("digest", hit, speaker)]
    if len(digest.hits) > MOST_HITS:
        label = speaker.say(msg("Show all {n}", n=len(digest.hits)))
        shown.append(_row("all", [button(label, ActionId.RUN, f"/digest show {digest.day.isoformat()}")]))
    return [*title(speaker.t("Latest digest")), context(f"{heading.title} · {heading.summary}"), *shown]


def _saved(home: Home) -> list[Block]:
    speaker, saved = home.speaker, home.saved
    head = title(speaker.t("Saved papers"))
    if not saved.hits:
        return [*head, context(speaker.t("Nothing is saved yet. The button “Save” of a paper puts it here."))]
    count = context(speaker.say(msg_n("{n} paper", "{n} papers", n=saved.total)))
    shown = [block for hit in saved.hits[:MOST_HITS] for block in _hit("saved", hit, speaker)]
    turn = [
        _button(label, kind, cursor)
        for label, kind, cursor in (
            (speaker.t("Previous"), HomeAction.PREVIOUS, saved.previous_cursor),
            (speaker.t("Next"), HomeAction.NEXT, saved.next_cursor),
        )
        if cursor
    ]
    return [*head, count, *shown, *([_row("turn", turn)] if turn else [])]


def _hit(part: str, hit: Hit, speaker: Translator) -> list[Block]:
    """Two blocks: what it is, and what can be done with it. All of it is behind “Details”."""
    entry = hit.entry
    name = Run(_cut(title_text(entry.title) or entry.id, _MOST_TITLE), bold=True, url=safe_url(entry.url))
    when = entry.digest_date.isoformat() if entry.digest_date else ""
    facts = _cut(" · ".join(filter(None, (when, wording.byline(entry, speaker)))), _MOST_TITLE)
    keep = (speaker.t("Saved"), HomeAction.UNSAVE) if hit.saved else (speaker.t("Save"), HomeAction.SAVE)
    row = [button(speaker.t("Details"), ActionId.DETAILS, entry.id), _button(*keep, entry.id)]
    runs = (name, Run(f"\n{facts}")) if facts else (name,)
    return [*blocks_of([Section(runs)]), _row(f"{part} {entry.id}", row)]


def _following(home: Home) -> list[Block]:
    speaker, followed = home.speaker, home.followed
    head = title(speaker.t("What you follow"))
    if not followed.queries:
        none = speaker.t("You follow nothing. /paper follow tag:rlaif brings what has this tag, when a digest does.")
        return [*head, context(none)]
    at = speaker.t(
        "When a digest has something for you, it comes at {at} ({zone}).", at=f"{followed.at:%H:%M}", zone=followed.zone
    )
    rows: list[Block] = [
        {
            "type": "section",
            "block_id": f"follow {number}",
            "text": {"type": "plain_text", "text": _cut(query, _MOST_QUERY), "emoji": False},
            "accessory": _button(speaker.t("No longer follow"), HomeAction.UNFOLLOW, query),
        }
        for number, query in enumerate(followed.queries, 1)
    ]
    return [*head, context(at), *rows]


def _subscriptions(home: Home) -> list[Block]:
    speaker, all_of_them = home.speaker, home.subscriptions
    if all_of_them is None:
        return []
    head = title(speaker.t("Subscriptions of this workspace"))
    if not all_of_them:
        return [*head, context(speaker.t("No channel has one. /digest subscribe makes one, in the channel it is for."))]
    shown = [block for one in all_of_them[:MOST_SUBSCRIPTIONS] for block in _subscription(one, speaker)]
    more = len(all_of_them) - MOST_SUBSCRIPTIONS
    if more > 0:
        shown.append(
            context(
                speaker.say(
                    msg_n(
                        "{n} more: /digest list in its channel shows it.",
                        "{n} more: /digest list in their channels shows them.",
                        n=more,
                    )
                )
            )
        )
    return [*head, *shown]


def _subscription(one: Subscription, speaker: Translator) -> list[Block]:
    state = [speaker.t("paused")] if one.paused else []
    when = " · ".join((f"{one.at:%H:%M} {one.zone}", *state))
    what = _cut(one.query, _MOST_QUERY) if one.query else speaker.t("everything")
    # A channel is named by its id: Slack shows its name to those who may know it.
    elements = [
        {"type": "channel", "channel_id": one.channel.id},
        {"type": "text", "text": f" · {what}\n{when}"},
    ]
    turn = (speaker.t("Resume"), HomeAction.RESUME) if one.paused else (speaker.t("Pause"), HomeAction.PAUSE)
    value = subscription_value(one)
    row = [_button(speaker.t("Edit"), HomeAction.EDIT, value), _button(*turn, value)]
    text: Block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    return [text, _row(f"subscription {one.id}", row)]


# --- pieces -----------------------------------------------------------------------------------------------------------


def _button(text: str, kind: HomeAction, value: str) -> Block:
    label = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "button", "text": label, "action_id": kind.value, "value": value}


def _row(block_id: str, buttons: Sequence[Block]) -> Block:
    return {**actions(buttons), "block_id": block_id}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
