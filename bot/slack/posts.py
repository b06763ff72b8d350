"""The posts of a channel, as the messages that they consist of.

A post is one message; what does not fit goes on in its thread, or after it in the thread it stands in itself. All its
messages carry a label (see `bot.slack.reading`) by which they are found again after a crash or an answer that was lost.

What a post consists of is never remembered here, but read from Slack before it is changed. `Label.parts` of the post
keeps that cheap: it never says fewer messages than there are, because it is written before they are posted. So most
changes read one message.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.slack.asking import Api
from bot.slack.blocks import SlackMessage
from bot.slack.errors import GONE, SlackRefused, SlackUnreachable, is_of_content
from bot.slack.pacing import Pace
from bot.slack.plain import plain_message
from bot.slack.reading import Label, Told, channel_messages, thread_messages
from bot.slack.rendering import withdrawn_message

_NOT_DELETABLE: Final = frozenset({"cant_delete_message", "compliance_exports_prevent_deletion"})

Done = TypeVar("Done")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """A post as it stands in its channel: its message, what continues it in order, and whether others replied to it."""

    post: Told
    rest: tuple[Told, ...]
    answered: bool

    @property
    def thread(self) -> str:
        """The thread in which it is continued."""
        return self.post.thread_ts or self.post.ts

    @property
    def label(self) -> Label:
        """Its label; one by its ts where it has lost it."""
        return self.post.label or Label(self.post.ts)


class Posts:
    """One channel's posts. Any method may raise SlackRefused, SlackBusy, SlackUnreachable or StorageError."""

    def __init__(self, api: Api, pace: Pace, channel: Channel) -> None:
        self._api = api
        self._pace = pace
        self._channel = channel

    async def add(self, message: SlackMessage, label: Label | None = None, thread: str | None = None) -> str:
        """Post a message, in a thread or in the channel itself, in plain text if it must be; its ts."""
        place = {"thread_ts": thread} if thread else {}
        return await _in_plain_if_refused(message, lambda said: self._post(_content(said, label) | place))

    async def _post(self, said: dict[str, Any]) -> str:
        async with self._pace.turn(self._channel):
            answer = await self._api.call(
                "chat.postMessage",
                channel=self._channel.id,
                unfurl_links=False,
                unfurl_media=False,
                **said,
            )
        if not answer.get("ts"):
            raise SlackUnreachable("chat.postMessage", "an answer without ts")
        return str(answer["ts"])

    async def find(self, key: str, *, thread: str | None, oldest: str) -> str | None:
        """The ts of the post with this key, not older than `oldest`.

        Where its thread is gone, it is looked for in the channel itself, for that is where Slack would have put it.
        """
        me = await self._api.identity()
        if thread is not None:
            try:
                return await _first(thread_messages(self._api, me, self._channel.id, thread, oldest=oldest), key)
            except SlackRefused as error:
                if error.code not in GONE:
                    raise
        return await _first(channel_messages(self._api, me, self._channel.id, oldest=oldest), key)

    async def standing(self, ts: str, *, whole: bool) -> Standing | None:
        """A post as it stands there; None where it is gone, or nothing can be told of it.

        `whole`: the rest of its thread matters even where the post says that it is not continued.
        """
        try:
            return await self._read(ts, whole=whole)
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            return None

    async def _read(self, ts: str, *, whole: bool) -> Standing | None:
        me = await self._api.identity()
        thread: list[Told] = []
        post: Told | None = None
        async with aclosing(thread_messages(self._api, me, self._channel.id, ts)) as messages:
            async for message in messages:
                thread.append(message)
                post = message if message.ts == ts else post
                if post is not None and not (whole or _is_continued(post)):
                    break
        if post is None or not post.ours:
            return None
        if post.is_reply and (whole or _is_continued(post)):
            after = thread_messages(self._api, me, self._channel.id, post.thread_ts, oldest=post.ts)
            thread = [message async for message in after]
        standing = Standing(post, (), any(not m.ours for m in thread) and not post.is_reply)
        rest = [m for m in thread if m.label and m.label.part and m.label.key == standing.label.key]
        return Standing(post, tuple(sorted(rest, key=lambda m: m.ts)), standing.answered)

    async def show(self, standing: Standing, messages: Sequence[SlackMessage], language: Language) -> None:
        """Make a post show this, in as many messages as it needs. The same again completes what was broken off."""
        first, *rest = messages
        there = standing.rest
        label = Label(standing.label.key, parts=1 + max(len(rest), len(there)), language=language)
        if not await self.update(standing.post.ts, first, label):
            return
        for place, message in enumerate(rest):
            part = label.of_part(place + 1)
            if place >= len(there) or not await self.update(there[place].ts, message, part):
                await self.add(message, part, standing.thread)
        for surplus in reversed(there[len(rest) :]):
            await self.remove(surplus.ts, label)

    async def take_back(self, standing: Standing) -> None:
        """Delete a post; where others have replied it becomes a mark, and their words stay."""
        for message in reversed(standing.rest):
            await self.remove(message.ts, standing.label)
        if standing.answered:
            await self._mark_withdrawn(standing.post.ts, standing.label)
        else:
            await self.remove(standing.post.ts, standing.label)

    async def update(self, ts: str, message: SlackMessage, label: Label | None = None) -> bool:
        """Show a message in place of another, in plain text if it must be; False when that is gone."""

        async def show(said: SlackMessage) -> None:
            await self._api.call("chat.update", channel=self._channel.id, ts=ts, **_content(said, label))

        try:
            await _in_plain_if_refused(message, show)
        except SlackRefused as error:
            if error.code not in GONE:
                raise
            return False
        return True

    async def remove(self, ts: str, label: Label) -> None:
        """Delete a message; where the workspace keeps messages from being deleted, it becomes a mark."""
        try:
            await self._api.call("chat.delete", channel=self._channel.id, ts=ts)
        except SlackRefused as error:
            if error.code in _NOT_DELETABLE:
                await self._mark_withdrawn(ts, label)
            elif error.code not in GONE:
                raise

    async def _mark_withdrawn(self, ts: str, label: Label) -> None:
        await self.update(ts, withdrawn_message(label.language), Label(label.key, language=label.language))


async def _in_plain_if_refused(message: SlackMessage, say: Callable[[SlackMessage], Awaitable[Done]]) -> Done:
    """Say a message, and where Slack does not take it as it is made, say it once more in plain text."""
    try:
        return await say(message)
    except SlackRefused as error:
        if not is_of_content(error):
            raise
        log.warning("slack.said_in_plain_text", method=error.method, code=error.code)
    return await say(plain_message(message))


async def _first(messages: AsyncGenerator[Told, None], key: str) -> str | None:
    """The ts of the post with this key; what follows it is not read."""
    async with aclosing(messages):
        async for message in messages:
            if message.label is not None and (message.label.key, message.label.part) == (key, 0):
                return message.ts
    return None


def _is_continued(post: Told) -> bool:
    return post.label is not None and post.label.parts > 1


def _content(message: SlackMessage, label: Label | None) -> dict[str, Any]:
    """What is said; neither names nor addresses in it are looked for, so that nobody is pinged by the text."""
    said: dict[str, Any] = {"text": message.text, "link_names": False, "parse": "none"}
    if label is None:
        return said | {"blocks": list(message.blocks)}
    first, *rest = message.blocks
    return said | {"blocks": [{**first, "block_id": label.block_id}, *rest], "metadata": label.metadata}
