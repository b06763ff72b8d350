"""Carries posts into Slack's channels (what a post consists of there: see `bot.slack.posts`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.core.digests import Content, MessageRef, NoteContent, Post
from bot.core.engagement import Seen
from bot.core.errors import CourierError, DeliveryUncertain
from bot.core.messages import Message
from bot.core.people import Language, Person
from bot.core.ports import Clock
from bot.core.subscriptions import Channel
from bot.slack.asking import Api, at_border
from bot.slack.errors import SlackRefused, SlackUnreachable, is_passing, words_for
from bot.slack.pacing import Pace
from bot.slack.people import PLATFORM, People
from bot.slack.posts import Posts
from bot.slack.reading import Label
from bot.slack.rendering import messages_of
from bot.slack.seeing import seen_below
from bot.slack.workspaces import Workspaces, is_revoked

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far Slack's clock may be behind ours."""
_LINK: Final = re.compile(r"/archives/(?P<channel>\w+)/p(?P<seconds>[0-9]{10})(?P<rest>[0-9]{6})\b")
"""The end of the address of a message."""


class SlackCourier:
    """The `slack` platform's courier (see `bot.core.ports.Courier`).

    `pace`: seconds between two messages in one channel; whoever else posts into channels takes its turn there too.
    """

    def __init__(self, workspaces: Workspaces, people: People, clock: Clock, *, pace: float = 1.0) -> None:
        self.pace = Pace(pace)
        self._workspaces = workspaces
        self._people = people
        self._clock = clock

    @property
    def platform(self) -> str:
        """Always `slack`."""
        return PLATFORM

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        """Post it, and what continues it; the ts of the post.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy: nothing was posted.
            DeliveryUncertain: it may be there, or not all of it; `edit` completes it.
        """
        first, *rest = messages_of(content, language)
        label = Label(key, parts=1 + len(rest), language=language)
        with at_border():
            ts = await self._posts(channel).add(first, label, thread_id)
        try:
            with at_border():
                for part, message in enumerate(rest, 1):
                    await self._posts(channel).add(message, label.of_part(part), thread_id or ts)
        except CourierError as error:
            raise DeliveryUncertain(error.message) from error
        return ts

    async def edit(self, ref: MessageRef, content: Content, *, language: Language) -> None:
        """Show this content instead, in as many messages as it needs; a post that is gone is left alone.

        Raises:
            ChannelUnavailable, PlatformBusy, DeliveryUncertain: it may show some of it; the same again completes it.
            ContentRefused: it shows what it showed, or some of this.
        """
        messages = messages_of(content, language)
        posts = self._posts(ref.channel)
        with at_border():
            standing = await posts.standing(ref.message_id, whole=len(messages) > 1)
            if standing is not None:
                await posts.show(standing, messages, language)
            else:  # it is gone, or in a thread that nothing is told of
                await posts.update(ref.message_id, messages[0])

    async def withdraw(self, ref: MessageRef) -> None:
        """Delete the post with what continues it, or where others have replied, leave a withdrawn mark.

        Raises:
            ChannelUnavailable, PlatformBusy: some of it may be there still; the same again completes it.
        """
        posts = self._posts(ref.channel)
        with at_border():
            standing = await posts.standing(ref.message_id, whole=True)
            if standing is not None:
                await posts.take_back(standing)
            else:
                await posts.remove(ref.message_id, Label(ref.message_id))

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        """The ts of the post with this key, or None when it is certainly not there.

        Raises:
            ChannelUnavailable: the channel is gone, or Paperboy from the workspace.
            PlatformBusy: it cannot be told now.
            DeliveryUncertain: it cannot be told as long as Paperboy may not read the channel, which is `lasting`.
        """
        oldest = f"{(since - _CLOCKS_DIFFER).timestamp():.6f}"
        with at_border():
            try:
                return await self._posts(channel).find(key, thread=thread_id, oldest=oldest)
            except SlackRefused as error:
                if is_revoked(error) or error.code == "channel_not_found":
                    raise
                raise DeliveryUncertain(words_for(error), lasting=not is_passing(error)) from error

    def message_at(self, channel: Channel, link: str) -> str | None:
        """The ts in a link to a message of this channel."""
        found = _LINK.search(link)
        return f"{found['seconds']}.{found['rest']}" if found and found["channel"] == channel.id else None

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        """By post id the reactions and replies of people now; a post that is gone is left out.

        Where Slack asks for a short pause it is made here, so that many threads can be read at all.

        Raises:
            ChannelUnavailable, PlatformBusy
        """
        api = Api(self._workspaces, channel.workspace, self._clock, patient=True)
        with at_border():
            return await seen_below(api, self._people, channel, posts)

    async def enter(self, channel: Channel) -> None:
        """Go into a public channel, and make sure of being in a private one.

        Raises:
            ChannelUnavailable: it is archived, or somebody has to invite Paperboy first.
            PlatformBusy
        """
        if channel.id.startswith("D"):
            return
        api = self._api(channel.workspace)
        with at_border():
            answer = await api.call("conversations.info", channel=channel.id)
            about = answer.get("channel") or {}
            if about.get("is_archived"):
                raise SlackRefused("conversations.info", "is_archived")
            if about.get("is_member") or about.get("is_im"):
                return
            if about.get("is_private") or about.get("is_group") or about.get("is_mpim"):
                raise SlackRefused("conversations.info", "not_in_channel")
            await _join(api, channel)

    async def direct_channel(self, person: Person) -> Channel:
        """The person's direct messages with Paperboy.

        Raises:
            ChannelUnavailable, PlatformBusy
        """
        with at_border():
            answer = await self._api(person.workspace).call("conversations.open", users=person.user_id)
            opened = answer.get("channel") or {}
            if not opened.get("id"):
                raise SlackUnreachable("conversations.open", "an answer without a channel")
            return Channel(PLATFORM, person.workspace, str(opened["id"]))

    async def tell(self, person: Person, message: Message, *, language: Language) -> None:
        """A sentence in the person's direct messages with Paperboy.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy, DeliveryUncertain
        """
        channel = await self.direct_channel(person)
        with at_border():
            for part in messages_of(NoteContent(message), language):
                await self._posts(channel).add(part)

    def _posts(self, channel: Channel) -> Posts:
        return Posts(self._api(channel.workspace), self.pace, channel)

    def _api(self, team_id: str) -> Api:
        return Api(self._workspaces, team_id, self._clock)


async def _join(api: Api, channel: Channel) -> None:
    """Join a public channel; where Slack does not let apps join, a person can invite Paperboy all the same."""
    try:
        await api.call("conversations.join", channel=channel.id)
    except SlackRefused as error:
        if is_revoked(error) or error.code == "is_archived":
            raise
        raise SlackRefused("conversations.join", "not_in_channel") from error
