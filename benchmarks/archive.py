"""Archives to measure on: any number of entries, the same each time, in Korean and English.

Each has a title, names and tags of its own. Abstracts and commentaries are its own in a small archive; in a large one
those of `TEXTS` entries come again, without which building it would take four times as long.

Words come from a vocabulary of the project's own: what people write about papers, and further words put
together from syllables. Words, tags and names are as unequally frequent as in real ones (Zipf). Korean nouns carry the
particles that their last letter asks for.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

from bot.core.entries import Entry

SEED = 20240621
TEXTS = 20_000
LAST_DAY = date(2024, 6, 21)


def _sections(text: str) -> dict[str, list[str]]:
    """The words of `words.txt` by their headings."""
    found: dict[str, list[str]] = {}
    for word in text.split():
        if word.startswith("["):
            current = found.setdefault(word.strip("[]"), [])
        else:
            current.append(word)
    return found


_WORDS = _sections(Path(__file__).with_name("words.txt").read_text(encoding="utf-8"))
COMMON, FIELD, NOUNS, ENDINGS = (_WORDS[name] for name in ("common", "field", "nouns", "endings"))
ONSETS, VOWELS, CODAS = (_WORDS[name] for name in ("onsets", "vowels", "codas"))
SYLLABLES = (
    "가강거경계고공과관교구군권규균극금기길김나남내노논농능다단달담당대도동두등라락란량력련로론료류리림마만망매면명모"
    "목무문물미민밀박반발방배백범법변별병보복본부분비사산상색생서석선설성세소속손송수순술스승시식신실심안압액양어업"
    "여역연영예오온완외용우원위유육율음응의인일임자작장재저적전절점정제조종주중증지직진질집차착참창처천철청체초총최"
    "추축출충층치칙침카코크타탄태터테토통투특파판패편평폐포표품풍프피학한합항해행향허현형호화확환활황회효후휴"
)
ENTRIES_A_DAY = {4_000: 3, 100_000: 27, 1_000_000: 137}


class Zipf:
    """Picks words, the first ones most often."""

    def __init__(self, words: Sequence[str], exponent: float, chance: random.Random) -> None:
        self.words = words
        self._pick = chance.random
        self._weights = list(accumulate((rank + 2) ** -exponent for rank in range(len(words))))

    def some(self, count: int) -> list[str]:
        """So many, with repetitions."""
        top, weights, words, pick = self._weights[-1], self._weights, self.words, self._pick
        return [words[bisect_left(weights, pick() * top)] for _ in range(count)]

    def different(self, count: int) -> list[str]:
        """So many, or a few less, each once."""
        return list(dict.fromkeys(self.some(count)))


def with_particle(noun: str, particle: str) -> str:
    """A noun with a particle in the form that its last letter asks for: `을` is `를` after a vowel."""
    code = ord(noun[-1]) - 0xAC00
    closed = 0 <= code < 11_172 and code % 28 != 0
    l_coda = 0 <= code < 11_172 and code % 28 == 8
    forms = {"을": "를", "은": "는", "이": "가", "과": "와", "으로": "로", "이라는": "라는"}
    if particle == "으로" and l_coda:
        return noun + "로"
    return noun + (particle if closed else forms.get(particle, particle))


PARTICLES = (
    *("", "", "을", "은", "이", "의", "에", "에서", "으로"),
    *("과", "도", "까지", "부터", "처럼", "보다", "에서는", "만"),
)


class Maker:
    """Makes the entries of one archive, one after the other."""

    def __init__(self) -> None:
        self._chance = chance = random.Random()
        made = random.Random(SEED)  # the words are the same in every archive
        rare = [self._word(made) for _ in range(24_000)]
        inflected = [word + ending for word in FIELD for ending in ("s",)]
        self.english = Zipf(list(dict.fromkeys([*COMMON, *FIELD, *inflected, *rare])), 1.15, chance)
        self.topics = Zipf(list(dict.fromkeys([*FIELD, *inflected, *rare])), 0.9, chance)
        nouns = [*NOUNS]
        nouns += [made.choice(NOUNS) + made.choice(NOUNS) for _ in range(2_000)]
        nouns += ["".join(made.choices(SYLLABLES, k=made.choice((2, 2, 3, 3, 4)))) for _ in range(12_000)]
        self.nouns = Zipf(list(dict.fromkeys(nouns)), 0.9, chance)
        self._endings = Zipf(ENDINGS, 0.5, chance)
        self._particles = Zipf(PARTICLES, 0.3, chance)
        tags = [f"{one}-{other}" if other else one for one in FIELD for other in ("", *made.sample(FIELD, 4))]
        made.shuffle(tags)
        self.tags = Zipf(list(dict.fromkeys(tags)), 1.0, chance)
        families = [self._word(made).capitalize() for _ in range(3_000)]
        self._families = Zipf(list(dict.fromkeys(families)), 0.7, chance)
        self._texts: list[tuple[list[str], str, str]] = []
        self._given = Zipf([self._word(made).capitalize() for _ in range(400)], 0.5, chance)

    @staticmethod
    def _word(made: random.Random) -> str:
        syllables = made.choice((1, 2, 2, 2, 3))
        return "".join(made.choice(ONSETS) + made.choice(VOWELS) for _ in range(syllables)) + made.choice(CODAS)

    def entries(self, count: int, numbers: range) -> Iterator[Entry]:
        """Those with these numbers, of an archive of so many, in digest order; the same ones each time."""
        if not self._texts:
            self._chance.seed(SEED)
            self._texts = [self._text() for _ in range(min(count, TEXTS))]
        self._chance.seed(f"{SEED}/{count}/{numbers}")
        a_day = ENTRIES_A_DAY.get(count, max(3, count // 3_650))
        days = -(-count // a_day)
        for number in numbers:
            yield self._entry(number, LAST_DAY - timedelta(days - 1 - number // a_day), number % a_day)

    def _entry(self, number: int, day: date, of_day: int) -> Entry:
        chance = self._chance
        topics, abstract, commentary = self._texts[number % len(self._texts)]
        title = " ".join(self._title(topics))
        people = chance.randint(1, 8)
        return Entry(
            id=entry_id(number),
            title=title[:1].upper() + title[1:],
            digest_date=day,
            paper_date=day - timedelta(chance.randrange(40)),
            authors=tuple(
                f"{given} {family}"
                for given, family in zip(self._given.some(people), self._families.some(people), strict=True)
            ),
            url=f"https://arxiv.org/abs/{day:%y%m}.{day.day * 300 + of_day:05}",
            arxiv_id=f"{day:%y%m}.{day.day * 300 + of_day:05}",
            abstract=abstract,
            commentary=commentary,
            tags=tuple(self.tags.different(chance.randint(1, 4))),
        )

    def _text(self) -> tuple[list[str], str, str]:
        """What a text is about, an abstract, and a commentary."""
        chance = self._chance
        topics, nouns = self.topics.different(14), self.nouns.different(12)
        abstract = " ".join(self._sentences(topics, chance.randint(110, 260)))
        return topics, abstract, " ".join(self._remarks(topics, nouns, chance.randint(4, 12)))

    def _title(self, topics: Sequence[str]) -> list[str]:
        chance = self._chance
        words = chance.sample(topics, min(len(topics), chance.randint(3, 6))) + self.english.some(chance.randint(1, 4))
        chance.shuffle(words)
        return words

    def _sentences(self, topics: Sequence[str], words: int) -> Iterator[str]:
        """An abstract: common words, and again and again what it is about."""
        chance, left = self._chance, words
        while left > 0:
            length = min(left, chance.randint(8, 24))
            said = self.english.some(length)
            said[::3] = chance.choices(topics, k=len(said[::3]))
            left -= length
            yield " ".join(said).capitalize() + "."

    def _remarks(self, topics: Sequence[str], nouns: Sequence[str], sentences: int) -> Iterator[str]:
        chance = self._chance
        for _ in range(sentences):
            said = chance.choices(nouns, k=chance.randint(2, 6)) + self.nouns.some(chance.randint(1, 3))
            words = [with_particle(noun, end) for noun, end in zip(said, self._particles.some(len(said)), strict=True)]
            if chance.random() < 0.5:
                words.insert(1, chance.choice(topics).upper() + chance.choice(("을", "은", "의", "로", "")))
            yield f"{' '.join(words)} {self._endings.some(1)[0]}."


def entry_id(number: int) -> str:
    """The id of the entry with this number."""
    digits = "abcdefghijklmnopqrstuvwxyz234567"
    found = ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        found = digits[digit] + found
    return found


def text_bytes(entry: Entry) -> int:
    """How much text an entry is, in UTF-8."""
    texts = (entry.title, *entry.authors, entry.abstract or "", entry.commentary or "", *entry.tags)
    return sum(len(text.encode()) for text in texts)
