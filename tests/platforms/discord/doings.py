"""What can be done on a server by anybody, the app or a person: the state changes, and the app is told.

Whether somebody may do it is asked before, by the REST routes or by the driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.platforms.discord.world import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    EPOCH_MS,
    NAME_CHANGED,
    PUBLIC_THREAD,
    STARTER,
    THREAD_STARTED,
    Channel,
    Guild,
    Member,
    Message,
    Reaction,
    User,
)

if TYPE_CHECKING:
    from tests.platforms.discord.core import DiscordCore

HAS_THREAD = 1 << 5
OLDER_SECONDS = 60.0
"""How old a message is of which Discord says, at the end of the channel, that a thread has begun there."""


class Doings:
    """Changes the state, and tells of it."""

    def __init__(self, server: DiscordCore) -> None:
        self._server = server
        self._world = server.state

    # --- messages -------------------------------------------------------------------------------------------------

    def post(self, channel: Channel, message: Message) -> Message:
        """Put a message where it belongs; one in an archived thread opens it, and its author joins."""
        if channel.is_thread:
            if channel.archived:
                self.change_thread(channel, archived=False)
            self.join(channel, message.author.id)
        self.place(channel, message)
        self._server.events.message_created(message)
        self._server.changed()
        return message

    def say(self, channel: Channel, text: str, **more: Any) -> Message:
        """Have the bot write something."""
        return self.post(channel, Message(self._world.new_id(), channel.id, self._world.application.bot, text, **more))

    def place(self, channel: Channel, message: Message) -> None:
        """Have a message stand in a channel, and be counted in a thread."""
        if channel.is_thread:
            message.position = channel.sent
            channel.sent += message.id != channel.id and message.kind != STARTER
        channel.messages[message.id] = message

    def edited(self, message: Message) -> None:
        """Say that a message has been changed just now."""
        message.edited_at = self._server.clock.now()
        self._server.events.message_updated(message)
        self._server.changed()

    def delete(self, channel: Channel, *messages: Message) -> None:
        """Take messages away, several of them as a moderator does it."""
        for message in messages:
            message.is_deleted = True
            channel.messages.pop(message.id, None)
        if len(messages) == 1:
            self._server.events.message_deleted(messages[0])
        else:
            self._server.events.messages_deleted(channel, [one.id for one in messages])
        self._server.changed()

    # --- reactions ------------------------------------------------------------------------------------------------

    def react(self, message: Message, user: User, emoji: str, *, burst: bool = False) -> bool:
        """Add a reaction; whether it is new."""
        found = next((one for one in message.reactions if one.emoji == emoji), None)
        if found is None:
            found = Reaction(emoji)
            message.reactions.append(found)
        users = found.burst if burst else found.normal
        if user.id in users:
            return False
        users.append(user.id)
        self._server.events.reaction_added(message, user, emoji, burst=burst)
        self._server.changed()
        return True

    def unreact(self, message: Message, user: User, emoji: str, *, burst: bool = False) -> bool:
        """Take a reaction away; whether there was one."""
        found = next((one for one in message.reactions if one.emoji == emoji), None)
        users = [] if found is None else found.burst if burst else found.normal
        if found is None or user.id not in users:
            return False
        users.remove(user.id)
        if not found.normal and not found.burst:
            message.reactions.remove(found)
        self._server.events.reaction_removed(message, user, emoji, burst=burst)
        self._server.changed()
        return True

    def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """Take all reactions away, or all with one emoji."""
        message.reactions = [one for one in message.reactions if emoji not in (None, one.emoji)]
        if emoji is None:
            self._server.events.reactions_cleared(message)
        else:
            self._server.events.emoji_cleared(message, emoji)
        self._server.changed()

    # --- threads --------------------------------------------------------------------------------------------------

    def start_thread(
        self, channel: Channel, message: Message, name: str, user: User, *, minutes: int = 4320
    ) -> Channel:
        """Begin the thread of a message, which has the message's id."""
        kind = ANNOUNCEMENT_THREAD if channel.kind == ANNOUNCEMENT else PUBLIC_THREAD
        thread = self._thread(Channel(message.id, kind, channel.guild_id, name, channel.id), user, minutes)
        self.place(thread, Message(self._world.new_id(), thread.id, user, kind=STARTER, reply_to=message.id))
        message.flags |= HAS_THREAD
        self._server.events.channel_created(thread)
        self._server.events.message_updated(message)
        if self._world.clock.now() - ((message.id >> 22) + EPOCH_MS) / 1000 > OLDER_SECONDS:
            said = Message(self._world.new_id(), channel.id, user, name, kind=THREAD_STARTED, names_thread=thread.id)
            self.post(channel, said)
        self._server.changed()
        return thread

    def start_post(
        self, forum: Channel, name: str, user: User, first: Message, *, tags: list[int], minutes: int = 4320
    ) -> Channel:
        """Begin a post of a forum: a thread with the id of its first message, which must have the thread's id."""
        thread = Channel(first.id, PUBLIC_THREAD, forum.guild_id, name, forum.id, applied_tags=list(tags))
        self._thread(thread, user, minutes)
        first.channel_id = thread.id
        self.place(thread, first)
        self._server.events.channel_created(thread)
        self._server.events.message_created(first)
        self._server.changed()
        return thread

    def _thread(self, thread: Channel, user: User, minutes: int) -> Channel:
        thread.owner_id = user.id
        thread.members = [user.id]
        thread.auto_archive_duration = minutes
        thread.archived_at = round(self._world.clock.now(), 6)
        self._guild(thread).channels[thread.id] = thread
        return thread

    def join(self, thread: Channel, user_id: int) -> None:
        """Bring somebody into a thread."""
        if user_id not in thread.members:
            thread.members.append(user_id)
            self._server.events.thread_members_changed(thread, [user_id], [])

    def leave(self, thread: Channel, user_id: int) -> None:
        """Take somebody out of a thread."""
        if user_id in thread.members:
            thread.members.remove(user_id)
            self._server.events.thread_members_changed(thread, [], [user_id])

    def change_thread(self, thread: Channel, *, archived: bool | None = None, locked: bool | None = None) -> None:
        """Archive a thread, open it again, lock it or unlock it."""
        if archived is not None and archived != thread.archived:
            thread.archived = archived
            thread.archived_at = round(self._server.clock.now(), 6)  # as exact as it is told
        if locked is not None:
            thread.locked = locked
        self._server.events.channel_updated(thread)
        self._server.changed()

    def rename_thread(self, thread: Channel, name: str, user: User) -> None:
        """Call a thread something else, which Discord says in it."""
        thread.name = name
        said = Message(self._world.new_id(), thread.id, user, name, kind=NAME_CHANGED)
        self.place(thread, said)
        self._server.events.message_created(said)

    # --- channels and servers -------------------------------------------------------------------------------------

    def delete_channel(self, channel: Channel) -> None:
        """Take a channel away, its threads with it."""
        guild = self._guild(channel)
        self._server.events.channel_deleted(channel)
        for gone in (*(one for one in guild.threads() if one.parent_id == channel.id), channel):
            for message in gone.messages.values():
                message.is_deleted = True
            del guild.channels[gone.id]
        self._server.changed()

    def bot_joins(self, guild: Guild, permissions: int) -> None:
        """The app is added to a server with what its link asks for, as a role of its own."""
        world = self._world
        application = world.application
        role = world.add_role(guild, application.name, permissions)
        guild.members[application.bot.id] = Member(application.bot, [role.id])
        application.guild_installs.add(guild.id)
        self._server.events.guild_joined(guild)
        self._server.changed()

    def bot_leaves(self, guild: Guild) -> None:
        """The app is removed from a server, with its commands there."""
        application = self._world.application
        application.guild_installs.discard(guild.id)
        application.guild_commands.pop(guild.id, None)
        guild.members.pop(application.bot.id, None)
        self._server.events.guild_left(guild)
        self._server.changed()

    def _guild(self, channel: Channel) -> Guild:
        guild = self._world.guild_of(channel)
        if guild is None:
            raise LookupError(f"channel {channel.id} is on no server")
        return guild
