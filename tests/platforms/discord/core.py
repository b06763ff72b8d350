"""What every part of the server builds on: its state, its clock, the gateway, interactions, people, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tests.platforms.discord.doings import Doings
from tests.platforms.discord.driver import Person
from tests.platforms.discord.events import Events
from tests.platforms.discord.gateway import Gateway
from tests.platforms.discord.interactions import Interactions
from tests.platforms.discord.world import User, World
from tests.platforms.slack.clock import Clock

Found = TypeVar("Found")

LOOK_SECONDS = 0.02


class DiscordCore:
    """A Discord without its REST routes: whoever adds those builds on it, and starts and stops `gateway`.

    state         `World`: users, guilds, channels, messages, the application
    clock         moves tokens and snowflakes on: `clock.advance(seconds)`
    gateway       sessions and sockets (gateway.py): `gateway.url` is what `GET /gateway/bot` names
    events        tells the app over the gateway what has changed (events.py)
    doings        changes state and tells of it, whoever asks (doings.py): for REST routes and for people
    interactions  `answer(interaction_id, token, body) -> dict` for the callback route; for the webhook routes
                  `by_token(application_id, token)`, `follow_up`, `message_of`, `edit`, `delete` (interactions.py)
    person(id)    somebody at the keyboard (driver.py)
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.state = World(self.clock)
        self.gateway = Gateway(self)
        self.events = Events(self)
        self.doings = Doings(self)
        self.interactions = Interactions(self)
        self._change = asyncio.Event()

    @property
    def gateway_url(self) -> str:
        """Where apps connect to the gateway."""
        return self.gateway.url

    def person(self, user: int | User) -> Person:
        """Somebody at the keyboard, by their id or as the state has them."""
        return Person(self, user if isinstance(user, User) else self.state.users[user])

    # --- waiting --------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Let those who wait for something look again."""
        self._change.set()

    async def until(self, look: Callable[[], Found | None], within: float = 15.0) -> Found:
        """Wait until a look at the state finds something, and hand it out.

        Raises:
            TimeoutError: nothing in time.
        """
        async with asyncio.timeout(within):
            while not (found := look()):
                self._change.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._change.wait(), LOOK_SECONDS)
        return found
