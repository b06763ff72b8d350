"""What `paperboy doctor` looks at in one Slack workspace: scopes, channels, and whom the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.checks import Check
from bot.core.messages import Message, msg, msg_n
from bot.core.people import Staff
from bot.core.subscriptions import Subscription
from bot.slack.calling import SlackClient
from bot.slack.errors import SlackBusy, SlackError, SlackRefused, words_for
from bot.slack.manifest import bot_scopes
from bot.slack.people import PLATFORM

MOST_CHANNELS: Final = 200
"""How many of a workspace's channels are looked at."""
MOST_NAMED: Final = 50
"""How many of the people and groups that a setting names are looked at."""


@dataclass(frozen=True, slots=True)
class Team:
    """A workspace whose token works."""

    id: str
    name: str
    client: SlackClient

    def finding(self, ok: bool, said: Message) -> Check:
        """A finding about this workspace."""
        return Check(ok, msg("Slack, {team}: {finding}", team=self.name, finding=said))


async def team_checks(team: Team, subscriptions: Iterable[Subscription], staff: Staff, *, is_one: bool) -> list[Check]:
    """All findings about a workspace; `is_one`: there is no other, so that ids in the settings are meant for it."""
    channels = dict.fromkeys(
        subscription.channel.id
        for subscription in subscriptions
        if subscription.channel.platform == PLATFORM
        and subscription.channel.workspace == team.id
        and not subscription.channel.id.startswith("D")  # direct messages: Paperboy cannot be put out of them
    )
    return [
        team.finding(True, msg("Paperboy's token works.")),
        *await _scopes(team),
        *await _channels(team, list(channels)),
        *await _named(team, "PAPERBOY_MAINTAINERS", staff.maintainers, is_one=is_one),
        *await _named(team, "PAPERBOY_OPERATORS", staff.operators, is_one=is_one),
    ]


def unserved_checks(teams: Iterable[Team], subscriptions: Iterable[Subscription]) -> list[Check]:
    """Subscriptions of workspaces that Paperboy has no token for."""
    served = {team.id for team in teams}
    others = sorted(
        subscription.channel.workspace
        for subscription in subscriptions
        if subscription.channel.platform == PLATFORM and subscription.channel.workspace not in served
    )
    return [
        Check(
            False,
            msg_n(
                "Slack, {team}: {n} subscription waits, but Paperboy has no token for this workspace.",
                "Slack, {team}: {n} subscriptions wait, but Paperboy has no token for this workspace.",
                n=others.count(team),
                team=team,
            ),
        )
        for team in dict.fromkeys(others)
    ]


# --- scopes ---------------------------------------------------------------------------------------------------------


async def _scopes(team: Team) -> list[Check]:
    try:
        given = await team.client.scopes()
    except SlackError as error:
        return [team.finding(False, words_for(error))]
    if not given:
        return [team.finding(True, msg("Slack does not say which scopes the token has."))]
    needed = frozenset(bot_scopes())
    found = [_missing(team, sorted(needed - given))]
    if more := sorted(given - needed):
        said = msg("Scopes that Paperboy does not need: {names}.", names=", ".join(more))
        found.append(team.finding(True, said))
    return found


def _missing(team: Team, names: Sequence[str]) -> Check:
    if not names:
        return team.finding(True, msg("The app has all scopes that Paperboy needs."))
    said = msg(
        "The app lacks scopes: {names}. Give it the manifest of `paperboy manifest slack`, then install it again.",
        names=", ".join(names),
    )
    return team.finding(False, said)


# --- channels -------------------------------------------------------------------------------------------------------


async def _channels(team: Team, channels: Sequence[str]) -> list[Check]:
    found: list[Check] = []
    seen = 0
    for channel in channels[:MOST_CHANNELS]:
        try:
            wrong = await _channel(team, channel)
        except SlackBusy:
            break
        seen += 1
        found += [] if wrong is None else [wrong]
    if seen and not found:
        said = msg_n("Paperboy is in {n} channel with a digest.", "Paperboy is in {n} channels with a digest.", n=seen)
        found.append(team.finding(True, said))
    if left := len(channels) - seen:
        said = msg_n("{n} more channel was not looked at.", "{n} more channels were not looked at.", n=left)
        found.append(team.finding(True, said))
    return found


async def _channel(team: Team, channel_id: str) -> Check | None:
    """What keeps a digest out of a channel.

    Raises:
        SlackBusy: Slack wants no more questions for now.
    """
    try:
        channel = (await team.client.call("conversations.info", channel=channel_id)).get("channel") or {}
    except SlackBusy:
        raise
    except SlackError as error:
        return _about(team, channel_id, words_for(error))
    name = f"#{channel['name']}" if channel.get("name") else channel_id
    if channel.get("is_archived"):
        return _about(team, name, words_for(SlackRefused("conversations.info", "is_archived")))
    if not channel.get("is_im") and not channel.get("is_member"):
        return _about(team, name, words_for(SlackRefused("conversations.info", "not_in_channel")))
    return None


def _about(team: Team, name: str, problem: Message) -> Check:
    return team.finding(False, msg("{name}: {problem}", name=name, problem=problem))


# --- people and groups ----------------------------------------------------------------------------------------------


async def _named(team: Team, setting: str, names: Iterable[str], *, is_one: bool) -> list[Check]:
    """Whether the people and groups that a setting names for this workspace are there."""
    split = (name.rpartition("/") for name in sorted(names))
    meant = [name for workspace, _, name in split if workspace == team.id or (not workspace and is_one)]
    found: list[Check] = []
    for one in meant[:MOST_NAMED]:
        try:
            problem = await _somebody(team, one)
        except SlackBusy:
            break
        if problem is not None:
            said = msg("{setting} names {id}: {problem}", setting=setting, id=one, problem=problem)
            found.append(team.finding(False, said))
    return found


async def _somebody(team: Team, name: str) -> Message | None:
    """What is wrong with an id. Those of other platforms are nothing but digits, and none of Slack's business.

    Raises:
        SlackBusy: Slack wants no more questions for now.
    """
    try:
        if name.startswith("S"):
            await team.client.call("usergroups.users.list", usergroup=name)
        elif name.startswith(("U", "W")):
            user = (await team.client.call("users.info", user=name)).get("user") or {}
            return msg("This account has been deactivated.") if user.get("deleted") else None
        elif not name.isdecimal():
            return msg("No id of Slack: those of people begin with U, those of user groups with S.")
    except SlackBusy:
        raise
    except SlackError as error:
        return words_for(error)
    return None
