"""The Home tab: published when a person opens it, and again after each press of its own buttons."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import InputError, NotFound, PaperboyError
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.subscriptions import Channel, Subscription
from bot.slack import forms
from bot.slack.errors import SlackError, words_for
from bot.slack.events import EventLanes, SlackEvent
from bot.slack.home_view import MOST_HITS, Home, HomeAction, home_view, read_subscription
from bot.slack.interaction import Interaction, of_payload
from bot.slack.parts import SlackParts
from bot.slack.people import PLATFORM
from bot.usecases import subscribe, track
from bot.usecases.follow import following, unfollow
from bot.usecases.look_up import DigestView, Results, look_up, show_digest

_OURS: Final = re.compile(rf"^(?:{'|'.join(HomeAction)})$")
_SAVED: Final = "is:saved"

log = structlog.get_logger(__name__)


def register(app: AsyncApp, parts: SlackParts, lanes: EventLanes) -> None:
    """Listen to who opens the tab, and to the buttons that stand there only."""

    async def opened(event: SlackEvent) -> None:
        if event.fields.get("tab") == "home":
            await _show(parts, event.team_id, str(event.fields.get("user") or ""))

    async def pressed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        cursor = str((body.get("view") or {}).get("private_metadata") or "") or None
        kind, value = HomeAction(str(action["action_id"])), str(action.get("value") or "")
        await _press(parts, of_payload(body), kind, value, cursor)

    app.event("app_home_opened")(lanes.to(opened))
    app.action(_OURS)(pressed)


async def _show(
    parts: SlackParts, team_id: str, user_id: str, *, cursor: str | None = None, notice: Message | None = None
) -> None:
    """Show a person their Home tab as things are now.

    Raises:
        StorageError
    """
    caller = await parts.people.caller(team_id, user_id)
    view = home_view(await _home(parts, caller, cursor, notice))
    try:
        client = await parts.workspaces.client(team_id)
        await client.call("views.publish", user_id=user_id, view=view)
    except SlackError as error:
        log.warning("slack.home_not_published", team=team_id, reason=str(error))


async def _home(parts: SlackParts, caller: Caller, cursor: str | None, notice: Message | None) -> Home:
    saved, cursor = await _saved(parts, caller, cursor)
    return Home(
        caller=caller,
        digest=await _latest(parts, caller),
        saved=saved,
        followed=await following(parts.desk.stores, caller),
        subscriptions=await _subscriptions(parts, caller),
        cursor=cursor,
        notice=notice,
    )


async def _latest(parts: SlackParts, caller: Caller) -> DigestView | None:
    try:
        return await show_digest(parts.desk.stores, caller)
    except NotFound:
        return None


async def _saved(parts: SlackParts, caller: Caller, cursor: str | None) -> tuple[Results, str | None]:
    """A page of the saved papers, or the first one where there is nothing on that page (any more)."""
    if cursor is not None:
        try:
            page = await look_up(parts.desk.stores, caller, _SAVED, cursor=cursor, limit=MOST_HITS)
        except InputError:
            page = None
        if page is not None and page.hits:
            return page, cursor
    return await look_up(parts.desk.stores, caller, _SAVED, limit=MOST_HITS), None


async def _subscriptions(parts: SlackParts, caller: Caller) -> list[Subscription] | None:
    if Role.OPERATOR not in caller.roles:
        return None
    found = await parts.desk.stores.subscriptions.of_workspace(PLATFORM, caller.person.workspace)
    return [one for one in found if not one.personal]


# --- presses ----------------------------------------------------------------------------------------------------------


async def _press(parts: SlackParts, interaction: Interaction, kind: HomeAction, value: str, cursor: str | None) -> None:
    """Do what a button says, and show what came of it."""
    if kind in (HomeAction.NEXT, HomeAction.PREVIOUS):
        cursor = value
    notice: Message | None = None
    try:
        if not await _ACTS[kind](parts, interaction, value):
            return
    except PaperboyError as error:
        notice = error.message
    except SlackError as error:
        notice = words_for(error)
    except Exception as error:
        log.error("slack.home_failed", team=interaction.team_id, button=kind.value, exc_info=error)
        notice = msg("Something went wrong on our side")
    await _show(parts, interaction.team_id, interaction.user_id, cursor=cursor, notice=notice)


Act = Callable[[SlackParts, Interaction, str], Awaitable[bool]]
"""Does it; whether the tab is to be shown anew."""


async def _turn(_parts: SlackParts, _interaction: Interaction, _value: str) -> bool:
    return True


async def _save(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    await track.save(parts.desk.stores, caller, value, at=parts.desk.clock.now())
    return True


async def _unsave(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    await track.unsave(parts.desk.stores, caller, value)
    return True


async def _unfollow(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    await unfollow(parts.desk.stores, caller, value)
    return True


async def _add(parts: SlackParts, interaction: Interaction, _value: str) -> bool:
    await forms.open_add(parts, interaction, None)
    return False


async def _edit(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    channel, number = _meant(value)
    await forms.open_subscription_edit(parts, replace(interaction, channel_id=channel), number)
    return False


async def _pause(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    channel, number = _meant(value)
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    await subscribe.pause(parts.desk.stores, caller, Channel(PLATFORM, interaction.team_id, channel), number)
    return True


async def _resume(parts: SlackParts, interaction: Interaction, value: str) -> bool:
    channel, number = _meant(value)
    desk = parts.desk
    caller = await parts.people.caller(interaction.team_id, interaction.user_id)
    there = Channel(PLATFORM, interaction.team_id, channel)
    await subscribe.resume(desk.stores, caller, there, number, at=desk.clock.now())
    desk.nudge()
    return True


def _meant(value: str) -> tuple[str, int]:
    found = read_subscription(value)
    if found is None:
        raise NotFound(msg("This button is no longer understood. Type the command again."))
    return found


_ACTS: Final[Mapping[HomeAction, Act]] = {
    HomeAction.SAVE: _save,
    HomeAction.UNSAVE: _unsave,
    HomeAction.NEXT: _turn,
    HomeAction.PREVIOUS: _turn,
    HomeAction.UNFOLLOW: _unfollow,
    HomeAction.ADD: _add,
    HomeAction.EDIT: _edit,
    HomeAction.PAUSE: _pause,
    HomeAction.RESUME: _resume,
}
