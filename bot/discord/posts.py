"""The posts of a channel, as the messages that they consist of.

A post is one message. What does not fit goes on in the thread that is started from it; where it stands in a thread
itself, or in direct messages, after it there. All its messages carry a label (see `bot.discord.labels`).

What a post consists of is never remembered here, but read from Discord before it is changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import discord
import structlog
from discord.http import MultipartParameters

from bot import wording
from bot.core.people import Language
from bot.core.subscriptions import Channel
from bot.discord.api import Api, said
from bot.discord.components import DiscordMessage
from bot.discord.errors import (
    ARCHIVED,
    GONE,
    LOCKED,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    DiscordRefused,
    DiscordUnreachable,
)
from bot.discord.labels import Payload, carries, ids, nonce, own_numbers, part_key
from bot.discord.places import Place
from bot.discord.reading import (
    Kind,
    channel_at,
    id_of,
    is_from,
    is_said_by_person,
    is_written,
    message_at,
    messages_after,
    texts_of,
    thread_after,
)
from bot.discord.rendering import thread_name, withdrawn_message
from bot.locale import translator

Done = TypeVar("Done")

_WEEK: Final = 10_080
"""Minutes without a word after which Discord archives a thread: the longest there is."""
_HAS_THREAD: Final = 1 << 5
"""The flag of a message from which a thread was started."""
_UNKNOWN: Final = GONE | {UNKNOWN_CHANNEL}
_FORBIDDEN: Final = 403

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """A post as it stands there: its message, what continues it in order, and what else is below it.

    `below` is where it is continued: a thread, or direct messages; None as long as there is none. `answered`: people
    replied to it, in a thread of its own. `alone`: nothing else stands there.
    """

    place: Place
    post: Payload
    rest: tuple[Payload, ...]
    below: int | None
    answered: bool
    alone: bool


class Posts:
    """One channel's posts. Any method may raise DiscordRefused, DiscordBusy or DiscordUnreachable."""

    def __init__(self, api: Api, channel: Channel, kind: Kind) -> None:
        self._api = api
        self._id = int(channel.id)
        self._kind = kind

    # --- posting ---

    async def add(self, place: int, message: DiscordMessage, key: str | None = None) -> Place:
        """Post a message into a channel or thread; one with a key, sent twice within minutes, is there once."""
        label, once = (ids(key, 0), nonce(key, 0)) if key else (None, None)
        return await self._add(place, said(message, ids=label, nonce=once))

    async def continue_post(self, place: int, post_id: int, message: DiscordMessage, part: int) -> Place:
        """Post what continues a post.

        It has no nonce, because the same one may have been there before, and was taken away when the post was shorter.
        """
        return await self._add(place, said(message, ids=ids(part_key(post_id), part)))

    async def _add(self, place: int, params: MultipartParameters) -> Place:
        sent: Any = await self._opened(
            place, lambda: self._api.call(lambda http: http.send_message(place, params=params)), stays_open=True
        )
        if not sent.get("id"):
            raise DiscordUnreachable("an answer without id")
        return Place(place, id_of(sent))

    def home_of_rest(self, place: Place) -> int | None:
        """Where a post is continued; None where a thread has to be started first."""
        if self._kind is Kind.DIRECT or place.channel_id != self._id:
            return place.channel_id
        return None

    def below(self, head: Place) -> int:
        """Where posts go that belong below the first one of a digest."""
        return self.home_of_rest(head) or head.message_id

    async def start_thread(self, message_id: int, name: str) -> int:
        """The thread of a message of the channel, started where there is none; its id is the message's."""
        try:
            await self._api.call(
                lambda http: http.start_thread_with_message(
                    self._id, message_id, name=thread_name(name), auto_archive_duration=_WEEK
                )
            )
        except DiscordRefused as error:
            if error.code != THREAD_EXISTS:
                raise
        return message_id

    async def start_thread_of_head(self, message_id: int) -> int:
        """The same for the first post of a digest, called what that says first; the channel itself where it is gone."""
        head = await message_at(self._api, self._id, message_id)
        return await self.start_thread(message_id, _first_line(head)) if head is not None else self._id

    # --- finding ---

    async def find(self, key: str, *, thread: int | None, after: int) -> Place | None:
        """The post with this key among messages with an id above `after`.

        Where its thread is gone, it is looked for in the channel itself, for that is where it was put then.
        """
        me = await self._api.log_in()
        if thread is not None:
            try:
                return await _first(messages_after(self._api, thread, after), me, thread, key)
            except DiscordRefused as error:
                if error.code != UNKNOWN_CHANNEL:
                    raise
        return await _first(messages_after(self._api, self._id, after), me, self._id, key)

    async def standing(self, place: Place) -> Standing | None:
        """A post as it stands there; None where it is gone, or is not ours."""
        me = await self._api.log_in()
        post = await message_at(self._api, place.channel_id, place.message_id)
        if post is None or not is_from(post, me):
            return None
        home = self.home_of_rest(place)
        if home is None and (int(post.get("flags") or 0) & _HAS_THREAD or post.get("thread")):
            home = place.message_id
        found = await thread_after(self._api, home, place.message_id) if home is not None else None
        messages = found or []
        rest = _rest(place.message_id, [message for message in messages if is_from(message, me)])
        has_own_thread = home == place.message_id
        return Standing(
            place=place,
            post=post,
            rest=rest,
            below=home if found is not None else None,
            answered=has_own_thread and any(map(is_said_by_person, messages)),
            alone=has_own_thread and all(message in rest for message in messages if is_written(message)),
        )

    # --- changing ---

    async def show(self, standing: Standing, messages: Sequence[DiscordMessage], name: str) -> None:
        """Make a post show this, in as many messages as it needs. The same again completes what was broken off.

        `name` is what a thread is called that has to be started for what continues it.
        """
        first, *rest = messages
        there, post_id = standing.rest, standing.place.message_id
        if not await self.update(standing.place, first, own_numbers(standing.post)):
            return
        if not rest and not there:
            return
        home = standing.below or await self.start_thread(post_id, name)
        for part, message in enumerate(rest, 1):
            label = ids(part_key(post_id), part)
            if part > len(there) or not await self.update(Place(home, id_of(there[part - 1])), message, label):
                await self.continue_post(home, post_id, message, part)
        for surplus in reversed(there[len(rest) :]):
            await self.remove(Place(home, id_of(surplus)))

    async def update(self, place: Place, message: DiscordMessage, label: tuple[int, int] | None) -> bool:
        """Show a message in place of another; False when that is gone."""
        params = said(message, ids=label)
        return await self._unless_gone(
            lambda: self._opened(
                place.channel_id,
                lambda: self._api.call(
                    lambda http: http.edit_message(place.channel_id, place.message_id, params=params)
                ),
            )
        )

    async def rename_thread(self, thread_id: int, name: str) -> None:
        """Call a thread that Paperboy has started something else; one that it may not rename keeps its name."""
        await self._where_allowed(
            "rename", lambda: self._api.call(lambda http: http.edit_channel(thread_id, name=thread_name(name)))
        )

    async def take_back(self, standing: Standing) -> None:
        """Delete a post; where people have replied it becomes a mark, and their words stay."""
        place = standing.place
        for message in reversed(standing.rest):
            await self.remove(Place(standing.below or place.channel_id, id_of(message)))
        if standing.answered:
            await self._mark_withdrawn(standing)
        elif place.channel_id == place.message_id:  # a forum post, which goes with its thread
            await self._take_back_thread(standing)
        else:
            if standing.below == place.message_id and standing.alone:
                await self.remove_thread(place.message_id)
            await self.remove(place)
            if self._kind is not Kind.DIRECT and place.channel_id != self._id:
                await self._remove_if_empty(place.channel_id)

    async def _mark_withdrawn(self, standing: Standing) -> None:
        """The thread loses the name that it has of the post, unless somebody else has started it."""
        language, thread_id = language_of(standing.post), standing.place.message_id
        await self.update(standing.place, withdrawn_message(language), own_numbers(standing.post))
        owner = str((standing.post.get("thread") or {}).get("owner_id"))
        if standing.place.channel_id == thread_id or owner == str(await self._api.log_in()):
            name = wording.withdrawn(translator(language))
            await self._opened(thread_id, lambda: self.rename_thread(thread_id, name))

    async def _take_back_thread(self, standing: Standing) -> None:
        """Without the permission to manage threads, Paperboy may only say that the post is withdrawn."""
        if not standing.alone or not await self.remove_thread(
            standing.place.channel_id
        ):  # a digest whose entries stand in it still
            await self._mark_withdrawn(standing)

    async def remove(self, place: Place) -> None:
        """Delete a message that is ours; gone already is fine."""
        await self._unless_gone(
            lambda: self._opened(
                place.channel_id,
                lambda: self._api.call(lambda http: http.delete_message(place.channel_id, place.message_id)),
            )
        )

    async def remove_thread(self, thread_id: int) -> bool:
        """Delete a thread, if Paperboy may; whether it is gone."""
        return await self._where_allowed("delete", lambda: self._api.call(lambda http: http.delete_channel(thread_id)))

    async def _remove_if_empty(self, thread_id: int) -> None:
        """Delete a digest's thread once there is neither anything in it nor what it was started from."""
        left = await thread_after(self._api, thread_id, 0)
        if left is None or any(map(is_written, left)):
            return
        if await message_at(self._api, self._id, thread_id) is None:
            await self.remove_thread(thread_id)

    async def _where_allowed(self, what: str, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await self._unless_gone(work)
        except DiscordRefused as error:
            if error.status != _FORBIDDEN:
                raise
            log.info("discord.thread_left_as_it_is", wanted=what, channel=self._id, code=error.code)
            return False
        return True

    async def _unless_gone(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except DiscordRefused as error:
            if error.code not in _UNKNOWN:
                raise
            return False
        return True

    async def _opened(self, place: int, work: Callable[[], Awaitable[Done]], *, stays_open: bool = False) -> Done:
        """Do it; where the thread turns out to be archived, open it for that, and unless it `stays_open` no longer."""
        try:
            return await work()
        except DiscordRefused as error:
            if error.code != ARCHIVED:
                raise
        await self._open(place)
        try:
            return await work()
        finally:
            if not stays_open:  # somebody else's thread may not be closed by Paperboy; then it ends by itself
                await self._where_allowed(
                    "archive", lambda: self._api.call(lambda http: http.edit_channel(place, archived=True))
                )

    async def _open(self, thread_id: int) -> None:
        """Open a thread that is archived.

        Raises:
            DiscordRefused: it is locked, which Discord calls a lack of permissions; or another reason.
        """
        try:
            await self._api.call(lambda http: http.edit_channel(thread_id, archived=False))
        except DiscordRefused as error:
            if error.status == _FORBIDDEN and await self._is_locked(thread_id):
                raise DiscordRefused(error.status, LOCKED) from error
            raise

    async def _is_locked(self, thread_id: int) -> bool:
        thread = await channel_at(self._api, thread_id)
        return bool((thread.get("thread_metadata") or {}).get("locked"))


def _rest(post_id: int, own: Sequence[Payload]) -> tuple[Payload, ...]:
    """Of our messages below a post those that continue it, in order."""
    key = part_key(post_id)
    labels = {ids(key, part): part for part in range(1, len(own) + _MOST_LOST)}
    parts = [(labels[found], id_of(one), one) for one in own if (found := own_numbers(one)) in labels]
    return tuple(one for *_, one in sorted(parts, key=lambda found: found[:2]))


_MOST_LOST: Final = 40
"""How many parts of a post somebody may have deleted before a later one of them is not known any more."""


async def _first(messages: AsyncGenerator[Payload, None], me: int, place: int, key: str) -> Place | None:
    """The post with this key; what follows it is not read."""
    async with aclosing(messages):
        async for message in messages:
            if is_from(message, me) and carries(message, key, 0):
                return Place(place, id_of(message))
    return None


def language_of(post: Payload) -> Language:
    """The language that a post of ours is in, by the buttons of a card or the first line of anything else."""
    labels = "".join(texts_of(post, kind=discord.ComponentType.button))
    return Language.KOREAN if re.search("[가-힣]", labels or _first_line(post)) else Language.ENGLISH


def _first_line(post: Payload) -> str:
    return _plain(next(texts_of(post), ""))


def _plain(markdown: str) -> str:
    """The first line of one of our own sentences, without its Markdown."""
    line = markdown.partition("\n")[0]
    return re.sub(r"\\(?=[^\w\s])", "", re.sub(r"^(?:#{1,3}|-#) ", "", line)).replace("**", "")
