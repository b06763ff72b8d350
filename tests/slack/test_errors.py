"""Everything that may come instead of an answer ends as one of a courier's errors, with words."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from slack_sdk import errors as sdk_errors

from bot.core.errors import ChannelUnavailable, ContentRefused, DeliveryUncertain, PlatformBusy
from bot.core.people import Language
from bot.locale import translator
from bot.slack import errors
from bot.slack.calling import RateLimits, SlackClient, web_client
from bot.slack.errors import (
    GONE,
    REVOKED,
    SlackBusy,
    SlackError,
    SlackRefused,
    SlackUnreachable,
    as_courier_error,
    is_of_content,
    translated,
    words_for,
)
from bot.slack.workspaces import is_revoked
from tests.slack.carrying import ToldClock, scripted

NOW = datetime(2024, 6, 21, 1, 0, tzinfo=UTC)
Answer = Callable[[], web.Response]


def _client(url: str) -> SlackClient:
    return SlackClient("T1", web_client("xoxb-1", url), RateLimits(), ToldClock(NOW))


async def _asked(answer: Answer) -> SlackError:
    """What a call ends in that is answered so."""
    async with scripted(chat_postMessage=lambda _: answer()) as slack:
        with pytest.raises(SlackError) as caught:
            await _client(slack.url).call("chat.postMessage", channel="C1", text="Hello")
    assert caught.value.method == "chat.postMessage"
    return caught.value


def _said(code: str, **more: object) -> web.Response:
    return web.json_response({"ok": False, "error": code, **more})


# --- what Slack says ------------------------------------------------------------------------------------------------

CLOSED = sorted({*REVOKED, *errors._CLOSED, *errors._WORDS, "restricted_action_of_a_new_kind"})
CONTENT = [
    "invalid_blocks",
    "msg_too_long",
    "msg_blocks_too_long",
    "metadata_too_large",
    "invalid_arguments",
    "new_one",
]
NAMED = sorted({*CLOSED, *CONTENT, *GONE, *errors._PASSING})


@pytest.mark.parametrize("code", CLOSED)
async def test_a_refusal_means_that_nothing_was_posted_and_somebody_has_to_act(code: str) -> None:
    error = await _asked(lambda: _said(code))
    assert isinstance(error, SlackRefused)
    assert (error.code, is_revoked(error)) == (code, code in REVOKED)
    assert type(as_courier_error(error)) is ChannelUnavailable
    assert not is_of_content(error)


@pytest.mark.parametrize("code", [*CONTENT, *sorted(GONE)])
async def test_what_is_said_of_one_message_says_nothing_of_its_channel(code: str) -> None:
    error = await _asked(lambda: _said(code))
    assert isinstance(error, SlackRefused)
    assert type(as_courier_error(error)) is ContentRefused
    assert is_of_content(error) is (code in CONTENT)


@pytest.mark.parametrize("code", sorted(errors._PASSING))
async def test_what_may_go_by_itself_is_tried_again_after_the_usual_pause(code: str) -> None:
    meant = as_courier_error(await _asked(lambda: _said(code)))
    assert type(meant) is PlatformBusy
    assert meant.retry_at is None


@pytest.mark.parametrize("code", sorted(errors._MAYBE_DONE))
async def test_what_slack_is_not_sure_of_is_uncertain(code: str) -> None:
    assert type(as_courier_error(await _asked(lambda: _said(code)))) is DeliveryUncertain


@pytest.mark.parametrize("code", sorted(errors._NOT_NOW))
async def test_what_slack_puts_off_is_tried_again_later(code: str) -> None:
    meant = as_courier_error(await _asked(lambda: _said(code)))
    assert type(meant) is PlatformBusy
    assert meant.retry_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7), ({}, 30), ({"Retry-After": "soon"}, 30), ({"retry-after": "0"}, 1)],
)
async def test_a_rate_limit_says_until_when(headers: dict[str, str], seconds: int) -> None:
    body = {"ok": False, "error": "ratelimited"}
    error = await _asked(lambda: web.json_response(body, status=429, headers=headers))
    assert isinstance(error, SlackBusy)
    assert error.retry_at == NOW + timedelta(seconds=seconds)


async def test_a_rate_limit_without_a_body_that_can_be_read_is_one_all_the_same() -> None:
    error = await _asked(lambda: web.Response(status=429, text="slow down", headers={"Retry-After": "5"}))
    assert isinstance(error, SlackBusy)
    assert error.retry_at == NOW + timedelta(seconds=5)


# --- what is no answer ----------------------------------------------------------------------------------------------

UNREADABLE: dict[str, Answer] = {
    "an error page": lambda: web.Response(status=500, text="<html>", content_type="text/html"),
    "a gateway's": lambda: web.Response(status=502, text="", content_type="text/html"),
    "an error with a body": lambda: web.json_response({"ok": False, "error": "channel_not_found"}, status=503),
    "not found": lambda: web.Response(status=404, text="<html>", content_type="text/html"),
    "a page that is no error": lambda: web.Response(text="<html>", content_type="text/html"),
    "plain text and an error": lambda: web.Response(status=500, text="no", content_type="text/plain"),
    "half of JSON": lambda: web.Response(text='{"ok": tr', content_type="application/json"),
    "no JSON at all": lambda: web.Response(text="", content_type="application/json"),
    "nothing": lambda: web.json_response(None),
    "no reason": lambda: web.json_response({"ok": False}),
    "a compression that is none": lambda: web.Response(
        body=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_leaves_it_uncertain(answer: Answer) -> None:
    error = await _asked(answer)
    assert isinstance(error, SlackUnreachable)
    assert type(as_courier_error(error)) is DeliveryUncertain


NO_OBJECT: dict[str, Answer] = {
    "plain text": lambda: web.Response(text="ok", content_type="text/plain"),
    "a list": lambda: web.json_response([1]),
    "a number": lambda: web.json_response(1),
    "another encoding": lambda: web.Response(body=b'{"ok": "\xff\xfe"}', content_type="application/json"),
}


@pytest.mark.parametrize("answer", NO_OBJECT.values(), ids=NO_OBJECT)
async def test_what_the_library_trips_over_leaves_it_uncertain(answer: Answer) -> None:
    assert type(as_courier_error(await _asked(answer))) is DeliveryUncertain


@asynccontextmanager
async def _wire(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[str]:
    """A server below HTTP."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        handle(reader, writer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"nonsense\r\n\r\n"])
async def test_a_connection_that_breaks_leaves_it_uncertain(said: bytes) -> None:
    async with _wire(lambda _, writer: writer.write(said)) as url:
        with pytest.raises(SlackUnreachable) as caught:
            await _client(url).call("chat.postMessage", channel="C1", text="Hello")
    assert type(as_courier_error(caught.value)) is DeliveryUncertain


async def test_without_a_connection_nothing_was_posted(unused_tcp_port: int) -> None:
    with pytest.raises(SlackUnreachable) as caught:
        await _client(f"http://127.0.0.1:{unused_tcp_port}/api/").call("chat.postMessage", channel="C1", text="Hello")
    assert type(as_courier_error(caught.value)) is PlatformBusy


async def test_a_name_that_leads_nowhere_is_no_connection() -> None:
    with pytest.raises(SlackUnreachable) as caught:
        await _client("http://slack.invalid/api/").call("chat.postMessage", channel="C1", text="Hello")
    assert type(as_courier_error(caught.value)) is PlatformBusy


# --- what the library raises ----------------------------------------------------------------------------------------


def _library_errors() -> list[type[Exception]]:
    return [one for one in vars(sdk_errors).values() if isinstance(one, type) and issubclass(one, Exception)]


@pytest.mark.parametrize("kind", _library_errors())
def test_every_error_of_the_library_is_translated(kind: type[Exception]) -> None:
    one = kind("no", {}) if issubclass(kind, sdk_errors.SlackApiError) else kind("no")
    with pytest.raises(SlackUnreachable) as caught, translated("chat.postMessage", NOW):
        raise one
    assert type(as_courier_error(caught.value)) is DeliveryUncertain


@pytest.mark.parametrize("one", [TimeoutError(), ConnectionResetError(), socket.gaierror()])
def test_the_systems_errors_are_translated(one: Exception) -> None:
    with pytest.raises(SlackUnreachable), translated("chat.postMessage", NOW):
        raise one


def test_a_fault_of_ours_stays_one() -> None:
    with pytest.raises(KeyError), translated("chat.postMessage", NOW):
        raise KeyError("ours")


# --- words ----------------------------------------------------------------------------------------------------------

ERRORS: list[SlackError] = [
    *(SlackRefused("chat.postMessage", code, "channels:history") for code in NAMED),
    SlackBusy("chat.postMessage", NOW),
    SlackUnreachable("chat.postMessage", "TimeoutError"),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("language", Language)
def test_every_error_has_words(error: SlackError, language: Language) -> None:
    said = translator(language).say(words_for(error))
    assert said
    assert "{" not in said


def test_a_missing_scope_is_named() -> None:
    error = SlackRefused("conversations.history", "missing_scope", "channels:history")
    assert "channels:history" in str(words_for(error))


def test_what_is_not_known_by_name_says_its_code() -> None:
    assert "something_new" in str(words_for(SlackRefused("chat.postMessage", "something_new")))


def test_no_error_says_a_token() -> None:
    for error in ERRORS:
        assert "xox" not in str(error)


# --- rate limits ----------------------------------------------------------------------------------------------------


def test_limits_are_kept_for_each_method_and_workspace() -> None:
    limits = RateLimits()
    limits.note("T1", SlackBusy("chat.postMessage", NOW + timedelta(seconds=5)))
    limits.check("T2", "chat.postMessage", NOW)
    limits.check("T1", "chat.update", NOW)
    with pytest.raises(SlackBusy) as busy:
        limits.check("T1", "chat.postMessage", NOW + timedelta(seconds=4))
    assert busy.value.retry_at == NOW + timedelta(seconds=5)
    limits.check("T1", "chat.postMessage", NOW + timedelta(seconds=5))
    limits.check("T1", "chat.postMessage", NOW)  # it is over for good
