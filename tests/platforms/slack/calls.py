"""One call of a Web API method: who asks, with which scopes, about what; and the table of the methods."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tests.platforms.slack.apps import App, Installation, Token
from tests.platforms.slack.arguments import as_bool, as_number
from tests.platforms.slack.errors import SlackError
from tests.platforms.slack.state import Channel, Message, User, Workspace

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

Json = dict[str, Any]
Item = TypeVar("Item")

_KINDS = {"public": "channels", "private": "groups", "im": "im"}


@dataclass
class Recorded:
    """A call as it was made, and what came of it: `error` is None when it was granted."""

    method: str
    arguments: Json
    team: str | None
    at: float
    error: str | None = None
    answer: Json = field(default_factory=dict)


@dataclass
class Call:
    """A call by somebody whose token is good."""

    server: SlackServer
    method: str
    arguments: Json
    token: Token
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def app(self) -> App:
        """The app that calls."""
        return self.server.apps[self.token.app_id]

    @property
    def workspace(self) -> Workspace:
        """Where it calls from."""
        return self.server.workspaces[self.token.team_id or ""]

    @property
    def installation(self) -> Installation:
        """The app in this workspace."""
        return self.app.installations[self.workspace.id]

    @property
    def bot(self) -> User:
        """The app's bot user."""
        return self.workspace.users[self.installation.bot_user]

    # --- arguments ------------------------------------------------------------------------------------------------

    def text(self, name: str, missing: str = "invalid_arguments") -> str:
        """An argument that has to be there."""
        value = self.arguments.get(name)
        if value is None or value == "":
            raise SlackError(missing)
        return str(value)

    def flag(self, name: str) -> bool:
        """An argument that is true or false."""
        return as_bool(self.arguments.get(name, False))

    def number(self, name: str, default: int) -> int:
        """An argument that is a number."""
        return as_number(self.arguments.get(name), default)

    # --- permission -----------------------------------------------------------------------------------------------

    def need(self, *scopes: str) -> None:
        """Refuse who has none of these scopes; the first of those that are granted counts as used."""
        granted = [scope for scope in scopes if scope in self.token.scopes]
        if not granted:
            provided = ",".join(self.token.scopes)
            raise SlackError("missing_scope", needed=",".join(scopes), provided=provided)
        self.server.use_scope(self.app.id, granted[0])

    def need_for(self, channel: Channel, verb: str) -> None:
        """Refuse who lacks the scope that a verb (`history`, `read`) needs for this kind of conversation."""
        self.need(f"{_KINDS[channel.kind]}:{verb}")

    # --- places ---------------------------------------------------------------------------------------------------

    def channel(self, name: str = "channel") -> Channel:
        """The conversation of an argument: an app knows public ones and those it is in."""
        channel = self.workspace.channels.get(self.text(name))
        if channel is None or (channel.kind != "public" and self.bot.id not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def own_channel(self, name: str = "channel") -> Channel:
        """A conversation that the app is in."""
        channel = self.channel(name)
        if self.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def message(self, channel: Channel, ts: str) -> Message:
        """A message that is there."""
        found = channel.messages.get(ts)
        if found is None or found.subtype == "tombstone":
            raise SlackError("message_not_found")
        return found

    def user(self, name: str = "user") -> User:
        """The member of an argument."""
        user = self.workspace.users.get(self.text(name, "user_not_found"))
        if user is None:
            raise SlackError("user_not_found")
        return user

    def page(
        self, items: Sequence[Item], *, default: int, most: int, start: int | None = None
    ) -> tuple[list[Item], str]:
        """One page of a list, and the cursor of the next one or nothing."""
        limit = self.number("limit", default)
        if not 1 <= limit <= most:
            limit = default if limit == 0 else limit
            if not 1 <= limit <= most:
                raise SlackError("invalid_limit" if limit < 1 else "invalid_arguments")
        limit = min(limit, self.server.page_max or limit)
        begin = start if start is not None else self.begin()
        end = begin + limit
        return list(items[begin:end]), _cursor(end) if end < len(items) else ""

    def begin(self) -> int:
        """Where the page of the cursor begins."""
        cursor = self.arguments.get("cursor") or ""
        if not cursor:
            return 0
        try:
            name, _, place = base64.b64decode(str(cursor), validate=True).decode().partition(":")
            return int(place) if name == "from" else self._bad_cursor()
        except ValueError:
            return self._bad_cursor()

    def _bad_cursor(self) -> int:
        raise SlackError("invalid_cursor")


def _cursor(place: int) -> str:
    return base64.b64encode(f"from:{place}".encode()).decode()


Method = Callable[[Call], Json]
METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Put a function into the table of the methods."""

    def enter(function: Method) -> Method:
        METHODS[name] = function
        return function

    return enter
