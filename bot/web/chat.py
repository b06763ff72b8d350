"""The local workspace's pages: channels, threads, and what is done in them. Served on loopback only.

    GET  / and /c/CHANNEL           the chat page            GET  /m/ID            leads to a message
    GET  /chat/...                  pieces of it, as HTML    POST /chat/...        something is done, a piece comes back
    GET  /ws                        what happens, as ids (see `bot.web.live`)

Pieces are rendered for the language and persona of who asks, so one event serves every open tab.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDictProxy

from bot.core.errors import InputError, NotFound, PaperboyError
from bot.core.messages import msg
from bot.core.query_writing import write_tag
from bot.locale import translator
from bot.usecases import complete, converse
from bot.usecases.answers import Act, Answer, EndAct, RemoveAct, ResendAct, error_answer
from bot.web import actions, forms, viewing
from bot.web.answers import shown
from bot.web.live import listen
from bot.web.pages import render
from bot.web.visitor import PERSONA_COOKIE, Persona, Visitor, visitor_of
from bot.web.wording import page_strings, said, weekday_names

_COOKIE_AGE: Final = 365 * 24 * 3600
_LONGEST_CURSOR: Final = 10_000

Handler = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application) -> None:
    """Everything of the chat page; what may fail in people's words answers with a piece that says so."""
    app.add_routes(
        [
            web.get("/", _home),
            web.get("/c/{channel}", _channel_page),
            web.get(r"/m/{message:\d{1,18}}", _permalink),
            web.post("/chat/persona", _choose_persona),
            web.get("/ws", listen),
        ]
    )
    channel, message, entry = "/chat/channels/{channel}", r"/chat/messages/{message:\d{1,18}}", "/chat/entries/{entry}"
    pieces: tuple[tuple[str, str, Handler], ...] = (
        ("GET", f"{channel}/messages", _history),
        ("POST", f"{channel}/messages", _write),
        ("POST", f"{channel}/commands", _run),
        ("GET", f"{channel}/results", _results),
        ("GET", f"{channel}/completions", _completions),
        ("POST", f"{channel}/shares", _share),
        ("POST", f"{channel}/subscriptions", _save_subscription),
        ("POST", channel + r"/subscriptions/{number:\d{1,9}}", _save_subscription),
        ("POST", channel + r"/subscriptions/{number:\d{1,9}}/end", _end_subscription),
        ("POST", channel + r"/posts/{number:\d{1,18}}/resend", _resend),
        ("GET", message, _message),
        ("GET", f"{message}/place", _place),
        ("GET", f"{message}/thread", _thread),
        ("POST", f"{message}/replies", _reply),
        ("POST", f"{message}/reactions", _react),
        ("POST", f"{message}/delete", _delete),
        ("POST", "/chat/entries", _save_entry),
        ("GET", entry, _entry),
        ("POST", entry, _save_entry),
        ("GET", f"{entry}/like", _like),
        ("POST", f"{entry}/saved", _save),
        ("POST", f"{entry}/remove", _remove),
        ("POST", "/chat/forget-me", _forget_me),
    )
    for method, path, handler in pieces:
        app.router.add_route(method, path, _piece(handler))


def _piece(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler whose errors are answers too, which the page shows where the asker looks."""

    async def answered(request: web.Request) -> web.StreamResponse:
        visitor = visitor_of(request)
        try:
            return await handler(request, visitor)
        except PaperboyError as error:
            return _answer(request, visitor, error_answer(error))

    return answered


# --- pages ----------------------------------------------------------------------------------------------------------


async def _home(request: web.Request) -> web.Response:
    visitor = visitor_of(request)
    channels = await viewing.channels_of(visitor)
    if not channels:
        raise NotFound(msg("The workspace has no channel yet."))
    return await _page(request, visitor, channels[0].channel.id)


async def _channel_page(request: web.Request) -> web.Response:
    return await _page(request, visitor_of(request), request.match_info["channel"])


async def _page(request: web.Request, visitor: Visitor, channel_id: str) -> web.Response:
    history = await viewing.history_of(visitor, channel_id)
    channels = await viewing.channels_of(visitor)
    here = next((view.channel for view in channels if view.channel.id == channel_id), None)
    if here is None:
        raise NotFound(msg("There is no such channel."))
    strings = page_strings(translator(visitor.caller.language))
    return _render(request, visitor, "chat/page.html", here=here, channels=channels, history=history, strings=strings)


async def _permalink(request: web.Request) -> web.StreamResponse:
    message = await viewing.message_of(visitor_of(request), int(request.match_info["message"]))
    anchor = f"m{message.thread_of}-r{message.id}" if message.thread_of else f"m{message.id}"
    raise web.HTTPFound(f"/c/{message.channel_id}#{anchor}")


async def _choose_persona(request: web.Request) -> web.StreamResponse:
    form = await _posted(request)
    persona, channel_id = str(form.get("persona", "")), str(form.get("channel", ""))
    if persona not in list(Persona):
        raise InputError(msg("There is no such person here."))
    await actions.channel_must_exist(visitor_of(request), channel_id)
    response = web.HTTPSeeOther(f"/c/{channel_id}")
    response.set_cookie(PERSONA_COOKIE, persona, max_age=_COOKIE_AGE, path="/", samesite="Strict", httponly=True)
    raise response


# --- pieces to read -------------------------------------------------------------------------------------------------


async def _history(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    before, since = _number(request.query.get("before")), _number(request.query.get("since"))
    channel_id = request.match_info["channel"]
    await actions.channel_must_exist(visitor, channel_id)
    history = await viewing.history_of(visitor, channel_id, before=before, since=since)
    return _render(request, visitor, "chat/history.html", history=history)


async def _message(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    message = await viewing.message_of(visitor, _message_id(request))
    view = await viewing.view_of(visitor, message)
    return _render(request, visitor, "chat/message.html", message=view, in_thread="thread" in request.query)


async def _place(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    message = await viewing.message_of(visitor, _message_id(request))
    return web.json_response({"channel": message.channel_id, "thread": message.thread_of})


async def _thread(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    view = await viewing.thread_of(visitor, _message_id(request))
    return _render(request, visitor, "chat/thread.html", thread=view)


async def _completions(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    text = request.query.get("text", "")[:_LONGEST_CURSOR]
    cursor = min(_number(request.query.get("cursor")) or 0, len(text))
    channel = visitor.channel(request.match_info["channel"])
    stores, caller = visitor.parts.stores, visitor.caller
    match request.query.get("of"):
        case "tags":
            found = await complete.complete_tags(stores, caller, text, cursor)
        case "query":
            found = await complete.complete_query(stores, caller, channel, text, cursor)
        case _:
            found = await complete.complete_line(stores, caller, channel, text, cursor)
    say = translator(caller.language).say
    offers = [
        {
            "label": offer.label,
            "detail": offer.detail if isinstance(offer.detail, str) else say(offer.detail),
            "insert": offer.insert,
            "restricted": offer.is_restricted,
        }
        for offer in found.offers
    ]
    return web.json_response({"start": found.start, "end": found.end, "sure": found.is_sure, "offers": offers})


async def _results(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    typed, cursor = request.query.get("text", ""), request.query.get("cursor") or None
    return _answer(request, visitor, await converse.results_page(visitor.desk, visitor.caller, typed, cursor))


async def _entry(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    entry_id = request.match_info["entry"]
    return _answer(request, visitor, await converse.show_entry(visitor.desk, visitor.caller, entry_id))


async def _like(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    entry_id = request.match_info["entry"]
    return _answer(request, visitor, await converse.show_like(visitor.desk, visitor.caller, entry_id))


# --- pieces that do something ---------------------------------------------------------------------------------------


async def _run(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    channel_id = request.match_info["channel"]
    await actions.channel_must_exist(visitor, channel_id)
    channel, line = visitor.channel(channel_id), await _field(request, "text")
    return _answer(request, visitor, await converse.run_line(visitor.desk, visitor.caller, channel, line))


async def _write(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    text, token = await _field(request, "text"), await _field(request, "token")
    message = await actions.write(visitor, request.match_info["channel"], text, token, thread_of=None)
    return _render(request, visitor, "chat/message.html", message=await viewing.view_of(visitor, message))


async def _reply(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    text, token = await _field(request, "text"), await _field(request, "token")
    view = await viewing.view_of(visitor, await actions.reply(visitor, _message_id(request), text, token))
    return _render(request, visitor, "chat/message.html", message=view, in_thread=True)


async def _react(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    emoji, on = await _field(request, "emoji"), await _field(request, "on")
    message = await actions.react(visitor, _message_id(request), emoji, on=on == "1")
    view = await viewing.view_of(visitor, message)
    return _render(request, visitor, "chat/message.html", message=view, in_thread="thread" in request.query)


async def _delete(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    await actions.delete(visitor, _message_id(request))
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _save(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    await actions.save(visitor, request.match_info["entry"], on=await _field(request, "on") == "1")
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _share(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    entry_id, token = await _field(request, "entry"), await _field(request, "token")
    await actions.share(visitor, request.match_info["channel"], entry_id, token)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def _save_entry(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    form, entry_id = forms.read_entry_form(await _typed(request)), request.match_info.get("entry")
    return _answer(request, visitor, await converse.save_entry(visitor.desk, visitor.caller, form, entry_id))


async def _save_subscription(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    channel_id = request.match_info["channel"]
    await actions.channel_must_exist(visitor, channel_id)
    form, number = forms.read_subscription_form(await _typed(request)), _number(request.match_info.get("number"))
    channel = visitor.channel(channel_id)
    done = await converse.save_subscription(visitor.desk, visitor.caller, channel, form, number)
    return _answer(request, visitor, done)


async def _end_subscription(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return await _perform(request, visitor, EndAct(int(request.match_info["number"])))


async def _resend(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return await _perform(request, visitor, ResendAct(int(request.match_info["number"])))


async def _remove(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return await _perform(request, visitor, RemoveAct(request.match_info["entry"]))


async def _perform(request: web.Request, visitor: Visitor, act: Act) -> web.StreamResponse:
    """Do what was confirmed: in the channel of the address, or where that names none, wherever it was."""
    channel = visitor.channel(request.match_info.get("channel", ""))
    return _answer(request, visitor, await converse.perform(visitor.desk, visitor.caller, channel, act))


async def _forget_me(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return _answer(request, visitor, await actions.forget_me(visitor))


# --- helpers --------------------------------------------------------------------------------------------------------


def _answer(request: web.Request, visitor: Visitor, answer: Answer) -> web.Response:
    way = shown(answer, language=visitor.caller.language, channel_id=request.match_info.get("channel", ""))
    return _render(request, visitor, way.template, status=way.status, answer=answer, **way.values)


def _render(
    request: web.Request,
    visitor: Visitor,
    template: str,
    /,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    **values: object,
) -> web.Response:
    """A piece or page, with what every chat template may use."""
    speaker = translator(visitor.caller.language)
    common = {
        "channel_id": request.match_info.get("channel", ""),
        "persona": visitor.persona.value,
        "roles": visitor.caller.roles,
        "emoji": viewing.EMOJI,
        "in_thread": False,
        "clock": speaker.clock,
        "said": lambda message: said(speaker.say(message)),
        "weekday_names": lambda days: weekday_names(days, visitor.caller.language),
        "write_tag": write_tag,
        "today": visitor.caller.today,
        "token": secrets.token_hex(8),
    }
    response = render(request, template, status=status, **(common | values))
    response.headers["Cache-Control"] = "no-store"
    return response


def _message_id(request: web.Request) -> int:
    return int(request.match_info["message"])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


async def _posted(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """A posted form.

    Raises:
        InputError: it is none.
    """
    try:
        return await request.post()
    except (ValueError, LookupError, HttpProcessingError) as error:  # the body is not what its content type says
        raise InputError(msg("This request was not understood")) from error


async def _field(request: web.Request, name: str) -> str:
    """One field of a posted form; empty when it is missing or no text."""
    value = (await _posted(request)).get(name, "")
    return value if isinstance(value, str) else ""


async def _typed(request: web.Request) -> Mapping[str, tuple[str, ...]]:
    """All text fields of a posted form."""
    posted = await _posted(request)
    return {
        name: tuple(value for value in posted.getall(name) if isinstance(value, str)) for name in dict.fromkeys(posted)
    }
