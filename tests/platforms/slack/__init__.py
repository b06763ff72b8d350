"""A Slack on the loopback: keeps state, behaves and refuses as Slack does, and knows nothing of who talks to it.

It is a server on 127.0.0.1 that the real slack-bolt `AsyncApp`, `AsyncWebClient` and `SocketModeClient` are pointed at,
and a driver that plays a person at the keyboard. Ten lines of use:

    async with slack_server() as server:
        acme = furnish(server, MANIFEST)                      # workspace T1, people, #papers, the app installed
        client = AsyncWebClient(token=acme.token, base_url=server.api_url)
        await client.chat_postMessage(channel="C1", text="Hello")
        reader = server.person(acme.reader)
        (message,) = reader.sees(acme.papers)                 # messages, and what only this person sees
        await reader.say(acme.papers, "Interesting!", thread=message)
        await reader.command(acme.papers, "/test", "help")    # an app must listen: Socket Mode, or `app.request_url`
        (answer,) = await server.until(lambda: reader.ephemerals(acme.papers))
        await reader.click(answer, "page:2")

The fixtures `slack` (the server) and `acme` (what `furnish` makes of it) give tests the same.

server      `SlackServer` (server.py): `url`, `api_url`, `clock.advance(seconds)`, `person(user)`, `until(look)`,
            `settled()`, `add_workspace`, `create_app(manifest)`, `install(app, workspace, scopes=None)`, `uninstall`,
            `authorize(url, user, workspace, consent=True)`, `limit(method, team, retry_after=, times=)`, `rate_policy`,
            `page_max`, `ack_timeout`, `calls`, `calls_of(method)`, `scopes_used(app)`, `scopes_unused(app)`,
            `complaints`: what Slack lets pass without a word and a test should know of
  .faults   faults.py: `drop_before`, `drop_after`, `error_before`, `error_after`, `malformed`, `hold`, for coming calls
  .events   events.py: `deliveries`, `of_type(kind)`, `retry(event_id, reason=)`, `retry_all()`
  .sockets  socket_mode.py: `connections(app)`, `connected(app, n)`, `disconnect(app, reason)`, `cut(app)`, `unacked`,
            `faults`
  .http     http_events.py: `verify(app)`, `post(app, kind, payload, secret=, timestamp=, retry=)`
state       `Workspace`, `User`, `UserGroup`, `Channel`, `Message`, `Ephemeral` (state.py), `View` (views.py), `App`,
            `Installation`, `Manifest` (apps.py): plain values that a test may look at and set
person      `Person` (driver.py, pressing.py, modals.py): `command`, `click`, `choose`, `suggest`, `submit`, `close`,
            `shortcut`, `message_shortcut`, `open_home`, `say`, `edit`, `delete`, `react`, `unreact`, `join`, `leave`,
            `invite`, `remove`, `archive`, `unarchive`, `uninstall`; sees `sees(channel)`, `thread(channel, parent)`,
            `ephemerals(channel)`, `view`, `views`, `home()`, `direct()`
text        `mentions_of(message)`: whom and what it would ping or link; `visible_text(message)`: what stands there
limits      `message_problems(blocks)`, `view_problems(view)`: what Slack would say against a payload, in its words

What an interaction leads to comes later, as with Slack: wait for it with `server.until`. An interaction that nobody
acknowledges raises `OperationTimeout`; what Slack's own client would not let a person do raises `NotPossible`.
"""

from __future__ import annotations

from tests.platforms.slack.apps import App, Installation, Manifest
from tests.platforms.slack.clock import Clock
from tests.platforms.slack.driver import Person
from tests.platforms.slack.errors import (
    AuthorizeRefused,
    DispatchFailed,
    InvalidAnswer,
    NotPossible,
    OperationTimeout,
    PersonError,
)
from tests.platforms.slack.furniture import MANIFEST, Acme, furnish
from tests.platforms.slack.limits import message_problems, view_problems
from tests.platforms.slack.modals import Submitted
from tests.platforms.slack.rates import RatePolicy
from tests.platforms.slack.server import SlackServer, slack_server
from tests.platforms.slack.state import Channel, Ephemeral, Message, User, UserGroup, Workspace
from tests.platforms.slack.text import Mentions, mentions_of, visible_blocks, visible_text
from tests.platforms.slack.views import View

__all__ = [
    "MANIFEST",
    "Acme",
    "App",
    "AuthorizeRefused",
    "Channel",
    "Clock",
    "DispatchFailed",
    "Ephemeral",
    "Installation",
    "InvalidAnswer",
    "Manifest",
    "Mentions",
    "Message",
    "NotPossible",
    "OperationTimeout",
    "Person",
    "PersonError",
    "RatePolicy",
    "SlackServer",
    "Submitted",
    "User",
    "UserGroup",
    "View",
    "Workspace",
    "furnish",
    "mentions_of",
    "message_problems",
    "slack_server",
    "view_problems",
    "visible_blocks",
    "visible_text",
]
