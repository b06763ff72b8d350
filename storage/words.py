"""Words as lookups see them: how text is folded and split, Korean particles, English stems.

Folded text is a row of words between spaces: letters and digits without case or width, Korean, Chinese and Japanese
split from Latin (`LLM을` is `llm 을`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

CJK = "\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
"""Korean, Chinese and Japanese letters, for a set of a regular expression."""
WORD = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
"""One word, where the text is folded."""
COMPOUND = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:-[^\W_{CJK}]+)*")
"""The same, or several with hyphens between them."""
_BEGINS_CJK = re.compile(rf"[{CJK}]")

_PARTICLES = """
    이라고는 으로부터 에서부터 이라는 이라도 이라면 으로는 으로도 으로서 으로써 에서는 에서도 에게서 에게는 에서의
    으로의 까지의 부터의 이랑 까지는 까지도 부터는 처럼은 보다는 보다도 만으로 이나마 라는 라고 라도 라면 로는 로도
    로서 로써 에는 에도 에서 에게 에의 와의 과의 와는 과는 으로 까지 부터 처럼 보다 마다 조차 밖에 이나 이란 하고 들은
    들이 들을 들의 은 는 이 가 을 를 의 에 로 와 과 도 만 들 란 랑
"""
PARTICLES = tuple(_PARTICLES.split())
"""Korean particles, and the plural, as they are attached to nouns."""

_KNOWN_PARTICLES = frozenset(PARTICLES)
_LENGTHS = sorted({len(particle) for particle in PARTICLES}, reverse=True)


_APART = {letter: " " for letter in map(chr, range(128)) if not letter.isalnum()}
_PLAIN = str.maketrans(_APART)
_PLAIN_COMPOUNDS = str.maketrans({**_APART, "-": "-"})


def tokens(text: str) -> list[str]:
    """The tokens of a text, folded."""
    if text.isascii():  # most of the archive's text, many times quicker this way
        return text.lower().translate(_PLAIN).split()
    return WORD.findall(compared(text))


def compounds(text: str) -> list[str]:
    """The tokens of a text, those with hyphens between them as one; there may be hyphens around them as well."""
    if text.isascii():
        return text.lower().translate(_PLAIN_COMPOUNDS).split()
    return COMPOUND.findall(compared(text).replace("\u2010", "-"))


def joined(compound: str) -> Iterator[str]:
    """Each two words beside a hyphen as the one word that others write: `pretraining` of `pre-training`.

    Not two numbers: those are a span, or a date.
    """
    for first, second in pairwise(compound.split("-")):
        if first and second and not (first.isdigit() and second.isdigit()):
            yield first + second


_BEFORE_NUMBER = re.compile(r"([a-z]{2,})([0-9][a-z0-9]*)")


def apart_ways(words: Sequence[str]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """Tokens with a name and its number apart, in turn, as `gpt 4` for `gpt4`; and beside them those two."""
    for at, word in enumerate(words):
        if parts := _BEFORE_NUMBER.fullmatch(word):
            yield [*words[:at], *parts.groups(), *words[at + 1 :]], parts.groups()


def joined_ways(text: str) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """The tokens of a text with two of them, between which is a hyphen, as one, in turn; and beside them that one."""
    split = [compound.split("-") for compound in COMPOUND.findall(compared(text).replace("\u2010", "-"))]
    for number, words in enumerate(split):
        before, behind = (list(chain.from_iterable(some)) for some in (split[:number], split[number + 1 :]))
        for at, (first, second) in enumerate(pairwise(words)):
            for one in joined(f"{first}-{second}"):
                yield [*before, *words[:at], one, *words[at + 2 :], *behind], (one,)


def compared(text: str) -> str:
    """A text without case and width, as its words are compared."""
    return unicodedata.normalize("NFKC", text).casefold()


def folded(texts: Iterable[str | None]) -> str:
    """Several texts as one to look in; no phrase reaches from one into the next."""
    return "\n".join(f" {' '.join(tokens(text))} " for text in texts if text)


def is_cjk(word: str) -> bool:
    """Whether a word of `tokens` is Korean, Chinese or Japanese: written without spaces between words."""
    return _BEGINS_CJK.match(word) is not None


def without_particle(word: str) -> str:
    """A Korean word without its particle, when two syllables or more remain."""
    for length in _LENGTHS:
        if len(word) - length >= 2 and word[-length:] in _KNOWN_PARTICLES:
            return word[:-length]
    return word


_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([b-dghj-km-np-rtv-y])\1$")
"""The last letter of a verb, written twice before an ending. Those in `ff`, `ss` and `zz` end so themselves."""
_SHORT = re.compile(r"[^aeiouy]*[aeiouy][^aeiouywx]")
"""One syllable with a short vowel, which a last `e` makes long: `not` and `note`, `prun` and `prune`."""
_WHOLE = """
    during embed evening exceed hundred indeed morning naked nothing proceed sacred something anything everything
    succeed series species news always perhaps lens bias alias canvas atlas
"""
_AS_THEY_ARE = frozenset(_WHOLE.split())
_IN_S = """
    gpu cpu tpu npu dpu ipu xpu gru glu relu gelu silu iou menu api gui cli roi mri emoji movie cookie calorie selfie
    zombie
"""
_IRREGULAR = {
    **{f"{word}s": word for word in _IN_S.split()},
    **{f"{word}es": word for word in ("bus", "gas", "plus", "go", "do")},
    **{f"{word}ing": word for word in ("go", "do", "be")},
    **{f"quizz{ending}": "quiz" for ending in ("es", "ed", "ing")},
    **{"agreed": "agree", "freed": "free", "guaranteed": "guarantee", "matrices": "matrix", "appendices": "appendix"},
}
"""What none of the rules says. Each begins with all letters of its stem but the last."""
_STEMS: dict[str, str] = {}
_STEMS_KEPT = 200_000


def stem(word: str) -> str:
    """What the inflections of an English word share: `trains`, `trained` and `training` are `train`.

    Light on purpose: it takes off the plural, `-ed`, `-ing` and a last `e`, and leaves everything else as it is; also
    the `e` of one syllable, without which `same` would be `sam`. Of `distill` and `control` alike one `l` is left.
    """
    known = _STEMS.get(word)
    if known is None:
        if len(_STEMS) >= _STEMS_KEPT:
            _STEMS.clear()
        known = _STEMS[word] = _stem(word)
    return known


def _stem(word: str) -> str:
    if len(word) < 4 or not word.isascii() or not word.isalpha() or word in _AS_THEY_ARE:
        return word
    word = _IRREGULAR.get(word) or _singular(word)
    if word in _AS_THEY_ARE:
        return word
    for ending in ("ing", "ed"):
        if word.endswith(ending) and not word.endswith("eed"):
            word = _without(word, word[: -len(ending)])
            break
    if word.endswith("ll") and len(word) > 5:
        return word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") and not _SHORT.fullmatch(word[:-1]) else word


def _singular(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return _with_its_e(word[:-2])
    if word.endswith(("esis", "ysis")) and len(word) > 7:
        return word[:-2]  # what is left of `analyses` and `hypotheses` too
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without(word: str, rest: str) -> str:
    """What is left without an ending, unless that is no word: `string` stays, `using` is `use`, `running` is `run`."""
    if len(rest) < 2 or not _VOWEL.search(rest):
        return word
    if len(rest) > 3 and _DOUBLED.search(rest):
        return rest[:-1]
    return rest + "e" if len(rest) == 2 else _with_its_e(rest)


def _with_its_e(rest: str) -> str:
    """What stands before an ending: `prune` in `pruning`, since `prun` would have doubled its last letter."""
    return rest + "e" if _SHORT.fullmatch(rest) else rest


def name_words(name: str) -> list[str]:
    """The words of a person's or organisation's name, without case and accents, each once."""
    return list(dict.fromkeys(tokens(_without_accents(name))))


def name_compounds(name: str) -> list[str]:
    """What hyphens join in a name, as one word: `jinhwa` of `Jin-Hwa Kim`."""
    if "-" not in name and name.isascii():
        return []
    return [one for compound in compounds(_without_accents(name)) for one in joined(compound)]


def _without_accents(name: str) -> str:
    if name.isascii():
        return name
    apart = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
