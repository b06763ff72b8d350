"""Decide what nobody can tell: whether a post is there whose sending was interrupted where history cannot be read.

It holds up its channel until somebody has looked. Paperboy never guesses: an operator says that it is there, or has
it sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.digests import Post
from bot.core.errors import Conflict, InputError, NotFound
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.ports import Courier, Stores
from bot.core.subscriptions import Channel


@dataclass(frozen=True, slots=True)
class HeldUp:
    """The post that holds a channel up, and what people know it by."""

    post: Post
    name: str


async def held_up(stores: Stores, channel: Channel) -> HeldUp | None:
    """What holds a channel up because nobody could tell, when it was looked up, whether it is there."""
    post = await stores.ledger.held_up(channel)
    if post is None:
        return None
    entry = (await stores.archive.get([post.entry_id])).get(post.entry_id) if post.entry_id else None
    return HeldUp(post, entry.title if entry else f"{post.digest_date}")


def question(held: HeldUp) -> Message:
    """What an operator is asked about it."""
    return msg(
        "Nobody can tell whether “{post}” is in this channel, and all that comes after it waits. Look, and decide:"
        " `/digest found` says that it is there, `/digest resend` sends it again.",
        post=held.name,
    )


async def found(
    stores: Stores, courier: Courier, caller: Caller, channel: Channel, link: str | None, *, at: datetime
) -> HeldUp:
    """What holds the channel up is there: under this address, if one is given, where it is kept right from now on.

    Raises:
        NotAllowed: for anyone but operators.
        NotFound: nothing holds the channel up.
        InputError: the address is none of a message in this channel.
        Conflict: it is being looked up just now.
    """
    held = await to_resend(stores, caller, channel)
    message_id = None if link is None else courier.message_at(channel, link)
    if link is not None and message_id is None:
        raise InputError(msg("`{link}` is not the link of a message in this channel.", link=link))
    _require(await stores.ledger.settle(held.post.id, is_there=True, message_id=message_id, at=at))
    return held


async def to_resend(stores: Stores, caller: Caller, channel: Channel) -> HeldUp:
    """What holds the channel up, to be asked about.

    Raises:
        NotAllowed: for anyone but operators.
        NotFound: nothing holds the channel up.
    """
    caller.require(Role.OPERATOR)
    held = await held_up(stores, channel)
    if held is None:
        raise NotFound(msg("Nothing holds this channel up."), suggestions=("/digest why",))
    return held


async def resend(stores: Stores, caller: Caller, channel: Channel, post_id: int) -> None:
    """What holds the channel up is not there, and is sent again.

    Raises:
        NotAllowed: for anyone but operators.
        NotFound: something else or nothing holds the channel up by now.
        Conflict: it is being looked up just now.
    """
    held = await to_resend(stores, caller, channel)
    if held.post.id != post_id:
        raise NotFound(msg("Nothing holds this channel up."), suggestions=("/digest why",))
    _require(await stores.ledger.settle(post_id, is_there=False))


def _require(settled: bool) -> None:
    if not settled:
        raise Conflict(msg("It is being looked up just now. Try again in a moment."), suggestions=("/digest why",))
