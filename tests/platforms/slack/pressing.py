"""A person presses things: commands, buttons, menus, shortcuts. What a client would not let them do is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.platforms.slack import payloads
from tests.platforms.slack.apps import App
from tests.platforms.slack.checks import Problems, array
from tests.platforms.slack.element_limits import MENU_OPTION, OPTION_GROUP
from tests.platforms.slack.errors import DispatchFailed, InvalidAnswer, NotPossible, SlackError
from tests.platforms.slack.inputs import action_of, entered, initial_values, is_stateful
from tests.platforms.slack.limits import elements_of
from tests.platforms.slack.response_urls import ResponseUrl
from tests.platforms.slack.socket_mode import Ack
from tests.platforms.slack.state import Channel, Ephemeral, Message, User, Workspace
from tests.platforms.slack.views import View

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]
Surface = Message | Ephemeral | View

MIN_QUERY = 3  # characters typed before an external menu is asked, unless it says otherwise


class Pressing:
    """The hands of a person."""

    def __init__(self, server: SlackServer, workspace: Workspace, user: User) -> None:
        self.server = server
        self.workspace = workspace
        self.user = user

    # --- commands and shortcuts -----------------------------------------------------------------------------------

    async def command(self, channel: Channel, name: str, text: str = "") -> Ack:
        """Send a slash command; an answer that comes with the acknowledgement is shown.

        Raises:
            PersonError: no such command here, or the app did not answer as it must.
        """
        self._must_be_in(channel)
        app = next((one for one in self._apps() if name in one.manifest.commands), None)
        if app is None:
            raise NotPossible(f"{name} is not a valid command")
        self._must_be_granted(app, "commands")
        with_ids = bool(app.manifest.commands[name].get("should_escape"))
        words = payloads.command_text(self.workspace, text, with_ids=with_ids)
        fields = payloads.command(self.workspace, channel, self.user, app, name, words)
        fields["trigger_id"] = self.server.interactions.trigger(app, self.workspace, self.user.id)
        fields["response_url"] = self.server.response_urls.make(app.id, self.workspace, channel.id, self.user.id)
        ack = await self.server.dispatch(app, "slash_commands", fields)
        if ack.payload:
            self._show(app, channel, ack.payload)
        return ack

    async def shortcut(self, callback_id: str) -> Ack:
        """Use a global shortcut."""
        app = self._with_shortcut(callback_id, "global")
        payload = {"type": "shortcut", "callback_id": callback_id, "action_ts": self._now()}
        return await self._send(app, {**payload, "trigger_id": self._trigger(app)})

    async def message_shortcut(self, callback_id: str, channel: Channel, message: Message) -> Ack:
        """Use a shortcut on a message."""
        self._must_see(channel)
        self._must_stand(channel, message)
        app = self._with_shortcut(callback_id, "message")
        payload = payloads.message_shortcut(channel, message, callback_id)
        response_url = self.server.response_urls.make(app.id, self.workspace, channel.id, self.user.id, message)
        more = {"action_ts": self._now(), "trigger_id": self._trigger(app), "response_url": response_url}
        return await self._send(app, {**payload, **more})

    async def open_home(self, app: App | None = None, tab: str = "home") -> None:
        """Look at an app's own page; the app is told beside."""
        opened = self._only_app(app)
        channel = self.workspace.direct(opened.installations[self.workspace.id].bot_user, self.user.id)
        event: Json = {"type": "app_home_opened", "user": self.user.id, "channel": channel.id, "tab": tab}
        home = self.workspace.homes.get((opened.id, self.user.id))
        if home is not None and tab == "home":
            event["view"] = home.json()
        self.server.events.emit(self.workspace, {**event, "event_ts": self._now()}, only=opened.id)

    # --- buttons and menus ----------------------------------------------------------------------------------------

    async def click(self, surface: Surface, action_id: str, *, block_id: str | None = None) -> Ack:
        """Press a button of a message, a modal or a Home tab.

        Raises:
            PersonError: there is no such button before them, or the app did not acknowledge.
        """
        block, element = self._find(surface, action_id, block_id)
        if element["type"] != "button":
            raise NotPossible(f"{action_id} is no button")
        return await self._act(surface, block, element, None)

    async def choose(self, surface: Surface, action_id: str, value: Any, *, block_id: str | None = None) -> Ack | None:
        """Choose or type something: an option's value, a list of them, text, a date; inputs of modals only keep it.

        Raises:
            PersonError: it cannot be put in there, or the app did not acknowledge.
        """
        block, element = self._find(surface, action_id, block_id)
        if element["type"] == "overflow":
            option = next((one for one in element["options"] if one["value"] == value), None)
            if option is None:
                raise NotPossible(f"there is no option {value!r}")
            return await self._act(surface, block, element, {"selected_option": option})
        if not is_stateful(element):
            raise NotPossible(f"nothing can be chosen in {action_id}")
        state = entered(element, value, self._offered(surface, block, element))
        self._values(surface)[block["block_id"]][element["action_id"]] = state
        if block["type"] == "input" and not block.get("dispatch_action"):
            return None
        return await self._act(surface, block, element, state)

    async def suggest(self, surface: Surface, action_id: str, typed: str, *, block_id: str | None = None) -> list[Json]:
        """Type into a menu whose options the app knows; the options that are offered then.

        Raises:
            PersonError: it is no such menu, too little was typed, or the app's answer is not one.
        """
        block, element = self._find(surface, action_id, block_id)
        if "external_select" not in element["type"]:
            raise NotPossible(f"{action_id} does not ask the app")
        least = element.get("min_query_length", MIN_QUERY)
        if len(typed) < least:
            raise NotPossible(f"the app is asked from {least} characters on")
        app, channel = self._app_of(surface), self._channel_of(surface)
        payload = {
            "type": "block_suggestion",
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": typed,
            "container": payloads.container(surface, channel),
            **payloads.place(surface, channel),
        }
        ack = await self._send(app, payload)
        options = _options(ack.payload)
        self.server.interactions.offered[_key(surface, block, element)] = options
        return options

    async def _act(self, surface: Surface, block: Json, element: Json, state: Json | None) -> Ack:
        app, channel = self._app_of(surface), self._channel_of(surface)
        view_id = surface.id if isinstance(surface, View) and surface.kind == "modal" else None
        payload: Json = {
            "type": "block_actions",
            "container": payloads.container(surface, channel),
            "trigger_id": self._trigger(app, view_id),
            **payloads.place(surface, channel),
            "actions": [action_of(element, block["block_id"], state, self._now())],
        }
        if not isinstance(surface, View) and channel is not None:
            url = self.server.response_urls.make(app.id, self.workspace, channel.id, self.user.id, surface)
            payload |= {"response_url": url, "state": {"values": self._values(surface)}}
        ack = await self._send(app, payload)
        if ack.payload:
            self.server.complaints.append("a body in the acknowledgement of block_actions is not looked at")
        return ack

    # --- helpers --------------------------------------------------------------------------------------------------

    def _show(self, app: App, channel: Channel, answer: Json) -> None:
        here = ResponseUrl(app.id, self.workspace.id, channel.id, self.user.id, None, 0.0)
        try:
            self.server.response_urls.answer(here, self.workspace, answer)
        except SlackError as error:
            raise InvalidAnswer(f"{error.error}: {error.fields.get('errors')}") from error
        self.server.changed()

    async def _send(self, app: App, payload: Json) -> Ack:
        if not app.manifest.is_interactive:
            raise DispatchFailed("this app is not configured to handle interactive responses")
        return await self.server.dispatch(
            app, "interactive", {**payloads.common(app, self.workspace, self.user), **payload}
        )

    def _find(self, surface: Surface, action_id: str, block_id: str | None) -> tuple[Json, Json]:
        """A block and an element of it that stand before the person."""
        self._must_face(surface)
        found = [
            (block, element)
            for block in surface.blocks
            for element in elements_of(block)
            if element["action_id"] == action_id and block_id in (None, block["block_id"])
        ]
        if len(found) != 1:
            there = [element["action_id"] for block in surface.blocks for element in elements_of(block)]
            raise NotPossible(f"{len(found)} elements {action_id!r} among {there}")
        return found[0]

    def _must_face(self, surface: Surface) -> None:
        if isinstance(surface, View):
            is_home = surface is self.workspace.homes.get((surface.app_id, self.user.id))
            if not is_home and surface is not self._top():
                raise NotPossible("the view is not on top")
        elif isinstance(surface, Ephemeral):
            if surface not in self.workspace.ephemerals or surface.user != self.user.id:
                raise NotPossible("it is not there any more, or is somebody else's")
        elif (channel := self._channel_of(surface)) is not None:
            self._must_see(channel)

    def _top(self) -> View:
        stack = self.workspace.modals.get(self.user.id)
        if not stack:
            raise NotPossible("no modal is open")
        return stack[-1]

    def _channel_of(self, surface: Surface) -> Channel | None:
        if isinstance(surface, View):
            return None
        if isinstance(surface, Ephemeral):
            return self.workspace.channels[surface.channel]
        for channel in self.workspace.channels.values():
            if channel.messages.get(surface.ts) is surface:
                return channel
        raise NotPossible("the message is not there any more")

    def _app_of(self, surface: Surface) -> App:
        app = self.server.apps.get(surface.app_id or "")
        if app is None or self.workspace.id not in app.installations:
            raise DispatchFailed("the app is not installed")
        return app

    def _values(self, surface: Surface) -> dict[str, dict[str, Json]]:
        if not isinstance(surface, View) and not surface.values:
            surface.values = initial_values(surface.blocks)
        return surface.values

    def _offered(self, surface: Surface, block: Json, element: Json) -> list[Json]:
        return self.server.interactions.offered.get(_key(surface, block, element), [])

    def _trigger(self, app: App, view_id: str | None = None) -> str:
        return self.server.interactions.trigger(app, self.workspace, self.user.id, view_id)

    def _now(self) -> str:
        return self.server.interactions.event_ts()

    def _apps(self) -> list[App]:
        return [app for app in self.server.apps.values() if self.workspace.id in app.installations]

    def _only_app(self, app: App | None) -> App:
        if app is not None:
            return app
        (found,) = self._apps()
        return found

    def _with_shortcut(self, callback_id: str, kind: str) -> App:
        for app in self._apps():
            if app.manifest.shortcuts.get(callback_id, {}).get("type") == kind:
                self._must_be_granted(app, "commands")
                return app
        raise NotPossible(f"there is no {kind} shortcut {callback_id}")

    def _must_be_granted(self, app: App, scope: str) -> None:
        if scope not in app.installations[self.workspace.id].scopes:
            raise NotPossible(f"the app was installed without `{scope}`")
        self.server.use_scope(app.id, scope)

    def _must_see(self, channel: Channel) -> None:
        if channel.kind != "public" and self.user.id not in channel.members:
            raise NotPossible("they are not in that conversation")

    def _must_be_in(self, channel: Channel) -> None:
        if self.user.id not in channel.members:
            raise NotPossible("they are not in that conversation")
        if channel.is_archived:
            raise NotPossible("the channel is archived")

    def _must_stand(self, channel: Channel, message: Message) -> None:
        if channel.messages.get(message.ts) is not message or message.subtype == "tombstone":
            raise NotPossible("the message is not there any more")


def _key(surface: Surface, block: Json, element: Json) -> tuple[str, str, str]:
    return (surface.id if isinstance(surface, View) else surface.ts, block["block_id"], element["action_id"])


def _options(payload: Json | None) -> list[Json]:
    answer = payload or {}
    problems = Problems()
    if "option_groups" in answer:
        array(OPTION_GROUP, 100, 0)(problems, "/option_groups", answer["option_groups"])
    else:
        array(MENU_OPTION, 100, 0)(problems, "/options", answer.get("options"))
    if problems.found:
        raise InvalidAnswer("; ".join(problems.found))
    groups = [one for group in answer.get("option_groups") or [] for one in group["options"]]
    return [*(answer.get("options") or []), *groups]
