"""Follow a query: a direct message when a digest holds a match, at the digest's time.

What a person follows is one personal subscription in their direct messages, with a query a line. So it is planned,
sent exactly once, edited and withdrawn like every other delivery.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Final, TypeVar

from bot.core.errors import Conflict, InputError, NotFound, QueryError
from bot.core.messages import msg
from bot.core.people import Caller
from bot.core.ports import Courier, Stores
from bot.core.query_syntax import parse
from bot.core.subscription_form import standing_query
from bot.core.subscriptions import LatePolicy, Layout, Subscription, last_run, next_run
from bot.usecases.look_up import refuse_unknown_tags

MOST_FOLLOWED: Final = 20
_TRIES: Final = 5

T = TypeVar("T")


class AlreadyFollowed(Conflict):
    """The person follows this very query."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a person follows, in the order of following, and when their direct message comes."""

    queries: tuple[str, ...] = ()
    at: time = time(9)
    zone: str = "Asia/Seoul"


async def following(stores: Stores, caller: Caller) -> Followed:
    """What the caller follows."""
    mine = await stores.subscriptions.of_person(caller.person)
    return _followed(mine) if mine else Followed()


def _followed(mine: Subscription) -> Followed:
    return Followed(mine.queries, mine.at, mine.zone)


async def follow(
    stores: Stores, courier: Courier, caller: Caller, query_text: str, *, zone: str, at: datetime
) -> Followed:
    """Follow one query more; `zone` is for workspaces that have no digest yet.

    Raises:
        QueryError: not understood, not to be asked of every day, or with a tag the archive does not have.
        AlreadyFollowed
        InputError: as many as one may have.
        CourierError: the platform does not let us write to the caller.
    """
    query = standing_query(query_text)
    if not query:
        raise QueryError(msg("Say what: a tag, an author or words. Write `{usage}`.", usage="/paper follow tag:rlaif"))
    await refuse_unknown_tags(stores, parse(query), today=caller.horizon)

    async def add() -> Followed:
        mine = await stores.subscriptions.of_person(caller.person)
        if mine is None:
            return _followed(await _begin(stores, courier, caller, query, zone=zone, at=at))
        return await _add(stores, mine, query)

    return await _again_when_changed(add)


async def _add(stores: Stores, mine: Subscription, query: str) -> Followed:
    if query in mine.queries:
        said = msg("You follow `{query}` already.", query=query)
        raise AlreadyFollowed(said, suggestions=["/paper following", f"/paper {query}"])
    if len(mine.queries) >= MOST_FOLLOWED:
        raise InputError(msg("You follow {limit} things, which is the most there can be.", limit=MOST_FOLLOWED))
    more = replace(mine, query=f"{mine.query}\n{query}")
    await stores.subscriptions.replace(more, was=mine.query)
    return _followed(more)


async def _again_when_changed(work: Callable[[], Awaitable[T]]) -> T:
    """Two quick clicks are two changes of one list: what came second is done once more on what the first has left."""
    for _ in range(_TRIES):
        try:
            return await work()
        except AlreadyFollowed:
            raise
        except Conflict:
            continue
    return await work()


async def _begin(
    stores: Stores, courier: Courier, caller: Caller, query: str, *, zone: str, at: datetime
) -> Subscription:
    """A personal subscription from the next digest on, at the time of the workspace's first one."""
    channel = await courier.direct_channel(caller.person)
    order = Subscription(
        channel=channel,
        query=query,
        zone=zone,
        layout=Layout.COMPACT,
        language=caller.language,
        late_policy=LatePolicy.MERGED,
        personal=True,
        created_by=caller.person,
        seen_change=await stores.archive.latest_change(),
    )
    workspace = await stores.subscriptions.of_workspace(channel.platform, channel.workspace)
    digest = next((one for one in workspace if not one.personal), None)
    if digest:
        order = replace(order, at=digest.at, zone=digest.zone, weekdays=digest.weekdays)
    passed = order.local_date(last_run(order, at))
    return await stores.subscriptions.add(
        replace(order, next_run_at=next_run(order, at), delivered_through=passed),
    )


async def unfollow(stores: Stores, caller: Caller, reference: str) -> tuple[str, Followed]:
    """No longer follow something, named by its query or its number in the list: what it was, and what is left.

    Raises:
        NotFound: it is not followed.
    """
    return await _again_when_changed(lambda: _take_off(stores, caller, reference))


async def _take_off(stores: Stores, caller: Caller, reference: str) -> tuple[str, Followed]:
    mine = await stores.subscriptions.of_person(caller.person)
    if mine is None:
        raise NotFound(msg("You follow nothing."), suggestions=["/paper help"])
    query = _meant(mine.queries, reference.strip())
    if query is None:
        raise NotFound(msg("You do not follow `{query}`.", query=reference), suggestions=["/paper following"])
    left = tuple(one for one in mine.queries if one != query)
    if not left:
        await stores.subscriptions.remove(mine.id)
        return query, Followed()
    fewer = replace(mine, query="\n".join(left))
    await stores.subscriptions.replace(fewer, was=mine.query)
    return query, _followed(fewer)


def _meant(queries: tuple[str, ...], reference: str) -> str | None:
    number = reference.removeprefix("#")
    if number.isascii() and number.isdecimal() and 1 <= int(number[:4]) <= len(queries):
        return queries[int(number[:4]) - 1]
    try:
        query = standing_query(reference)
    except QueryError:
        return None
    return query if query in queries else None
