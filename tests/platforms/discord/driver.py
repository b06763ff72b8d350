"""A person at the keyboard: what they write, react to and administer.

    reader = server.person(user_id)
    asked = await reader.command(papers, "paper", tag="rlaif")        # or "digest show", date=...; -> Interaction
    answer = await asked.shown()                                      # waits until it says more than "thinking"
    await reader.autocomplete(papers, "paper", "tag", "rl")           # -> [{"name": ..., "value": ...}]
    await reader.click(answer, "More")                                # by custom id or by what stands on it
    await reader.select(answer, "layout", "cards")                    # options by value or label
    await reader.menu(message, "Edit paper")                          # the context menu of a message
    await reader.submit({"title": "New"})                             # the modal before them, `reader.modal`
    reader.private, reader.sees(papers), reader.thread(message), reader.threads(forum), reader.direct()

What they see stands in keyboard.py, what they press in pressing.py, commands and menus in commanding.py, what admins do
in administering.py. Everything raises `NotPossible` where Discord's own client would not let it be done, and
`DidNotRespond` when the app does not call back within three seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.platforms.discord import permissions
from tests.platforms.discord.administering import Administering
from tests.platforms.discord.refusals import NotPossible
from tests.platforms.discord.world import (
    ANNOUNCEMENT,
    DIRECT,
    FORUM,
    GROUP,
    MEDIA,
    REPLY,
    TEXT,
    THREADS,
    Channel,
    Message,
)

MOST_WRITTEN = 2000
MOST_EMOJIS = 20
WRITTEN_IN = (TEXT, ANNOUNCEMENT, DIRECT, GROUP, *THREADS)


class Person(Administering):
    """Somebody on Discord. Events go out beside: wait for what they lead to with `server.until`."""

    # --- messages -------------------------------------------------------------------------------------------------

    async def write(self, channel: Channel, text: str, *, reply_to: Message | None = None) -> Message:
        """Write a message in a channel, a thread or direct messages."""
        self._must_write(channel, text)
        kind = 0 if reply_to is None else REPLY
        if reply_to is not None and reply_to.id not in channel.messages:
            raise NotPossible("the message replied to is not there")
        message = Message(self.world.new_id(), channel.id, self.user, text, kind=kind)
        message.nonce = str(message.id)
        message.reply_to = reply_to.id if reply_to else None
        return self.server.doings.post(channel, message)

    async def edit(self, message: Message, text: str) -> None:
        """Change an own message."""
        channel = self._must_see_message(message)
        if message.author is not self.user:
            raise NotPossible("it is somebody else's message")
        self._must_write(channel, text)
        message.content = text
        self.server.doings.edited(message)

    async def delete(self, message: Message) -> None:
        """Delete an own message, or anybody's with the permission for it; a private one is dismissed."""
        if message.only_for is not None:
            return self.dismiss(message)
        channel = self._must_see_message(message)
        if message.author is not self.user:
            self._must_be_allowed(channel, permissions.MANAGE_MESSAGES, "delete messages")
        return self.server.doings.delete(channel, message)

    # --- reactions ------------------------------------------------------------------------------------------------

    async def react(self, message: Message, emoji: str, *, burst: bool = False) -> None:
        """Add a reaction; an emoji of a server is `name:id`."""
        channel = self._must_see_message(message)
        self._must_be_lasting(message)
        self._must_be_allowed(channel, permissions.READ_MESSAGE_HISTORY, "read messages")
        if emoji not in [one.emoji for one in message.reactions]:
            self._must_be_allowed(channel, permissions.ADD_REACTIONS, "add reactions")
            if len(message.reactions) >= MOST_EMOJIS:
                raise NotPossible(f"a message has at most {MOST_EMOJIS} emojis")
        self._must_be_open(channel)
        if not self.server.doings.react(message, self.user, emoji, burst=burst):
            raise NotPossible(f"{emoji} is there already")

    async def unreact(self, message: Message, emoji: str, *, burst: bool = False) -> None:
        """Take an own reaction away."""
        self._must_see_message(message)
        if not self.server.doings.unreact(message, self.user, emoji, burst=burst):
            raise NotPossible(f"no {emoji} of theirs")

    # --- threads --------------------------------------------------------------------------------------------------

    async def start_thread(self, message: Message, name: str = "Thread") -> Channel:
        """Begin the thread of a message."""
        channel = self._must_see_message(message)
        self._must_be_lasting(message)
        self._must_be_allowed(channel, permissions.CREATE_PUBLIC_THREADS, "begin threads")
        if channel.kind not in (TEXT, ANNOUNCEMENT):
            raise NotPossible("threads begin in text channels")
        if self.thread(message) is not None:
            raise NotPossible("the message has a thread already")
        return self.server.doings.start_thread(channel, message, name, self.user)

    async def start_post(self, forum: Channel, name: str, text: str, *, tags: Sequence[int] = ()) -> Channel:
        """Begin a post of a forum."""
        if forum.kind not in (FORUM, MEDIA):
            raise NotPossible(f"#{forum.name} is no forum")
        self._must_be_allowed(forum, permissions.SEND_MESSAGES, "write")
        number = self.world.new_id()
        first = Message(number, number, self.user, text)
        return self.server.doings.start_post(forum, name, self.user, first, tags=list(tags))

    async def archive(self, thread: Channel) -> None:
        """Close a thread of one's own, or anybody's with the permission for it."""
        if thread.owner_id != self.user.id:
            self._must_be_allowed(thread, permissions.MANAGE_THREADS, "archive threads")
        self._must_see(thread)
        self.server.doings.change_thread(thread, archived=True)

    async def unarchive(self, thread: Channel) -> None:
        """Open a thread again."""
        if thread.locked:
            self._must_be_allowed(thread, permissions.MANAGE_THREADS, "open locked threads")
        self._must_be_allowed(thread, permissions.SEND_MESSAGES_IN_THREADS, "write")
        self.server.doings.change_thread(thread, archived=False)

    async def lock(self, thread: Channel, *, archived: bool | None = None) -> None:
        """Lock a thread, and close it when said."""
        self._must_be_allowed(thread, permissions.MANAGE_THREADS, "lock threads")
        self.server.doings.change_thread(thread, archived=archived, locked=True)

    async def unlock(self, thread: Channel) -> None:
        """Unlock a thread."""
        self._must_be_allowed(thread, permissions.MANAGE_THREADS, "unlock threads")
        self.server.doings.change_thread(thread, locked=False)

    # --- the app --------------------------------------------------------------------------------------------------

    async def install(self) -> None:
        """Add the app to one's own account, to use it everywhere."""
        self.world.application.user_installs.add(self.user.id)

    async def uninstall(self) -> None:
        """Take the app from one's own account."""
        self.world.application.user_installs.discard(self.user.id)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _must_write(self, channel: Channel, text: str) -> None:
        self._must_see(channel)
        if channel.kind not in WRITTEN_IN:
            raise NotPossible(f"nobody writes in #{channel.name} itself")
        if not text.strip() or len(text) > MOST_WRITTEN:
            raise NotPossible(f"a message has 1 to {MOST_WRITTEN} characters, not {len(text)}")
        if not permissions.may_write(self.world, channel, self.user.id):
            raise NotPossible(f"{self.user.username} may not write in #{channel.name}")
        if channel.locked and not self.may(channel, permissions.MANAGE_THREADS):
            raise NotPossible("the thread is locked")

    def _must_be_lasting(self, message: Message) -> None:
        if message.only_for is not None:
            raise NotPossible("private messages take no reactions and no threads")

    def _must_be_open(self, channel: Channel) -> None:
        if channel.archived:
            raise NotPossible("the thread is archived")
