"""How text is folded for lookups, and which forms of a query word may stand in it.

Folded text is a row of tokens between spaces: letters and digits without case or width, Korean, Chinese and Japanese
split from Latin (`LLM을` is `llm 을`). In it a Latin word is looked for at a word's start, so that `rag` does not
find `fragment`; Korean anywhere, so that `양자화` finds `양자화는`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

_CJK = "\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")

_PARTICLES = """
    이라고는 으로부터 에서부터 이라는 이라도 이라면 으로는 으로도 으로서 으로써 에서는 에서도 에게서 에게는
    까지는 까지도 부터는 처럼은 보다는 보다도 만으로 이나마 라는 라고 라도 라면 로는 로도 로서 로써 에는
    에도 에서 에게 에의 와의 과의 와는 과는 으로 까지 부터 처럼 보다 마다 조차 밖에 이나 이란 하고 들은
    들이 들을 들의 은 는 이 가 을 를 의 에 로 와 과 도 만 들
"""
PARTICLES = tuple(_PARTICLES.split())
"""Korean particles, and the plural, as they are attached to nouns; longer ones first within each length."""

_BY_LENGTH = sorted(PARTICLES, key=len, reverse=True)


_PLAIN = str.maketrans({letter: " " for letter in map(chr, range(128)) if not letter.isalnum()})


def tokens(text: str) -> list[str]:
    """The tokens of a text, folded."""
    if text.isascii():  # most of the archive's text, many times quicker this way
        return text.lower().translate(_PLAIN).split()
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def folded(texts: Iterable[str | None]) -> str:
    """Several texts as one to look in; no phrase reaches from one into the next."""
    return "\n".join(f" {' '.join(tokens(text))} " for text in texts if text)


def needles(text: str, *, phrase: bool) -> list[tuple[str, ...]]:
    """What must stand in a folded text: one of each tuple's forms, for every tuple.

    A phrase is one run; else each word between spaces is looked for by itself, in any of its forms. A word without
    letters or digits asks for nothing.
    """
    if phrase:
        run = tokens(text)
        return [(_needle(run),)] if run else []
    return [word_forms(run) for run in map(tokens, text.split()) if run]


def _needle(run: list[str]) -> str:
    start = "" if _IS_CJK.match(run[0]) else " "
    return start + " ".join(run)


def word_forms(run: list[str]) -> tuple[str, ...]:
    """The forms in which a query word, split into its tokens, may stand in a text."""
    *head, last = run
    if not _IS_CJK.match(last):
        family = [form for stem in english_stems(last) for form in _in_family(_needle([*head, stem]), stem)]
        return (_needle(run), *family)
    stem = without_particle(last)
    if stem != last:
        return (_needle(run), _needle([*head, stem]))
    if head and last in PARTICLES:  # attached to a Latin word: `LLM을`
        return (_needle(run), _needle(head))
    return (_needle(run),)


def _in_family(needle: str, stem: str) -> list[str]:
    """How a stem is looked for: a short one as a whole word, since `using` finds `use` but not `useless`."""
    return [needle] if len(stem) >= _SHORT_STEM else [f"{needle} ", f"{needle}s "]


def without_particle(word: str) -> str:
    """A Korean word without its particle, when two syllables or more remain."""
    for particle in _BY_LENGTH:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


_SHORT_STEM = 4
_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1$")


def english_stems(word: str) -> list[str]:
    """Other beginnings of an English word's family: `studies` gives `study`, `make` gives `making`."""
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return []
    stems = (stems_of(word) for endings, stems_of in _ENDINGS if word.endswith(endings))
    return next(stems, [])


def _without_suffix(stem: str) -> list[str]:
    if len(stem) < 2 or not _VOWEL.search(stem):
        return []
    if _DOUBLED.search(stem) and not stem.endswith(("ll", "ss")):
        return [stem[:-1]]
    return [stem, stem + "e"] if len(stem) > 2 else [stem + "e"]


_ENDINGS: tuple[tuple[tuple[str, ...], Callable[[str], list[str]]], ...] = (
    (("ies", "ied"), lambda word: [word[:-3] + "y"]),
    (("ing",), lambda word: _without_suffix(word[:-3])),
    (("ed",), lambda word: _without_suffix(word[:-2])),
    (("ses", "xes", "zes", "ches", "shes"), lambda word: [word[:-2]]),
    (("ss", "us", "is"), lambda _: []),
    (("s",), lambda word: [word[:-1]]),
    (("y",), lambda word: [word[:-1] + "ie"]),
    (("e",), lambda word: [word[:-1] + "ing"]),
)
"""The first ending that fits decides."""


def name_words(name: str) -> list[str]:
    """The words of a person's or organisation's name, without case and accents, each once."""
    if not name.isascii():
        apart = unicodedata.normalize("NFKD", name)
        name = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return list(dict.fromkeys(tokens(name)))
