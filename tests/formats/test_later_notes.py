"""Notes in the shapes of 2024 to 2026, in the many ways in which one person writes them."""

from __future__ import annotations

import pytest

from bot.core.entries import Entry
from bot.core.imports import SkipReason
from bot.formats.vault import parse_note

PATH = "papers/2025/250105 Short Name.md"
LINK = "https://arxiv.org/abs/2412.19437"
ABSTRACT = (
    "Boats are folded from very large sheets. We show that a smaller sheet is enough when it is chosen with care."
)
KOREAN = "종이 선택에 대한 연구. 작은 종이로도 충분하다는 결과네요."
ENGLISH = "A study on the choice of paper. A small sheet is enough, which I find interesting."
PAIR = ("Ada Example", "Bo Sample")
NAMES = "(Ada Example, Bo Sample)"


def note(*paragraphs: str) -> Entry:
    """The one entry of a note of these paragraphs."""
    (entry,) = parse_note(PATH, "\n\n".join(paragraphs)).entries
    return entry


def titled(line: str) -> Entry:
    """The entry of an ordinary note with this title line; all but title and byline is checked here."""
    entry = note(LINK, line, f"> {ABSTRACT}", KOREAN, "#llm #data ")
    assert (entry.url, entry.arxiv_id, entry.tags) == (LINK, "2412.19437", ("llm", "data"))
    assert (entry.abstract, entry.commentary, entry.commentary_en) == (ABSTRACT, KOREAN, None)
    return entry


# --- titles -------------------------------------------------------------------------------------------------------

TITLES = [
    "DeepSeek-V3 Technical Report",
    "2 OLMo 2 Furious",
    "ReST-MCTS*: LLM Self-Training via Process Reward Guided Tree Search",
    "Q*: Improving Multi-step Reasoning for LLMs with Deliberative Planning",
    "Searchformer: Beyond A* Planning",
    "Beyond A*",
    "From $r$ to $Q^*$: Your Language Model is Secretly a Q-Function",
    "$\\pi_0$: A Vision-Language-Action Flow Model for General Robot Control",
    "u-μP: The Unit-Scaled Maximal Update Parametrization",
    "u-$\\mu$P: The Unit-Scaled Maximal Update Parametrization",
    "ƒ-PO: Generalizing Preference Optimization with f-divergence Minimization",
    "\\textsc{Lean-STaR}: Learning to Interleave Thinking",
    "$\\infty$Bench: Extending Long Context Evaluation Beyond 100K Tokens",
    "M$^3$: Multi-Level Boats",
    "$f(x)$-Nets ($g(x)$ Too)",
    "How Many Parameters? $O(\\sqrt{n})$ Is Enough",
    "Is Mamba Effective for Time Series Forecasting?",
    "Do NOT Think That Much for 2+3=? On the Overthinking of o1-Like LLMs",
    "Attention Is All You Need?!",
    "Chain-of-Thought Is Not Explainability.",
    'LLMs\' "Aha" Moment',
    "Foo: ‘Bar’ “Baz”",
    "Mixture of Experts (MoE) in Large Models",
    "A Note on Scaling (Extended Abstract)",
    "Scaling Laws (and Their Limits) in Practice",
    "(Mis)Fitting: A Survey of Scaling Laws",
    "Were We Wrong? (No)",
    "Learning to (Learn at Test Time): RNNs with Expressive Hidden States",
    "LLM Post-Training (RLHF, DPO, and more)",
    "DAPO: An Open-Source LLM Reinforcement Learning System at Scale (2025)",
    "Attention (as Discrete-Time Markov) Chains",
    "GPT (1) and (2)",
    "Foo) Bar",
    "Input/Output Matching/Mixing for LLMs",
    "R&D-Agent: Automating Data-Driven AI",
    "1.58-bit FLUX",
    "1. Foo is Not Enough",
    "100 Days After DeepSeek-R1: A Survey",
    "s1: Simple test-time scaling",
    "gpt-oss-120b & gpt-oss-20b Model Card",
    "Objaverse-XL: A Universe of 10M+ 3D Objects",
    "OpenAssistant Conversations -- Democratizing Large Language Model Alignment",
    "Foo & Bar — Baz … Qux",
    "#InsTag: Instruction Tagging for Analyzing Supervised Fine-tuning",
    "[Call for Papers] The BabyLM Challenge",
    "|Foo| is Big",
    "`Foo`: A Tool",
    "A_B: Underscore_title_with_parts",
    "데이터 중심 LLM",
    "大模型 Foo",
]


@pytest.mark.parametrize("emphasis", ["*", ""])
@pytest.mark.parametrize("title", TITLES)
def test_titles(title: str, emphasis: str) -> None:
    entry = titled(f"{emphasis}{title}{emphasis} {NAMES}")
    assert (entry.title, entry.authors, entry.organisation) == (title, PAIR, None)


@pytest.mark.parametrize("title", [title for title in TITLES if "LLM)" not in title])
def test_titles_of_one_person(title: str) -> None:
    entry = titled(f"*{title}* (Ada Example)")
    assert (entry.title, entry.authors, entry.organisation) == (title, ("Ada Example",), None)


@pytest.mark.parametrize(
    "title",
    ["A Note on Scaling (Extended Abstract)", "LLMs and Graphs (LLM-G)", "o1 (Preview)", "Do We Need It?", "o3"],
)
def test_emphasised_titles_without_byline(title: str) -> None:
    entry = titled(f"*{title}*")
    assert (entry.title, entry.authors, entry.organisation) == (title, (), None)


TITLE_LINES = [
    f"*Paper Boats*{NAMES}",
    f"*Paper Boats * {NAMES}",
    f"* Paper Boats* {NAMES}",
    f"**Paper Boats** {NAMES}",
    f"*Paper Boats*. {NAMES}",
    f"*Paper Boats {NAMES}",
    f"*Paper  Boats*  {NAMES}",
    f"*Paper\n  Boats* {NAMES}",
    f"*Paper\nBoats* {NAMES}",
    f"*Paper Boats*\n{NAMES}",
    f"*Paper Boats*\n\n{NAMES}",
    f"Paper Boats\n\n{NAMES}",
    "*Paper Boats* (Ada Example,\n  Bo Sample)",
    "*Paper Boats* (Ada Example,Bo Sample,)",
    "*Paper Boats* (Ada Example, Bo Sample))",
    "*Paper Boats* ((Ada Example, Bo Sample)",
    "*Paper Boats* (Ada Example, Bo Sample",
    "*Paper Boats* (Ada Example, Bo Sample).",
    "*Paper Boats* （Ada Example, Bo Sample）",
    "Paper Boats\nAda Example, Bo Sample",
    "Paper Boats\n\nAda Example, Bo Sample",
    f"# Paper Boats {NAMES}",
    f"- Paper Boats {NAMES}",
]


@pytest.mark.parametrize("line", TITLE_LINES)
def test_title_lines(line: str) -> None:
    entry = titled(line)
    assert (entry.title, entry.authors, entry.organisation) == ("Paper Boats", PAIR, None)


@pytest.mark.parametrize("line", ["*Paper Boats* ()", "# Paper Boats", "Paper Boats", "*Paper Boats*"])
def test_title_lines_without_names(line: str) -> None:
    assert (titled(line).title, titled(line).authors) == ("Paper Boats", ())


@pytest.mark.parametrize("after", ["[code](https://example.org/c)", "https://example.org/c"])
def test_a_link_after_the_byline(after: str) -> None:
    entry = note(LINK, f"*Paper Boats* {NAMES} {after}", f"> {ABSTRACT}", KOREAN)
    assert (entry.title, entry.authors, entry.abstract) == ("Paper Boats", PAIR, ABSTRACT)
    assert (entry.commentary, entry.links) == (f"{after}\n\n{KOREAN}", ("https://example.org/c",))


# --- bylines ------------------------------------------------------------------------------------------------------

ORGANISATIONS = """
DeepSeek-AI; Qwen Team; OpenAI; Google DeepMind; Meta; NVIDIA; Kimi Team; Gemma Team, Google DeepMind; xAI; X; Z.ai
Llama Team, AI @ Meta; AI@Meta; ByteDance Seed; Allen Institute for AI; Apple; Thinking Machines Lab; Moonshot AI
Physical Intelligence; Prime Intellect; Gemini Team Google; The Gemini Team; Alignment Science Team, Anthropic; FAIR
Cohere For AI; LG AI Research; NAVER Cloud HyperCLOVA X Team; Hugging Face; Sakana AI; METR; Character.AI; fast.ai
GenAI, Meta; FAIR at Meta; Tongyi Lab, Alibaba Group; Ling Team, Inclusion AI; MiniMax; StepFun; GLM-4.5 Team; 01.AI
InternLM Team; Shanghai AI Laboratory; LLM-Core Xiaomi; Meituan LongCat Team; Black Forest Labs; EleutherAI; MIT; 1X
UK AI Security Institute; AlphaProof and AlphaGeometry teams; LCM team; Max Planck Institute; Answer.AI; Ai2; Mila
Artificial Analysis; Boston Dynamics; Future House; Harvard; Safe Superintelligence; Weights & Biases
"""


@pytest.mark.parametrize("name", [name.strip() for name in ORGANISATIONS.replace("\n", ";").split(";") if name.strip()])
def test_organisations(name: str) -> None:
    entry = titled(f"*Paper Boats* ({name})")
    assert (entry.title, entry.authors, entry.organisation) == ("Paper Boats", (), name)


TEAMS = [
    "Team OLMo",
    "DeepSeek-AI",
    "01. AI",
    "MiniMax",
    "Prime Intellect Team",
    "NVIDIA",
    "5 Team",
    "LCM team",
    "OpenAI",
]


@pytest.mark.parametrize("joint", [": ", ", ", ", :, ", " : "])
@pytest.mark.parametrize("team", TEAMS)
def test_teams_with_names(team: str, joint: str) -> None:
    entry = titled(f"*Paper Boats* ({team}{joint}Aakanksha, Ada Example, Bo Sample)")
    assert (entry.title, entry.organisation, entry.authors) == ("Paper Boats", team, ("Aakanksha", *PAIR))


PERSONS = """
Christopher Ré; Łukasz Kaiser; Çağlar Gülçehre; Đorđe Živanović; Sheer El-Showk; Nova DasSarma; Gido M. van de Ven
Renee L'Heureux; D’Arcy Wentworth; J. Zico Kolter; D. Sculley; Martin Luther King Jr.; John Smith III; Weinan E; A. Ng
H S V N S Kowndinya Renduchintala; Jean-Baptiste Alayrac; DeLesley Hutchins; AJ Piergiovanni; In So Kweon; Y Li
Aäron van den Oord; Trần Đức; Nguyễn Văn A; Ai Suzuki; Gemma Roberts; Claude Shannon; Kimi Räikkönen; Jin Seed
"""
LISTS = [
    ("{}", ("{}",)),
    ("{}, Bo Sample", ("{}", "Bo Sample")),
    ("Ada Example and {}", ("Ada Example", "{}")),
    ("Ada Example, {}, and Bo Sample", ("Ada Example", "{}", "Bo Sample")),
]


@pytest.mark.parametrize("person", [name.strip() for name in PERSONS.replace("\n", ";").split(";") if name.strip()])
@pytest.mark.parametrize(("written", "read"), LISTS)
def test_persons(person: str, written: str, read: tuple[str, ...]) -> None:
    entry = titled(f"*Paper Boats* ({written.format(person)})")
    assert (entry.authors, entry.organisation) == (tuple(name.format(person) for name in read), None)


BYLINES = [
    ("Ada Example & Bo Sample", PAIR, None),
    ("Ada Example; Bo Sample", PAIR, None),
    ("Ada Example, Bo Sample, & Cy Muster", (*PAIR, "Cy Muster"), None),
    ("Ada Example, Bo Sample, ...", PAIR, None),
    ("Ada Example, Bo Sample and 100 more", PAIR, None),
    ("Ada Example (1), Bo Sample (2)", PAIR, None),
    ("Ada Example, Bo (Bobby) Sample", ("Ada Example", "Bo (Bobby) Sample"), None),
    ("김철수", ("김철수",), None),
    ("김철수, 이영희", ("김철수", "이영희"), None),
    ("네이버", (), "네이버"),
    ("苏剑林", ("苏剑林",), None),
    ("Ada Example, Thinking Machines Lab", ("Ada Example",), "Thinking Machines Lab"),
    ("Ada Example in collaboration with others at Thinking Machines", ("Ada Example",), "Thinking Machines"),
    ("Gemma Team, Google DeepMind: Ada Example, Bo Sample", PAIR, "Gemma Team, Google DeepMind"),
]


@pytest.mark.parametrize(("names", "authors", "organisation"), BYLINES)
def test_bylines(names: str, authors: tuple[str, ...], organisation: str | None) -> None:
    entry = titled(f"*Paper Boats* ({names})")
    assert (entry.title, entry.authors, entry.organisation) == ("Paper Boats", authors, organisation)


def test_a_hundred_authors() -> None:
    names = tuple(
        f"{first}{number} {last}" for first in ("Ada", "Bo") for last in ("Example", "Muster") for number in "abcde"
    )
    many = tuple(f"{name} {suffix}" for name in names for suffix in ("One", "Two", "Three", "Four", "Five"))
    assert titled(f"*Paper Boats* ({', '.join(many)})").authors == many
    assert titled(f"*Paper Boats* ({', '.join(many[:-1])} and {many[-1]})").authors == many


# --- order --------------------------------------------------------------------------------------------------------

TITLE = f"*Paper Boats* {NAMES}"
OTHER = "*Paper Ships* (Cy Muster, Di Other)"
POST = "https://x.com/someone/status/1"
HEAD_LINKS = [
    (LINK, "2412.19437"),
    ("http://arxiv.org/abs/2412.19437v2", "2412.19437"),
    ("https://browse.arxiv.org/pdf/2412.19437.pdf", "2412.19437"),
    ("https://arxiv.org/html/2412.19437v1", "2412.19437"),
    ("https://huggingface.co/papers/2412.19437", "2412.19437"),
    ("https://arxiv.org/abs/cs/0701001", "cs/0701001"),
    (POST, None),
    ("https://x.com/someone/status/1?s=20", None),
    ("https://github.com/deepseek-ai/DeepSeek-V3/blob/main/DeepSeek_V3.pdf", None),
    ("https://openreview.net/pdf?id=abcDEF123", None),
    ("https://www.nature.com/articles/s41586-024-07421-0", None),
    ("https://youtu.be/abc123?si=xyz", None),
    ("https://www.notion.so/abc", None),
    ("https://blog.google/technology/december-2024/#gemini-2-0", None),
    ("https://en.wikipedia.org/wiki/Foo_(bar)", None),
    ("https://example.org/a,b?x=1&y=2#frag", None),
]


@pytest.mark.parametrize(("url", "arxiv_id"), HEAD_LINKS)
def test_head_links_stay_as_written(url: str, arxiv_id: str | None) -> None:
    with_title = note(url, TITLE, f"> {ABSTRACT}", KOREAN)
    assert (with_title.url, with_title.arxiv_id, with_title.title) == (url, arxiv_id, "Paper Boats")
    without = note(url, KOREAN)
    assert (without.url, without.arxiv_id, without.title) == (url, arxiv_id, "Short Name")


ORDERS = [
    ((LINK, TITLE, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((f"{LINK}\n{TITLE}\n> {ABSTRACT}\n{KOREAN}\n#a",), KOREAN),
    ((f"{LINK} {TITLE}", f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((f"{LINK} - {TITLE}", f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((TITLE, LINK, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((f"# Paper Boats {NAMES}", LINK, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((f"{LINK}\n{POST}", TITLE, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((LINK, POST, TITLE, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((LINK, TITLE, POST, f"> {ABSTRACT}", KOREAN, "#a"), f"{POST}\n\n{KOREAN}"),
    ((LINK, TITLE, OTHER, f"> {ABSTRACT}", KOREAN, "#a"), f"{OTHER}\n\n{KOREAN}"),
    ((LINK, "#a", TITLE, f"> {ABSTRACT}", KOREAN), KOREAN),
    (("#a", LINK, TITLE, f"> {ABSTRACT}", KOREAN), KOREAN),
    ((LINK, TITLE, "#a", f"> {ABSTRACT}", KOREAN), KOREAN),
    ((LINK, TITLE, f"> {ABSTRACT}\n#a", KOREAN), KOREAN),
    ((LINK, "[[240101 Hats]]", TITLE, f"> {ABSTRACT}", KOREAN, "#a"), KOREAN),
    ((f"\u200b{LINK}", f"{TITLE}\u200b", f"> {ABSTRACT}", KOREAN, "\u200b#a"), KOREAN),
    ((LINK, TITLE, f"> {ABSTRACT}", f"{KOREAN}#a"), KOREAN),
    ((LINK, TITLE, f"> {ABSTRACT}", f"{KOREAN} #a"), KOREAN),
    ((LINK, TITLE, f"> {ABSTRACT}", KOREAN, "#a #"), KOREAN),
    ((LINK, TITLE, f"> {ABSTRACT}", ENGLISH, "#a"), ENGLISH),
    ((LINK, TITLE, f"> {ABSTRACT}", f"<english>{ENGLISH}</english>", "#a"), ENGLISH),
    ((LINK, TITLE, f"> {ABSTRACT}", "# 요약", KOREAN, "#a"), f"# 요약\n\n{KOREAN}"),
    ((LINK, TITLE, f"> {ABSTRACT}", "- 하나\n\t- 둘", KOREAN, "#a"), f"- 하나\n\t- 둘\n\n{KOREAN}"),
    ((LINK, TITLE, f"> {ABSTRACT}", KOREAN, "```\n# no #tag\n```", "#a"), f"{KOREAN}\n\n```\n# no #tag\n```"),
    ((LINK, TITLE, f"> {ABSTRACT}", KOREAN, "#a", "# Links\n\n- [[240101 Hats]]"), KOREAN),
]


@pytest.mark.parametrize(("paragraphs", "commentary"), ORDERS)
def test_orders(paragraphs: tuple[str, ...], commentary: str) -> None:
    entry = note(*paragraphs)
    assert (entry.url, entry.title, entry.authors) == (LINK, "Paper Boats", PAIR)
    assert (entry.abstract, entry.commentary, entry.tags) == (ABSTRACT, commentary, ("a",))


def test_an_abstract_that_quotes_a_korean_word_is_english() -> None:
    entry = note(LINK, TITLE, f"> {ABSTRACT} The word for boat is 배.", KOREAN)
    assert (entry.abstract, entry.commentary) == (f"{ABSTRACT} The word for boat is 배.", KOREAN)


@pytest.mark.parametrize("quote", [f"> {KOREAN}", f">{KOREAN}\n> 둘째 줄."])
def test_a_korean_quote_is_commentary(quote: str) -> None:
    entry = note(LINK, TITLE, quote)
    assert (entry.abstract, entry.commentary) == (None, quote)


def test_an_unquoted_abstract_without_commentary() -> None:
    entry = note(LINK, TITLE, " ".join([ABSTRACT] * 4), "#a")
    assert (entry.abstract, entry.commentary) == (" ".join([ABSTRACT] * 4), None)


def test_long_english_commentary_is_no_abstract() -> None:
    entry = note(LINK, TITLE, " ".join([ENGLISH] * 8), "#a")
    assert (entry.abstract, entry.commentary) == (None, " ".join([ENGLISH] * 8))


def test_an_announcement_with_a_quote_and_no_title_keeps_the_file_name() -> None:
    entry = note(POST, "This is a thread worth reading.", f"> {ABSTRACT}", KOREAN)
    assert (entry.title, entry.title_derived) == ("Short Name", True)


def test_front_matter_is_reported() -> None:
    text = f"---\naliases:\n  - boats\n---\n\n{LINK}\n\n{TITLE}\n\n> {ABSTRACT}\n\n{KOREAN}"
    parsed = parse_note(PATH, text)
    assert (parsed.entries[0].title, parsed.entries[0].url, parsed.entries[0].commentary) == (
        "Paper Boats",
        LINK,
        KOREAN,
    )
    assert [(skipped.reason, skipped.detail) for skipped in parsed.skipped] == [
        (SkipReason.EXTRA_LINE, "front matter: aliases:; - boats")
    ]


@pytest.mark.parametrize("piece", ["#a ", "#a, ", "#a b ", "가#a ", "a, ", "[a](http://b) ", "* (a) "])
@pytest.mark.parametrize("end", ["!", ")\n> q", " 가"])
def test_hostile_lines_take_no_long_time(piece: str, end: str) -> None:
    for head in ("", f"{LINK}\n\n", f"{LINK}\n\n{TITLE}\n\n"):
        assert parse_note(PATH, head + piece * 20_000 + end).entries
