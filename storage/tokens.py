"""The tokens of an entry: all that the lookup index knows of it.

Latin words stand by their stems, two with a hyphen between them also as one: some write `pre-training`, and others
`pretraining`. Korean, Chinese and Japanese are cut into pairs of neighbouring letters, since where a word ends is not
written there: `양자화는` is `양자 자화 화는`, and who looks for `양자화` asks for its pairs. What is more than a word
carries a mark:

    t:model   a word, or pair, of the title      #llm      a whole tag, by its key
    a:kumar   a word of a name                   all:      every entry has it, so that "not" alone can be asked

The same tokens go into SQLite and PostgreSQL. To take an entry out of the index its tokens are made again, so they are
a function of the entry and of `VERSION` alone: who changes what comes out here changes the version, and the index is
made anew (`reindexing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from bot.core.entries import Entry, tag_key
from storage.words import PARTICLES, compounds, is_cjk, joined, name_compounds, name_words, stem, without_particle

T = TypeVar("T")

VERSION = 3

ALL = "all:"
TITLE, NAME, TAG, WORD = "t:", "a:", "#", "w:"
"""The marks. `WORD` stands before whole Korean words, which are counted, so that typing errors are found, and not
indexed."""

LONGEST = 40
"""Longer words stand in the index by their beginning."""

LONGEST_WORD = 8
"""Korean words of more letters are not counted: they are several. Nor are those of one letter."""

_PARTICLES = frozenset(PARTICLES)
_UNSAFE = re.compile(r"[\x00-/:-@\[-`{-\x7f\s]")
_KEPT = 200_000


def names_on(entry: Entry) -> tuple[str, ...]:
    """The names under an entry: its authors, then its organisation."""
    return (*entry.authors, entry.organisation) if entry.organisation else entry.authors


class EntryTexts(NamedTuple):
    """All of an entry that its tokens are made of: where these are the same, so are its tokens."""

    title: str
    names: tuple[str, ...]
    abstract: str | None
    commentary: str | None
    commentary_en: str | None
    tags: tuple[str, ...]


def texts_of(entry: Entry) -> EntryTexts:
    """Those of an entry."""
    return EntryTexts(entry.title, names_on(entry), entry.abstract, entry.commentary, entry.commentary_en, entry.tags)


class EntryTokens(NamedTuple):
    """The tokens of an entry, each once; `counted` are its whole Korean words, marked, which are not indexed."""

    indexed: set[str]
    counted: set[str]


def tokens_of(entry: Entry) -> EntryTokens:
    """The tokens of an entry."""
    return _of_entry(texts_of(entry))


def _of_entry(texts: EntryTexts) -> EntryTokens:
    title = _of_texts((texts.title,))
    found, korean = _of_texts((*texts.names, texts.abstract, texts.commentary, texts.commentary_en, *texts.tags))
    korean |= title.counted
    found |= title.indexed
    found.update([TITLE + token for token in title.indexed])
    found.add(ALL)
    found.update(chain.from_iterable(map(_OF_TAG.__getitem__, texts.tags)))
    found.update(chain.from_iterable(map(_OF_NAME.__getitem__, texts.names)))
    return EntryTokens(found, korean)


def _of_texts(texts: Iterable[str | None]) -> EntryTokens:
    there = list(filter(None, texts))
    plain = set(compounds("\n".join([text for text in there if text.isascii()])))
    several = [word for word in plain if "-" in word]
    plain.difference_update(several)
    found = set(map(_LATIN.__getitem__, plain))
    found.update(chain.from_iterable(map(_SEVERAL.__getitem__, several)))
    others = compounds("\n".join([text for text in there if not text.isascii()]))
    worked = [_WORDS[word] for word in set(others)]
    found.update(chain.from_iterable([tokens_there for tokens_there, _ in worked]))
    korean = {whole for _, whole in worked}
    korean.discard("")
    return EntryTokens(found, korean)


class Tokens(NamedTuple):
    """What the index is to know of one entry, each as words between spaces, in any order."""

    indexed: str
    counted: str

    def each(self) -> list[str]:
        """All of them."""
        return f"{self.indexed} {self.counted}".split()


def make_tokens(entry: Entry) -> Tokens:
    """The tokens of an entry."""
    return make_tokens_of(texts_of(entry))


def make_tokens_of(texts: EntryTexts) -> Tokens:
    """The tokens of an entry with these texts."""
    return Tokens(*map(" ".join, _of_entry(texts)))


def word_tokens(word: str) -> Sequence[str]:
    """The tokens of one word of `storage.words.tokens`: its stem, or its pairs. A particle by itself has none."""
    return tuple(dict.fromkeys(_WORDS[word][0]))


def tokens_of_compounds(words: Iterable[str]) -> set[str]:
    """Those of several words of `storage.words.compounds`."""
    return set(chain.from_iterable([_WORDS[word][0] for word in words]))


class _Worked(dict[str, T]):
    """What is worked out for a word, kept: the same words come again and again."""

    def __init__(self, work: Callable[[str], T]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, word: str) -> T:
        if len(self) >= _KEPT:
            self.clear()
        made = self[word] = self._work(word)
        return made


def _latin(word: str) -> str:
    return stem(word) if len(word) <= LONGEST else word[:LONGEST]


def _several(compound: str) -> tuple[str, ...]:
    """The tokens of several Latin words with hyphens between and around them."""
    return tuple(map(_latin, chain(filter(None, compound.split("-")), joined(compound))))


def _word(word: str) -> tuple[tuple[str, ...], str]:
    """The tokens of a word, and where it is a Korean one, the whole of it, marked."""
    if not is_cjk(word):
        return (_SEVERAL[word] if "-" in word else (_LATIN[word],)), ""
    if len(word) == 1:
        return () if word in _PARTICLES else (word,), ""
    pairs = tuple([word[at : at + 2] for at in range(len(word) - 1)])
    bare = without_particle(word)
    return pairs, WORD + bare if len(bare) <= LONGEST_WORD else ""


def _of_tag(name: str) -> tuple[str, ...]:
    key = tag_key(name)
    return (tag_token(key),) if key else ()


def _of_name(name: str) -> tuple[str, ...]:
    return tuple(NAME + word[:LONGEST] for word in (*name_words(name), *name_compounds(name)))


_OF_TAG = _Worked(_of_tag)
_OF_NAME = _Worked(_of_name)
_LATIN = _Worked(_latin)
_SEVERAL = _Worked(_several)
_WORDS = _Worked(_word)


def tag_token(key: str) -> str:
    """The token of a tag, by its key; what is no letter or digit is written as its code."""
    safe = _UNSAFE.sub(lambda found: f":{ord(found[0]):x}:", key)
    return TAG + safe[:LONGEST]
