"""Who is asking on Discord: language and rights as Discord tells them with each interaction."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import discord

from bot.core.people import Caller, Language, Person, Staff
from bot.core.ports import Clock
from bot.core.subscriptions import Channel
from bot.discord.places import DIRECT

PLATFORM: Final = "discord"


class People:
    """Tells callers; everything about a person comes with the interaction, so nothing is asked and nothing is kept."""

    def __init__(self, staff: Staff, clock: Clock, *, language: Language, zone: str) -> None:
        self._staff = staff
        self._clock = clock
        self._language = language
        self._zone = zone

    def caller(self, interaction: discord.Interaction) -> Caller:
        """Who has done something just now, with the rights they have at this moment."""
        person = self.person(interaction.guild_id, interaction.user.id)
        permissions = interaction.permissions
        in_guild = interaction.guild_id is not None
        return Caller(
            person=person,
            roles=self._staff.roles(
                person,
                groups=_roles(interaction.user),
                manages=in_guild and (permissions.manage_guild or permissions.administrator),
            ),
            language=self._spoken(str(interaction.locale)),
            today=self._clock.now().astimezone(ZoneInfo(self._zone)).date(),
        )

    def person(self, guild_id: int | str | None, user_id: int) -> Person:
        """A person on a server, or outside of all."""
        return Person(PLATFORM, str(guild_id or DIRECT), str(user_id))

    def _spoken(self, locale: str) -> Language:
        if locale == "ko":
            return Language.KOREAN
        return Language.ENGLISH if locale else self._language


def _roles(user: discord.User | discord.Member) -> list[str]:
    """The ids of a member's roles as this very interaction tells them.

    `Member.roles` leaves out those of a server that the gateway has not told of, as while it is unavailable.
    """
    return [str(role_id) for role_id in user._roles] if isinstance(user, discord.Member) else []  # noqa: SLF001


def channel_of(interaction: discord.Interaction) -> Channel:
    """Where something was done; in a thread its channel, because subscriptions are channels'."""
    where = interaction.channel
    found = where.parent_id if isinstance(where, discord.Thread) else interaction.channel_id
    return Channel(PLATFORM, str(interaction.guild_id or DIRECT), str(found or 0))
