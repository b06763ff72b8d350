"""Forum channels: each post is a thread with a name, tags, and the post as its first message."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final

import structlog
from discord.http import Route

from bot.core.entries import tag_key
from bot.core.markup import title_text
from bot.core.subscriptions import Channel
from bot.discord.api import Api, said
from bot.discord.errors import UNKNOWN_CHANNEL, DiscordRefused, DiscordUnreachable
from bot.discord.labels import Payload, carries, ids
from bot.discord.places import Place
from bot.discord.reading import channel_at, id_of, is_from, message_at, threads_since
from bot.discord.rendering import ForumPost

MOST_APPLIED: Final = 5
"""Tags on one forum post."""
MOST_TAGS: Final = 20
"""Tags of a forum."""
_MOST_NAME: Final = 20
_WEEK: Final = 10_080
_REQUIRES_TAG: Final = 1 << 4
_ANY_TAG: Final = "paper"
"""What a post is tagged with where a tag is required and its entry has none."""

log = structlog.get_logger(__name__)


class Forum:
    """The posts of one forum channel. Any method may raise DiscordRefused, DiscordBusy or DiscordUnreachable."""

    def __init__(self, api: Api, channel: Channel) -> None:
        self._api = api
        self._channel = channel
        self._id = int(channel.id)

    async def add(self, post: ForumPost, tags: Sequence[str], key: str) -> Place:
        """Start a thread with the first message of a post. It has no nonce: who does not know must look before."""
        wanted = {
            "name": post.name,
            "applied_tags": list(tags),
            "auto_archive_duration": _WEEK,
            "message": said(post.messages[0], ids=ids(key, 0)).payload,
        }
        # The library's own function adds a parameter that Discord does not describe.
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=self._id)
        sent: Any = await self._api.call(lambda http: http.request(route, json=wanted))
        if not sent.get("id"):
            raise DiscordUnreachable("an answer without id")
        return Place(id_of(sent), id_of(sent))

    async def find(self, key: str, since: datetime) -> Place | None:
        """The post with this key that is not older than `since`, also when its thread is archived."""
        me = await self._api.log_in()
        async with aclosing(threads_since(self._api, int(self._channel.workspace), self._id, since)) as threads:
            async for thread in threads:
                place = Place(id_of(thread), id_of(thread))
                if str(thread.get("owner_id", me)) != str(me):
                    continue
                first = await message_at(self._api, place.channel_id, place.message_id)
                if first is not None and is_from(first, me) and carries(first, key, 0):
                    return place
        return None

    async def rename(self, place: Place, post: ForumPost) -> None:
        """Give a forum post the name and the tags that its entry has now; nothing is changed where they are right."""
        try:
            thread: Any = await channel_at(self._api, place.channel_id)
        except DiscordRefused as error:
            if error.code != UNKNOWN_CHANNEL:
                raise
            return
        tags = await self.tags_for(post.tags)
        changes: dict[str, Any] = {}
        if thread.get("name") != post.name:
            changes["name"] = post.name
        if set(map(str, thread.get("applied_tags") or ())) != set(tags):
            changes["applied_tags"] = tags
        if not changes:
            return
        is_archived = (thread.get("thread_metadata") or {}).get("archived")
        if is_archived:  # it has to be open to be changed, and then it is put back as it was
            changes["archived"] = False
        await self._api.call(lambda http: http.edit_channel(place.channel_id, **changes))
        if is_archived:
            await self._api.call(lambda http: http.edit_channel(place.channel_id, archived=True))

    async def tags_for(self, names: Sequence[str]) -> list[str]:
        """The ids of the forum's tags for an entry's, at most five; missing ones are made while there is room."""
        forum = await channel_at(self._api, self._id)
        wanted = {tag_key(name): name for name in map(_tag_name, names) if name}
        needs_one = bool(int(forum.get("flags") or 0) & _REQUIRES_TAG)
        if not wanted and needs_one:
            wanted = {tag_key(_ANY_TAG): _ANY_TAG}
        known = _by_name(forum)
        missing = [name for folded, name in list(wanted.items())[:MOST_APPLIED] if folded not in known]
        room = max(0, MOST_TAGS - len(known))
        if missing[:room]:
            forum = await self._with_more(forum, missing[:room])
            known = _by_name(forum)
        chosen = [known[folded] for folded in wanted if folded in known]
        if needs_one and not any(map(_is_free, chosen)):
            chosen = list(known.values())
            return [str(tag["id"]) for tag in chosen if _is_free(tag)][:1]
        return [str(tag["id"]) for tag in chosen if _is_free(tag)][:MOST_APPLIED]

    async def _with_more(self, forum: Payload, names: Sequence[str]) -> Payload:
        """The forum with these tags made, or as it is where Paperboy may not make them."""
        tags = [*forum["available_tags"], *({"name": name, "moderated": False} for name in names)]
        try:
            return await self._api.call(lambda http: http.edit_channel(self._id, available_tags=tags))
        except DiscordRefused as error:
            if error.status not in (400, 403):
                raise
            log.info("discord.tags_not_made", channel=self._channel.id, code=error.code)
            return forum


def _tag_name(name: str) -> str:
    return title_text(name)[:_MOST_NAME].strip()


def _by_name(forum: Payload) -> dict[str, Payload]:
    """A forum's tags by folded name."""
    return {tag_key(str(tag["name"])): tag for tag in forum.get("available_tags") or ()}


def _is_free(tag: Payload) -> bool:
    """Whether anybody may apply it, and not only moderators."""
    return not tag.get("moderated")
