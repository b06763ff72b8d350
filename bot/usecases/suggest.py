"""Queries to go on with where one finds nothing. Each has been tried: what is offered finds something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, islice, pairwise, zip_longest
from typing import TypeVar

from bot.core.entries import TagCount
from bot.core.errors import QueryError
from bot.core.messages import Message, msg
from bot.core.people import Caller, Person
from bot.core.ports import Stores
from bot.core.query import AuthorTerm, DateTerm, IdTerm, Query, TagTerm, Term, TextTerm, TitleTerm, criteria_of
from bot.core.query_syntax import MAX_LENGTH, MAX_TERMS, parse
from bot.core.query_writing import unparse

T = TypeVar("T")

_MOST_OFFERED = 3
_MOST_ALONE = 24
"""So many terms and words at most are tried by themselves."""
_MOST_COUNTED = 8
"""Of so many terms it is counted how many entries have each."""
_MOST_SHORTER = 6
"""Of so many terms at most each is left out in turn."""
_MOST_RESPELLED = 16
"""So many other ways to write the words are tried, of words that are no longer than `_LONGEST` letters."""
_LONGEST = 24
_TWO_NOUNS = 5
"""Most Korean nouns have two letters: where there are more than these, with a particle, there are three nouns."""
_KOREAN = "가-힣"
_PART = re.compile(rf"[{_KOREAN}]+|[^\W_{_KOREAN}]+")
"""A word of one script: what may be mistyped, as either part of `self-superviesd`."""
_ASKED_WITH = """
    a about an and any are article articles can could do does explain find for from give have how i in is latest list me
    new of on or paper papers please recent recommend search show some something tell that the there to was what when
    where which who with wrote you
    논문 논문들 논문을 논문은 논문이 관련 관련된 관련한 대한 대해 대해서 에 최신 최근 추천 추천해줘 찾아줘 찾아주세요
    알려줘 알려주세요 보여줘 보여주세요 설명 설명해줘 있나요 있어 있는 무엇인가요 뭐야 뭔가요 좀 그리고
    """
_FILLERS = frozenset(_ASKED_WITH.split())
"""Words that people ask with, and do not ask for."""
_VERBAL = ("하는", "하기", "하다", "해서", "되는", "한", "할", "된")
"""What makes a verb of a Korean noun."""
_MOST_DAY_WORDS = 3
_LIKE_A_DATE = re.compile(r"\d{4}[-./]\d{1,2}(?:[-./]\d{1,2})?")
_BESIDE_ID = re.compile(r"arxiv|v\d+|\W", re.IGNORECASE)
_ARXIV_ID = re.compile(r"(?<![\d.])\d{4}\.\d{4,5}(?!\d)")

Ways = Mapping[Term, Sequence[Sequence[Term]]]
"""For some terms of a query what may stand in their place, the likeliest first."""


async def suggest(stores: Stores, caller: Caller, query: Query) -> tuple[Message, tuple[str, ...]]:
    """What to say where a query finds nothing, and queries like it that find something, as one would type them."""
    asked, query = query, _without_fillers(query)
    respelled, corrected = await _respelled(stores, caller, query), await _corrected(stores, caller, query)
    ways = {term: _in_order(respelled.get(term, ()), corrected.get(term, ())) for term in query.terms}
    otherwise = _written_otherwise(query, ways)
    first = [*_with_days(query), *with_longer_tags(query), *([query] if query != asked else [])]
    offered = _written(await finding(stores, caller, [*first, *otherwise]))
    if not offered:
        offered = _written(await finding(stores, caller, [whole for _, whole in _with_a_word_parted(query)]))
    if not offered:
        offered = _written(await _looser(stores, caller, otherwise[0] if otherwise else query))
    if offered:
        return msg("Nothing in the archive matches this."), offered
    for term in query.terms:
        if isinstance(term, TextTerm | TitleTerm) and not term.negated and (paper := _paper_in(term.text)):
            return msg("No paper here has the id {id}. A maintainer can add it with /paper-add.", id=paper), ()
        if isinstance(term, TextTerm) and not term.negated and (wrong := _wrong_date(term.text)):
            return wrong, ()
    return msg("Nothing in the archive matches this. Try fewer letters, or other words."), ()


def _in_order(respelled: Sequence[Sequence[Term]], corrected: Sequence[Sequence[Term]]) -> Sequence[Sequence[Term]]:
    """Other spellings before corrections; but pieces of a Korean word behind them, which need not stand together."""
    pieces = [way for way in respelled if len(way) > 1]
    return [*(way for way in respelled if way not in pieces), *corrected, *pieces]


async def broader(stores: Stores, caller: Caller, query: Query, total: int) -> tuple[str, ...]:
    """Queries that find more than a few results: one of its words is as others write it. And the day that it names."""
    ways = _with_a_word_parted(query)
    apart = await finding(stores, caller, [alone for alone, _ in ways])
    more: list[Query] = []
    for one in [whole for alone, whole in ways if alone in apart][:_MOST_OFFERED]:
        criteria = criteria_of(one, caller.today, until=caller.horizon)
        page = await stores.search.page(criteria, asker=caller.person, limit=total + 1)
        if len(page.hits) > total:
            more.append(one)
    if len(query.terms) == 1 and isinstance(query.terms[0], TextTerm) and (day := _day_in(query.terms[0].text)):
        more += await finding(stores, caller, [replace(query, terms=(day,))])
    return _written(more)


def _with_a_word_parted(query: Query) -> Sequence[tuple[Query, Query]]:
    """Two words, as they stand by themselves, and the query with them instead of one of its words."""
    ways = (
        (_as_two_words(way), replace(query, terms=(*query.terms[:at], *way, *query.terms[at + 1 :])))
        for at, term in enumerate(query.terms)
        if isinstance(term, TextTerm | TitleTerm) and not (term.negated or term.phrase)
        for way in _parted(term)
    )
    return list(islice(ways, _MOST_RESPELLED))


def _without_fillers(query: Query) -> Query:
    """The query without words that people ask with, unless there are no others."""
    terms = [term for term in query.terms if not (isinstance(term, TextTerm) and _is_filler(term))]
    return replace(query, terms=tuple(terms)) if any(map(asks, terms)) else query


def _is_filler(term: TextTerm) -> bool:
    return not term.phrase and term.text.casefold().strip("?!.,") in _FILLERS


def _as_two_words(way: Sequence[Term]) -> Query:
    """What is written in two words, and not as one or with a hyphen, both of which `zero-shot` stands for as well."""
    return Query(
        tuple(
            replace(term, text=term.text.replace("-", " "), phrase=True)
            if isinstance(term, TextTerm | TitleTerm) and "-" in term.text
            else term
            for term in way
        )
    )


async def finding(stores: Stores, caller: Caller, queries: Sequence[Query]) -> list[Query]:
    """Those of these queries that find something."""
    return await finding_until(stores, queries, caller.today, caller.horizon, caller.person)


async def finding_until(
    stores: Stores, queries: Sequence[Query], today: date, until: date | None, asker: Person | None
) -> list[Query]:
    """The same where nobody may ask: those that find something up to `until`."""
    if not queries:
        return []
    found = await stores.search.finding([criteria_of(query, today, until=until) for query in queries], asker=asker)
    return [query for query, finds in zip(queries, found, strict=True) if finds]


def _written(queries: Iterable[Query]) -> tuple[str, ...]:
    texts = dict.fromkeys(map(unparse, queries))
    return tuple(text for text in texts if len(text) <= MAX_LENGTH)[:_MOST_OFFERED]


def _written_otherwise(query: Query, ways: Ways) -> Sequence[Query]:
    """The query with every term as it was probably meant; then as it was next probably meant, and so on."""
    found = [
        _with(query, chain.from_iterable(_nth(ways.get(term), rank) or (term,) for term in query.terms))
        for rank in range(_MOST_OFFERED)
    ]
    return [one for one in found if one != query and len(one.terms) <= MAX_TERMS]


def _nth(ways: Sequence[T] | None, rank: int) -> T | None:
    return ways[min(rank, len(ways) - 1)] if ways else None


# --- mistyped words ------------------------------------------------------------------------------------------------


async def _corrected(stores: Stores, caller: Caller, query: Query) -> Ways:
    """Terms with mistyped words and names put right."""
    texts = [term for term in query.terms if isinstance(term, TextTerm | TitleTerm) and not term.negated]
    authors = [term for term in query.terms if isinstance(term, AuthorTerm) and not term.negated]
    words = dict.fromkeys(word for term in texts for word in _PART.findall(term.text))
    near = dict(await stores.search.nearest_words(words, until=caller.horizon)) if words else {}
    names = dict.fromkeys(word for term in authors for word in term.name.split())
    near_names = dict(await stores.search.nearest_names(names, until=caller.horizon)) if names else {}
    found: dict[Term, list[Sequence[Term]]] = {}
    for rank in range(_MOST_OFFERED):
        mended: list[Term] = [replace(term, text=_mended(term.text, near, rank)) for term in texts]
        mended += [replace(term, name=_mended(term.name, near_names, rank)) for term in authors]
        for term, other in zip([*texts, *authors], mended, strict=True):
            if other != term:
                found.setdefault(term, []).append((other,))
    return found


def _mended(text: str, near: Mapping[str, Sequence[TagCount]], rank: int) -> str:
    """A text with the mistyped words in it replaced by what stands at this rank, or last, among those they may mean."""
    return _PART.sub(lambda word: one.name if (one := _nth(near.get(word[0]), rank)) else word[0], text)


# --- words that others write otherwise -----------------------------------------------------------------------------


async def _respelled(stores: Stores, caller: Caller, query: Query) -> Ways:
    """Terms that nothing has, as others write them so that something has them: `zero-shot` for `zeroshot`."""
    texts = [term for term in query.terms if isinstance(term, TextTerm | TitleTerm) and not term.negated]
    ways: dict[Term, list[Sequence[Term]]] = {
        term: [*await _entry_at(stores, term), *_other_ways(term)] for term in dict.fromkeys(texts)
    }
    names = [term for term in query.terms if isinstance(term, AuthorTerm) and not term.negated]
    ways |= {term: [(TextTerm(term.name, phrase=" " in term.name),)] for term in dict.fromkeys(names)}
    in_turns = [one for rank in zip_longest(*ways.values()) for one in rank if one is not None]
    tried = [Query((term,)) for term in ways][:_MOST_ALONE] + [Query(tuple(one)) for one in in_turns[:_MOST_RESPELLED]]
    found = {tuple(one.terms) for one in await finding(stores, caller, tried)}
    return {
        term: [one for one in each if tuple(one) in found and ((term,) not in found or isinstance(one[0], DateTerm))]
        for term, each in ways.items()
    }


async def _entry_at(stores: Stores, term: TextTerm | TitleTerm) -> Sequence[Sequence[Term]]:
    """The entry with this address, where it is one."""
    entry = await stores.archive.find(term.text) if "://" in term.text else None
    return [(IdTerm(entry.id),)] if entry else ()


def _other_ways(term: TextTerm | TitleTerm) -> Iterator[Sequence[Term]]:
    text = term.text
    if (paper := _ARXIV_ID.search(text)) and text != paper[0]:  # an address of a page about it
        yield (IdTerm(paper[0]),)
    if day := _day_in(text):
        yield (day,)
    if len(text) > _LONGEST or not _PART.fullmatch(text):
        return
    if term.phrase:
        yield (replace(term, phrase=False),)
    if not text.isalpha():
        return
    if isinstance(term, TextTerm):  # names are compared without accents
        yield (AuthorTerm(text),)
    yield from ([replace(term, text=noun, phrase=False)] for noun in _nouns(text))
    yield from _parted(term)


def _nouns(text: str) -> Iterator[str]:
    """The noun of a Korean verb: `프루닝` of `프루닝하는`."""
    for ending in _VERBAL:
        if text.endswith(ending) and len(text) - len(ending) > 1:
            yield text[: -len(ending)]
            return


def _parted(term: TextTerm | TitleTerm) -> Iterator[Sequence[Term]]:
    """A word as two, cut in the middle first, or a Korean one as several nouns."""
    text = term.text
    if len(text) > _LONGEST or not (_PART.fullmatch(text) and text.isalpha()):
        return
    middle = len(text) / 2
    for at in sorted(range(2, len(text) - 1), key=lambda at: abs(at - middle)):
        if text.isascii():
            yield (replace(term, text=f"{text[:at]}-{text[at:]}", phrase=False),)
        else:
            yield _apart(term, (text[:at], text[at:]))
    if not text.isascii() and len(text) > _TWO_NOUNS:
        yield _apart(term, [text[at : at + 2] for at in range(0, len(text) - 3, 2)] + [text[-2 - len(text) % 2 :]])


def _paper_in(text: str) -> str | None:
    """The arXiv id that a word is, or an address has."""
    found = _ARXIV_ID.search(text)
    return found[0] if found and ("://" in text or not _BESIDE_ID.sub("", text.replace(found[0], ""))) else None


def _day_in(text: str) -> DateTerm | None:
    """The days that a word stands for."""
    try:
        (term,) = parse(f"date:{text}").terms
    except (QueryError, ValueError):
        return None
    return term if isinstance(term, DateTerm) else None


def _wrong_date(text: str) -> Message | None:
    """What is wrong with a word that looks like a date and is none."""
    try:
        parse(f"date:{text}" if _LIKE_A_DATE.fullmatch(text) else "")
    except QueryError as error:
        return error.message
    return None


def _with_days(query: Query) -> Iterator[Query]:
    """The query with neighbouring words read as a date: `2021년 3월`."""
    terms = query.terms
    for length in range(_MOST_DAY_WORDS, 1, -1):
        for at in range(len(terms) - length + 1):
            words = [term.text for term in terms[at : at + length] if isinstance(term, TextTerm) and not term.negated]
            if len(words) == length and (day := _day_in(" ".join(words))):
                yield replace(query, terms=(*terms[:at], day, *terms[at + length :]))
                return


def with_longer_tags(query: Query) -> Iterator[Query]:
    """The query with a tag of two words where the second stands apart: `#language model`."""
    for at, (tag, word) in enumerate(pairwise(query.terms)):
        if isinstance(tag, TagTerm) and len(tag.names) == 1 and isinstance(word, TextTerm) and not word.negated:
            longer = replace(tag, names=(f"{tag.names[0]}_{word.text}",))
            yield replace(query, terms=(*query.terms[:at], longer, *query.terms[at + 2 :]))


def _apart(term: TextTerm | TitleTerm, words: Sequence[str]) -> Sequence[Term]:
    return [replace(term, text=word, phrase=False) for word in words]


# --- less is asked for ---------------------------------------------------------------------------------------------


async def _looser(stores: Stores, caller: Caller, query: Query) -> Sequence[Query]:
    """The query with words apart that had to stand together, and without what nothing has; else with one term less."""
    apart = _with(query, chain.from_iterable(map(_words_apart, query.terms)))
    alone = [
        Query((term,))
        for term in dict.fromkeys((*query.terms, *apart.terms))
        if asks(term) and not (isinstance(term, TextTerm) and term.text.isdigit())
    ]
    whole = [apart] if apart != query and len(apart.terms) <= MAX_TERMS else []
    found = await finding(stores, caller, whole + alone[:_MOST_ALONE])
    there = {one.terms[0] for one in found if one in alone}

    def left_of(term: Term) -> Sequence[Term]:
        if not asks(term) or term in there:
            return (term,)
        return [word for word in _words_apart(term) if word in there]

    left = _with(query, chain.from_iterable(map(left_of, query.terms)))
    terms = left.terms
    shorter = [replace(left, terms=(*terms[:at], *terms[at + 1 :])) for at in range(min(len(terms), _MOST_SHORTER))]
    less = [one for one in (left, *shorter) if one != query and any(map(asks, one.terms))]
    found += await finding(stores, caller, less)
    best = [one for one in (*whole, left) if one in found]
    return best or await _telling(stores, caller, [one for one in (*less, *alone) if one in found])


async def _telling(stores: Stores, caller: Caller, queries: Sequence[Query]) -> Sequence[Query]:
    """These in the order of how much they ask for: first those with the rarest terms, which a sentence is about."""
    different = list(dict.fromkeys(queries))
    terms = dict.fromkeys(term for query in different for term in query.terms if asks(term))
    weights: dict[Term, float] = {}
    for term in list(terms)[:_MOST_COUNTED]:
        criteria = criteria_of(Query((term,)), caller.today, until=caller.horizon)
        total = (await stores.search.page(criteria, asker=caller.person, limit=1)).total
        weights[term] = 1 / total if total else 0
    return sorted(different, key=lambda query: -max((weights.get(term, 0) for term in query.terms), default=0))


def _with(query: Query, terms: Iterable[Term]) -> Query:
    return replace(query, terms=tuple(dict.fromkeys(terms)))


def asks(term: Term) -> bool:
    """Whether it asks for something; others say between which days, what not, and which of what is found."""
    if isinstance(term, TagTerm | AuthorTerm | TitleTerm | TextTerm):
        return not term.negated
    return isinstance(term, IdTerm)


def _words_apart(term: Term) -> Sequence[Term]:
    """A phrase, a full name, or words joined as in `fine-tuning`, as words by themselves; any other term as it is."""
    if isinstance(term, TextTerm | TitleTerm) and not term.negated and "://" not in term.text:
        words = _worth_trying(term.text)
        return _apart(term, words) or (term,)
    if isinstance(term, AuthorTerm) and not term.negated:
        return [replace(term, name=word) for word in _worth_trying(term.name)] or (term,)
    return (term,)


def _worth_trying(text: str) -> Sequence[str]:
    """The words of a text of several; but for numbers and single Latin letters, which are on very many entries."""
    words = [word for word in _PART.findall(text) if not word.isdigit()]
    return [word for word in words if len(word) > 1 or not word.isascii()] if len(words) > 1 else ()
