"""Texts as they lie in the database: what of them is compared otherwise than it is written."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator

import pytest

from storage.asking import Holds
from storage.runs import KOREAN, LATIN, Otherwise, sought
from storage.words import compared

SURROGATES = range(0xD800, 0xE000)


def is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def is_korean(letter: str) -> bool:
    """A syllable, or a part of one that joins others."""
    return "가" <= letter <= "힣" or "\u1100" <= letter <= "\u11ff"


def letters() -> Iterator[str]:
    """All there are, but for ASCII and Korean syllables."""
    for code in range(0x80, sys.maxunicode + 1):
        if code not in SURROGATES and not "가" <= chr(code) <= "힣":
            yield chr(code)


@pytest.mark.parametrize(("otherwise", "is_meant"), [(LATIN, is_latin), (KOREAN, is_latin), (KOREAN, is_korean)])
def test_whatever_is_compared_as_another_letter_is_told(otherwise: Otherwise, is_meant: Callable[[str], bool]) -> None:
    missed = [
        letter
        for letter in letters()
        if any(map(is_meant, compared(letter))) and not otherwise.is_in(f"가 a{letter}b".encode())
    ]
    assert missed == []


@pytest.mark.parametrize("text", ["모델의 — “학습”… 「注意」·é λ→≥ Łódź 😕", "ascii", "가각힣"])
def test_common_texts_are_as_they_are_written(text: str) -> None:
    assert not LATIN.is_in(text.encode())
    assert not KOREAN.is_in(text.encode())


def test_jamo_matter_to_korean_only() -> None:
    assert KOREAN.is_in("ㅋㅋ".encode())
    assert not LATIN.is_in("ㅋㅋ".encode())


@pytest.mark.parametrize("final", ["\u11a8", "ㄳ", "\uffac"])
def test_a_syllable_that_a_final_by_itself_changes_does_not_stand_there(final: str) -> None:
    stands_in, _ = sought(Holds("가"))
    assert len(unicodedata.normalize("NFKC", f"가{final}")) == 1
    assert not stands_in(f"가{final}".encode())
    assert stands_in(f"가{final}가".encode())


def test_a_letter_that_a_mark_changes_does_not_stand_there() -> None:
    stands_in, _ = sought(Holds(" cafe"))
    assert not stands_in("cafe\u0301".encode())
    assert stands_in("cafe\u0301 cafe".encode())
