"""Templates and how a reader likes to see them: language and colours.

A reader's choice comes from `?lang=` and `?theme=`, which also set a cookie, else from that cookie; the language
else from Accept-Language and at last from the workspace.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.core.entries import Entry
from bot.core.latex import readable
from bot.core.people import Language
from bot.core.query import Query, TextTerm
from bot.core.query_writing import unparse
from bot.core.text import shorten_authors
from bot.locale import language_of, translator
from bot.web import markup
from bot.web.parts import PARTS

_COOKIE_AGE = 365 * 24 * 3600
_CHOICES: Mapping[str, tuple[str, ...]] = {"lang": tuple(Language), "theme": ("light", "dark", "auto")}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of `static/`, read once when the server is built."""

    body: bytes
    content_type: str
    version: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates and static files of the web platform."""

    environment: Environment
    static: Mapping[str, StaticFile]

    def address_of(self, name: str) -> str:
        """The address of a static file; it changes with the file, so that browsers may keep it for good."""
        return f"/static/{name}?v={self.static[name].version}"


PAGES: web.AppKey[Pages] = web.AppKey("PAGES", Pages)


@cache
def load_pages() -> Pages:
    """Read templates and static files from the package, once."""
    environment = Environment(
        loader=PackageLoader("bot.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clean": markup.clean,
        "title_text": markup.title_text,
        "paragraphs": markup.paragraphs,
        "abstract": _abstract,
        "phrase": _phrase,
        "sentence": markup.sentence,
        "safe_url": markup.safe_url,
        "host_of": markup.host_of,
        "lang_of": markup.language_of_text,
    }
    environment.globals |= {
        "shorten_authors": shorten_authors,
        "address": address,
        "tag_address": tag_address,
        "entry_address": entry_address,
        "day_address": day_address,
        "search_address": search_address,
    }
    return Pages(environment, _static_files())


def _abstract(text: str) -> Markup:
    return markup.paragraphs(readable(text), keep_lines=False)


def _phrase(text: str) -> str:
    """The query for a run of words."""
    return unparse(Query((TextTerm(" ".join(text.split()), phrase=True),)))


def _static_files() -> Mapping[str, StaticFile]:
    found: dict[str, StaticFile] = {}
    for source in files("bot.web").joinpath("static").iterdir():
        if source.is_file() and not source.name.startswith("."):
            body = source.read_bytes()
            kind = mimetypes.guess_type(source.name)[0] or "application/octet-stream"
            found[source.name] = StaticFile(body, kind, hashlib.sha256(body).hexdigest()[:12])
    return found


# --- addresses ----------------------------------------------------------------------------------------------------


def address(path: str, /, **query: str | None) -> str:
    """A path of ours with the parts of its query that are not empty."""
    asked = urlencode({key: value for key, value in query.items() if value}, quote_via=quote)
    return f"{path}?{asked}" if asked else path


def tag_address(name: str) -> str:
    """Where a tag's entries are."""
    if name.strip(".") == "":  # browsers take such a path apart
        return search_address(f'tag:"{name}"')
    return f"/tag/{quote(name, safe='')}"


def entry_address(entry: Entry) -> str:
    """Where an entry is in full."""
    return f"/e/{quote(entry.id, safe='')}"


def day_address(day: date) -> str:
    """Where a day's digest is."""
    return f"/d/{day.isoformat()}"


def search_address(text: str) -> str:
    """Where the results of a query are."""
    return address("/search", q=text)


# --- choices ------------------------------------------------------------------------------------------------------


def chosen(request: web.Request, choice: Literal["lang", "theme"]) -> str | None:
    """What the reader chose in the address or in the cookie, when it is one of the possible values."""
    for value in (request.query.get(choice), request.cookies.get(choice)):
        if value in _CHOICES[choice]:
            return value
    return None


def language_for(request: web.Request) -> Language:
    """The language to speak to this reader."""
    choice = chosen(request, "lang")
    if choice is not None:
        return Language(choice)
    return language_of(request.headers.get("Accept-Language", "")[:200], request.app[PARTS].language)


def keep_choices(request: web.Request, response: web.StreamResponse) -> None:
    """Remember in a cookie what `?lang=` or `?theme=` chose."""
    for choice, values in _CHOICES.items():
        if request.query.get(choice) in values:
            response.set_cookie(choice, request.query[choice], max_age=_COOKIE_AGE, samesite="Lax", httponly=True)


def address_with(request: web.Request) -> Callable[..., str]:
    """For templates: the address of this page with one choice changed, as path and query."""

    def changed(**choice: str) -> str:
        kept = [(key, value) for key, value in request.query.items() if key not in _CHOICES]
        address = request.rel_url.with_query([*kept, *choice.items()])
        return "/" + address.raw_path_qs.lstrip("/\\")

    return changed


# --- rendering ----------------------------------------------------------------------------------------------------


def render(request: web.Request, template: str, /, *, status: int = 200, **values: object) -> web.Response:
    """A page: the template with `t`, `n`, `day`, `language`, `theme`, `static` and the given values."""
    pages, parts = request.app[PAGES], request.app[PARTS]
    speaker = translator(language_for(request))
    context: dict[str, object] = {
        "t": speaker.t,
        "n": speaker.n,
        "say": speaker.say,
        "day": speaker.day,
        "language": speaker.language,
        "theme": chosen(request, "theme") or "auto",
        "static": pages.address_of,
        "address_with": address_with(request),
        "is_local": parts.is_local,
        "home": "/read" if parts.is_local else "/",
        "path": request.path,
        "query_text": "",
    }
    text = pages.environment.get_template(template).render(context | values)
    response = web.Response(text=text, content_type="text/html", status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language"
    response.headers["Content-Language"] = speaker.language.value
    if request.method in {"GET", "HEAD"}:
        keep_choices(request, response)
    return response
