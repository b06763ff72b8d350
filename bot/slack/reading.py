"""Reading channels and threads: messages as Slack tells them, and the label by which Paperboy knows its own again.

A label travels as message metadata, and once more as the id of the first block. Every app may read and write metadata,
so it counts on our own messages only.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.core.people import Language
from bot.slack.asking import Api
from bot.slack.workspaces import Identity

EVENT_TYPE: Final = "paperboy_post"
_PAGE: Final = 200
"""Messages a call: what Slack recommends at most."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    """What a message of a post is: of which post, and the how-manieth of its messages.

    `part` is 0 for the post itself, whose `parts` is how many messages it may have, at most. `language` is that of
    what it says.
    """

    key: str
    part: int = 0
    parts: int = 1
    language: Language = Language.KOREAN

    @property
    def metadata(self) -> dict[str, object]:
        """The label as message metadata."""
        payload = {"key": self.key, "part": self.part, "parts": self.parts, "language": self.language.value}
        return {"event_type": EVENT_TYPE, "event_payload": payload}

    @property
    def block_id(self) -> str:
        """The label as the id of a message's first block, for a history that comes without metadata."""
        return f"{EVENT_TYPE}/{self.part}/{self.parts}/{self.language.value}/{self.key}"

    def of_part(self, part: int) -> Label:
        """The label of another message of the same post."""
        return replace(self, part=part)


@dataclass(frozen=True, slots=True)
class Reaction:
    """Who reacted with an emoji; `users` may be some of them only, then `count` is greater."""

    emoji: str
    users: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """A message as Slack tells it. `thread_ts` is "" outside threads; `ours`: Paperboy wrote it."""

    ts: str
    thread_ts: str
    user: str
    bot_id: str
    subtype: str
    ours: bool
    label: Label | None
    has_replies: bool
    reactions: tuple[Reaction, ...]

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted, and stands there only because its thread does."""
        return self.subtype == "tombstone"


def told(message: Json, me: Identity) -> Told:
    """One message of an answer."""
    bot_id, user = str(message.get("bot_id") or ""), str(message.get("user") or "")
    ours = bool(bot_id and bot_id == me.bot_id) or bool(user and user == me.bot_user_id)
    return Told(
        ts=str(message.get("ts") or ""),
        thread_ts=str(message.get("thread_ts") or ""),
        user=user,
        bot_id=bot_id,
        subtype=str(message.get("subtype") or ""),
        ours=ours,
        label=_label(message.get("metadata")) or _label_of_block(message.get("blocks")) if ours else None,
        has_replies=bool(message.get("reply_count")),
        reactions=tuple(_reaction(one) for one in message.get("reactions") or ()),
    )


def _label_of_block(blocks: object) -> Label | None:
    first = blocks[0] if isinstance(blocks, list) and blocks else None
    block_id = str(first.get("block_id") or "") if isinstance(first, Mapping) else ""
    match block_id.split("/", 4):
        case [name, part, parts, language, key] if name == EVENT_TYPE and language in list(Language):
            return Label(key, _number(part, 0), _number(parts, 1), Language(language))
        case _:
            return None


def _label(metadata: object) -> Label | None:
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    if not isinstance(payload, Mapping) or not payload.get("key"):
        return None
    language = str(payload.get("language"))
    return Label(
        key=str(payload["key"]),
        part=_number(payload.get("part"), 0),
        parts=_number(payload.get("parts"), 1),
        language=Language(language) if language in list(Language) else Language.KOREAN,
    )


def _number(value: object, otherwise: int) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else otherwise


def _reaction(reaction: Json) -> Reaction:
    users = tuple(map(str, reaction.get("users") or ()))
    return Reaction(str(reaction.get("name") or ""), users, _number(reaction.get("count"), len(users)))


def reactions_of(message: Json) -> tuple[Reaction, ...]:
    """The reactions of a message of an answer."""
    return tuple(_reaction(one) for one in message.get("reactions") or ())


def messages_in(answer: Json, me: Identity) -> list[Told]:
    """The messages of one answer."""
    return [told(message, me) for message in answer.get("messages") or ()]


async def channel_messages(api: Api, me: Identity, channel_id: str, *, oldest: str) -> AsyncGenerator[Told, None]:
    """What stands in a channel since `oldest` (a ts), without what stands in threads only.

    Raises:
        SlackRefused, SlackBusy, SlackUnreachable, StorageError
    """

    async def ask(**page: str) -> Json:
        return await api.call(
            "conversations.history",
            channel=channel_id,
            oldest=oldest,
            inclusive=True,
            limit=_PAGE,
            include_all_metadata=True,
            **page,
        )

    async with aclosing(_pages(ask)) as answers:
        async for answer in answers:
            for message in messages_in(answer, me):
                yield message


async def channel_page(api: Api, me: Identity, channel_id: str, *, oldest: str, latest: str) -> tuple[list[Told], bool]:
    """The newest messages of a channel within a span, both its ends included, and whether there are more.

    Raises:
        SlackRefused, SlackBusy, SlackUnreachable, StorageError
    """
    answer = await api.call(
        "conversations.history",
        channel=channel_id,
        oldest=oldest,
        latest=latest,
        inclusive=True,
        limit=_PAGE,
        include_all_metadata=True,
    )
    return messages_in(answer, me), bool(answer.get("has_more")) or bool(_cursor(answer))


async def thread_messages(
    api: Api, me: Identity, channel_id: str, ts: str, *, oldest: str | None = None
) -> AsyncGenerator[Told, None]:
    """A message with the replies to it; with `oldest` (a ts) the newer ones of them. Of a reply: itself only.

    Raises:
        SlackRefused: with a code of `errors.GONE` when there is no such message.
        SlackBusy, SlackUnreachable, StorageError
    """
    since = {"oldest": oldest, "inclusive": True} if oldest else {}

    async def ask(**page: str) -> Json:
        return await api.call(
            "conversations.replies",
            channel=channel_id,
            ts=ts,
            limit=_PAGE,
            include_all_metadata=True,
            **since,
            **page,
        )

    seen: set[str] = set()
    async with aclosing(_pages(ask)) as answers:
        async for answer in answers:
            for message in messages_in(answer, me):
                if message.ts not in seen:  # the first message may stand on every page
                    seen.add(message.ts)
                    yield message


async def _pages(ask: Callable[..., Awaitable[Json]]) -> AsyncGenerator[Json, None]:
    answer = await ask()
    yield answer
    while cursor := _cursor(answer):
        answer = await ask(cursor=cursor)
        yield answer


def _cursor(answer: Json) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
