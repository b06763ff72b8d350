"""What the use cases need from the outside, as Protocols. Each method names what it raises.

Implementations: `storage` (everything kept), each platform's `courier`, `bot.feeds.arxiv`, and the clock in `bot.app`.
Any method of a storage port may raise `StorageError`. All datetimes are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from bot.core.digests import (
    Content,
    Delivery,
    MessageRef,
    PlannedDelivery,
    PlannedPost,
    Post,
)
from bot.core.engagement import Engagement, Seen
from bot.core.entries import Action, Entry, Revision, TagCount
from bot.core.hits import Hit
from bot.core.leases import Claim
from bot.core.messages import Message
from bot.core.metering import Backlog
from bot.core.people import Language, Person
from bot.core.planning import Plan
from bot.core.query import AnyOf, Criteria
from bot.core.subscriptions import Channel, Subscription
from bot.core.workspace import LocalChannel, LocalMessage


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


# --- the archive ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """An entry to be written by an import: new, or the merged form of one the archive holds."""

    entry: Entry
    is_new: bool


class Archive(Protocol):
    """Entries, tags and revisions."""

    async def get(self, entry_ids: Collection[str]) -> Mapping[str, Entry]:
        """The entries with these ids, of any status; unknown ids are left out."""
        ...

    async def find(self, reference: str) -> Entry | None:
        """The entry with this entry id, arXiv id or address, of any status."""
        ...

    async def add(self, entry: Entry, *, by: Person | None, at: datetime) -> Entry:
        """Keep a new entry (its id may be empty) at the end of its digest, and hand it back with its id.

        Raises:
            Conflict: the archive holds the same paper already (same arXiv id).
        """
        ...

    async def replace(self, entry: Entry, *, action: Action, by: Person | None, at: datetime) -> Entry:
        """Write a changed entry over the revision it was made from (`entry.revision`), and hand back the next one.

        Raises:
            Conflict: the entry has been changed since that revision.
            NotFound: no such entry.
        """
        ...

    async def revisions(self, entry_id: str, *, limit: int = 50) -> Sequence[Revision]:
        """An entry's revisions, newest first."""
        ...

    async def last_change_by(self, person: Person) -> Revision | None:
        """The newest revision this person made that is not an undo and has not been undone."""
        ...

    async def same_papers(self, keys: Collection[str]) -> Sequence[Entry]:
        """Entries of any status that have one of these match keys of `bot.core.merging`, oldest first."""
        ...

    async def seen_documents(self, digests: Collection[str]) -> Collection[str]:
        """Which of these content digests (sha256 hex of an imported part) an earlier import has read."""
        ...

    async def write_import(self, entries: Iterable[ImportedEntry], *, documents: Iterable[str], at: datetime) -> None:
        """Write one whole import in one transaction: all of it or nothing. New entries come with their ids."""
        ...

    async def changed_since(self, change: int, *, limit: int = 500) -> Sequence[tuple[int, Entry]]:
        """Entries whose latest change is numbered above `change`, in order of that number, any status."""
        ...

    async def latest_change(self) -> int:
        """The number of the newest change; 0 in an empty archive."""
        ...

    async def export(self, *, after: str | None, limit: int = 500) -> Sequence[Entry]:
        """The whole archive in digest order (undated last), every status, page by page after an entry id."""
        ...

    async def nearest_digests(self, day: date, *, today: date) -> tuple[date | None, date | None]:
        """The last digest date before, and the first after (not later than `today`), with published entries."""
        ...

    async def tags(self, prefix: str = "", *, limit: int = 25, today: date | None = None) -> Sequence[TagCount]:
        """Tags whose folded spelling starts with the folded prefix, most used first; then those with it further on.

        With `today`, as if later digests were not there.
        """
        ...

    async def tags_by_name(self, *, limit: int, today: date | None = None) -> Mapping[str, TagCount]:
        """The most used tags by every name they go by: their own, and their aliases, folded; `today` as for `tags`."""
        ...

    async def known_tags(self, names: Collection[str], *, today: date | None = None) -> Collection[str]:
        """Which of these names, in any spelling or as aliases, are tags of the archive; `today` as for `tags`."""
        ...

    async def authors(self, prefix: str, *, limit: int = 25, today: date | None = None) -> Sequence[TagCount]:
        """Authors and organisations one of whose name's words starts with the prefix, most entries first.

        `today` is as for `tags`.
        """
        ...

    async def digest_dates(self, prefix: str = "", *, today: date, limit: int = 25) -> Sequence[tuple[date, int]]:
        """Digest dates up to `today` with their entry counts, newest first, whose ISO form starts with `prefix`."""
        ...

    async def declare_alias(self, alias: str, tag: str) -> None:
        """Make one spelling stand for another tag from now on.

        Raises:
            NotFound: no such tag.
        """
        ...

    async def drafts(self, *, limit: int = 25) -> Sequence[Entry]:
        """Drafts, the one changed last first."""
        ...

    async def count(self) -> int:
        """How many entries there are, of any status."""
        ...


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of results. Cursors are short URL-safe texts; `total` is exact, or about right when `total_is_about`.

    A page may be empty and have a next one: where entries have to be looked into, an empty page ends after a thousand.
    `unknown_tags` are those of the criteria that no public entry carries, in any spelling. `read_on` are words, folded,
    that no public entry has either, and that were taken for beginnings of words.
    """

    hits: tuple[Hit, ...]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    total_is_about: bool
    unknown_tags: tuple[str, ...] = ()
    read_on: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries alone."""
        return tuple(hit.entry for hit in self.hits)


class Facet(Enum):
    """What results have in common, to go on from."""

    TAGS = "tags"
    AUTHORS = "authors"
    DAYS = "days"


class Search(Protocol):
    """Lookups in the archive. Only published entries with a digest date are ever found."""

    async def page(
        self, criteria: Criteria, *, asker: Person | None, limit: int, cursor: str | None = None
    ) -> SearchPage:
        """One page. A cursor belongs to the criteria it came from.

        Raises:
            InputError: a cursor that is not one.
        """
        ...

    async def like(self, entry: Entry, *, asker: Person | None, until: date | None, limit: int) -> Sequence[Hit]:
        """Entries that share tags and rare words with this one, the most alike first, of digests up to `until`."""
        ...

    async def narrowed(self, criteria: Criteria, facet: Facet, prefix: str, *, limit: int) -> Sequence[TagCount]:
        """Tags, authors or days of what meets the criteria that begin so, with how many of the newest few hundred."""
        ...

    async def nearest_words(
        self, words: Collection[str], *, until: date | None = None
    ) -> Mapping[str, Sequence[TagCount]]:
        """For each of these words that no public entry has, words it may have meant, the likeliest first.

        With `until` as if there were no later digests.
        """
        ...

    async def nearest_names(
        self, words: Collection[str], *, until: date | None = None
    ) -> Mapping[str, Sequence[TagCount]]:
        """The same for words of names of authors and organisations."""
        ...

    async def finding(self, each: Sequence[Criteria], *, asker: Person | None) -> Sequence[bool]:
        """For each of these whether anything meets it; where entries have to be looked into, among the first of them.

        All are looked up together.
        """
        ...

    async def digest(self, criteria: Criteria, day: date) -> Sequence[Entry]:
        """All entries of one digest that meet the criteria (whose own span and sort are ignored), in digest order."""
        ...

    async def latest_day(self, criteria: Criteria) -> date | None:
        """The newest digest date within the criteria's span with an entry that meets them."""
        ...

    async def matching(self, criteria: Criteria, entry_ids: Collection[str]) -> Collection[str]:
        """Which of these entries meet the criteria (whose sort is ignored)."""
        ...

    async def digest_for_each(self, wanted: Sequence[AnyOf], day: date) -> Sequence[Sequence[str]]:
        """For each of these the ids of those entries of one digest that meet any of its criteria, in digest order.

        As `digest` finds them, with a few statements for all of them together.
        """
        ...

    async def matching_for_each(self, wanted: Sequence[AnyOf], entry_ids: Collection[str]) -> Sequence[Collection[str]]:
        """For each of these which of the entries meet any of its criteria, as `matching` does, in the same way."""
        ...


# --- subscriptions and the ledger ----------------------------------------------------------------------------------


class Subscriptions(Protocol):
    """Standing orders."""

    async def add(self, subscription: Subscription) -> Subscription:
        """Keep a new one and hand it back with its id.

        Raises:
            Conflict: a personal one, where the person has one already.
        """
        ...

    async def replace(self, subscription: Subscription, *, was: str | None = None) -> None:
        """Write a changed one; `delivered_through` never goes back and `seen_change` stays, for deliveries go on.

        Raises:
            NotFound: it has been removed.
            Conflict: its query is another than it `was`.
        """
        ...

    async def remove(self, subscription_id: int) -> None:
        """End it: nothing new is posted. Its deliveries and posts stay in the ledger, and follow their entries."""
        ...

    async def end_workspace(self, platform: str, workspace: str) -> int:
        """End all of a workspace's, personal ones too, since Paperboy has left it; how many there were."""
        ...

    async def pause_channel(self, channel: Channel) -> Sequence[Subscription]:
        """Pause a channel's that are not, a personal one too; as they were before, oldest first."""
        ...

    async def get(self, subscription_id: int) -> Subscription | None:
        """The one with this id, also when it has ended."""
        ...

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        """A channel's that have not ended, oldest first; nobody's personal one."""
        ...

    async def of_workspace(self, platform: str, workspace: str, *, limit: int = 1000) -> Sequence[Subscription]:
        """A workspace's that have not ended, oldest first, personal ones too."""
        ...

    async def of_person(self, person: Person) -> Subscription | None:
        """The personal one that holds what this person follows."""
        ...

    async def active(self) -> Sequence[Subscription]:
        """Those that are neither paused nor ended."""
        ...

    async def behind(
        self, change: int, *, limit: int = 100, after: Subscription | None = None
    ) -> Sequence[Subscription]:
        """Those whose `seen_change` is below this, also paused and ended ones, furthest behind first.

        A page of them: those that come `after` the last one of the page before, as it was there.
        """
        ...

    async def due(
        self, now: datetime, *, limit: int = 100, after: Subscription | None = None
    ) -> Sequence[Subscription]:
        """Those whose `next_run_at` has come, longest overdue first; `after` as for `behind`."""
        ...


@dataclass(frozen=True, slots=True)
class PostChangeOrder:
    """What to do to a sent post. A post that is not sent yet is simply never sent when it is withdrawn."""

    withdraw: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """How a subscription stood when somebody looked what changed entries ask of its posts.

    Up to which change they were right, and which deliveries of the entries' digest dates there were.
    """

    seen_change: int
    days: Collection[date]
    deliveries: Collection[int]


PlannedDay = tuple[int, date]
"""What a delivery is known by: a subscription's id and a digest date."""


class Ledger(Protocol):
    """Deliveries and posts: what was promised to which channel and what became of it."""

    async def plan(
        self, subscription: Subscription, deliveries: Sequence[PlannedDelivery], *, served: Subscription | None = None
    ) -> None:
        """In one transaction write the deliveries, and with `served` its new `next_run_at` and `delivered_through`.

        `subscription` is as it was read before the digests were. Changes of the archive that it had not seen then are
        looked at again. Nothing is written when it has ended meanwhile, or with `served` when its `next_run_at` is
        another now: somebody has changed or served it, and it is looked at anew where it is still due.
        Planning again what is planned already changes nothing: a delivery is known by subscription and digest
        date, a post by its key.
        """
        ...

    async def plan_all(self, plans: Sequence[Plan]) -> None:
        """The same for several subscriptions, a thousand at most, in one transaction: what holds for one holds for all.

        Everything is written or nothing, but that those which ended or were changed meanwhile get nothing.
        """
        ...

    async def planned_days(self, subscription_ids: Collection[int], days: Collection[date]) -> Collection[PlannedDay]:
        """Which of these subscriptions have a delivery of which of these days already."""
        ...

    async def amend(
        self,
        subscription_id: int,
        *,
        seen_change: int | None,
        additions: Mapping[int, Sequence[PlannedPost]],
        changes: Mapping[int, PostChangeOrder],
        looked: Looked | None = None,
    ) -> bool:
        """In one transaction note what changed entries ask of delivered digests, and up to which change number.

        `additions` maps delivery ids to late posts; such a delivery is planned again until they are sent.
        `changes` maps post ids to what is to be done to them. Nothing is written, and False handed back, where it is
        not as `looked` says any more: something was planned meanwhile, which may lack what has changed.
        """
        ...

    async def pass_over(
        self, wanting: Sequence[tuple[Subscription, Collection[date]]], entry_ids: Collection[str], *, seen_change: int
    ) -> Collection[int]:
        """Note up to which change they are right for those whom these changed entries do not concern; their ids.

        They concern whoever has a post of one, or a delivery of one of the days that stand beside it, on which it wants
        one of them. At most a thousand; whose `seen_change` is another now is left out.
        """
        ...

    async def deliveries(self, subscription_id: int, days: Collection[date]) -> Sequence[Delivery]:
        """One subscription's deliveries of these digest dates, also those that merged deliveries carry."""
        ...

    async def posts(self, delivery_ids: Collection[int]) -> Sequence[Post]:
        """The posts of these deliveries, in order."""
        ...

    async def posts_of_entries(self, subscription_id: int, entry_ids: Collection[str]) -> Sequence[Post]:
        """One subscription's posts of these entries, in order, also withdrawn ones."""
        ...

    async def recover(self, serving: Collection[Channel] = ()) -> int:
        """Let go of what this worker holds in other channels than those it is serving; how many posts that were.

        It was claimed before the process was killed, or by a task that ended without a word. A post that was being
        sent is uncertain then. What other workers hold stays with them.
        """
        ...

    async def take_over(self, elapsed: float) -> int:
        """Take away what other workers hold and were not at work on for a whole lease; how many posts that were.

        `elapsed` are seconds that go on steadily when somebody sets the clock. Whoever asks for the first time begins
        to watch (see `bot.core.leases`).
        """
        ...

    async def claims(self) -> Sequence[Claim]:
        """Which posts are held now, and by whom."""
        ...

    async def renew(self, post_id: int) -> bool:
        """Say that this worker is still at work on a post; False when it has been taken away from it."""
        ...

    async def channels_waiting(self, now: datetime) -> Sequence[Channel]:
        """Channels whose first unfinished post may be acted on now."""
        ...

    async def next_attempt(self, now: datetime) -> datetime | None:
        """When the next channel is ready that is not ready now; None when none waits for its time."""
        ...

    async def next_attempt_in(self, channel: Channel, now: datetime) -> datetime | None:
        """When this channel is ready, which may be now; None when nothing is to be done there, or somebody is at it."""
        ...

    async def claim(self, channel: Channel, now: datetime) -> Post | None:
        """The channel's next post to act on, or None when nothing is to be done there now.

        Posts go out in the order they were planned: one that waits for its next attempt, or that a worker holds, holds
        back those behind it. A planned or failed post is committed as sending before it is handed out, with the state
        it had in `Post.state`; an uncertain one keeps its state, and comes also while its subscription is paused or has
        ended, when it may be looked up but not sent; sent ones come with their `change` once all are out.
        The worker holds it until it says what became of it, which nobody else can, but that it was sent.
        """
        ...

    async def mark_sent(self, post: Post, *, message_id: str, revision: int, at: datetime) -> None:
        """The platform has it, showing this revision of the entry."""
        ...

    async def mark_changed(self, post_id: int, *, revision: int) -> None:
        """The platform shows this revision now."""
        ...

    async def mark_withdrawn(self, post_id: int) -> None:
        """It is gone from the platform, or never went there."""
        ...

    async def mark_uncertain(self, post_id: int, *, reason: Message, retry_at: datetime) -> bool:
        """Nobody knows whether the platform has it; to be looked up then. Whether its reason was another before."""
        ...

    async def mark_failed(self, post_id: int, *, reason: Message, retry_at: datetime) -> None:
        """The platform does not have it, or not the change; to be tried again then."""
        ...

    async def mark_refused(self, post_id: int, *, reason: Message, alone: bool = False) -> bool:
        """It will never be taken: nor will the rest of its delivery, which is refused with it unless it is `alone`.

        Of a post that is there, only the change is given up. Whether that is news: the delivery has failed by it, and
        the subscription's delivery before it had not. Refused `alone`, it fails a delivery of which nothing else came.
        """
        ...

    async def held_up(self, channel: Channel) -> Post | None:
        """The uncertain post that a channel waits for though it has been looked up; None where nothing does so."""
        ...

    async def settle(
        self, post_id: int, *, is_there: bool, message_id: str | None = None, at: datetime | None = None
    ) -> bool:
        """Note what a person says of an uncertain post; False when a worker holds it now, or it is not uncertain.

        One that is there counts as sent (`at`); with its message id it is made right, else it is never changed again.
        One that is not is sent.
        """
        ...

    async def post_of(self, ref: MessageRef) -> Post | None:
        """The post that is this message."""
        ...

    async def latest_posts(self, platform: str, workspace: str, entry_ids: Collection[str]) -> Mapping[str, MessageRef]:
        """For each entry its newest sent post in this workspace, for jump links."""
        ...

    async def recent_posts(self, platform: str, *, since: datetime, limit: int = 1000) -> Sequence[Post]:
        """A platform's posts sent since then, newest first, for reconciliation."""
        ...

    async def newest_day(self, subscription_id: int) -> date | None:
        """The newest digest date with a delivery."""
        ...

    async def backlog(self, now: datetime) -> Backlog:
        """What is owed at this moment."""
        ...


class Courier(Protocol):
    """One platform's carrier of posts."""

    @property
    def platform(self) -> str:
        """The platform's name as in `Channel.platform`."""
        ...

    async def send(
        self, channel: Channel, content: Content, *, key: str, language: Language, thread_id: str | None
    ) -> str:
        """Post it, with the key attached, and hand back the platform's message id.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy, DeliveryUncertain: see `bot.core.errors`.
        """
        ...

    async def edit(self, ref: MessageRef, content: Content, *, language: Language) -> None:
        """Show this content instead. A message that is gone already is left alone.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy, DeliveryUncertain.
        """
        ...

    async def withdraw(self, ref: MessageRef) -> None:
        """Delete the message, or where people have replied, leave a withdrawn mark. Gone already is fine.

        Raises:
            ChannelUnavailable, PlatformBusy, DeliveryUncertain.
        """
        ...

    async def find(self, channel: Channel, key: str, *, thread_id: str | None, since: datetime) -> str | None:
        """The id of the message that carries this key, or None when it certainly never arrived.

        It cannot be older than `since` (UTC, by our clock).

        Raises:
            ChannelUnavailable, PlatformBusy, DeliveryUncertain: when that cannot be told; `lasting` where a person
                has to act first.
        """
        ...

    def message_at(self, channel: Channel, link: str) -> str | None:
        """The id of the message of this channel that has this address; None when it is no such address."""
        ...

    async def seen(self, channel: Channel, posts: Sequence[Post]) -> Mapping[int, Seen]:
        """By post id what the platform shows below these posts of a channel now; a post that is gone is left out.

        Raises:
            ChannelUnavailable, PlatformBusy.
        """
        ...

    async def enter(self, channel: Channel) -> None:
        """Make sure that posts can go into a channel, joining it where that is needed and allowed.

        Raises:
            ChannelUnavailable: in words that say what a person can do about it.
            PlatformBusy
        """
        ...

    async def direct_channel(self, person: Person) -> Channel:
        """Where direct messages to a person go.

        Raises:
            ChannelUnavailable, PlatformBusy.
        """
        ...

    async def tell(self, person: Person, message: Message, *, language: Language) -> None:
        """Say one sentence to a person in private.

        Raises:
            ChannelUnavailable, ContentRefused, PlatformBusy, DeliveryUncertain.
        """
        ...


# --- engagement ----------------------------------------------------------------------------------------------------


class EngagementStore(Protocol):
    """What readers did. Recording the same thing twice, or removing what is not there, changes nothing."""

    async def react(self, post_id: int, person: Person, emoji: str, *, at: datetime) -> None: ...
    async def unreact(self, post_id: int, person: Person, emoji: str) -> None: ...
    async def reply(self, post_id: int, person: Person, message_id: str, *, at: datetime) -> None: ...
    async def unreply(self, post_id: int, message_id: str) -> None: ...

    async def recorded(self, post_ids: Collection[int]) -> Mapping[int, Seen]:
        """What is recorded below each of these posts, in the form in which a platform shows it."""
        ...

    async def reconcile(
        self, seen: Mapping[int, Seen], *, before: Mapping[int, Seen] | None = None, at: datetime
    ) -> None:
        """Make the records of these posts, by post id, equal to what the platform showed.

        `before` is what was `recorded` when the platform was asked: what was added to the records or taken off them
        since then is newer than what was shown, and stays as it is. Without it there was no such time. Reactions that
        were not known are recorded as given at `at`.
        """
        ...

    async def save(self, entry_id: str, person: Person, *, at: datetime) -> None: ...
    async def unsave(self, entry_id: str, person: Person) -> None: ...

    async def saved(self, entry_ids: Collection[str], person: Person) -> Collection[str]:
        """Which of these entries the person has saved."""
        ...

    async def counts(self, entry_ids: Collection[str]) -> Mapping[str, Engagement]:
        """Engagement by entry id; entries without any are left out."""
        ...

    async def between(self, first: date, last: date) -> Sequence[tuple[Entry, Engagement]]:
        """Published entries of these digest dates (at most 1,000) with their engagement, in digest order."""
        ...

    async def forget(self, person: Person, *, in_all_workspaces: bool = False) -> int:
        """Erase a person's reactions, replies, saves and follows; how many there were.

        Revisions and subscriptions they made lose their name. With `in_all_workspaces` it is done for everybody with
        their id on the platform, where that is one person.
        """
        ...


class Inbox(Protocol):
    """Which of a platform's events have been taken already: platforms deliver the same one more than once."""

    async def take(self, platform: str, event_id: str, *, at: datetime) -> bool:
        """Take an event; False when it has been taken within the last day. Older ones are forgotten."""
        ...


class Questions(Protocol):
    """What buttons and forms carry where a platform has no room for it, kept for thirty days."""

    async def keep(self, texts: Sequence[str], *, at: datetime) -> Sequence[str]:
        """Keep texts; for each its key, 22 letters, digits, `-` and `_`. The same text has the same key."""
        ...

    async def get(self, key: str) -> str | None:
        """A text that was kept; None when it never was, or has been forgotten."""
        ...


# --- the local workspace -------------------------------------------------------------------------------------------


class LocalWorkspace(Protocol):
    """The local workspace's own server side: channels, messages, threads, reactions."""

    async def add_channel(self, channel: LocalChannel) -> None:
        """Keep a channel; one with the same id is left as it is."""
        ...

    async def channels(self) -> Sequence[LocalChannel]:
        """All channels, by position."""
        ...

    async def post(self, message: LocalMessage) -> LocalMessage:
        """Keep a message and hand it back with its id; a message with the same key is handed back instead.

        Raises:
            NotFound: no such channel, or no such message to reply to.
        """
        ...

    async def edit(self, message_id: int, payload: Mapping[str, object], *, at: datetime) -> LocalMessage | None:
        """Show another payload; None when the message is gone."""
        ...

    async def delete(self, message_id: int, *, unless_replied: bool = False) -> LocalMessage | None:
        """Take a message away, with its thread; what it was, None when it is gone or, where asked, has replies."""
        ...

    async def get(self, message_id: int) -> LocalMessage | None:
        """A message with its reactions and reply count."""
        ...

    async def by_key(self, key: str) -> LocalMessage | None:
        """The message with this key."""
        ...

    async def history(self, channel_id: str, *, before: int | None = None, limit: int = 50) -> Sequence[LocalMessage]:
        """A channel's newest messages outside threads, oldest first, with reactions and reply counts."""
        ...

    async def thread(self, message_id: int, *, limit: int = 500) -> Sequence[LocalMessage]:
        """The replies to a message, oldest first."""
        ...

    async def react(self, message_id: int, persona: str, emoji: str) -> bool:
        """Add a reaction; False when it was there or the message is gone."""
        ...

    async def unreact(self, message_id: int, persona: str, emoji: str) -> bool:
        """Take a reaction away; False when it was not there."""
        ...

    async def forget(self, persona: str) -> None:
        """Erase a persona's reactions and blank their replies."""
        ...


class PaperSource(Protocol):
    """An outside source of what is known about a paper."""

    async def paper(self, arxiv_id: str) -> Entry | None:
        """A draft with title, authors, abstract, url and paper date; None when the source knows no such paper.

        Raises:
            LookupUnavailable: it cannot be asked now.
        """
        ...


class Stores(Protocol):
    """Everything kept, as one handle; each part is a port of its own."""

    async def touch(self) -> None:
        """Write something, and take it away again.

        Raises:
            StorageError: nothing can be written now.
        """
        ...

    @property
    def archive(self) -> Archive: ...
    @property
    def search(self) -> Search: ...
    @property
    def subscriptions(self) -> Subscriptions: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def engagement(self) -> EngagementStore: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def workspace(self) -> LocalWorkspace: ...
