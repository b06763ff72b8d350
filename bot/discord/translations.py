"""Names and descriptions of commands in Korean, for people whose Discord is."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.core.messages import Message
from bot.core.people import Language
from bot.locale import translator

MOST_DESCRIPTION = 100
"""Characters that Discord takes as a description."""


def named(english: str, korean: str) -> app_commands.locale_str:
    """A name with its Korean one."""
    return app_commands.locale_str(english, korean=korean)


def described(message: Message) -> app_commands.locale_str:
    """A sentence of the catalogues as a description."""
    return app_commands.locale_str(str(message), korean=translator(Language.KOREAN).say(message))


class KoreanTranslator(app_commands.Translator):
    """Tells the library the Korean that a name or description carries."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, _: app_commands.TranslationContextTypes
    ) -> str | None:
        """See the library."""
        korean: str | None = string.extras.get("korean")
        return korean if locale is discord.Locale.korean else None
