"""What the app is told over the gateway when something has changed: by whom it was done does not matter.

Every method is called after the state has been changed (before, where it says so), and tells each session by its
shard, its intents and what the bot may see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.platforms.discord import permissions, shapes
from tests.platforms.discord.gateway import INTENTS
from tests.platforms.discord.sessions import Session
from tests.platforms.discord.world import EPHEMERAL, Channel, Guild, Member, Message, Role, User

if TYPE_CHECKING:
    from tests.platforms.discord.core import DiscordCore

Json = dict[str, Any]


class Events:
    """Tells the app what has happened."""

    def __init__(self, server: DiscordCore) -> None:
        self._server = server
        self._world = server.state

    # --- what the gateway asks ------------------------------------------------------------------------------------

    def joined_guilds(self) -> list[Guild]:
        """The servers that the bot is on."""
        return [one for one in self._world.guilds.values() if self._world.application.bot.id in one.members]

    def bot_json(self) -> Json:
        """The bot's own user."""
        return shapes.user(self._world.application.bot)

    def guild_create(self, guild: Guild) -> Json:
        """A server as the bot is shown it; one with an outage is only named."""
        if not guild.is_available:
            return {"id": str(guild.id), "unavailable": True}
        return shapes.guild_create(self._world, guild)

    def members_chunk(self, data: Json) -> Json:
        """Members of a server: those asked for by id, or whose name begins so."""
        guild = self._world.guilds[int(data["guild_id"])]
        asked = data.get("user_ids") or []
        wanted = [int(one) for one in (asked if isinstance(asked, list) else [asked])]
        query = data.get("query") or ""
        by_name = [] if wanted else [one for one in guild.members.values() if one.user.username.startswith(query)]
        found = [one for one in guild.members.values() if one.user.id in wanted] + by_name
        missing = [str(one) for one in wanted if one not in guild.members]
        chunk: Json = {"guild_id": str(guild.id), "members": [shapes.member(one) for one in found]}
        chunk |= {"chunk_index": 0, "chunk_count": 1, "not_found": missing}
        return chunk | ({"nonce": data["nonce"]} if "nonce" in data else {})

    # --- messages -------------------------------------------------------------------------------------------------

    def message_created(self, message: Message) -> None:
        """MESSAGE_CREATE."""
        self._tell_message("MESSAGE_CREATE", message)

    def message_updated(self, message: Message) -> None:
        """MESSAGE_UPDATE, with the whole message."""
        self._tell_message("MESSAGE_UPDATE", message)

    def message_deleted(self, message: Message) -> None:
        """MESSAGE_DELETE."""
        channel = self._channel(message)
        gone = {"id": str(message.id), "channel_id": str(message.channel_id), **_place(channel)}
        self._tell(channel, "MESSAGE_DELETE", gone, "messages")

    def messages_deleted(self, channel: Channel, ids: list[int]) -> None:
        """MESSAGE_DELETE_BULK."""
        gone = {"ids": [str(one) for one in ids], "channel_id": str(channel.id), **_place(channel)}
        self._tell(channel, "MESSAGE_DELETE_BULK", gone, "messages")

    def _tell_message(self, name: str, message: Message) -> None:
        if message.flags & EPHEMERAL:
            return
        channel = self._channel(message)
        always = channel.guild_id is None or message.author is self._world.application.bot
        always = always or shapes.mentions_bot(self._world, message)
        more = _place(channel)
        guild = self._world.guild_of(channel)
        if guild is not None and message.author.id in guild.members:
            more["member"] = shapes.member(guild.members[message.author.id], with_user=False)

        def seen(session: Session) -> Json:
            has_content = always or bool(session.intents & INTENTS["message_content"])
            is_new = name == "MESSAGE_CREATE"
            return {**shapes.message(self._world, message, has_content=has_content, is_new=is_new), **more}

        self._tell(channel, name, seen, "messages")

    # --- reactions ------------------------------------------------------------------------------------------------

    def reaction_added(self, message: Message, user: User, emoji: str, *, burst: bool = False) -> None:
        """MESSAGE_REACTION_ADD."""
        data = self._reaction(message, user, emoji, burst)
        guild = self._world.guild_of(self._channel(message))
        if guild is not None and user.id in guild.members:
            data["member"] = shapes.member(guild.members[user.id])
        data["message_author_id"] = str(message.author.id)
        data["burst_colors"] = ["#ffffff"] if burst else []
        self._tell(self._channel(message), "MESSAGE_REACTION_ADD", data, "reactions")

    def reaction_removed(self, message: Message, user: User, emoji: str, *, burst: bool = False) -> None:
        """MESSAGE_REACTION_REMOVE."""
        data = self._reaction(message, user, emoji, burst)
        self._tell(self._channel(message), "MESSAGE_REACTION_REMOVE", data, "reactions")

    def reactions_cleared(self, message: Message) -> None:
        """MESSAGE_REACTION_REMOVE_ALL."""
        channel = self._channel(message)
        data = {"channel_id": str(channel.id), "message_id": str(message.id), **_place(channel)}
        self._tell(channel, "MESSAGE_REACTION_REMOVE_ALL", data, "reactions")

    def emoji_cleared(self, message: Message, emoji: str) -> None:
        """MESSAGE_REACTION_REMOVE_EMOJI."""
        channel = self._channel(message)
        data = {"channel_id": str(channel.id), "message_id": str(message.id), **_place(channel)}
        self._tell(channel, "MESSAGE_REACTION_REMOVE_EMOJI", {**data, "emoji": shapes.emoji(emoji)}, "reactions")

    def _reaction(self, message: Message, user: User, emoji: str, burst: bool) -> Json:
        channel = self._channel(message)
        data: Json = {"user_id": str(user.id), "channel_id": str(channel.id), "message_id": str(message.id)}
        return {**data, **_place(channel), "emoji": shapes.emoji(emoji), "burst": burst, "type": int(burst)}

    # --- channels and threads -------------------------------------------------------------------------------------

    def channel_created(self, channel: Channel) -> None:
        """CHANNEL_CREATE, or THREAD_CREATE for a thread."""
        data = shapes.channel(self._world, channel)
        if channel.is_thread:
            data["newly_created"] = True
        self._tell_channel(channel, "CREATE", data)

    def channel_updated(self, channel: Channel) -> None:
        """CHANNEL_UPDATE, or THREAD_UPDATE."""
        self._tell_channel(channel, "UPDATE", shapes.channel(self._world, channel))

    def channel_deleted(self, channel: Channel) -> None:
        """CHANNEL_DELETE, or THREAD_DELETE; told while the channel still stands."""
        if channel.is_thread:
            parent = {"id": str(channel.id), "type": channel.kind, "parent_id": str(channel.parent_id)}
            self._tell_channel(channel, "DELETE", {**parent, **_place(channel)})
        else:
            self._tell_channel(channel, "DELETE", shapes.channel(self._world, channel))

    def threads_synced(self, channel: Channel) -> None:
        """THREAD_LIST_SYNC: the bot may see a channel now, with these active threads."""
        guild = self._world.guild_of(channel)
        if guild is None:
            return
        active = [one for one in guild.threads() if one.parent_id == channel.id and not one.archived]
        threads = [shapes.channel(self._world, one) for one in active]
        members = shapes.thread_members(self._world, active)
        data = {"channel_ids": [str(channel.id)], "threads": threads, "members": members, **_place(channel)}
        self._tell_guild(guild, "THREAD_LIST_SYNC", data)

    def thread_members_changed(self, thread: Channel, added: list[int], removed: list[int]) -> None:
        """THREAD_MEMBERS_UPDATE; without the members intent only of the bot itself."""
        guild = self._world.guild_of(thread)
        if guild is None:
            return
        me = self._world.application.bot.id

        def seen(session: Session) -> Json | None:
            is_all = session.intents & INTENTS["guild_members"]
            told = [one for one in added if is_all or one == me]
            gone = [one for one in removed if is_all or one == me]
            joined = [
                {
                    **shapes.thread_member(thread, one),
                    "member": shapes.member(guild.members[one]),
                    "presence": None,
                }
                for one in told
            ]
            data: Json = {"id": str(thread.id), "member_count": min(len(thread.members), 50), **_place(thread)}
            data |= {"added_members": joined} if joined else {}
            data |= {"removed_member_ids": [str(one) for one in gone]} if gone else {}
            return data if joined or gone else None

        self._server.gateway.emit("THREAD_MEMBERS_UPDATE", seen, guild_id=guild.id, intents=INTENTS["guilds"])

    def _tell_channel(self, channel: Channel, what: str, data: Json) -> None:
        guild = self._world.guild_of(channel)
        if guild is None:
            return
        if not channel.is_thread:
            self._tell_guild(guild, f"CHANNEL_{what}", data)
        elif self._is_seen(channel):
            self._tell_guild(guild, f"THREAD_{what}", data)

    # --- servers --------------------------------------------------------------------------------------------------

    def guild_joined(self, guild: Guild) -> None:
        """GUILD_CREATE: the bot has been invited, which shows in that nothing is said of an outage."""
        data = self.guild_create(guild)
        del data["unavailable"]
        self._tell_guild(guild, "GUILD_CREATE", data)

    def guild_available(self, guild: Guild) -> None:
        """GUILD_CREATE: an outage is over."""
        self._tell_guild(guild, "GUILD_CREATE", self.guild_create(guild))

    def guild_left(self, guild: Guild) -> None:
        """GUILD_DELETE: the bot has been removed."""
        self._server.gateway.emit("GUILD_DELETE", {"id": str(guild.id)}, guild_id=guild.id, intents=INTENTS["guilds"])

    def guild_unavailable(self, guild: Guild) -> None:
        """GUILD_DELETE: an outage."""
        self._tell_guild(guild, "GUILD_DELETE", {"id": str(guild.id), "unavailable": True})

    def guild_updated(self, guild: Guild) -> None:
        """GUILD_UPDATE."""
        self._tell_guild(guild, "GUILD_UPDATE", shapes.guild(self._world, guild))

    def role_created(self, guild: Guild, role: Role) -> None:
        """GUILD_ROLE_CREATE."""
        self._tell_guild(guild, "GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": shapes.role(role)})

    def role_updated(self, guild: Guild, role: Role) -> None:
        """GUILD_ROLE_UPDATE."""
        self._tell_guild(guild, "GUILD_ROLE_UPDATE", {"guild_id": str(guild.id), "role": shapes.role(role)})

    def role_deleted(self, guild: Guild, role: Role) -> None:
        """GUILD_ROLE_DELETE."""
        self._tell_guild(guild, "GUILD_ROLE_DELETE", {"guild_id": str(guild.id), "role_id": str(role.id)})

    def member_updated(self, guild: Guild, member: Member) -> None:
        """GUILD_MEMBER_UPDATE: with the members intent, and always of the bot itself."""
        data = {"guild_id": str(guild.id), **shapes.member(member)}
        needed = 0 if member.user is self._world.application.bot else INTENTS["guild_members"]
        self._server.gateway.emit("GUILD_MEMBER_UPDATE", data, guild_id=guild.id, intents=needed)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _channel(self, message: Message) -> Channel:
        channel = self._world.channel(message.channel_id)
        if channel is None:
            raise LookupError(f"no channel {message.channel_id}")
        return channel

    def _is_seen(self, channel: Channel) -> bool:
        bot = self._world.application.bot.id
        return bool(permissions.in_channel(self._world, channel, bot) & permissions.VIEW_CHANNEL)

    def _tell_guild(self, guild: Guild, name: str, data: Json) -> None:
        if self._world.application.bot.id in guild.members:
            self._server.gateway.emit(name, data, guild_id=guild.id, intents=INTENTS["guilds"])

    def _tell(self, channel: Channel, name: str, data: Any, kind: str) -> None:
        """Tell of something in a channel that the bot may see."""
        if not self._is_seen(channel):
            return
        is_direct = channel.guild_id is None
        intents = {
            ("messages", False): "guild_messages",
            ("messages", True): "direct_messages",
            ("reactions", False): "guild_message_reactions",
            ("reactions", True): "direct_message_reactions",
        }[kind, is_direct]
        self._server.gateway.emit(name, data, guild_id=channel.guild_id, intents=INTENTS[intents])


def _place(channel: Channel) -> Json:
    return {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
