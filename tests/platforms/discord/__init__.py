"""A Discord on the loopback: REST, gateway, interactions and people, for the real discord.py to talk to.

    async with discord_server() as server:
        acme = furnish(server)                      # a server with people and channels, the app on it
        reader = server.person(acme.reader)         # somebody at the keyboard (driver.py)
        await reader.command(acme.papers, "paper", tag="rlaif")

server.url, server.gateway_url   what DISCORD_API_URL and DISCORD_GATEWAY_URL are set to
server.state                     the world: users, servers, channels, messages, the application and its token
server.clock                     moves tokens, snowflakes and limits on
server.requests, .calls(m, r)    every request with its body, what it was answered and the permissions it took
server.violations                what does not fit Discord's own description of its API, asked or answered
server.needed                    all permission bits that requests were let through for
server.faults                    connections lost, errors, late answers (faults.py)
server.rates                     buckets, armed 429s, the count of invalid requests (rates.py)
server.gateway, .interactions    sessions and sockets; what people did and what came of it
server.doings, .events           change the state and tell of it, whoever did it

`client` has the library's own client for it, `bare` requests without a library.
"""

from __future__ import annotations

from tests.platforms.discord.driver import Person
from tests.platforms.discord.server import Acme, DiscordServer, discord_server, furnish

__all__ = ["Acme", "DiscordServer", "Person", "discord_server", "furnish"]
