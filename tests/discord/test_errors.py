"""Everything that may come instead of an answer ends as one of a courier's errors, with words."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ChannelUnavailable, ContentRefused, CourierError, DeliveryUncertain, PlatformBusy
from bot.core.people import Language
from bot.discord import errors
from bot.discord.api import Api, at_border
from bot.discord.client import PaperboyClient
from bot.discord.errors import (
    EDITED_TOO_OFTEN,
    EXPIRED,
    GONE,
    DiscordBusy,
    DiscordError,
    DiscordRefused,
    DiscordUnreachable,
    ServerFault,
    as_courier_error,
    translated,
    words_for,
)
from bot.locale import translator
from bot.settings import DiscordSettings
from tests.discord.carrying import ToldClock

NOW = datetime(2024, 6, 21, 1, 0, tzinfo=UTC)
Answer = Callable[[web.Request], web.StreamResponse]
ME = {"id": "7", "username": "paperboy", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {
    **{"id": "7", "name": "Paperboy", "icon": None, "description": "", "verify_key": "", "flags": 0, "owner": ME},
    **{"bot_public": True, "bot_require_code_grant": False},
}
LETTING_IN = {"/users/@me": ME, "/oauth2/applications/@me": APPLICATION}


# --- a Discord that answers as it is told -----------------------------------------------------------------------------


def told(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A body as Discord sends it, without an encoding in its type, which the library would stumble over."""
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, headers=headers, content_type="application/json")


@asynccontextmanager
async def scripted(answer: Answer) -> AsyncIterator[str]:
    """The address of an API that lets the bot in, and answers everything else so."""

    async def serve(request: web.Request) -> web.StreamResponse:
        known = LETTING_IN.get(request.path.removeprefix("/api/v10"))
        return answer(request) if known is None else told(known)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    finally:
        await runner.cleanup()


async def _called(url: str, *, method: str = "POST") -> DiscordError:
    """What a call of the library ends in."""
    client = PaperboyClient(DiscordSettings(token="NQ.x.y", api_url=url))
    api = Api(client, "NQ.x.y", ToldClock(NOW))
    route = discord.http.Route(method, "/channels/{channel_id}/messages", channel_id=3)
    try:
        with pytest.raises(DiscordError) as caught:
            await api.call(lambda http: http.request(route, json={}))
    finally:
        await client.close()
    return caught.value


async def _asked(answer: Answer, *, method: str = "POST") -> DiscordError:
    async with scripted(answer) as url:
        return await _called(url, method=method)


def said(status: int, code: int | None = None, **headers: str) -> Answer:
    body = {"message": "no"} if code is None else {"message": "no", "code": code}
    return lambda _: told(body, status=status, headers=headers)


# --- what Discord says ------------------------------------------------------------------------------------------------

CONTENT = [50035, 50006, 20009, 40005, 200000, 200001, 240000, 999_999]
STATUS = dict.fromkeys(errors._CLOSED, 403) | dict.fromkeys((10003, 10004, 10013), 404)
STATUS |= dict.fromkeys((30033, 40066, 40067, 50083, 160005, 160006, 160007), 400)


@pytest.mark.parametrize("code", sorted(errors._CLOSED))
async def test_a_closed_channel_takes_nothing_until_a_person_acts(code: int) -> None:
    error = await _asked(said(STATUS[code], code))
    assert isinstance(error, DiscordRefused)
    assert (error.status, error.code) == (STATUS[code], code)
    assert type(as_courier_error(error)) is ChannelUnavailable


@pytest.mark.parametrize(
    ("status", "code"), [(401, 0), (401, None), (403, None), (403, 999_999), (404, None), (404, 0)]
)
async def test_what_is_forbidden_or_not_there_is_the_channels(status: int, code: int | None) -> None:
    assert type(as_courier_error(await _asked(said(status, code)))) is ChannelUnavailable


@pytest.mark.parametrize("code", [*CONTENT, None, *GONE])
async def test_what_is_said_of_one_message_says_nothing_of_its_channel(code: int | None) -> None:
    error = await _asked(said(404 if code in GONE else 400, code))
    assert type(as_courier_error(error)) is ContentRefused


@pytest.mark.parametrize("code", sorted(errors._NOT_NOW))
async def test_what_goes_by_itself_is_tried_again_in_a_while(code: int) -> None:
    error = await _asked(said(403, code))
    assert isinstance(error, DiscordBusy)
    assert error.retry_at == NOW + timedelta(minutes=5)


def test_no_code_is_both_closed_and_passing() -> None:
    assert not errors._CLOSED & errors._NOT_NOW
    assert not errors._CLOSED & (GONE | EXPIRED)
    assert EDITED_TOO_OFTEN in errors._NOT_NOW


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.3"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({}, 300),
        ({"Retry-After": "soon"}, 300),
        ({"Retry-After": "nan"}, 300),
        ({"Retry-After": "inf"}, 21_600),
        ({"Retry-After": "1e300"}, 21_600),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 300),
    ],
)
async def test_whoever_stands_before_discord_says_until_when(headers: dict[str, str], seconds: int) -> None:
    """Without `Via`, which Discord itself sets, it is a proxy that has shut us out."""
    error = await _asked(lambda _: web.Response(status=429, text="slow down", headers=headers))
    assert isinstance(error, DiscordBusy)
    assert error.retry_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(("retry_after", "seconds"), [(61.5, 61.5), (99_999, 21_600)])
async def test_a_limit_longer_than_we_wait_says_until_when(retry_after: float, seconds: float) -> None:
    body = {"message": "slow down", "retry_after": retry_after, "global": False}
    error = await _asked(lambda _: told(body, status=429, headers={"Via": "1.1 google"}))
    assert isinstance(error, DiscordBusy)
    assert error.retry_at == NOW + timedelta(seconds=seconds)
    meant = as_courier_error(error)
    assert isinstance(meant, PlatformBusy)
    assert meant.retry_at == error.retry_at


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_any_pause_is_one_that_passes(retry_after: str) -> None:
    at = errors._after(NOW, retry_after)
    assert NOW < at <= NOW + timedelta(hours=6)


# --- what is no answer ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 524])
async def test_a_fault_of_discords_leaves_it_uncertain_and_is_not_repeated(status: int) -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.method)
        return web.Response(status=status, text="<html>", content_type="text/html")

    error = await _asked(answer)
    assert isinstance(error, DiscordUnreachable)
    assert asked == ["POST"]
    assert type(as_courier_error(error)) is DeliveryUncertain


UNREADABLE: dict[str, Answer] = {
    "an error page": lambda _: web.Response(status=400, text="<html>", content_type="text/html"),
    "half of JSON": lambda _: web.Response(body=b'{"id": "1', content_type="application/json"),
    "no JSON": lambda _: web.Response(body=b"", content_type="application/json"),
    "another encoding": lambda _: web.Response(body=b'{"id": "\xff"}', content_type="application/json"),
    "a limit without its seconds": lambda _: told({}, status=429, headers={"Via": "1.1 google"}),
    "a compression that is none": lambda _: web.Response(
        body=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_an_error_of_ours(answer: Answer) -> None:
    meant = as_courier_error(await _asked(answer))
    assert type(meant) in (DeliveryUncertain, ContentRefused)
    assert (type(meant) is ContentRefused) is (answer is UNREADABLE["an error page"])


@pytest.mark.parametrize("code", ["50013", [1], {"a": 1}, None, -1, 10**30, True])
async def test_a_code_of_another_kind_is_none_or_what_it_says(code: Any) -> None:
    error = await _asked(lambda _: told({"message": "no", "code": code}, status=400))
    assert isinstance(error, DiscordRefused)
    assert error.code == (50013 if code == "50013" else 0)


@asynccontextmanager
async def _wire(answer: bytes) -> AsyncIterator[str]:
    """A server below HTTP, which lets the bot in and then says this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        known = LETTING_IN.get(head.split()[1].removeprefix("/api/v10"))
        body = json.dumps(known).encode()
        let_in = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(answer if known is None else let_in % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v10"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"nonsense\r\n\r\n"])
async def test_a_connection_that_breaks_leaves_it_uncertain(answer: bytes) -> None:
    async with _wire(answer) as url:
        assert type(as_courier_error(await _called(url))) is DeliveryUncertain


async def test_without_a_connection_nothing_was_posted(unused_tcp_port: int) -> None:
    error = await _called(f"http://127.0.0.1:{unused_tcp_port}/api/v10")
    assert type(as_courier_error(error)) is PlatformBusy


# --- what the library raises ------------------------------------------------------------------------------------------


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _made(kind: type[Exception]) -> Exception:
    """An error of a kind, with what its own kind needs of it."""
    if issubclass(kind, discord.HTTPException):
        response: Any = aiohttp.ClientResponse.__new__(aiohttp.ClientResponse)
        response.status, response.reason = 400, "no"
        refused = kind.__new__(kind)
        discord.HTTPException.__init__(refused, response, {"message": "no", "code": 50035})
        return refused
    if kind is discord.RateLimited:
        return discord.RateLimited(7.0)
    made = kind.__new__(kind, 1, "no")
    Exception.__init__(made, "no")
    return made


def _all(kind: type[Exception]) -> list[type[Exception]]:
    return sorted({kind, *_below(kind)}, key=lambda one: one.__name__)


OF_THE_LIBRARY, OF_THE_NETWORK = _all(discord.DiscordException), _all(aiohttp.ClientError)


@pytest.mark.parametrize("kind", OF_THE_LIBRARY, ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_is_translated(kind: type[Exception]) -> None:
    with pytest.raises(DiscordError) as caught, translated(NOW):
        raise _made(kind)
    expected: type[DiscordError] = DiscordUnreachable
    if issubclass(kind, discord.HTTPException):
        expected = DiscordRefused
    if issubclass(kind, discord.RateLimited):
        expected = DiscordBusy
    assert type(caught.value) is expected
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("kind", OF_THE_NETWORK, ids=lambda kind: kind.__name__)
def test_every_error_of_the_network_is_translated(kind: type[Exception]) -> None:
    """Where no connection was made, nothing was sent."""
    with pytest.raises(DiscordUnreachable) as caught, translated(NOW):
        raise _made(kind)
    assert caught.value.sent is not issubclass(kind, aiohttp.ClientConnectorError)


def test_these_are_many() -> None:
    assert len(OF_THE_LIBRARY) > 20
    assert len(OF_THE_NETWORK) > 20


@pytest.mark.parametrize(
    "one", [TimeoutError(), ConnectionResetError(), socket.gaierror(), BrokenPipeError(), ServerFault(503)], ids=repr
)
def test_the_systems_errors_are_translated(one: Exception) -> None:
    with pytest.raises(DiscordUnreachable) as caught, translated(NOW):
        raise one
    assert caught.value.sent


@pytest.mark.parametrize("one", [KeyError("id"), TypeError(), ValueError(), AttributeError()], ids=repr)
def test_what_the_library_trips_over_leaves_it_uncertain(one: Exception) -> None:
    with pytest.raises(DiscordUnreachable) as caught, translated(NOW):
        raise one
    assert type(as_courier_error(caught.value)) is DeliveryUncertain


@pytest.mark.parametrize("one", [RuntimeError("ours"), AssertionError("ours")], ids=repr)
def test_a_fault_of_ours_stays_one(one: Exception) -> None:
    with pytest.raises(type(one)), translated(NOW):
        raise one


async def test_to_be_broken_off_is_no_error() -> None:
    with pytest.raises(asyncio.CancelledError), translated(NOW):
        raise asyncio.CancelledError


# --- at the border ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "options", "meant"),
    [
        (DiscordUnreachable("x"), {"posting": True}, DeliveryUncertain),
        (DiscordUnreachable("x"), {"saying": True}, PlatformBusy),
        (DiscordUnreachable("x"), {}, PlatformBusy),
        (DiscordRefused(400, 50035), {"posting": True}, ContentRefused),
        (DiscordRefused(400, 50035), {"saying": True}, ContentRefused),
        (DiscordRefused(400, 50035), {}, ChannelUnavailable),
        (DiscordBusy(NOW), {}, PlatformBusy),
    ],
    ids=str,
)
def test_what_an_error_means_depends_on_what_was_asked(
    error: DiscordError, options: dict[str, bool], meant: type[CourierError]
) -> None:
    with pytest.raises(CourierError) as caught, at_border(**options):
        raise error
    assert type(caught.value) is meant


# --- words ------------------------------------------------------------------------------------------------------------

ERRORS: list[DiscordError] = [
    *(DiscordRefused(400, code) for code in sorted({*errors._CLOSED, *errors._WORDS, *GONE, *CONTENT, 0})),
    *(DiscordRefused(401, code) for code in (0, 50014, 50027)),
    *(DiscordRefused(404, code) for code in sorted(EXPIRED)),
    DiscordBusy(NOW),
    DiscordUnreachable("TimeoutError"),
    DiscordUnreachable("closed", sent=False),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("language", Language)
def test_every_error_has_words(error: DiscordError, language: Language) -> None:
    words = translator(language).say(words_for(error))
    assert words
    assert "{" not in words
    assert str(as_courier_error(error).message) == str(words_for(error))


def test_what_is_not_known_by_name_says_its_code() -> None:
    assert "999999" in translator(Language.ENGLISH).say(words_for(DiscordRefused(400, 999_999))).replace(",", "")


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (404, 10015), (401, 50027)])
def test_an_interaction_that_is_over_says_nothing_of_the_bots_token(status: int, code: int) -> None:
    assert "fifteen minutes" in str(words_for(DiscordRefused(status, code)))
    assert "DISCORD_TOKEN" in str(words_for(DiscordRefused(401, 0)))
