"""What criteria ask of the index of words: which tokens, and what is left to be looked at in the entries themselves.

Independent of the database behind it; what is known of the archive's words comes from a `Vocabulary`.

Tokens say that an entry may be meant, and mostly that it is. Where they cannot say it for sure, a `Check` does, on the
entries that are about to be shown: the pairs of a longer Korean word may stand apart, the words of a phrase in another
order, the words of a name with two people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Protocol

from bot.core.query import TextTerm, TitleTerm
from storage.tokens import ALL, LONGEST, NAME, TITLE, WORD, word_tokens
from storage.words import PARTICLES, apart_ways, is_cjk, joined_ways, name_words, stem, tokens, without_particle

MOST_BEGUN = 16
"""How many words a beginning stands for, the most frequent ones."""
_MOST_TOKENS = 24
_SHORTEST_PART = 2
_MOST_JOINED = 3
"""Of so many words at most, two between which is a hyphen may also be one."""
_ALWAYS_PARTICLES = ("들", "만")
_AFTER_NOUNS = tuple("을를이가")
"""What follows nouns, and never another particle."""


class Vocabulary(Protocol):
    """What the archive knows of words."""

    def expect(self, terms: Iterable[str]) -> None:
        """Say which tokens may be asked for, so that they can be looked up at once."""
        ...

    def uses(self, terms: Collection[str]) -> Mapping[str, int]:
        """On how many entries these tokens are; those on none may be left out, and others be there too."""
        ...

    def span(self) -> tuple[int, int]:
        """The lowest and the highest place of dated entries; 0 where there are none."""
        ...

    def begun(self, beginning: str, most: int) -> Sequence[str]:
        """The most frequent tokens that begin so."""
        ...

    def is_followed(self, word: str, endings: Sequence[str]) -> bool:
        """Whether a Korean word stands somewhere with one of these endings behind it."""
        ...


Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Has all tokens of at least one of these; `looked_into` where a check says whether an entry is meant after all."""

    alternatives: tuple[Tokens, ...]
    looked_into: bool = False

    def marked(self, mark: str) -> Group:
        """The same with a mark before each token."""
        return replace(self, alternatives=tuple(tuple(mark + token for token in one) for one in self.alternatives))

    def each(self) -> Iterable[str]:
        """Every token in it."""
        return (token for one in self.alternatives for token in one)

    def most(self, uses: Mapping[str, int]) -> int:
        """On at most so many entries it is, when its tokens are on so many."""
        return sum(min((uses.get(token, 0) for token in one), default=0) for one in self.alternatives)


class Within(Enum):
    """Where a check looks."""

    ANYWHERE = 1
    TITLE = 2


@dataclass(frozen=True, slots=True)
class Holds:
    """The text holds a run: as it is written, or by the stems of its words."""

    needle: str
    stemmed: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One of these runs stands there; `negated`: none does."""

    within: Within
    holds: tuple[Holds, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NameCheck:
    """One of the names has, for each of these, one of the words; `negated`: none has."""

    words: tuple[frozenset[str], ...]
    negated: bool = False


AnyCheck = Check | NameCheck


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one entry's words: it has all groups of `wanted`, none of `unwanted`, and passes the checks.

    Of the wanted groups, `besides` do not ask for text. `words` are those that do, without a mark, which is what
    relevance ranks by; `shown` are how they were typed, for marking them. `read_on` are those that nothing has, which
    were not said to be beginnings and are taken for some.
    """

    wanted: tuple[Group, ...] = ()
    unwanted: tuple[Group, ...] = ()
    checks: tuple[AnyCheck, ...] = ()
    besides: tuple[Group, ...] = ()
    words: tuple[Group, ...] = ()
    shown: tuple[Run, ...] = ()
    read_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One word or phrase that was asked for, as its words folded; the last may be only begun.

    `otherwise` are other ways to write it.
    """

    words: Tokens
    phrase: bool = False
    begun: bool = False
    otherwise: tuple[Tokens, ...] = ()

    @property
    def ways(self) -> tuple[Tokens, ...]:
        """All ways to write it."""
        return (self.words, *self.otherwise)


@dataclass(frozen=True, slots=True)
class _Clause:
    """One word or phrase: its tokens, and what they leave open."""

    group: Group
    check: tuple[Holds, ...]
    run: Run
    read_on: str = ""


class _Parts:
    """What is asked for, put together part by part."""

    def __init__(self) -> None:
        self._wanted: list[Group] = []
        self._unwanted: list[Group] = []
        self._checks: list[AnyCheck] = []
        self._besides: list[Group] = []
        self._words: list[Group] = []
        self._shown: list[Run] = []
        self._read_on: list[str] = []

    def add(self, clause: _Clause, within: Within, *, negated: bool) -> None:
        """One word or phrase."""
        group = clause.group.marked(TITLE) if within is Within.TITLE else clause.group
        if clause.check:
            self._checks.append(Check(within, clause.check, negated))
        if not negated:
            self._wanted.append(group)
            self._words.append(clause.group)
            self._shown.append(clause.run)
            self._read_on += filter(None, [clause.read_on])
        elif not clause.check:  # else the tokens alone would leave out too much
            self._unwanted.append(group)

    def add_name(self, groups: Sequence[Group], words: tuple[frozenset[str], ...], *, negated: bool) -> None:
        """One name."""
        if len(groups) > 1:
            self._checks.append(NameCheck(words, negated))
        if not negated:
            self._wanted += groups
            self._besides += groups
        elif len(groups) == 1:
            self._unwanted += groups

    def whole(self) -> Asked:
        """All of them."""
        parts = (self._wanted, self._unwanted, self._checks, self._besides, self._words, self._shown, self._read_on)
        return Asked(*map(tuple, parts))  # type: ignore[arg-type]  # each tuple is of its list's kind


Ways = Sequence[tuple[list[str], tuple[str, ...]]]
"""Other ways to write some words, each with the words that it has instead."""


def _other_ways(run: Sequence[str], text: str) -> Ways:
    """Those of the words of a text; of very many there are none."""
    if not text or len(run) > _MOST_JOINED:
        return ()
    return [*joined_ways(text), *apart_ways(run)]


class _Typed:
    """A term as it was typed, with its words apart."""

    def __init__(self, term: TextTerm | TitleTerm, within: Within) -> None:
        self.term = term
        self.within = within
        texts = [term.text] if term.phrase else term.text.split()
        runs = [(tokens(text), text) for text in texts]
        self.runs = [run for run, _ in runs if run]
        self.otherwise = [_other_ways(run, "" if term.phrase else text) for run, text in runs if run]
        """For each of the runs other ways to write it, and which words these have instead."""

    def is_particle(self) -> bool:
        """Whether it is nothing but a Korean particle, which says nothing beside other words."""
        is_free = self.within is Within.ANYWHERE and not (self.term.phrase or self.term.negated)
        return is_free and len(self.runs) == 1 and len(self.runs[0]) == 1 and self.runs[0][0] in PARTICLES

    def only_word(self) -> str:
        """The word, where it is a Latin one by itself of several letters, or a number, that is wanted; nothing else."""
        if self.term.phrase or self.term.negated or [len(run) for run in self.runs] != [1]:
            return ""
        word = self.runs[0][0]
        is_part = word.isdigit() or _SHORTEST_PART <= len(word) <= LONGEST
        return word if is_part and not is_cjk(word) else ""

    def tokens(self) -> Iterable[str]:
        """The tokens that it may be about."""
        found: list[str] = []
        for run in self.runs:
            for word in run:
                found += word_tokens(word)
            last = run[-1]
            if not is_cjk(last):
                found.append(stem(last))
            elif len(run) == 1 and _may_belong(last):
                found += [WORD + last, *(last[-1] + ending for ending in _AFTER_NOUNS)]
        found += [stem(one) for ways in self.otherwise for _, others in ways for one in others]
        return [TITLE + token for token in found] + found if self.within is Within.TITLE else found


class Asking:
    """Puts the texts and names of criteria to the index."""

    def __init__(self, vocabulary: Vocabulary, *, widely: bool = False) -> None:
        """`widely`: a Korean word that may end in a particle always stands for the word without it too.

        Standing orders ask so, since what they find must not depend on what else is in the archive.
        """
        self._vocabulary = vocabulary
        self._widely = widely

    def asked(
        self,
        texts: Iterable[TextTerm],
        titles: Iterable[TitleTerm],
        authors: Iterable[str],
        authors_not: Iterable[str],
    ) -> Asked | None:
        """What these ask for; None where nothing can meet it."""
        terms = [_Typed(term, Within.ANYWHERE) for term in texts] + [_Typed(term, Within.TITLE) for term in titles]
        if not all(typed.term.negated or typed.is_particle() for typed in terms):  # `양자화 를`
            terms = [typed for typed in terms if not typed.is_particle()]
        expected = {token for typed in terms for token in typed.tokens()}
        expected.update(stem(joined) for joined in _pairs(terms).values())
        if len(expected) > 1:
            self._vocabulary.expect((ALL, *expected))
        beside = self._beside(terms)
        found = _Parts()
        for typed, joined in zip(terms, beside, strict=True):
            for clause in self._clauses(typed):
                found.add(_or_joined(clause, joined), typed.within, negated=typed.term.negated)
        for name in authors_not:
            meant = self._name(name)
            if meant:
                found.add_name(*meant, negated=True)
        for name in authors:
            meant = self._name(name)
            if meant is None:
                return None
            found.add_name(*meant, negated=False)
        return found.whole()

    def _beside(self, terms: Sequence[_Typed]) -> Sequence[Sequence[str]]:
        """For each term the words that it and its neighbour may be written as: `finetuning` for `fine tuning`."""
        known = {at: one for at, one in _pairs(terms).items() if self._is_known(one)}
        return [[known[place] for place in (at - 1, at) if place in known] for at in range(len(terms))]

    def _name(self, name: str) -> tuple[list[Group], tuple[frozenset[str], ...]] | None:
        words = name_words(name)
        joined = [NAME + (first + second)[:LONGEST] for first, second in pairwise(words)]  # `Jin Hwa` may be `Jinhwa`
        uses = self._vocabulary.uses([*(NAME + word[:LONGEST] for word in words), *joined])
        groups, meant = [], []
        for at, word in enumerate(words):
            token = NAME + word[:LONGEST]
            found = (token,) if uses.get(token) else tuple(self._vocabulary.begun(token, MOST_BEGUN))
            found += tuple(one for one in joined[max(0, at - 1) : at + 1] if uses.get(one))
            if not found:
                return None
            groups.append(Group(tuple((one,) for one in dict.fromkeys(found))))
            meant.append(frozenset(one[len(NAME) :] for one in found))
        return (groups, tuple(meant)) if groups else None

    def _clauses(self, typed: _Typed) -> list[_Clause]:
        if typed.term.phrase:
            return [_phrase(run) for run in typed.runs]
        begun = isinstance(typed.term, TextTerm) and typed.term.begun
        return [
            self._in_any_way(run, others, begun=begun and run is typed.runs[-1])
            for run, others in zip(typed.runs, typed.otherwise, strict=True)
        ]

    def _in_any_way(self, run: list[str], others: Ways, *, begun: bool) -> _Clause:
        """A word, or several, as they stand or in other ways: `pre-training`, `pretraining`; `GPT4`, `GPT 4`."""
        first = self._word(run, begun=begun)
        known = [way for way, words in others if all(map(self._is_known, words))]
        if known and not begun:
            return _either(first, [self._word(way, begun=False) for way in known])
        if others and (begun or not (is_cjk(run[-1]) or self._is_known(run[-1]))):
            ways = [self._word(way, begun=True) for way, _ in others]
            return replace(_either(first, ways), read_on="" if begun else run[-1])
        return first

    def _is_known(self, word: str) -> bool:
        return bool(self._vocabulary.uses([stem(word)]).get(stem(word)))

    def _word(self, run: list[str], *, begun: bool) -> _Clause:
        """A word, which may be several: `GPT-4`, `LLM을`."""
        *head, last = run
        if is_cjk(last):
            if head and last in PARTICLES:
                return self._word(head, begun=False)
            last = self._meant(head, last)
            if not head and len(last) == 1:
                return self._syllable(last)
            return _joined([*head, last])
        if not begun and self._is_known(last):
            return _joined(run)
        endings = self._begun(last)
        read_on = last if endings and not begun else ""
        if head or not endings:
            return replace(_joined(run, endings), read_on=read_on)
        alternatives = dict.fromkeys([(stem(last)[:LONGEST],), *((one,) for one in endings)])
        return _Clause(Group(tuple(alternatives)), (), Run((last,), begun=True), read_on)

    def _begun(self, word: str) -> Sequence[str]:
        """The tokens that a beginning of a word stands for; stems are shorter than what is typed at times."""
        if len(word) < 2:
            return ()
        found = [*self._vocabulary.begun(word, MOST_BEGUN)]
        for begun, rest in (("i", "ng"), ("in", "g"), ("e", "d")):
            if not found and word.endswith(begun) and len(word) - len(begun) >= 3:
                found = [one for one in (stem(word + rest),) if self._vocabulary.uses([one]).get(one)]
        return found

    def _syllable(self, letter: str) -> _Clause:
        begun = self._vocabulary.begun(letter, MOST_BEGUN)
        alternatives = dict.fromkeys([(letter,), *((one,) for one in begun)])
        return _Clause(Group(tuple(alternatives)), (), Run((letter,)))

    def _meant(self, head: Sequence[str], word: str) -> str:
        """A Korean word without its particle; as it is where its ending belongs to it, as in `정확도`.

        Nouns are told by what follows them: who writes of `정확도` writes `정확도를` too, and nobody `양자화는를`.
        """
        if not self._widely and not head and _may_belong(word) and self._vocabulary.is_followed(word, _AFTER_NOUNS):
            return word
        return without_particle(word)


def _may_belong(word: str) -> bool:
    """Whether a Korean word ends like a particle, in a letter that may be the word's own."""
    ending = word[len(without_particle(word)) :]
    return len(ending) == 1 and ending not in _ALWAYS_PARTICLES


def _joined(run: Sequence[str], endings: Sequence[str] = ()) -> _Clause:
    """Words that stand together, in any inflection of the last; `endings` are what the last stands for, if begun."""
    parts = [token for word in run for token in word_tokens(word)]
    alternatives: tuple[Tokens, ...] = (_few(parts),)
    if endings:
        head = [token for word in run[:-1] for token in word_tokens(word)]
        alternatives += tuple(_few([*head, ending]) for ending in endings)
    shown = Run(tuple(run), phrase=len(run) > 1, begun=bool(endings))
    check = _held(shown) if _is_open(run) else ()
    return _Clause(Group(alternatives, bool(check)), check, shown)


def _held(run: Run) -> tuple[Holds, ...]:
    """What a text with the run holds: its words in any inflection, or as far as they have been typed."""
    if len(run.words) == 1 and is_cjk(run.words[0]):
        return (Holds(run.words[0]),)
    inflected = Holds(_needle([stem(word) for word in run.words], closed=True), stemmed=True)
    return (inflected, Holds(_needle(run.words, closed=False))) if run.begun else (inflected,)


def _either(first: _Clause, others: Sequence[_Clause]) -> _Clause:
    """One way to write something, or another."""
    if not others:
        return first
    each = (first, *others)
    alternatives = dict.fromkeys(tokens for one in each for tokens in one.group.alternatives)
    held = dict.fromkeys(hold for one in each for hold in one.check or _held(one.run))
    shown = replace(first.run, otherwise=tuple(one.run.words for one in others))
    return _Clause(Group(tuple(alternatives), looked_into=True), tuple(held), shown, first.read_on)


def _pairs(terms: Sequence[_Typed]) -> Mapping[int, str]:
    """What each term that is one Latin word, and the one behind it, are as one word, by the place of the first."""
    alone = [typed.only_word() for typed in terms]
    return {
        at: one + other
        for at, (one, other) in enumerate(pairwise(alone))
        if one and other and terms[at].within is terms[at + 1].within and not (one + other).isdigit()
    }


def _or_joined(clause: _Clause, joined: Sequence[str]) -> _Clause:
    """The same, or one of these words."""
    if not joined or clause.check:
        return clause
    alternatives = dict.fromkeys([*clause.group.alternatives, *((stem(one),) for one in joined)])
    shown = replace(clause.run, otherwise=(*clause.run.otherwise, *((one,) for one in joined)))
    return replace(clause, group=replace(clause.group, alternatives=tuple(alternatives)), run=shown)


def _phrase(run: Sequence[str]) -> _Clause:
    """Words that stand together as they are written; the last may go on, as in `language model` with `models`.

    A single word may not: who quotes it means it alone.
    """
    parts = [token for word in run for token in word_tokens(word)]
    goes_on = len(run) > 1 or is_cjk(run[0])
    check = (Holds(_needle(run, closed=not goes_on)),) if _is_open(run, phrase=True) or not parts else ()
    return _Clause(Group((_few(parts) or (ALL,),), bool(check)), check, Run(tuple(run), phrase=True, begun=goes_on))


def _is_open(run: Sequence[str], *, phrase: bool = False) -> bool:
    """Whether the tokens of a run leave open whether it stands there."""
    (first, *others) = run
    if others or len(first) > LONGEST:
        return True
    return len(first) > 2 if is_cjk(first) else phrase


def _needle(run: Sequence[str], *, closed: bool) -> str:
    """A run as it stands in folded text: Latin words begin, and end if `closed`, where words do."""
    start = "" if is_cjk(run[0]) else " "
    end = " " if closed and not is_cjk(run[-1]) else ""
    return f"{start}{' '.join(run)}{end}"


def _few(parts: Sequence[str]) -> Tokens:
    """The tokens, each once, or some of very many: the check does the rest."""
    different = list(dict.fromkeys(parts))
    if len(different) <= _MOST_TOKENS:
        return tuple(different)
    return tuple(different[at * len(different) // _MOST_TOKENS] for at in range(_MOST_TOKENS))
