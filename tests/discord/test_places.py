"""Where a post is, as the ledger says it and as Discord does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests import MessageRef
from bot.core.subscriptions import Channel
from bot.discord.places import DIRECT, Place, link, message_id_of, place_of

IDS = st.integers(1, 2**63 - 1)


@given(IDS, IDS, IDS)
def test_a_place_comes_back(channel: int, thread: int, message: int) -> None:
    for place in (Place(channel, message), Place(thread, message), Place(message, message)):
        written = message_id_of(str(channel), place)
        assert place_of(MessageRef(Channel("discord", "1", str(channel)), written)) == place
        assert written.count("/") == (place.channel_id != channel)


def test_people_see_it_at() -> None:
    assert link("1", Place(2, 3)) == "https://discord.com/channels/1/2/3"
    assert link(DIRECT, Place(2, 3)) == "https://discord.com/channels/@me/2/3"
