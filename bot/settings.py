"""Settings: environment, `.env` and `paperboy.toml` -> one frozen `Settings`, built once and never at import.

The environment wins over `.env`, which wins over `paperboy.toml`; both files are looked for in the working
directory. Read by hand: the usual settings library alone takes longer to import than a whole lookup may
(see benchmarks/cold_start.py).
"""

from __future__ import annotations

import base64
import ipaddress
import re
import socket
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.errors import SettingsError
from bot.core.messages import Message, msg
from bot.core.nearest import nearest
from bot.core.people import Language, Staff

DEFAULTS: Final[Mapping[str, str]] = {
    "DATABASE_URL": "sqlite:///paperboy.db",
    "PAPERBOY_LANGUAGE": "ko",
    "PAPERBOY_TIMEZONE": "Asia/Seoul",
    "PAPERBOY_WEB_HOST": "127.0.0.1",
    "PAPERBOY_WEB_PORT": "8080",
    "PAPERBOY_ARXIV_URL": "https://export.arxiv.org/api/query",
    "PAPERBOY_LOG_LEVEL": "info",
    "SLACK_API_URL": "https://slack.com/api/",
    "DISCORD_API_URL": "https://discord.com/api/v10",
}
OPTIONAL: Final = frozenset(
    {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"}
    | {"DISCORD_TOKEN", "DISCORD_GATEWAY_URL", "PAPERBOY_DISCORD_SHARDS"}
    | {"PAPERBOY_ENCRYPTION_KEY", "PAPERBOY_MAINTAINERS", "PAPERBOY_OPERATORS", "PAPERBOY_WORKER"}
)
_KNOWN: Final = frozenset({*DEFAULTS, *OPTIONAL})
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How Slack is served: one workspace by its bot token, or many that install Paperboy by OAuth.

    Events come over Socket Mode with an app token, else over HTTP with a signing secret. No token is ever shown.
    """

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    api_url: str = DEFAULTS["SLACK_API_URL"]

    @property
    def uses_socket_mode(self) -> bool:
        """Whether events come over a WebSocket that Paperboy opens, rather than over HTTP."""
        return self.app_token is not None

    @property
    def serves_many(self) -> bool:
        """Whether workspaces install Paperboy by themselves, by OAuth."""
        return self.client_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """How Discord is served. The token is never shown.

    `gateway_url` (ws or wss) takes the place of every address that Discord names for its gateway. This process serves
    the shards `shard_ids` of `shard_count`; None where that is left to Discord.
    """

    token: str = field(repr=False)
    api_url: str = DEFAULTS["DISCORD_API_URL"]
    gateway_url: str | None = None
    shard_count: int | None = None
    shard_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an operator can set. `language_is_set` tells a choice from the default.

    `worker` is this process's name among those that share its database: the same after a restart, and nobody else's.
    """

    database_url: str = field(repr=False)
    language: Language
    language_is_set: bool
    zone: str
    web_host: str
    web_port: int
    arxiv_url: str
    log_level: str
    worker: str = "paperboy"
    staff: Staff = field(default_factory=Staff)
    slack: SlackSettings | None = None
    discord: DiscordSettings | None = None

    @property
    def is_local(self) -> bool:
        """Whether pages are served on loopback only, where the local workspace may be open."""
        if self.web_host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.web_host).is_loopback
        except ValueError:
            return False


def load_settings(environment: Mapping[str, str], directory: Path) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: a wrong, unknown or unreadable setting, named in one line.
    """
    given = _from_toml(directory / "paperboy.toml") | _from_dotenv(directory / ".env") | _from_environment(environment)
    given = {name: value for name, value in given.items() if value.strip()}
    values = {**DEFAULTS, **given}
    return Settings(
        database_url=_database_url(values["DATABASE_URL"].strip()),
        language=_language(values["PAPERBOY_LANGUAGE"].strip()),
        language_is_set="PAPERBOY_LANGUAGE" in given,
        zone=_zone(values["PAPERBOY_TIMEZONE"].strip()),
        web_host=_host(values["PAPERBOY_WEB_HOST"].strip()),
        web_port=_port(values["PAPERBOY_WEB_PORT"].strip()),
        arxiv_url=_http_url("PAPERBOY_ARXIV_URL", values["PAPERBOY_ARXIV_URL"].strip()),
        log_level=_one_of("PAPERBOY_LOG_LEVEL", values["PAPERBOY_LOG_LEVEL"].strip().lower(), _LOG_LEVELS),
        worker=values.get("PAPERBOY_WORKER", "").strip()
        or f"{socket.gethostname()}:{values['PAPERBOY_WEB_PORT'].strip()}",
        staff=Staff(_ids(values.get("PAPERBOY_MAINTAINERS", "")), _ids(values.get("PAPERBOY_OPERATORS", ""))),
        slack=_slack(values),
        discord=_discord(values),
    )


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return _known({name: value for name, value in environment.items() if _ours(name)}, msg("the environment"))


def _from_dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - only where there is such a file

    read: Callable[[], Mapping[str, str | None]] = lambda: dotenv_values(path)  # noqa: E731
    found = _readable(path, read)
    return _known({name: value for name, value in found.items() if value is not None and _ours(name)}, path.name)


def _ours(name: str) -> bool:
    """`.env` files are shared with other programs: only what is meant for Paperboy is looked at."""
    return name in _KNOWN or name.startswith("PAPERBOY_")


def _from_toml(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    found = _readable(path, lambda: tomllib.loads(path.read_text(encoding="utf-8")))
    return _known({name.upper(): str(value) for name, value in found.items()}, path.name)


def _readable(path: Path, read: Callable[[], Mapping[str, str | None]]) -> Mapping[str, str | None]:
    try:
        return read()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(msg("{file} cannot be read: {reason}", file=path.name, reason=error)) from error


def _known(found: Mapping[str, str], where: str | Message) -> dict[str, str]:
    for name in found:
        if name not in _KNOWN:
            near = nearest(name, [(known, 0) for known in sorted(_KNOWN)], limit=1)
            if near:
                raise SettingsError(
                    msg("Unknown setting {name} in {where}. Did you mean {near}?", name=name, where=where, near=near[0])
                )
            raise SettingsError(msg("Unknown setting {name} in {where}.", name=name, where=where))
    return dict(found)


def _database_url(value: str) -> str:
    """Checked by its outside only: the storage takes it apart. It is never shown, for it may hold a password."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "sqlite" and value.startswith("sqlite:///"):
        return value
    if parts.scheme in ("postgresql", "postgres") and value.startswith(f"{parts.scheme}://"):
        if len(parts.path) > 1:
            return value
        raise SettingsError(
            msg("DATABASE_URL: which database on the server? It looks like postgresql://user@host/paperboy.")
        )
    raise SettingsError(
        msg(
            "DATABASE_URL: this is no database address. It looks like sqlite:///paperboy.db, "
            "or postgresql://user@host/paperboy."
        )
    )


def _language(value: str) -> Language:
    return Language(_one_of("PAPERBOY_LANGUAGE", value.lower(), tuple(language.value for language in Language)))


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        choices = ", ".join(allowed)
        raise SettingsError(msg("{name}: “{value}” is not one of {choices}.", name=name, value=value, choices=choices))
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            msg("PAPERBOY_TIMEZONE: there is no time zone “{value}”. Names look like Asia/Seoul.", value=value)
        ) from error
    return value


def _host(value: str) -> str:
    if not value or any(letter.isspace() or letter in "/@" for letter in value):
        raise SettingsError(msg("PAPERBOY_WEB_HOST: “{value}” is no host name or address.", value=value))
    return value


def _port(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise SettingsError(
            msg("PAPERBOY_WEB_PORT: “{value}” is no port; it is a number from 1 to 65535.", value=value)
        )
    return int(value)


def _ids(value: str) -> frozenset[str]:
    """Ids of people and groups, separated by commas or white space."""
    return frozenset(value.replace(",", " ").split())


def _slack(values: Mapping[str, str]) -> SlackSettings | None:
    """How Slack is to be served; None when nothing of it is set."""
    names = ("bot_token", "app_token", "signing_secret", "client_id", "client_secret")
    given = {name: value for name in names if (value := values.get(f"SLACK_{name.upper()}", "").strip())}
    if not given:
        return None
    keys = tuple(values.get("PAPERBOY_ENCRYPTION_KEY", "").replace(",", " ").split())
    api_url = _http_url("SLACK_API_URL", values["SLACK_API_URL"].strip())
    slack = SlackSettings(**given, encryption_keys=keys, api_url=api_url.rstrip("/") + "/")
    wrong = _mixed_up(slack) or _incomplete(slack)
    if wrong:
        raise SettingsError(wrong)
    return slack


def _mixed_up(slack: SlackSettings) -> Message | None:
    """A token in another's place, by what Slack's tokens begin with."""
    if slack.bot_token and slack.bot_token.startswith(("xapp-", "xoxp-")):
        return msg("SLACK_BOT_TOKEN: this is another kind of token. The bot token begins with xoxb-.")
    if slack.app_token and slack.app_token.startswith(("xoxb-", "xoxp-")):
        return msg("SLACK_APP_TOKEN: this is another kind of token. The app-level token begins with xapp-.")
    return None


def _incomplete(slack: SlackSettings) -> Message | None:
    """What is missing before Slack can be served, or is there twice: the first that is so."""
    many, one, reached = slack.client_id, slack.bot_token, slack.app_token or slack.signing_secret
    problems = (
        (
            bool(many) != bool(slack.client_secret),
            msg("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: set both, or neither."),
        ),
        (one and many, msg("SLACK_BOT_TOKEN is for one workspace, SLACK_CLIENT_ID for many: set one of them.")),
        (
            not one and not many,
            msg("SLACK_BOT_TOKEN is missing. It begins with xoxb- and stands under “OAuth & Permissions”."),
        ),
        (
            not reached,
            msg("Slack cannot reach Paperboy: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)."),
        ),
        (
            many and not slack.encryption_keys,
            msg(
                "PAPERBOY_ENCRYPTION_KEY is missing: it keeps the workspaces' tokens secret. "
                "`paperboy new-key` makes one."
            ),
        ),
        (
            not all(map(_is_key, slack.encryption_keys)),
            msg("PAPERBOY_ENCRYPTION_KEY: this is no key. `paperboy new-key` makes one."),
        ),
    )
    return next((said for is_so, said in problems if is_so), None)


def _is_key(text: str) -> bool:
    """Whether it is a Fernet key: 32 bytes in URL-safe base64."""
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _discord(values: Mapping[str, str]) -> DiscordSettings | None:
    """How Discord is to be served; None without a token."""
    token = re.sub(r"^bot\s+", "", values.get("DISCORD_TOKEN", "").strip(), flags=re.IGNORECASE)
    if not token:
        return None
    if not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token, re.ASCII):
        raise SettingsError(
            msg("DISCORD_TOKEN: this is no bot token. It has three parts with dots between and stands under “Bot”.")
        )
    count, ids = _shards(values.get("PAPERBOY_DISCORD_SHARDS", "").strip())
    gateway_url = values.get("DISCORD_GATEWAY_URL", "").strip()
    if gateway_url and not _is_address(gateway_url, "ws", "wss"):
        raise SettingsError(msg("DISCORD_GATEWAY_URL: “{value}” is no ws or wss address.", value=gateway_url))
    return DiscordSettings(
        token=token,
        api_url=_http_url("DISCORD_API_URL", values["DISCORD_API_URL"].strip()).rstrip("/"),
        gateway_url=gateway_url or None,
        shard_count=count,
        shard_ids=ids,
    )


def _shards(value: str) -> tuple[int | None, tuple[int, ...] | None]:
    """How many shards there are and which are this process's, of a text as `0-3/16` or `2,5/16`."""
    if not value:
        return None, None
    found = re.fullmatch(r"(\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*)/(\d{1,5})", value.replace(" ", ""))
    parts = [_range(part) for part in found[1].split(",")] if found else []
    ids = sorted({number for part in parts for number in part})
    if found is None or not all(parts) or ids[-1] >= int(found[2]):
        raise SettingsError(
            msg(
                "PAPERBOY_DISCORD_SHARDS: “{value}” names no shards. It looks like 0-3/16: four of sixteen.",
                value=value,
            )
        )
    return int(found[2]), tuple(ids)


def _range(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)


def _http_url(name: str, value: str) -> str:
    if not _is_address(value, "http", "https"):
        raise SettingsError(msg("{name}: “{value}” is no http or https address.", name=name, value=value))
    return value


def _is_address(value: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is none
        return False
