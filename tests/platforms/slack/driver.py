"""A person at the keyboard: what they see, write and react to. What they press stands in pressing.py and modals.py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.platforms.slack.apps import App
from tests.platforms.slack.errors import NotPossible
from tests.platforms.slack.modals import InModals
from tests.platforms.slack.payloads import escaped
from tests.platforms.slack.state import Channel, Ephemeral, Message, User, Workspace
from tests.platforms.slack.views import View

if TYPE_CHECKING:
    from tests.platforms.slack.server import SlackServer

_MARKED = re.compile(r"&lt;([@#!]\S+?|https?://\S+?)&gt;")


class Person(InModals):
    """Somebody in a workspace. Events go out beside: wait for what they lead to with `server.until`."""

    def __init__(self, server: SlackServer, workspace: Workspace, user: User) -> None:
        super().__init__(server, workspace, user)

    # --- what they see --------------------------------------------------------------------------------------------

    def ephemerals(self, channel: Channel | None = None) -> list[Ephemeral]:
        """What only they see, oldest first."""
        return [
            one
            for one in self.workspace.ephemerals
            if one.user == self.user.id and (channel is None or one.channel == channel.id)
        ]

    def sees(self, channel: Channel) -> list[Message | Ephemeral]:
        """What stands in a channel for them, oldest first; threads are apart, see `thread`."""
        self._must_see(channel)
        own = [one for one in self.ephemerals(channel) if one.thread_ts is None]
        return sorted([*channel.top_level(), *own], key=lambda one: one.ts)

    def thread(self, channel: Channel, parent: Message) -> list[Message | Ephemeral]:
        """What stands below a message, oldest first."""
        self._must_see(channel)
        own = [one for one in self.ephemerals(channel) if one.thread_ts == parent.ts]
        return sorted([*channel.replies(parent.ts), *own], key=lambda one: one.ts)

    @property
    def views(self) -> list[View]:
        """The modals before them, the topmost last."""
        return list(self.workspace.modals.get(self.user.id, []))

    @property
    def view(self) -> View | None:
        """The modal on top."""
        return self.views[-1] if self.views else None

    def home(self, app: App | None = None) -> View | None:
        """An app's Home tab, when the app has published one for them."""
        return self.workspace.homes.get((self._only_app(app).id, self.user.id))

    def direct(self, app: App | None = None) -> Channel:
        """Their direct messages with an app."""
        bot = self._only_app(app).installations[self.workspace.id].bot_user
        return self.workspace.direct(bot, self.user.id)

    # --- what they write ------------------------------------------------------------------------------------------

    async def say(
        self, channel: Channel, text: str, *, thread: Message | None = None, broadcast: bool = False
    ) -> Message:
        """Write a message, or a reply; `<@U1>`, `<#C1>` and `<https://...>` stand for what the client lets one pick."""
        self._must_be_in(channel)
        if channel.kind == "im":
            self._must_be_open(channel)
        message = Message(
            channel.next_ts(self.server.clock.now()),
            self.user.id,
            _as_typed(text),
            thread_ts=(thread.thread_ts or thread.ts) if thread else None,
            broadcast=broadcast and thread is not None,
        )
        self.server.messages.post(self.workspace, channel, message)
        return message

    async def edit(self, channel: Channel, message: Message, text: str) -> None:
        """Change an own message."""
        self._must_be_own(channel, message)
        edited = {"user": self.user.id, "ts": f"{self.server.clock.now():.6f}"}
        changes = {"text": _as_typed(text), "blocks": [], "edited": edited}
        self.server.messages.edit(self.workspace, channel, message, changes)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete an own message; admins may delete anybody's."""
        if not self._is_admin():
            self._must_be_own(channel, message)
        self._must_stand(channel, message)
        self.server.messages.delete(self.workspace, channel, message)

    async def react(self, channel: Channel, message: Message, name: str) -> None:
        """Add a reaction."""
        self._must_be_in(channel)
        self._must_stand(channel, message)
        if self.user.id in message.reactions.get(name, []):
            raise NotPossible(f":{name}: is there already")
        self.server.messages.react(self.workspace, channel, message, name, self.user.id)

    async def unreact(self, channel: Channel, message: Message, name: str) -> None:
        """Take an own reaction away."""
        if self.user.id not in message.reactions.get(name, []):
            raise NotPossible(f"no :{name}: of theirs")
        self.server.messages.unreact(self.workspace, channel, message, name, self.user.id)

    # --- channels and apps ----------------------------------------------------------------------------------------

    async def join(self, channel: Channel) -> None:
        """Go into a public channel."""
        if channel.kind != "public":
            raise NotPossible("only public channels can be joined")
        self.server.interactions.join(self.workspace, channel, self.user.id)

    async def leave(self, channel: Channel) -> None:
        """Go out of a channel."""
        self.server.interactions.leave(self.workspace, channel, self.user.id)

    async def invite(self, channel: Channel, user: User | App) -> None:
        """Bring a person or an app into a channel."""
        self._must_be_in(channel)
        self.server.interactions.join(self.workspace, channel, self._id_of(user), inviter=self.user.id)

    async def remove(self, channel: Channel, user: User | App) -> None:
        """Put a person or an app out of a channel."""
        self._must_be_in(channel)
        self.server.interactions.leave(self.workspace, channel, self._id_of(user))

    async def archive(self, channel: Channel) -> None:
        """Close a channel."""
        self._must_be_in(channel)
        self.server.interactions.archive(self.workspace, channel, self.user.id, archived=True)

    async def unarchive(self, channel: Channel) -> None:
        """Open a channel again."""
        self.server.interactions.archive(self.workspace, channel, self.user.id, archived=False)

    async def uninstall(self, app: App | None = None) -> None:
        """Remove an app from the workspace."""
        if not self._is_admin():
            raise NotPossible("only admins remove apps")
        self.server.uninstall(self._only_app(app), self.workspace)

    def _id_of(self, user: User | App) -> str:
        return user.installations[self.workspace.id].bot_user if isinstance(user, App) else user.id

    def _is_admin(self) -> bool:
        return self.user.is_admin or self.user.is_owner

    def _must_be_own(self, channel: Channel, message: Message) -> None:
        self._must_stand(channel, message)
        if message.user != self.user.id:
            raise NotPossible("it is somebody else's message")

    def _must_be_open(self, channel: Channel) -> None:
        for app in self.server.apps.values():
            there = app.installations.get(self.workspace.id)
            if there and there.bot_user in channel.members and not app.manifest.has_messages_tab:
                raise NotPossible("sending messages to this app has been turned off")


def _as_typed(text: str) -> str:
    return _MARKED.sub(r"<\1>", escaped(text))
