"""What is pressed and typed inside a form: more room for a text, what somebody else wrote, options to choose from.

What has been typed stays: the fields keep their names, and what stands in them goes along.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.entry_form import EntryForm
from bot.core.errors import PaperboyError
from bot.core.spreading import Spread
from bot.slack.entry_modal import with_room, with_theirs
from bot.slack.errors import SlackError
from bot.slack.form_state import TEXTS, FormMeta, Typed, read_entry, read_meta, read_subscription
from bot.slack.inputs import ActionName
from bot.slack.interaction import Interaction, of_payload
from bot.slack.modals import View
from bot.slack.parts import SlackParts
from bot.slack.rich_text import Block
from bot.slack.showing import SECONDS_TO_ANSWER, say, update, within
from bot.slack.subscription_modal import with_query
from bot.slack.suggestions import MOST_OPTIONS, tag_options, typed_tag, zone_options
from bot.usecases import curate

Reshape = Callable[[SlackParts, Interaction, Mapping[str, Any], FormMeta, str], Awaitable[View]]
Suggest = Callable[[SlackParts, Mapping[str, Any], str], Awaitable[list[Block]]]

log = structlog.get_logger(__name__)


def register(app: AsyncApp, parts: SlackParts) -> None:
    """Listen to the buttons and menus of forms."""
    for name, reshape in _RESHAPED.items():
        app.action(re.compile(rf"^{name}:"))(_pressed(parts, reshape))
    for name, suggest in _SUGGESTED.items():
        app.options(name.value)(_typed(parts, suggest))


# --- buttons ----------------------------------------------------------------------------------------------------------


def _pressed(parts: SlackParts, reshape: Reshape) -> Callable[..., Awaitable[None]]:
    async def pressed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        interaction, view = of_payload(body), body["view"]
        meta = read_meta(view)
        try:
            changed = await reshape(parts, interaction, view, meta, str(action.get("value", "")))
            await update(parts, interaction, str(view["id"]), changed, view_hash=str(view.get("hash") or ""))
        except PaperboyError as error:
            await say(parts, interaction, error.message, meta.language)
        except SlackError as error:  # pressed again, sent or closed meanwhile: the form is as it was, or gone
            log.info("slack.form_not_reshaped", team=interaction.team_id, reason=str(error))

    return pressed


async def _more_room(
    parts: SlackParts, interaction: Interaction, view: Mapping[str, Any], meta: FormMeta, name: str
) -> View:
    opened = await _opened(parts, interaction, meta)
    typed = Typed(view, meta)
    return with_room(read_entry(typed, meta, opened), _spreads(typed, meta), meta, name, _theirs(opened, meta))


async def _take_theirs(
    parts: SlackParts, interaction: Interaction, view: Mapping[str, Any], meta: FormMeta, name: str
) -> View:
    opened = await _opened(parts, interaction, meta)
    typed = Typed(view, meta)
    return with_theirs(read_entry(typed, meta, opened), _spreads(typed, meta), meta, name, _theirs(opened, meta))


async def _take_query(parts: SlackParts, _: Interaction, view: Mapping[str, Any], meta: FormMeta, query: str) -> View:
    return with_query(read_subscription(Typed(view, meta)), meta, query, parts.desk.layouts)


async def _opened(parts: SlackParts, interaction: Interaction, meta: FormMeta) -> EntryForm | None:
    """The form of the entry as it is now; None for a new one."""
    if meta.entry_id is None:
        return None
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    _, opened = await curate.open_edit_form(parts.desk.stores, caller, meta.entry_id)
    return opened


def _spreads(typed: Typed, meta: FormMeta) -> dict[str, Spread]:
    return {name: typed.spread(name) for name in TEXTS if name not in meta.kept}


def _theirs(opened: EntryForm | None, meta: FormMeta) -> dict[str, str]:
    return {name: getattr(opened, name) for name in meta.theirs} if opened else {}


_RESHAPED: Final[Mapping[ActionName, Reshape]] = {
    ActionName.ROOM: _more_room,
    ActionName.TAKE: _take_theirs,
    ActionName.QUERY: _take_query,
}

# --- menus ------------------------------------------------------------------------------------------------------------


def _typed(parts: SlackParts, suggest: Suggest) -> Callable[..., Awaitable[None]]:
    async def typed(ack: AsyncAck, body: dict[str, Any]) -> None:
        """The options are the acknowledgement: what is not known in time is not offered."""
        try:
            found = await within(SECONDS_TO_ANSWER, suggest(parts, body["view"], str(body.get("value") or "")))
        except PaperboyError as error:
            log.warning("slack.no_options", reason=str(error))
            found = None
        await ack(options=found or [])

    return typed


async def _suggested_tags(parts: SlackParts, view: Mapping[str, Any], typed: str) -> list[Block]:
    meta = read_meta(view)
    archive, name = parts.desk.stores.archive, typed_tag(typed)
    found = await archive.tags(name, limit=MOST_OPTIONS)
    known = await archive.known_tags([name]) if name else ()
    chosen = Typed(view, meta).all_chosen("tags")
    return tag_options(typed, found, chosen, meta.language, is_known=bool(known))


async def _suggested_zones(parts: SlackParts, _: Mapping[str, Any], typed: str) -> list[Block]:
    return zone_options(typed, parts.desk.zone)


_SUGGESTED: Final[Mapping[ActionName, Suggest]] = {
    ActionName.TAGS: _suggested_tags,
    ActionName.ZONE: _suggested_zones,
}
