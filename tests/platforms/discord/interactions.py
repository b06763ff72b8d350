"""Interactions: what a person does is sent to the app, and what the app answers is done, for fifteen minutes."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.component_rules import check_modal, with_ids
from tests.platforms.discord.interaction_messages import Body, checked_body
from tests.platforms.discord.modals import Modal
from tests.platforms.discord.refusals import DidNotRespond, Problems, Refused
from tests.platforms.discord.world import (
    COMMANDED,
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    MENU_USED,
    REPLY,
    Channel,
    Message,
)

if TYPE_CHECKING:
    from tests.platforms.discord.core import DiscordCore

Json = dict[str, Any]
P = ParamSpec("P")
Result = TypeVar("Result")

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PATIENCE = 3.0
SAYS, CHANGES = 4, 7
TOKEN_SECONDS = 900.0
FOLLOWUPS_WITHOUT_BOT = 5

# The callbacks that each kind of interaction may be answered with; 6 and 7 need a message that was pressed.
_ANSWERS = {COMMAND: {4, 5, 9}, COMPONENT: {4, 5, 6, 7, 9}, AUTOCOMPLETE: {8}, MODAL_SUBMIT: {4, 5, 6, 7}}


@dataclass(eq=False)
class Interaction:
    """One thing a person did, and what has come of it."""

    server: DiscordCore
    id: int
    token: str
    kind: int
    user_id: int
    channel: Channel
    expires_at: float
    metadata: Json
    message: Message | None = None  # the one whose component was used
    is_external: bool = False  # the app is there through the person only
    dispatched_at: float = 0.0
    callback: int | None = None
    choices: list[Json] = field(default_factory=list)
    modal: Modal | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answered_after: float | None = None  # seconds

    @property
    def reply(self) -> Message | None:
        """The message the app has answered with, none when it has changed the one that was there."""
        return None if self.original is self.message else self.original

    @property
    def replies(self) -> list[Message]:
        """All that the app has answered, in order."""
        return [*([self.reply] if self.reply else []), *self.followups]

    async def shown(self, within: float = 15.0) -> Message:
        """Wait until the app has answered with a message that says more than that it is thinking.

        Raises:
            TimeoutError: not in time.
        """
        return await self.server.until(self._answer, within)

    def _answer(self) -> Message | None:
        return next((one for one in self.replies if not one.is_loading and not one.is_deleted), None)


def _noted(method: Callable[Concatenate[Interactions, P], Result]) -> Callable[Concatenate[Interactions, P], Result]:
    """Keep the refusals of a method in `refusals`."""

    @functools.wraps(method)
    def noted(self: Interactions, /, *args: P.args, **named: P.kwargs) -> Result:
        try:
            return method(self, *args, **named)
        except Refused as refused:
            if refused not in self.refusals:
                self.refusals.append(refused)
            raise

    return noted


class Interactions:
    """The server's side of interactions."""

    def __init__(self, server: DiscordCore) -> None:
        self._server = server
        self.patience = PATIENCE  # seconds, measured with a clock that cannot be moved
        self.all: list[Interaction] = []
        self.modals: dict[int, Modal] = {}  # what stands before a person
        self.refusals: list[Refused] = []  # every no that the app was told here

    # --- towards the app ------------------------------------------------------------------------------------------

    def begin(
        self,
        kind: int,
        user_id: int,
        channel: Channel,
        *,
        message: Message | None,
        is_external: bool = False,
        metadata: Json,
    ) -> Interaction:
        """A new interaction with a token of its own."""
        world = self._server.state
        interaction = Interaction(
            self._server,
            world.new_id(),
            secrets.token_urlsafe(24),
            kind,
            user_id,
            channel,
            self._server.clock.now() + TOKEN_SECONDS,
            metadata,
            message,
            is_external,
        )
        interaction.metadata = {"id": str(interaction.id), **metadata}
        self.all.append(interaction)
        return interaction

    async def send(self, interaction: Interaction, payload: Json) -> Interaction:
        """Send it over the gateway and wait for the callback.

        Raises:
            DidNotRespond: nobody is there, or no callback within three seconds.
        """
        loop = asyncio.get_running_loop()
        interaction.dispatched_at = loop.time()
        guild_id = interaction.channel.guild_id
        sessions = [one for one in self._server.gateway.sessions if one.serves(guild_id)]
        self._server.gateway.emit("INTERACTION_CREATE", payload, guild_id=guild_id)
        if not sessions:
            raise DidNotRespond("the application did not respond: it is not connected")
        try:
            await asyncio.wait_for(interaction.answered.wait(), self.patience)
        except TimeoutError:
            raise DidNotRespond(f"the application did not respond within {self.patience} s") from None
        return interaction

    # --- callbacks ------------------------------------------------------------------------------------------------

    @_noted
    def answer(self, interaction_id: int, token: str, body: Json) -> Json:
        """What `POST /interactions/{id}/{token}/callback` does, and its answer for `with_response`.

        Raises:
            Refused: Discord does not take it.
        """
        interaction = next((one for one in self.all if one.id == interaction_id and one.token == token), None)
        now = asyncio.get_running_loop().time()
        if interaction is None:
            raise Refused(10062)
        if interaction.callback is not None:
            raise Refused(40060)
        if now - interaction.dispatched_at > self.patience:
            raise Refused(10062)
        kind = self._callback_type(interaction, body)
        data = body.get("data") or {}
        self._carry_out(interaction, kind, data)
        interaction.callback = kind
        interaction.answered_after = now - interaction.dispatched_at
        interaction.answered.set()
        self._server.changed()
        return self._callback_answer(interaction)

    def _callback_type(self, interaction: Interaction, body: Json) -> int:
        kind = body.get("type")
        allowed = _ANSWERS[interaction.kind]
        if interaction.message is None:
            allowed = allowed - {6, 7}
        if not isinstance(kind, int) or kind not in allowed:
            problems = Problems()
            problems.add("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")
            problems.raise_if_any()
        return int(kind or 0)

    def _carry_out(self, interaction: Interaction, kind: int, data: Json) -> None:
        match kind:
            case 4:
                body = checked_body(data, path="data")
                interaction.original = self._post(interaction, body)
            case 5:
                thinking = Body(flags=LOADING | (data.get("flags", 0) & EPHEMERAL))
                interaction.original = self._post(interaction, thinking)
            case 6:
                interaction.original = interaction.message
            case 7:
                assert interaction.message is not None
                self._edit(interaction.message, data, path="data")
                interaction.original = interaction.message
            case 8:
                interaction.choices = _checked_choices(data)
            case 9:
                problems = Problems()
                check_modal(problems, data)
                problems.raise_if_any()
                components = with_ids(data["components"])
                interaction.modal = Modal(data["custom_id"], data["title"], components, interaction)
                self.modals[interaction.user_id] = interaction.modal

    def _callback_answer(self, interaction: Interaction) -> Json:
        told: Json = {"id": str(interaction.id), "type": interaction.kind, "response_message_loading": False}
        answer: Json = {"interaction": told}
        shown = interaction.original
        if shown is not None:
            told["response_message_id"] = str(shown.id)
            told["response_message_loading"] = shown.is_loading
            told["response_message_ephemeral"] = bool(shown.flags & EPHEMERAL)
        if shown is not None and interaction.callback in (SAYS, CHANGES):
            answer["resource"] = {"type": interaction.callback, "message": shapes.message(self._server.state, shown)}
        return answer

    # --- the webhook of an interaction ----------------------------------------------------------------------------

    @_noted
    def by_token(self, application_id: int, token: str) -> Interaction:
        """The interaction whose webhook is called.

        Raises:
            Refused: it is not this app's, not answered yet, or too long ago.
        """
        if application_id != self._server.state.application.id:
            raise Refused(10015)
        interaction = next((one for one in self.all if one.token == token), None)
        if interaction is None or self._server.clock.now() >= interaction.expires_at:
            raise Refused(50027)
        if interaction.callback is None:
            raise Refused(10015)
        return interaction

    @_noted
    def follow_up(self, interaction: Interaction, data: Json) -> Message:
        """`POST /webhooks/{app}/{token}`: one more message; the first after "thinking" takes its place."""
        body = checked_body(data)
        original = interaction.original
        if original is not None and original.is_loading and not original.is_deleted:
            self._fill(original, body)
            return original
        if interaction.is_external and len(interaction.followups) >= FOLLOWUPS_WITHOUT_BOT:
            raise Refused(40094)
        message = self._post(interaction, body)
        interaction.followups.append(message)
        self._server.changed()
        return message

    @_noted
    def message_of(self, interaction: Interaction, which: str) -> Message:
        """A message by its id or `@original`.

        Raises:
            Refused: there is none, or it is another interaction's.
        """
        mine = [one for one in (interaction.original, *interaction.followups) if one is not None]
        if which == "@original":
            mine = mine[:1] if interaction.original is not None else []
            which = str(mine[0].id) if mine else ""
        found = next((one for one in mine if str(one.id) == which and not one.is_deleted), None)
        if found is None:
            raise Refused(10008)
        return found

    @_noted
    def edit(self, interaction: Interaction, which: str, data: Json) -> Message:
        """`PATCH` of a message of the interaction."""
        message = self.message_of(interaction, which)
        if message.is_loading:
            self._fill(message, checked_body(data))
        else:
            self._edit(message, data)
        return message

    def delete(self, interaction: Interaction, which: str) -> None:
        """`DELETE` of a message of the interaction."""
        self.remove(self.message_of(interaction, which))

    # --- messages -------------------------------------------------------------------------------------------------

    def remove(self, message: Message) -> None:
        """Take a message away, and tell."""
        message.is_deleted = True
        world = self._server.state
        if world.ephemerals.pop(message.id, None) is None:
            channel = world.channel(message.channel_id)
            if channel is not None and channel.messages.pop(message.id, None) is not None:
                self._server.events.message_deleted(message)
        self._server.changed()

    def _post(self, interaction: Interaction, body: Body) -> Message:
        world = self._server.state
        message = Message(
            world.new_id(),
            interaction.channel.id,
            world.application.bot,
            kind=_message_kind(interaction),
            interaction=interaction.metadata,
        )
        body.put_into(message, is_new=True)
        if interaction.is_external and not self._may_be_public(interaction):
            message.flags |= EPHEMERAL
        if message.flags & EPHEMERAL:
            message.only_for = interaction.user_id
            world.ephemerals[message.id] = message
        else:
            self._server.doings.place(interaction.channel, message)
            self._server.events.message_created(message)
        self._server.changed()
        return message

    def _may_be_public(self, interaction: Interaction) -> bool:
        bits = permissions.in_channel(self._server.state, interaction.channel, interaction.user_id)
        return bool(bits & permissions.USE_EXTERNAL_APPS)

    def _fill(self, message: Message, body: Body) -> None:
        """Put what the app says in the place of "thinking"; who sees it was settled before."""
        is_ephemeral = message.flags & EPHEMERAL
        body.put_into(message, is_new=True)
        message.flags = (body.flags & ~(EPHEMERAL | LOADING)) | is_ephemeral
        self._tell_update(message)

    def _edit(self, message: Message, data: Json, *, path: str = "") -> None:
        was_v2 = bool(message.flags & COMPONENTS_V2)
        body = checked_body(data, path=path, before=message)
        body.put_into(message, is_new=False)
        if body.flags & COMPONENTS_V2 and not was_v2:
            message.flags |= COMPONENTS_V2
        message.edited_at = self._server.clock.now()
        self._tell_update(message)

    def _tell_update(self, message: Message) -> None:
        if message.only_for is None:
            self._server.events.message_updated(message)
        self._server.changed()


def _message_kind(interaction: Interaction) -> int:
    """What kind of message answers: to a command, a menu, or as a reply to the message that was pressed."""
    if interaction.kind == COMMAND:
        return MENU_USED if "target_message_id" in interaction.metadata else COMMANDED
    return REPLY if interaction.message else 0


def _checked_choices(data: Json) -> list[Json]:
    problems = Problems()
    choices = data.get("choices")
    if not isinstance(choices, list) or len(choices) > 25:
        problems.add("data.choices", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer in length.")
        choices = []
    for number, choice in enumerate(choices):
        problems.length(f"data.choices.{number}.name", choice.get("name"), 1, 100)
        value = choice.get("value")
        if isinstance(value, str):
            problems.length(f"data.choices.{number}.value", value, 1, 100)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.add(f"data.choices.{number}.value", "BASE_TYPE_REQUIRED", "This field is required")
    problems.raise_if_any()
    return choices
