from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry
from bot.core.query import TextTerm
from storage.asking import Asked, Asking, Check, Holds, Within
from storage.columns import dumps
from storage.tokens import tokens_of
from storage.verifying import Texts, passing
from storage.words import PARTICLES, folded, is_cjk, name_words, stem, tokens


class Words:
    """`storage.asking.Vocabulary` of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = set(tokens_of(entry_with(text)).indexed)

    def expect(self, terms: Iterable[str]) -> None:
        pass

    def uses(self, terms: Collection[str]) -> Mapping[str, int]:
        return dict.fromkeys(self._tokens.intersection(terms), 1)

    def span(self) -> tuple[int, int]:
        return 0, 0

    def begun(self, beginning: str, most: int) -> Sequence[str]:
        return sorted(token for token in self._tokens if token.startswith(beginning))[:most]

    def is_followed(self, word: str, endings: Sequence[str]) -> bool:
        return any(word + ending in self._text for ending in endings)


def entry_with(text: str) -> Entry:
    return Entry(id="a", title="", commentary=text)


def asked_for(query: str, text: str, *, phrase: bool = False) -> Asked:
    terms = [TextTerm(query, phrase)] if phrase else [TextTerm(word) for word in query.split() or [query]]
    asked = Asking(Words(text)).asked(terms, [], [], [])
    assert asked is not None
    return asked


def stands_in(query: str, text: str, *, phrase: bool = False) -> bool:
    """Whether a query finds a text: by its tokens, and by a look into it where they leave that open."""
    asked = asked_for(query, text, phrase=phrase)
    there = set(tokens_of(entry_with(text)).indexed)
    row = Texts.read((1, "", "[]", None, "[]", None, text, None))
    return all(any(there.issuperset(one) for one in group.alternatives) for group in asked.wanted) and all(
        passing(check)(row) for check in asked.checks
    )


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
        ("LLM이라는", "LLM을 쓴다"),
        ("트랜스포머란", "트랜스포머는"),
        ("데이터셋에서의", "데이터셋"),
        ("ＧＰＴ", "gpt-4"),
        ("gpt-4", "GPT 4"),
        ("3.5", "Claude 3.5 Sonnet"),
        ("model", "Language Models"),
        ("models", "a language model"),
        ("training", "We train it"),
        ("train", "training"),
        ("trained", "training"),
        ("pretraining", "a pre-trained model"),
        ("pre-training", "We pretrain it"),
        ("pre-training", "pre training"),
        ("pre-trained", "Pre‑Training"),
        ("GPT4", "GPT-4V, GPT-4를"),
        ("GPT-4", "GPT4를 쓴다"),
        ("gpt-4-turbo", "GPT4-turbo"),
        ("pre\u2010training", "pretraining"),
        ("pre-trai", "pretraining"),
        ("GPT4기반", "GPT-4기반 방법"),
        ("knn", "a k-NN graph"),
        ("stylegan2", "StyleGAN 2"),
        ("gpt3.5", "GPT-3.5를"),
        ("gpt3.5", "GPT 3.5"),
        ("claude3", "Claude-3"),
        ("resnet50", "a ResNet 50"),
        ("fine tuning", "we finetune"),
        ("Pre training 모델", "pretrained 모델"),
        ("chat gpt", "ChatGPT"),
        ("gpt 4", "GPT4"),
        ("GPT-4", "우리GPT-4를"),
        ("end-to-end", "an end-to-end model"),
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
        ("gpt4", "GPT and 4"),
        ("h 100", "H100"),  # a single letter is no part of another word
        ("fine 모델 tuning", "finetuning 모델"),
        ("20 24", "2024"),
        ("2024", "20-24"),
        ("20-24", "2024"),
        ("a-b-c-d", "ab c d"),  # of many words none are as one
    ],
)
def test_what_is_not_found(query: str, text: str) -> None:
    assert not stands_in(query, text)


def test_words_that_are_left_out_are_no_part_of_others() -> None:
    terms = [TextTerm("fine", negated=True), TextTerm("tuning")]
    asked = Asking(Words("finetuning, fine tuning")).asked(terms, [], [], [])
    assert asked is not None
    assert [group.alternatives for group in asked.wanted] == [(("tune",),)]


@pytest.mark.parametrize(("letter", "last"), [("이", "다"), ("a", "b")])
def test_repeated_letters_are_gone_through_once(letter: str, last: str) -> None:
    """To try every way in which they may be the words took longer than anybody waits."""
    row = Texts.read((1, "", "[]", None, "[]", None, f"{last} ② {letter * 5_000}", None))
    for run in (" ".join([letter] * 20), letter):
        assert not passing(Check(Within.ANYWHERE, (Holds(f"{'' if letter > 'z' else ' '}{run} {last}"),)))(row)
    assert not passing(Check(Within.ANYWHERE, (Holds(f" {letter} {last} ", stemmed=True),)))(row)


def test_a_phrase_is_one_run() -> None:
    assert stands_in("weak to strong", "Weak-to-Strong Generalization", phrase=True)
    assert not stands_in("weak strong", "Weak-to-Strong", phrase=True)
    assert stands_in("모델의 크기", "큰 모델의 크기는", phrase=True)
    assert not stands_in("모델 크기", "모델의 크기", phrase=True)


def test_a_single_quoted_word_stands_for_itself_alone() -> None:
    assert stands_in("SAM", "the SAM-2 model", phrase=True)
    assert not stands_in("sam", "Samples of Samuel's", phrase=True)
    assert not stands_in("model", "models", phrase=True)
    assert stands_in("양자화", "양자화는", phrase=True)


@pytest.mark.parametrize(("particle", "text"), [("를", "양자화를 한다"), ("이", "이것"), ("에서", "여기에서")])
def test_a_quoted_particle_stands_where_it_stands(particle: str, text: str) -> None:
    assert stands_in(particle, text, phrase=True)
    assert not stands_in(particle, "양자화", phrase=True)


@pytest.mark.parametrize("particle", ["를", "은", "에서"])
def test_a_particle_typed_apart_asks_for_nothing_beside_words(particle: str) -> None:
    text = "양자화한 LLM"
    assert asked_for(f"양자화 {particle}", text) == asked_for("양자화", text)
    assert stands_in(f"LLM {particle}", text)
    assert asked_for(particle, f"{particle} 그").words


def test_nothing_but_punctuation_asks_for_nothing() -> None:
    assert asked_for("?! --", "a") == Asked()
    assert asked_for("…", "a", phrase=True) == Asked()


@pytest.mark.parametrize(
    "family",
    [
        "train trains trained training",
        "use uses using used",
        "study studies studied studying",
        "class classes",
        "scale scales scaled scaling",
        "embed embedding embeddings embedded",
        "string strings",
        "control controlled",
        "note notes noted noting",
        "prune prunes pruned pruning",
        "size sizes sized sizing",
        "plan plans planned planning",
        "edit edits edited editing",
        "encode encodes encoded encoding",
        "cache caches cached caching",
        "box boxes boxed boxing",
        "tie ties tied",
        "add adds added adding",
        "bias biases biased",
        "gpu gpus",
        "gru grus",
        "plus pluses",
        "relu relus",
        "api apis",
        "movie movies",
        "agree agrees agreed agreeing",
        "guarantee guaranteed guarantees",
        "go goes going",
        "distill distills distilled distilling",
        "control controls controlled controlling",
        "label labels labeled labelled labelling",
        "skill skills skilled",
        "fuzz fuzzed fuzzing",
        "staff staffed staffing",
        "quiz quizzes quizzed quizzing",
        "free frees freed freeing",
        "analysis analyses analyse analysed",
        "hypothesis hypotheses",
        "matrix matrices",
        "calorie calories",
    ],
)
def test_inflections_share_their_stem(family: str) -> None:
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(
    "words",
    ["not note", "sam same", "them theme", "min mine", "bit bite", "bar bare", "plan plane", "wer were", "pos pose"],
)
def test_words_that_only_their_e_tells_apart_are_told_apart(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 2


def test_a_noun_that_ends_like_a_particle_is_told_by_what_follows_it() -> None:
    assert asked_for("정확도", "정확도를 잰다").wanted != asked_for("정확도", "정확한 말").wanted


def test_particles_are_documented_ones() -> None:
    assert len(set(PARTICLES)) == len(PARTICLES) > 50


def test_names_lose_their_accents_but_korean_stays_whole() -> None:
    assert name_words("Bernhard Schölkopf-Schölkopf") == ["bernhard", "scholkopf"]
    assert name_words("김민수") == tokens("김민수") == ["김민수"]


@given(st.text(max_size=40))
def test_every_text_finds_itself(text: str) -> None:
    assert stands_in(text, f"before {text} after", phrase=True)
    if not set(PARTICLES).issuperset(tokens(text) or "?"):  # one by itself is not in the index
        assert stands_in(text, text)


@given(st.text(max_size=30))
def test_folding_again_changes_nothing(text: str) -> None:
    once = tokens(text)
    assert tokens(" ".join(once)) == once


@given(st.lists(st.text()))
def test_texts_are_split_alike_together_and_apart(texts: list[str]) -> None:
    assert tokens("\n".join(texts)) == [token for text in texts for token in tokens(text)]


WORDS = """
    run running study studies studied use using us gpt 4 a is ax axes fine tuning tuned trains train é cafés ﬁne ＬＬＭ
    pass passes pas ties tie naked 11b x² ß STRASSE 학습 을 학습을 모델 가
    note notes noting not pruned prune adding add biased bias gpus gpu agreed agree going go sizes sized movies movie
    distill distilled controlling quizzes quiz freed free analysis analyses matrices matrix fuzzing fuzz
    ꟲ c C ② 2 ½ ĳ ij İ i ſ s K k ⓛⓛⓜ 𝐦𝐨𝐝𝐞𝐥 ㄱㅏ 가 각 ㈎ ﾡￂ e\u0301 가\u11a8 ㅎㅎ 😕 λ 検索 索
"""
PIECES = st.sampled_from(WORDS.split())
SEPARATORS = st.sampled_from(
    [" ", "  ", "-", ", ", "", "/", "_", ".\n", "\xa0", "・", "･", "\\", '"', "—", "…", "·", "\u3000"]
)
WRITTEN = st.lists(st.tuples(PIECES, SEPARATORS), max_size=8).map(lambda pairs: "".join(map("".join, pairs)))


@st.composite
def runs(draw: st.DrawFn, text: str) -> list[str]:
    """Words that stand together in a text, or any others."""
    words = tokens(text) or ["none"]
    at = draw(st.integers(0, len(words) - 1))
    return words[at : at + draw(st.integers(1, 3))] if draw(st.booleans()) else tokens(draw(WRITTEN))


@given(text=WRITTEN, sample=st.data())
@settings(max_examples=500)
def test_words_joined_to_others_stand_where_their_stems_do(text: str, sample: st.DataObject) -> None:
    """Looking for where words begin finds what the stems of the whole text say."""
    run = sample.draw(runs(text))
    if not run:
        return
    start, end = ("" if is_cjk(run[0]) else " "), ("" if is_cjk(run[-1]) else " ")
    needle = f"{start}{' '.join(map(stem, run))}{end}"
    check = passing(Check(Within.ANYWHERE, (Holds(needle, stemmed=True),)))
    row = Texts.read((1, "", "[]", None, "[]", None, text, None))
    assert check(row) == (needle in f" {' '.join(map(stem, tokens(text)))} ")
    in_tag = Texts.read((1, "", "[]", None, dumps((text,)), None, None, None))
    assert check(in_tag) == check(row)


@given(text=WRITTEN, sample=st.data())
@settings(max_examples=500)
def test_a_run_is_found_in_a_text_as_it_lies_there_as_in_one_that_is_folded(text: str, sample: st.DataObject) -> None:
    run = sample.draw(runs(text))
    if not run:
        return
    needle = f"{'' if is_cjk(run[0]) else ' '}{' '.join(run)}"
    check = passing(Check(Within.ANYWHERE, (Holds(needle),)))
    for row in ((None, "[]", text), (None, dumps((text,)), None)):
        organisation, tags, commentary = row
        there = Texts.read((1, "", "[]", organisation, tags, None, commentary, None))
        assert check(there) == (needle in folded([text]))
