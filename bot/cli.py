"""The command line. No logic of its own: settings in, a use case, and what it says out.

Exit codes: 0 done · 1 something is wrong (`doctor`), or nothing was found · 2 wrong words or settings · 3 the database
cannot be used. Heavy libraries are imported by the command that uses them: a lookup has to start fast.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import __version__
from bot.core.errors import InputError, PaperboyError, SettingsError, StorageError
from bot.core.messages import mark, msg
from bot.core.people import Language
from bot.locale import Translator, language_of, translator
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from storage.opening import Storage

DONE, TROUBLE, WRONG_INPUT, NO_DATABASE, INTERRUPTED = 0, 1, 2, 3, 130
_HELP = ("-h", "--help")


def main() -> None:
    """The entry point: runs a command, and turns what Paperboy raises into one line and an exit code."""
    gc.disable()  # what a start imports is no garbage, and looking through it takes a sixth of a lookup's time
    if sys.argv[1:] in ([], ["db"]) or set(_HELP).intersection(sys.argv):
        _translate_help(paperboy, translator(_language(None)))
    try:
        code = paperboy.main(prog_name="paperboy", standalone_mode=False)
    except PaperboyError as error:
        words = translator(_language(None))
        click.echo(f"paperboy: {words.say(error.message)}", err=True)
        for suggestion in getattr(error, "suggestions", ()):
            click.echo(f"  {suggestion}", err=True)
        sys.exit(_exit_code(error))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    sys.exit(code if isinstance(code, int) else DONE)


def _translate_help(command: click.Command, words: Translator) -> None:
    """Put the help texts of a command and everything below it into a language."""
    if command.help:
        command.help = words.t(command.help)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = words.t(parameter.help)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _translate_help(below, words)


def _exit_code(error: PaperboyError) -> int:
    if isinstance(error, StorageError):
        return NO_DATABASE
    return WRONG_INPUT if isinstance(error, InputError | SettingsError) else TROUBLE


def _settings() -> Settings:
    return load_settings(os.environ, Path.cwd())


def _language(settings: Settings | None) -> Language:
    """The language of the terminal: the setting where it is made, else the terminal's own, else the default."""
    if settings is not None and settings.language_is_set:
        return settings.language
    spoken = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), None)
    chosen = os.environ.get("PAPERBOY_LANGUAGE") or spoken
    return language_of(chosen, settings.language if settings else Language.KOREAN)


def _words(settings: Settings) -> Translator:
    return translator(_language(settings))


def _opened(settings: Settings, *, migrate: bool = False) -> AbstractAsyncContextManager[Storage]:
    from bot.opening import opened

    return opened(settings, migrate=migrate)


def _today(settings: Settings) -> date:
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(settings.zone)).date()


def _collect_garbage() -> None:
    """From now on, and not among what the start has left."""
    gc.freeze()
    gc.enable()


def _do(work: Coroutine[Any, Any, int]) -> int:
    """Run a command that may take long and use much memory."""
    _collect_garbage()
    return asyncio.run(work)


@click.group(
    help=mark("Delivers a community's daily paper digest into chat, remembers every entry and answers lookups."),
    context_settings={"help_option_names": list(_HELP)},
)
@click.version_option(__version__, prog_name="paperboy")
def paperboy() -> None:
    """All commands."""


@paperboy.command(help=mark("Serve the local workspace and the reading room, until Ctrl+C."))
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(("all", "gateway", "deliver", "web")),
    help=mark("What this process does of what several do together; may be given more than once. All by default."),
)
def run(roles: tuple[str, ...]) -> int:
    """See the help text."""
    from bot.app import run as serve
    from bot.logs import set_up_logs
    from bot.roles import ProcessRole, duties_of

    gc.enable()
    settings = _settings()
    set_up_logs(settings.log_level)
    words = _words(settings)

    def ready(address: str) -> None:
        gc.collect()
        gc.freeze()  # what is there now stays, and to look through it holds everything up for a twentieth second
        click.echo(words.t("Paperboy is at {address} (Ctrl+C ends it)", address=address))

    asyncio.run(serve(settings, duties_of([ProcessRole(role) for role in roles]), ready=ready))
    return DONE


@paperboy.command(name="import", help=mark("Read documents into the archive. Importing again adds nothing."))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=mark("Print the counts as JSON."))
def import_(paths: tuple[Path, ...], as_json: bool) -> int:
    """See the help text."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise InputError(msg("There is no file or folder {path}.", path=missing[0]))
    return _do(_import(_settings(), paths, as_json))


async def _import(settings: Settings, paths: tuple[Path, ...], as_json: bool) -> int:
    from bot.cli_output import import_progress, print_import_report
    from bot.files import find_files, read_documents
    from bot.usecases.import_archive import import_documents

    words = _words(settings)
    files, unreadable = find_files(paths)
    async with _opened(settings) as storage:
        with import_progress(words, len(files), hidden=as_json) as progress:
            documents = chain(unreadable, read_documents(files))
            report = await import_documents(storage, documents, at=datetime.now(UTC), progress=progress)
    print_import_report(words, report, as_json=as_json)
    return DONE


@paperboy.command(
    help=mark("Write the archive, or what matches a query, to standard output."),
    context_settings={"ignore_unknown_options": True},
)
@click.argument("query", nargs=-1)
@click.option("--format", "form", default="jsonl", metavar="FORMAT", help=mark("jsonl, bibtex or atom."))
def export(query: tuple[str, ...], form: str) -> int:
    """See the help text."""
    return _do(_export(_settings(), " ".join(query), form))


async def _export(settings: Settings, query: str, form: str) -> int:
    from bot.usecases.export_archive import FORMATS, export_archive

    if form not in FORMATS:
        raise InputError(msg("There is no format “{format}”: jsonl, bibtex or atom.", format=form))
    async with _opened(settings) as storage:
        async for text in export_archive(storage, FORMATS[form], query, today=_today(settings)):
            sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
    return DONE


@paperboy.command(
    help=mark("Look papers up, as in: paperboy paper tag:rlaif sort:popular"),
    context_settings={"ignore_unknown_options": True},
)
@click.argument("query", nargs=-1)
@click.option("--limit", default=10, type=click.IntRange(1, 100), help=mark("Results at most."))
def paper(query: tuple[str, ...], limit: int) -> int:
    """See the help text."""
    return asyncio.run(_paper(_settings(), " ".join(query), limit))


async def _paper(settings: Settings, query: str, limit: int) -> int:
    from bot.cli_output import print_results
    from bot.core.people import Caller, Person, Role
    from bot.usecases.look_up import look_up

    person = Person("cli", "local", "operator")
    caller = Caller(person, frozenset({Role.READER}), _language(settings), _today(settings))
    async with _opened(settings) as storage:
        results = await look_up(storage, caller, query, limit=limit)
    print_results(_words(settings), results)
    return DONE if results.hits else TROUBLE


@paperboy.command(help=mark("Make one spelling of a tag stand for another. As in: paperboy alias llms llm"))
@click.argument("alias")
@click.argument("tag")
def alias(alias: str, tag: str) -> int:
    """See the help text."""
    return _do(_alias(_settings(), alias.strip("#＃ "), tag.strip("#＃ ")))


async def _alias(settings: Settings, alias: str, tag: str) -> int:
    async with _opened(settings) as storage:
        await storage.archive.declare_alias(alias, tag)
    click.echo(_words(settings).t("#{alias} stands for #{tag} from now on.", alias=alias, tag=tag))
    return DONE


@paperboy.command(help=mark("Copy the database to a new file, also while Paperboy is running."))
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> int:
    """See the help text."""
    return _do(_backup(_settings(), file))


async def _backup(settings: Settings, file: Path) -> int:
    async with _opened(settings) as storage:
        await storage.backup(file)
    click.echo(_words(settings).t("Backed up to {file}.", file=file))
    return DONE


@paperboy.command(help=mark("Make the index that lookups use anew, also while Paperboy is running."))
def reindex() -> int:
    """See the help text."""
    return _do(_reindex(_settings()))


async def _reindex(settings: Settings) -> int:
    from bot.cli_output import reindex_progress

    words = _words(settings)
    async with _opened(settings) as storage:
        with reindex_progress(words) as told:
            await storage.reindex(told)
        count = await storage.archive.count()
    click.echo(words.n("The index is made anew: {n} entry.", "The index is made anew: {n} entries.", count))
    return DONE


@paperboy.command(
    help=mark(
        "Copy everything to another database, between SQLite and PostgreSQL or within one. "
        "Stop Paperboy before. A copy that was broken off goes on where it was."
    )
)
@click.option("--to", "target", required=True, metavar="URL", help=mark("The other database; it has to be empty."))
def copy(target: str) -> int:
    """See the help text."""
    from bot.cli_output import copy_progress
    from storage.opening import copy_storage

    _collect_garbage()
    settings = _settings()
    words = _words(settings)
    with copy_progress(words) as progress:
        copied = copy_storage(settings.database_url, target, progress)
    click.echo(
        words.n(
            "Copied {n} row from {source} to {target}, and counted it there.",
            "Copied {n} rows from {source} to {target}, and counted them there.",
            copied.rows,
            source=copied.source,
            target=copied.target,
        )
    )
    click.echo(words.t("From now on set DATABASE_URL to that one: what is written here does not get there."))
    return DONE


@paperboy.command(help=mark("Say what is missing or wrong, in words. Exits with 1 when anything is."))
def doctor() -> int:
    """See the help text."""
    return _do(_doctor(_settings()))


async def _doctor(settings: Settings) -> int:
    from bot.cli_output import print_checks
    from bot.doctor import examine

    checks = await examine(settings)
    print_checks(_words(settings), checks)
    return DONE if all(check.ok for check in checks) else TROUBLE


@paperboy.group(help=mark("What a platform has to be told about Paperboy."))
def manifest() -> None:
    """Commands for each platform that has such a thing."""


@manifest.command(help=mark("Print the app manifest for Slack, as JSON: Socket Mode and one workspace, unless told."))
@click.option(
    "--http", "http_url", metavar="URL", help=mark("Slack sends events to Paperboy, reached at this address.")
)
@click.option(
    "--many",
    "install_url",
    is_flag=False,
    flag_value="",
    metavar="[URL]",
    help=mark("Any workspace may install it, on pages at this address: where left out, that of --http."),
)
@click.option("--language", metavar="LANGUAGE", help=mark("ko or en: of the descriptions that everybody sees."))
def slack(http_url: str | None, install_url: str | None, language: str | None) -> int:
    """See the help text."""
    import json

    from bot.slack.manifest import manifest as slack_manifest

    spoken = _chosen_language(language)
    made = slack_manifest(
        http_url=http_url, language=spoken, many=install_url is not None, install_url=install_url or None
    )
    click.echo(json.dumps(made, ensure_ascii=False, indent=2))
    return DONE


def _chosen_language(name: str | None) -> Language:
    """The language that was asked for, else the setting, else the terminal's."""
    if name is not None:
        if name not in list(Language):
            raise InputError(msg("There is no language “{name}”: ko or en.", name=name))
        return Language(name)
    try:
        return _language(_settings())
    except SettingsError:  # the manifest comes first: those of Slack are often half there
        return _language(None)


@paperboy.group(help=mark("Links that bring Paperboy somewhere."))
def invite() -> None:
    """Commands for each platform that has such a thing."""


@invite.command(
    name="discord",
    help=mark("Print the link that brings Paperboy into a Discord server with the permissions it uses."),
)
@click.option("--client-id", metavar="ID", help=mark("The application's id, where DISCORD_TOKEN is not set yet."))
def invite_discord(client_id: str | None) -> int:
    """See the help text."""
    from bot.discord.invite import invite as discord_invite

    discord = None if client_id else _settings().discord
    click.echo(discord_invite(discord.token if discord else None, client_id))
    return DONE


@paperboy.command(name="new-key", help=mark("Print a new key for PAPERBOY_ENCRYPTION_KEY."))
def new_key() -> int:
    """See the help text."""
    from cryptography.fernet import Fernet

    click.echo(Fernet.generate_key().decode("ascii"))
    return DONE


@paperboy.group(help=mark("The database."))
def db() -> None:
    """Commands for the database itself."""


@db.command(help=mark("Bring the database to this version's schema."))
def upgrade() -> int:
    """See the help text."""
    return _do(_upgrade(_settings()))


async def _upgrade(settings: Settings) -> int:
    async with _opened(settings, migrate=True):
        pass
    click.echo(_words(settings).t("The database is up to date."))
    return DONE
