"""What a post says at this moment: made when it is sent, or changed, and not when it was planned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from bot.core.digests import (
    Content,
    EntryContent,
    HeaderContent,
    ListContent,
    NoteContent,
    Post,
    PostChange,
    PostKind,
    PostState,
)
from bot.core.entries import Entry
from bot.core.ports import Stores

_MOST_KEPT: Final = 500
_GONE: Final = frozenset({PostState.WITHDRAWN, PostState.REFUSED})


class Contents:
    """What posts say now.

    The entries of a digest go into many channels. They are read once, and again after each change of theirs: a post
    says which is the newest.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._entries: OrderedDict[tuple[str, int], Entry] = OrderedDict()

    async def of(self, post: Post) -> tuple[Content, int] | None:
        """What a post says, and the revision it shows; None when it has nothing to say any more.

        Raises:
            StorageError
        """
        if post.kind is PostKind.NOTE:
            return (NoteContent(post.note), 0) if post.note else None
        if post.kind is PostKind.ENTRY:
            entry = next(iter(await self._entries_of([post], post)), None)
            return (EntryContent(entry, late=post.late), entry.revision) if entry else None
        entries = await self._entries_of(await self._followed_by(post), post)
        if not entries:
            return None
        days = tuple(sorted({entry.digest_date for entry in entries if entry.digest_date}))
        if post.kind is PostKind.LIST:
            return ListContent(days, entries, await self._follows(post)), 0
        return HeaderContent(days, len(entries)), 0

    async def _followed_by(self, head: Post) -> Sequence[Post]:
        """The posts of a delivery that are there, or will be."""
        posts = await self._stores.ledger.posts([head.delivery_id])
        return [post for post in posts if post.state not in _GONE and post.change is not PostChange.WITHDRAW]

    async def _follows(self, post: Post) -> tuple[str, ...]:
        """The queries of the person it is for, if it is for one."""
        subscription = await self._stores.subscriptions.get(post.subscription_id)
        return subscription.queries if subscription and subscription.personal else ()

    async def _entries_of(self, posts: Sequence[Post], head: Post) -> tuple[Entry, ...]:
        """The entries of posts, as far as they may be shown in a digest."""
        wanted = {post.entry_id: post.entry_change for post in posts if post.entry_id and post.entry_change is not None}
        entries = await self._read(wanted)
        found = [entries[entry_id] for entry_id in wanted if entry_id in entries]
        return tuple(entry for entry in found if _may_be_shown(entry, head))

    async def _read(self, wanted: Mapping[str, int]) -> Mapping[str, Entry]:
        """Entries by id, each as it is since its change, or as it has become meanwhile."""
        known = {which: self._entries[which] for which in wanted.items() if which in self._entries}
        missing = [entry_id for entry_id, change in wanted.items() if (entry_id, change) not in known]
        read = await self._stores.archive.get(missing) if missing else {}
        known |= {(entry_id, wanted[entry_id]): entry for entry_id, entry in read.items()}
        for which, entry in known.items():
            self._entries[which] = entry
            self._entries.move_to_end(which)
        while len(self._entries) > _MOST_KEPT:
            self._entries.popitem(last=False)
        return {entry_id: entry for (entry_id, _), entry in known.items()}


def _may_be_shown(entry: Entry, post: Post) -> bool:
    """Whether it is public, and was not put off to a later digest meanwhile."""
    return entry.is_public and entry.digest_date is not None and entry.digest_date <= post.digest_date
