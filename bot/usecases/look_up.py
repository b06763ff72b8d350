"""Look entries up: a query, a day's digest, one entry, what is like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from bot.core.engagement import Engagement
from bot.core.entries import Entry, Status, TagCount, arxiv_id_of, tag_key
from bot.core.errors import NotFound, QueryError
from bot.core.hits import Hit
from bot.core.messages import Message, msg, msg_n
from bot.core.nearest import nearest
from bot.core.people import Caller, Person, Role
from bot.core.ports import Stores
from bot.core.query import (
    AfterTerm,
    AuthorTerm,
    BeforeTerm,
    Criteria,
    DateSpan,
    DateTerm,
    Query,
    TagTerm,
    Term,
    TextTerm,
    TitleTerm,
    criteria_of,
)
from bot.core.query_syntax import parse
from bot.core.query_writing import unparse
from bot.usecases.suggest import asks, broader, finding, finding_until, suggest, with_longer_tags

PAGE_SIZE = 5
_TAGS_TO_COMPARE = 5_000
_WORD = re.compile(r"[^\W_가-힣]+")
_PLAIN_RUN = re.compile(r"\b\w[\w-]*(?: \w[\w-]*)?\b")


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a lookup. `text` is the query as Paperboy understood it.

    `notice` explains an empty page, `remark` what is on one. `suggestions` find something, or more than the few results
    that there are.
    """

    query: Query
    text: str
    hits: tuple[Hit, ...]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    total_is_about: bool
    notice: Message | None = None
    suggestions: tuple[str, ...] = ()
    remark: Message | None = None


@dataclass(frozen=True, slots=True)
class DigestView:
    """One day's digest, and the days with digests on either side of it."""

    day: date
    hits: tuple[Hit, ...]
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class HelpView:
    """Examples that find something in this very archive: (query, what it does)."""

    examples: tuple[tuple[str, Message], ...]


async def look_up(
    stores: Stores,
    caller: Caller,
    text: str,
    *,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
    typing: bool = False,
    explained: bool = True,
) -> Results:
    """Answer a query, one page at a time. If it is still being typed, its last word stands for all that begin so.

    An empty page is `explained`, for whoever reads it, by a notice and by queries that find something.

    Raises:
        QueryError: the query, or a tag in it, is not understood.
        InputError: the cursor is not one of this query.
    """
    query = await _understood(stores, caller, text) if explained else parse(text)
    criteria = criteria_of(_begun(query) if typing else query, caller.today, until=caller.horizon)
    page = await stores.search.page(criteria, asker=caller.person, limit=limit, cursor=cursor)
    if page.unknown_tags or criteria.tags_not or not page.hits:
        await refuse_unknown_tags(stores, query, today=caller.horizon, asker=caller.person)
    notice: Message | None = None
    suggestions: tuple[str, ...] = ()
    if explained and page.hits and cursor is None and page.next_cursor is None:
        suggestions = await broader(stores, caller, query, len(page.hits))
    if explained and not page.hits:
        is_partial = page.next_cursor is not None
        if cursor is not None and not is_partial:
            notice = msg("There is nothing further.")
        else:
            notice, suggestions = await _why_nothing(stores, caller, query, criteria, is_partial=is_partial)
    return Results(
        query=query,
        text=unparse(query),
        hits=page.hits,
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=page.total,
        total_is_about=page.total_is_about,
        notice=notice,
        suggestions=suggestions,
        remark=_on_beginnings(query, page.read_on) if page.hits and page.read_on and not typing else None,
    )


async def _understood(stores: Stores, caller: Caller, text: str) -> Query:
    """A query as it is typed.

    Raises:
        QueryError: it is not understood; with suggestions that find something, if there are any.
    """
    try:
        return parse(text)
    except QueryError as error:
        meant = {suggestion: parse(suggestion) for suggestion in error.suggestions}
        found = await finding(stores, caller, list(meant.values()))
        kept = found or [query for query in meant.values() if not all(isinstance(one, TextTerm) for one in query.terms)]
        suggestions = [suggestion for suggestion, query in meant.items() if query in kept]
        raise QueryError(error.message, start=error.start, end=error.end, suggestions=suggestions) from None


def _begun(query: Query) -> Query:
    """The same with its last word still being typed."""
    last = query.terms[-1] if query.terms else None
    if not isinstance(last, TextTerm) or last.phrase or last.negated:
        return query
    return replace(query, terms=(*query.terms[:-1], replace(last, begun=True)))


def _on_beginnings(query: Query, words: Sequence[str]) -> Message:
    """That these words of the query were taken for beginnings, since nothing has them."""
    terms = [term.text for term in query.terms if isinstance(term, TextTerm | TitleTerm)]
    typed = {word.casefold(): word for text in terms for word in _WORD.findall(text)}
    listed = ", ".join(f"“{typed.get(word, word)}”" for word in dict.fromkeys(words))
    return msg("No entry has the word {words}. These have words that start with it.", words=listed)


async def hits_of(stores: Stores, caller: Caller, entries: Sequence[Entry]) -> tuple[Hit, ...]:
    """Entries with what the asker sees beside them, in three reads whatever their number."""
    if not entries:
        return ()
    ids = [entry.id for entry in entries]
    counts = await stores.engagement.counts(ids)
    saved = await stores.engagement.saved(ids, caller.person)
    jumps = await stores.ledger.latest_posts(caller.person.platform, caller.person.workspace, ids)
    return tuple(
        Hit(entry, counts.get(entry.id, Engagement()), entry.id in saved, jumps.get(entry.id)) for entry in entries
    )


async def refuse_unknown_tags(
    stores: Stores, query: Query, *, today: date | None = None, asker: Person | None = None
) -> None:
    """Stop at a tag the archive does not have, with the nearest ones; with `today` as if later digests were not there.

    Of what they have saved only an `asker` can be told.

    Raises:
        QueryError: with whole corrected queries as suggestions.
    """
    terms = [term for term in query.terms if isinstance(term, TagTerm)]
    names = [name for term in terms for name in term.names]
    if not names:
        return
    known = {tag_key(name) for name in await stores.archive.known_tags(names, today=today)}
    unknown_ones = [name for name in names if tag_key(name) not in known]
    if not unknown_ones:
        return
    unknown, *others = unknown_ones
    near = await _nearest_tags(stores, unknown, today)
    if not near:
        for other in others:
            query = _without_tag(query, other, or_word=False)
        raise await _unlike_any_tag(stores, query, unknown, today, asker)
    meant = await finding_until(stores, list(with_longer_tags(query)), today or date.max, today, asker)
    corrected = tuple(map(unparse, [*meant, *(_with_tag(query, unknown, tag.name) for tag in near)]))
    listed = ", ".join(f"#{tag.name} ({tag.count})" for tag in near)
    raise QueryError(
        msg("There is no tag #{tag} in the archive. Nearest: {nearest}.", tag=unknown, nearest=listed),
        suggestions=corrected,
    )


async def _nearest_tags(stores: Stores, name: str, today: date | None) -> list[TagCount]:
    """The tags that a name may mean, by their own names or aliases."""
    tags = await stores.archive.tags_by_name(limit=_TAGS_TO_COMPARE, today=today)
    near = nearest(name, [(other, tag.count) for other, tag in tags.items()])
    return list(dict.fromkeys(tags[other] for other in near))


async def _unlike_any_tag(
    stores: Stores, query: Query, unknown: str, today: date | None, asker: Person | None
) -> QueryError:
    """What to say of a tag like no other: it may be a word, or be left out."""
    is_negated = any(isinstance(term, TagTerm) and term.negated and unknown in term.names for term in query.terms)
    is_word = any(map(str.isalnum, unknown)) and not is_negated  # else nothing can be looked for
    with_word, left = (_without_tag(query, unknown, or_word=or_word) for or_word in (is_word, False))
    tried = [one for one in dict.fromkeys((with_word, left)) if any(map(asks, one.terms))]
    found = await finding_until(stores, tried, today or date.max, today, asker)
    if with_word != left and with_word in found:
        said = msg(
            "There is no tag #{tag} in the archive, nor one like it. Try it as a word, or leave it out.", tag=unknown
        )
    else:
        said = msg(
            "There is no tag #{tag} in the archive, nor one like it. Leave it out, or look for words.", tag=unknown
        )
    return QueryError(said, suggestions=[*map(unparse, found)])


def _with_tag(query: Query, wrong: str, right: str) -> Query:
    def mended(term: TagTerm) -> TagTerm:
        return TagTerm(tuple(right if name == wrong else name for name in term.names), term.negated)

    return Query(tuple(mended(term) if isinstance(term, TagTerm) else term for term in query.terms), query.sort)


def _without_tag(query: Query, wrong: str, *, or_word: bool) -> Query:
    """The query without a tag, or with a word instead of it; without the tag where it stands beside others."""

    def mended(term: Term) -> Sequence[Term]:
        if not isinstance(term, TagTerm) or wrong not in term.names:
            return (term,)
        others = tuple(name for name in term.names if name != wrong)
        if others:
            return (replace(term, names=others),)
        return (TextTerm(wrong, phrase=" " in wrong),) if or_word else ()

    return Query(tuple(other for term in query.terms for other in mended(term)), query.sort)


async def _why_nothing(
    stores: Stores, caller: Caller, query: Query, criteria: Criteria, *, is_partial: bool
) -> tuple[Message, tuple[str, ...]]:
    """What to say instead of an empty page, and queries that find something."""
    span = criteria.span
    if is_partial:
        return msg("Nothing among the newest entries with these words. The next page looks further back."), ()
    if span.first and span.last and span.first > span.last and span.last < caller.horizon:
        return msg("No day meets all of these dates. Change one of them, or leave it out."), ()
    if span.first and span.first > caller.horizon:
        return msg("That day has not come yet."), ()
    if span.first and span.first == span.last:
        before, after = await stores.archive.nearest_digests(span.first, today=caller.horizon)
        if not await stores.search.digest(Criteria(), span.first):
            near = tuple(f"date:{day.isoformat()}" for day in (before, after) if day)
            return msg("There is no digest on {day}.", day=span.first), near
    if criteria.saved:
        return msg("You have saved nothing that matches. The button “Save” of an entry saves it."), ()
    return await _beyond_archive(stores, caller, query, criteria) or await suggest(stores, caller, query)


async def _beyond_archive(
    stores: Stores, caller: Caller, query: Query, criteria: Criteria
) -> tuple[Message, tuple[str, ...]] | None:
    """What to say of an id that no entry has, or of days alone that no digest is of; None of anything else."""
    for reference in criteria.ids:
        entry = await stores.archive.find(reference)
        if entry is None or not may_see(caller, entry):
            if arxiv_id_of(reference) is None:
                return msg("No entry has the id {id}.", id=reference), ()
            return msg("No paper here has the id {id}. A maintainer can add it with /paper-add.", id=reference), ()
    if not query.terms or not all(isinstance(term, DateTerm | AfterTerm | BeforeTerm) for term in query.terms):
        return None
    _, first = await stores.archive.nearest_digests(date.min, today=caller.horizon)
    last, _ = await stores.archive.nearest_digests(date.max, today=caller.horizon)
    if first is None or last is None:
        return None
    said = msg(
        "There is no digest in these days. The first is from {first}, the latest from {last}.", first=first, last=last
    )
    return said, tuple(dict.fromkeys(f"date:{day.isoformat()}" for day in (first, last)))


async def show_digest(stores: Stores, caller: Caller, day: date | None = None) -> DigestView:
    """A day's digest, or the latest one.

    Raises:
        NotFound: no digest that day; suggestions name the nearest days.
    """
    up_to_today = Criteria(span=DateSpan(None, caller.horizon))
    if day is None:
        day = await stores.search.latest_day(up_to_today)
        if day is None:
            raise NotFound(msg("The archive is empty so far. A maintainer can add a paper with /paper-add."))
    before, after = await stores.archive.nearest_digests(day, today=caller.horizon)
    entries = await stores.search.digest(up_to_today, day) if day <= caller.horizon else ()
    if not entries:
        near = tuple(f"/digest show {other.isoformat()}" for other in (before, after) if other)
        raise NotFound(msg("There is no digest on {day}.", day=day), suggestions=near)
    return DigestView(day, await hits_of(stores, caller, entries), before, after)


def may_see(caller: Caller, entry: Entry) -> bool:
    """Whether this person may read the entry now: drafts and tomorrow's digest are the maintainers' business."""
    if Role.MAINTAINER in caller.roles and entry.status is not Status.REMOVED:
        return True
    return entry.is_public and entry.digest_date is not None and entry.digest_date <= caller.horizon


async def find_entry(stores: Stores, caller: Caller, reference: str) -> Entry:
    """The entry a person means by an entry id, an arXiv id or an arXiv address.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    entry = await stores.archive.find(reference)
    if entry is None or not may_see(caller, entry):
        raise NotFound(
            msg("There is no entry {reference}. /paper finds entries by title or author.", reference=reference)
        )
    return entry


async def show_entry(stores: Stores, caller: Caller, reference: str) -> Hit:
    """One entry.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    entry = await find_entry(stores, caller, reference)
    return (await hits_of(stores, caller, [entry]))[0]


async def more_like(stores: Stores, caller: Caller, entry_id: str, *, limit: int = PAGE_SIZE) -> tuple[Hit, ...]:
    """Entries that share tags and rare words with this one, the most alike first.

    Raises:
        NotFound: no such entry, or not for this person.
    """
    entry = await find_entry(stores, caller, entry_id)
    return tuple(await stores.search.like(entry, asker=caller.person, until=caller.horizon, limit=limit))


async def show_help(stores: Stores, caller: Caller) -> HelpView:
    """The query language by examples that find something here."""
    tags = await stores.archive.tags(limit=5, today=caller.horizon)
    latest = await stores.search.latest_day(Criteria(span=DateSpan(None, caller.horizon)))
    examples: list[tuple[str, Message]] = []
    if tags:
        examples.append(
            (f"tag:{tags[0].name}", msg_n("{n} entry with this tag", "{n} entries with this tag", n=tags[0].count))
        )
    for first, second in combinations([tag.name for tag in tags], 2):
        if await _finds(stores, caller, both := f"#{first} #{second}"):
            examples += [(both, msg("both tags")), (f"tag:{first},{second}", msg("either tag"))]
            if await _finds(stores, caller, without := f"#{first} -tag:{second}"):
                examples.append((without, msg("one tag without the other")))
            break
    if latest:
        examples += await _examples_of_day(stores, latest)
        examples.append((f"date:{latest.isoformat()}", msg("one day's digest")))
        examples.append((f"date:{latest:%Y-%m}", msg("a month; date:2024 is a year")))
        examples.append((f"after:{latest.year - 1} before:{latest.year + 1}", msg("between two dates")))
    examples.append(("is:saved", msg("what you have saved")))
    examples.append(("sort:popular", msg("most reactions and saves first; also new, old, relevance, discussed")))
    return HelpView(tuple(examples))


async def _finds(stores: Stores, caller: Caller, text: str) -> bool:
    criteria = criteria_of(parse(text), caller.today, until=caller.horizon)
    return any(await stores.search.finding([criteria], asker=caller.person))


async def _examples_of_day(stores: Stores, day: date) -> list[tuple[str, Message]]:
    entries = await stores.search.digest(Criteria(), day)
    longest = max(re.findall(r"[^\W\d_]+", " ".join(entry.title for entry in entries)), key=len, default="")
    examples: list[tuple[str, Message]] = []
    if longest:
        examples.append((longest.casefold(), msg("a word of the title, commentary or abstract, in either language")))
    with_authors = next((entry for entry in entries if entry.authors), None)
    if with_authors:
        surname = with_authors.authors[-1].split()[-1].casefold()
        examples.append((unparse(Query((AuthorTerm(surname),))), msg("papers by an author or organisation")))
    run = next((found[0] for entry in entries if (found := _PLAIN_RUN.search(entry.title))), None)
    if run:
        said = msg("words of the title as they stand")
        examples.append((unparse(Query((TitleTerm(run, phrase=True),))), said))
    with_id = next((entry for entry in entries if entry.arxiv_id), None)
    if with_id:
        examples.append((f"id:{with_id.arxiv_id}", msg("one paper by its arXiv id or address")))
    return examples
