from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.words import PARTICLES, folded, name_words, needles, tokens


def stands_in(query: str, text: str, *, phrase: bool = False) -> bool:
    """Whether a query finds a text, as `storage.criteria` asks for it."""
    haystack = folded([text])
    return all(any(form in haystack for form in forms) for forms in needles(query, phrase=phrase))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("양자화", "양자화는 모델을 줄인다"),
        ("양자화는", "양자화 모델"),
        ("모델", "언어모델에서"),
        ("학습으로부터", "학습이 된다"),
        ("llm", "LLM을 쓴다"),
        ("LLM을", "큰 LLM 이야기"),
        ("LLM은", "LLM을 쓴다"),
        ("ＧＰＴ", "gpt-4"),
        ("gpt-4", "GPT 4"),
        ("3.5", "Claude 3.5 Sonnet"),
        ("model", "Language Models"),
        ("models", "a language model"),
        ("training", "We train it"),
        ("train", "training"),
        ("trained", "training"),
        ("studies", "a study"),
        ("study", "two studies"),
        ("running", "it runs"),
        ("making", "we make"),
        ("make", "making"),
        ("using", "we use it"),
        ("classes", "one class"),
        ("scaled", "scaling laws"),
        ("weak strong", "Strong to weak"),
    ],
)
def test_what_is_found(query: str, text: str) -> None:
    assert stands_in(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("rag", "a fragment"),
        ("using", "useless"),
        ("양자화", "양자 역학"),
        ("정의", "정말"),  # one syllable would be left
        ("class", "clas"),
        ("bus", "bu"),
        ("weak strong", "weak"),
    ],
)
def test_what_is_not_found(query: str, text: str) -> None:
    assert not stands_in(query, text)


def test_a_phrase_is_one_run() -> None:
    assert stands_in("weak to strong", "Weak-to-Strong Generalization", phrase=True)
    assert not stands_in("weak strong", "Weak-to-Strong", phrase=True)
    assert stands_in("모델의 크기", "큰 모델의 크기는", phrase=True)
    assert not stands_in("모델 크기", "모델의 크기", phrase=True)


def test_a_phrase_does_not_reach_from_one_text_into_the_next() -> None:
    (forms,) = needles("one two", phrase=True)
    assert forms[0] not in folded(["one", "two"])


def test_nothing_but_punctuation_asks_for_nothing() -> None:
    assert needles("?! --", phrase=False) == []
    assert needles("…", phrase=True) == []


def test_particles_are_documented_ones() -> None:
    assert len(set(PARTICLES)) == len(PARTICLES) > 50


def test_names_lose_their_accents_but_korean_stays_whole() -> None:
    assert name_words("Bernhard Schölkopf-Schölkopf") == ["bernhard", "scholkopf"]
    assert name_words("김민수") == tokens("김민수") == ["김민수"]


@given(st.text(max_size=40))
def test_every_text_finds_itself(text: str) -> None:
    assert stands_in(text, f"before {text} after", phrase=True)
    assert stands_in(text, text)


@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text: str) -> None:
    once = tokens(text)
    assert tokens(" ".join(once)) == once
