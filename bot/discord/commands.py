"""Application commands: what there is, in Korean and English, and how its options become a line or a query."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Final

import discord
import structlog
from discord import app_commands

from bot.core.command_completion import SORT_DESCRIPTIONS
from bot.core.commands import COMMANDS, DIGEST_SUBCOMMANDS, PAPER_SUBCOMMANDS
from bot.core.messages import Message, msg
from bot.core.query_syntax import MAX_LENGTH
from bot.discord.client import PaperboyClient
from bot.discord.conversation import answer_ask, run_line
from bot.discord.parts import DiscordParts
from bot.discord.query_options import QueryOptions, query_of
from bot.discord.showing import guarded, say
from bot.discord.suggestions import Suggested, suggest
from bot.discord.translations import described, named
from bot.usecases.asks import Ask, AskKind

Interaction = discord.Interaction[PaperboyClient]
Run = Callable[..., Coroutine[Any, Any, None]]

log = structlog.get_logger(__name__)

EVERYWHERE: Final = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
WITH_PAPERBOY: Final = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
ON_SERVERS: Final = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
BY_ANYBODY: Final = app_commands.AppInstallationType(guild=True, user=True)
BY_SERVERS: Final = app_commands.AppInstallationType(guild=True, user=False)


@dataclass(frozen=True, slots=True)
class Option:
    """The one thing that a command takes."""

    name: str
    korean: str
    description: Message
    suggested: Suggested | None = None
    required: bool = False


_DATE: Final = Option("date", "날짜", msg("A day, such as 2024-06-21 or yesterday"), Suggested.DATE)
_NUMBER: Final = Option("number", "번호", msg("The number of a subscription"), Suggested.SUBSCRIPTION)
_ENTRY: Final = Option("entry", "항목", msg("Words of its title, its arXiv id or address"), Suggested.ENTRY)
_EDITED: Final = Option("entry", "항목", msg("Words of its title, its arXiv id or address"), Suggested.DRAFT_OR_ENTRY)
_ONE_ENTRY: Final = Option("entry", "항목", msg("Words of its title, its arXiv id or address"), Suggested.ENTRY, True)
_REFERENCE: Final = Option("reference", "논문", msg("An arXiv id or address"))
_QUERY: Final = Option("query", "검색식", msg("A query such as tag:rlaif"), Suggested.QUERY)
_ONE_QUERY: Final = Option("query", "검색식", msg("A query such as tag:rlaif"), Suggested.QUERY, True)
_FOLLOWED: Final = Option("query", "검색식", msg("What you follow"), Suggested.FOLLOWED, True)
_LINK: Final = Option("link", "링크", msg("The link of the message"))
_WHEN_OR_ENTRY: Final = Option("about", "대상", msg("A day, an arXiv id or an address"), Suggested.DATE_OR_ENTRY)


@dataclass(frozen=True, slots=True)
class Line:
    """A command that is a line of `bot.core.commands`, with at most one option behind it."""

    name: str
    korean: str
    line: str
    description: Message
    option: Option | None = None


PAPER_COMMANDS: Final = (
    Line("paper-help", "논문-도움말", "/paper help", PAPER_SUBCOMMANDS["help"]),
    Line("paper-follow", "논문-팔로우", "/paper follow", PAPER_SUBCOMMANDS["follow"], _ONE_QUERY),
    Line("paper-following", "논문-팔로잉", "/paper following", PAPER_SUBCOMMANDS["following"]),
    Line("paper-unfollow", "논문-언팔로우", "/paper unfollow", PAPER_SUBCOMMANDS["unfollow"], _FOLLOWED),
    Line("paper-forget-me", "논문-기록삭제", "/paper forget-me", PAPER_SUBCOMMANDS["forget-me"]),
)
"""What everybody has in direct messages with Paperboy too. It writes by itself only to who shares a server with it."""

_WHERE: Final = {"/paper help": (EVERYWHERE, BY_ANYBODY), "/paper forget-me": (WITH_PAPERBOY, BY_ANYBODY)}
"""Those that somebody who has installed Paperboy for themselves has too."""

CURATION_COMMANDS: Final = (
    Line("paper-add", "논문-추가", "/paper-add", COMMANDS["/paper-add"], _REFERENCE),
    Line("paper-edit", "논문-수정", "/paper-edit", COMMANDS["/paper-edit"], _EDITED),
    Line("paper-remove", "논문-삭제", "/paper-remove", COMMANDS["/paper-remove"], _ONE_ENTRY),
    Line("paper-undo", "논문-되돌리기", "/paper-undo", COMMANDS["/paper-undo"], _ENTRY),
)

_DIGEST_NAMES: Final[dict[str, tuple[str, Option | None]]] = {
    "show": ("보기", _DATE),
    "recap": ("요약", _DATE),
    "subscribe": ("구독", _QUERY),
    "list": ("목록", None),
    "edit": ("수정", _NUMBER),
    "pause": ("일시정지", _NUMBER),
    "resume": ("재개", _NUMBER),
    "unsubscribe": ("구독취소", _NUMBER),
    "preview": ("미리보기", _DATE),
    "send": ("보내기", _DATE),
    "why": ("이유", _WHEN_OR_ENTRY),
    "found": ("있음", _LINK),
    "resend": ("다시보내기", None),
}


def register(client: PaperboyClient, parts: DiscordParts) -> None:
    """Put every command into the client's tree."""
    for command in _commands(parts):
        client.tree.add_command(command)
    client.tree.error(_failed(parts))


def _commands(parts: DiscordParts) -> Iterator[app_commands.Command[Any, ..., Any] | app_commands.Group]:
    yield _paper(parts)
    for line in PAPER_COMMANDS:
        contexts, installs = _WHERE.get(line.line, (WITH_PAPERBOY, BY_SERVERS))
        yield _command(parts, line, contexts, installs)
    for line in CURATION_COMMANDS:
        yield _command(parts, line, ON_SERVERS, BY_SERVERS)
    yield _digest(parts)


def _digest(parts: DiscordParts) -> app_commands.Group:
    group = app_commands.Group(
        name=named("digest", "다이제스트"),
        description=described(COMMANDS["/digest"]),
        allowed_contexts=ON_SERVERS,
        allowed_installs=BY_SERVERS,
    )
    for name, (korean, option) in _DIGEST_NAMES.items():
        group.add_command(_command(parts, Line(name, korean, f"/digest {name}", DIGEST_SUBCOMMANDS[name], option)))
    return group


def _command(
    parts: DiscordParts,
    line: Line,
    contexts: app_commands.AppCommandContext | None = None,
    installs: app_commands.AppInstallationType | None = None,
) -> app_commands.Command[Any, ..., Any]:
    return app_commands.Command(
        name=named(line.name, line.korean),
        description=described(line.description),
        callback=_run_of(parts, line),
        allowed_contexts=contexts,
        allowed_installs=installs,
    )


def _run_of(parts: DiscordParts, line: Line) -> Run:
    """What the library calls; it reads the option from the function's own parameters."""

    async def run(interaction: Interaction, value: str | int = "") -> None:
        await guarded(parts, interaction, run_line(parts, interaction, f"{line.line} {value or ''}".strip()))

    async def alone(interaction: discord.Interaction) -> None:
        await run(interaction)  # type: ignore[arg-type] # the library does not read aliases of its types

    async def with_text(interaction: discord.Interaction, value: str = "") -> None:
        await run(interaction, value)  # type: ignore[arg-type]

    async def with_needed_text(interaction: discord.Interaction, value: str) -> None:
        await run(interaction, value)  # type: ignore[arg-type]

    async def with_number(interaction: discord.Interaction, value: app_commands.Range[int, 1, 999_999_999] = 0) -> None:
        await run(interaction, value)  # type: ignore[arg-type]

    option = line.option
    if option is None:
        return alone
    if option.suggested is Suggested.SUBSCRIPTION:
        return _with_option(parts, with_number, option)
    return _with_option(parts, with_needed_text if option.required else with_text, option)


def _with_option(parts: DiscordParts, run: Run, option: Option) -> Run:
    run = app_commands.rename(value=named(option.name, option.korean))(run)
    run = app_commands.describe(value=described(option.description))(run)
    return app_commands.autocomplete(value=suggest(parts, option.suggested))(run) if option.suggested else run


# --- /paper -----------------------------------------------------------------------------------------------------------


def _paper(parts: DiscordParts) -> app_commands.Command[Any, ..., Any]:
    async def paper(  # noqa: PLR0917 - the library reads the options from the parameters
        interaction: discord.Interaction,
        tag: str = "",
        date: str = "",
        author: str = "",
        text: app_commands.Range[str, 1, MAX_LENGTH] = "",
        sort: str = "",
        query: app_commands.Range[str, 1, MAX_LENGTH] = "",
    ) -> None:
        options = QueryOptions(tag=tag, date=date, author=author, text=text, sort=sort, query=query)
        asked = query_of(options)
        ask = Ask(AskKind.LOOKUP, asked) if asked else Ask(AskKind.LINE, "/paper")
        await guarded(parts, interaction, answer_ask(parts, interaction, ask))  # type: ignore[arg-type]

    orders = [app_commands.Choice(name=described(said), value=order) for order, said in SORT_DESCRIPTIONS.items()]
    for decorate in (
        app_commands.rename(
            tag=named("tag", "태그"),
            date=named("date", "날짜"),
            author=named("author", "저자"),
            text=named("text", "단어"),
            sort=named("sort", "정렬"),
            query=named("query", "검색식"),
        ),
        app_commands.describe(
            tag=described(msg("A tag; several with commas: any of them")),
            date=described(msg("A digest's day, month, year or range")),
            author=described(msg("An author or organisation")),
            text=described(msg("Words, anywhere in the entry")),
            sort=described(msg("The order of results")),
            query=described(msg("A whole query, such as tag:rlaif after:2024-06")),
        ),
        app_commands.choices(sort=orders),
        app_commands.autocomplete(
            tag=suggest(parts, Suggested.TAGS),
            date=suggest(parts, Suggested.DATE),
            author=suggest(parts, Suggested.AUTHOR),
            query=suggest(parts, Suggested.QUERY),
        ),
    ):
        paper = decorate(paper)
    return app_commands.Command(
        name=named("paper", "논문"),
        description=described(COMMANDS["/paper"]),
        callback=paper,
        allowed_contexts=EVERYWHERE,
        allowed_installs=BY_ANYBODY,
    )


# --- what goes wrong before a command is run --------------------------------------------------------------------------


def _failed(parts: DiscordParts) -> Callable[[Any, app_commands.AppCommandError], Coroutine[Any, Any, None]]:
    async def failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """The commands that Discord shows may be those of another version for a while."""
        try:
            if interaction.type is discord.InteractionType.application_command:
                said = msg("This command has changed meanwhile. Please type it again in a moment.")
                await say(parts, interaction, said)
        finally:  # writing down where it came from may take longer than Discord waits
            log.warning(
                "discord.command_failed", guild=interaction.guild_id, reason=type(error).__name__, exc_info=error
            )

    return failed
