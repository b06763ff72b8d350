"""Hands requests to bolt, and sees to it that each is answered in time and finished, whatever becomes of it.

Slack waits three seconds for an answer. bolt may have none: it turns requests away that nobody listens to, and a
handler may fail, or be slow. Then a stand-in is answered, so that Slack neither repeats the request nor takes what a
person typed away from them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.response import BoltResponse

from bot.core.messages import msg
from bot.core.people import Language
from bot.locale import translator

ANSWERED_WITHIN: Final = 2.6
"""Seconds after which a stand-in is answered; Slack gives up after three."""
_ONLY_ACKNOWLEDGED: Final = frozenset({"event_callback", "block_actions", "message_action", "shortcut", "view_closed"})
_KEPT: Final = "paperboy_answer"

log = structlog.get_logger(__name__)


class UnderWay(AsyncListenerStartHandler):
    """The tasks at work: bolt starts handlers and lets go of them, here they are held until they end."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:  # noqa: ARG002 - bolt's
        """Called by bolt in a handler's own task, before its work."""
        task = asyncio.current_task()
        assert task is not None
        self.hold(task)

    def hold(self, task: asyncio.Task[Any]) -> None:
        """Keep a task until it ends."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class KeptAnswers(AsyncListenerCompletionHandler):
    """Gives back the answer of a handler that failed after it had answered: bolt drops it then, and goes on waiting."""

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:  # noqa: ARG002 - bolt's
        """Called by bolt after a handler's work."""
        kept = request.context.get(_KEPT)
        if kept is not None:
            request.context.ack.response = kept


class Intake:
    """The way in for both transports. `language` is that of the words in a form whose saving failed."""

    def __init__(self, app: AsyncApp, *, language: Language, answered_within: float = ANSWERED_WITHIN) -> None:
        self._app = app
        self._language = language
        self._answered_within = answered_within
        self._under_way = UnderWay()
        app.listener_runner.listener_start_handler = self._under_way
        app.listener_runner.listener_completion_handler = KeptAnswers()
        app.error(self._error_handler())

    async def answer(self, request: AsyncBoltRequest) -> BoltResponse:
        """What to answer Slack with: always something that it takes, always in time.

        Where nothing but the fact is to be answered, that is done at once, before bolt looks at the request.
        """
        work = asyncio.create_task(self._dispatch(request))
        self._under_way.hold(work)
        if "command" in request.body or request.body.get("type") in _ONLY_ACKNOWLEDGED:
            return BoltResponse(status=HTTPStatus.OK, body="")
        await asyncio.wait({work}, timeout=self._answered_within)
        if not work.done():
            log.warning("slack.slow_answer", kind=kind_of_request(request.body))
            return self._stand_in(request.body)
        return work.result()

    async def _dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            response = await self._app.async_dispatch(request)
        except Exception as error:  # bolt catches what handlers raise, but not what it stumbles over itself
            log.error("slack.not_dispatched", kind=kind_of_request(request.body), exc_info=error)
            return self._stand_in(request.body)
        return response if response.status == HTTPStatus.OK else self._stand_in(request.body)

    async def drain(self, patience: float) -> None:
        """Let what is under way end, and what that begins, for so many seconds; then break it off."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while (late := self._under_way.tasks - {asyncio.current_task()}) and loop.time() < until:
            await asyncio.wait(late, timeout=until - loop.time())
        for task in late:
            task.cancel()
        if late:
            log.warning("slack.broken_off", handlers=len(late))
            await asyncio.gather(*late, return_exceptions=True)

    def _error_handler(self) -> Callable[..., Awaitable[BoltResponse | None]]:
        """For bolt, which looks at the names of its arguments; without `response` Slack has been answered already."""

        async def failed(
            error: Exception, body: dict[str, Any], response: BoltResponse | None, context: AsyncBoltContext
        ) -> BoltResponse | None:
            if isinstance(error, BoltUnhandledRequestError):
                log.debug("slack.nobody_listens", kind=kind_of_request(body))
            else:
                log.error("slack.handler_failed", kind=kind_of_request(body), exc_info=error)
            if response is not None:
                return self._stand_in(body)
            context[_KEPT] = context.ack.response
            return None

        return failed

    def _stand_in(self, body: Mapping[str, Any]) -> BoltResponse:
        match body.get("type"):
            case "view_submission":
                return self._keeping_the_form(body)
            case "block_suggestion":
                return BoltResponse(status=HTTPStatus.OK, body={"options": []})
            case _:
                return BoltResponse(status=HTTPStatus.OK, body="")

    def _keeping_the_form(self, body: Mapping[str, Any]) -> BoltResponse:
        """An empty answer would close the form with all that was typed; an error at its first field keeps it."""
        blocks = (body.get("view") or {}).get("blocks") or ()
        first = next((block.get("block_id") for block in blocks if block.get("type") == "input"), None)
        if first is None:
            return BoltResponse(status=HTTPStatus.OK, body="")
        said = translator(self._language).say(
            msg("Something went wrong on our side. Look whether it was saved before you try again.")
        )
        return BoltResponse(status=HTTPStatus.OK, body={"response_action": "errors", "errors": {first: said}})


def kind_of_request(body: Mapping[str, Any]) -> str:
    """What a request is, in words for the log: never what it says."""
    event = body.get("event")
    named = event if isinstance(event, dict) else body
    for name in ("command", "type"):
        if isinstance(named.get(name), str):
            return str(named[name])[:50]
    return "unknown"
