"""The catalogues hold every sentence of the code, in English and in Korean that reads well; and what says them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract

from bot.core.messages import Message, mark, msg, msg_n
from bot.core.people import Language
from bot.locale import language_of, translator
from tools import catalogues
from tools.catalogues import ROOT, Call, calls, calls_in_python, calls_in_template, fields, ids, problems, read, update

NAMES = frozenset(
    {
        *("BibTeX", "Id", "SLACK_APP_TOKEN: {problem}", "SLACK_BOT_TOKEN: {problem}"),
        *("Slack, {team}: {finding}", "Slack: {whom}; {how}.", "Discord: {finding}", "DISCORD_TOKEN: {problem}"),
        "Discord, {server}: {finding}",
        "[show | subscribe | list | edit | pause | preview | send | why | help]",
    }
)
"""Sentences that need no Hangul."""

HANGUL = re.compile("[가-힣]")
EITHER_PARTICLE = re.compile(r"을\(를\)|를\(을\)|이\(가\)|가\(이\)|은\(는\)|는\(은\)|와\(과\)|과\(와\)|\((으|이)\)")
PARTICLE_AFTER_VALUE = re.compile(
    r"\}[”’`:)]*(을|를|이|가|은|는|와|과|으로|로|이나|나|이라고?|라고?|이라는|라는)(?![가-힣])"
)
POLITE = re.compile(r"(니다|세요|나요|까요)[.?]")
SENTENCE_END = re.compile(r"(?<=[가-힣])[.?](?=\s|$)")


@pytest.fixture(scope="module")
def found() -> list[Call]:
    return calls()


def korean() -> Iterator[tuple[str, str]]:
    """Every Korean form with its English."""
    for message in list(read("ko"))[1:]:
        for form in catalogues.said(message):
            yield ids(message)[-1], form


# --- the catalogues are complete ------------------------------------------------------------------------------------


def test_code_and_catalogues_agree(found: list[Call]) -> None:
    assert not problems(found), "python tools/catalogues.py update, then translate"


def test_the_catalogues_are_written_as_update_writes_them(found: list[Call], tmp_path: Path) -> None:
    for language in catalogues.LANGUAGES:
        (tmp_path / f"{language}.po").write_bytes((catalogues.CATALOGUES / f"{language}.po").read_bytes())
    update(found, tmp_path)
    for language in catalogues.LANGUAGES:
        before, after = read(language), read(language, tmp_path)
        assert {ids(one): one.string for one in before} == {ids(one): one.string for one in after}
        assert not re.search(
            r"^#: .*:\d|^#,.*fuzzy|^#~", (tmp_path / f"{language}.po").read_text("utf-8"), re.MULTILINE
        )


def test_babels_own_extractors_find_the_same(found: list[Call]) -> None:
    keywords = {name: tuple(range(1, forms + 1)) for name, forms in catalogues.FORMS.items()}
    methods = {".py": "python", ".html": "jinja2.ext:babel_extract"}
    theirs = set()
    for path in (
        path for source in catalogues.SOURCES for path in (ROOT / source).rglob("*") if path.suffix in methods
    ):
        with path.open("rb") as file:
            extracted = extract(methods[path.suffix], file, keywords=keywords, options={"silent": "false"})
            theirs |= {one if isinstance(one, tuple) else (one,) for _, one, _, _ in extracted}
    assert theirs == {call.forms for call in found if call.forms}


def test_help_texts_of_the_command_line_are_marked() -> None:
    tree = ast.parse((ROOT / "bot/cli.py").read_text(encoding="utf-8"))
    texts = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "help"
    ]
    assert texts
    assert {ast.unparse(text.func) if isinstance(text, ast.Call) else ast.unparse(text) for text in texts} == {"mark"}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", [0, 1, 2, 1234])
def test_every_sentence_can_be_said(language: Language, count: int) -> None:
    speaker = translator(language)
    for entry in list(read(language.value))[1:]:
        forms = ids(entry)
        names = fields(forms[-1]) - {"n"}
        plural = forms[1] if len(forms) > 1 else None
        said = speaker.say(Message(forms[0], {"n": count} | {name: f"<{name}>" for name in names}, plural))
        assert said
        assert not re.search(r"[{}]", said)
        assert all(f"<{name}>" in said for name in names)


# --- the Korean reads well ------------------------------------------------------------------------------------------


def test_korean_is_korean() -> None:
    plain = {english for english, form in korean() if not HANGUL.search(form)}
    assert {english for english in plain if re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", english))} <= NAMES


def test_korean_chooses_no_particle_by_a_value_it_does_not_know() -> None:
    assert not [form for _, form in korean() if EITHER_PARTICLE.search(form) or PARTICLE_AFTER_VALUE.search(form)]


@pytest.mark.parametrize(
    "wrong", ["{tag}을 찾습니다", "“{title}”은 초안입니다", "`{key}`와 함께", "`{key}:`로 쓰세요", "{host}이라는"]
)
def test_such_particles_are_found(wrong: str) -> None:
    assert PARTICLE_AFTER_VALUE.search(wrong)


@pytest.mark.parametrize(
    "right", ["{host}에서 읽기", "{id}번 구독", "“{title}” 항목은", "`{usage}`처럼", "{head}입니다", "{n}개"]
)
def test_other_endings_are_left_alone(right: str) -> None:
    assert not PARTICLE_AFTER_VALUE.search(right)


def test_korean_is_polite_in_every_sentence() -> None:
    for _, form in korean():
        ends = len(POLITE.findall(form))
        assert ends == len(SENTENCE_END.findall(form)) or not ends, form
        assert not re.search(r"(했다|이다|한다|없다|있다|해라|하라|십시오)\b", form), form


def test_spaces_and_marks_are_in_order() -> None:
    for english, form in korean():
        assert form == form.strip()
        assert "  " not in form
        assert form.count("`") == english.count("`") or form.count("`") % 2 == 0, form
        assert form.count("“") == form.count("”"), form
        assert form.count("(") == form.count(")"), form


def test_what_a_person_may_type_is_left_as_it_is() -> None:
    typed = re.compile(r"/digest [a-z]+|/paper-[a-z]+|PAPERBOY_[A-Z_]+|DATABASE_URL|is:saved|sort:|sqlite:\S+\w")
    assert not [form for english, form in korean() if not all(word in form for word in typed.findall(english))]


# --- collecting -----------------------------------------------------------------------------------------------------


def test_python_calls_are_found_wherever_they_stand() -> None:
    text = (
        'raise Wrong(msg("a {x}", x=msg("b")))\n'
        'said = words.t("c") if short else speaker.n("{n} d", "{n} ds", count)\n'
        'note = msg(\n    "e "\n    "f",\n)\n'
        'help = mark("g")\n'
        'both = msg_n("{n} h of {x}", "{n} hs of {x}", n=1, x=2)\n'
    )
    found = list(calls_in_python(text, "bot/x.py"))
    assert {(call.line, call.forms) for call in found} == {
        (1, ("a {x}",)),
        (1, ("b",)),
        (2, ("c",)),
        (2, ("{n} d", "{n} ds")),
        (3, ("e f",)),
        (7, ("g",)),
        (8, ("{n} h of {x}", "{n} hs of {x}")),
    }
    assert {call.forms[0]: call.values for call in found}["{n} h of {x}"] == frozenset({"n", "x"})


def test_template_calls_are_found_wherever_they_stand() -> None:
    text = (
        '{%- macro m(x) -%}<p title="{{- t("a") -}}">{{ t("b {x}", x=x) | sentence }}</p>{%- endmacro %}\n'
        '{% for key, label in (("k", t("c")),) if label %}{{ m(n("{n} d", "{n} ds", 2)) }}{% endfor %}\n'
        '{% block b %}{{ t("e") if f else t("g" ) }}{% set x = {"h": t("i")} %}{% endblock %}\n'
        '{# t("no") #}{% raw %}{{ t("no") }}{% endraw %}\n'
    )
    forms = [call.forms for call in calls_in_template(text, "x.html")]
    assert sorted(forms) == [("a",), ("b {x}",), ("c",), ("e",), ("g",), ("i",), ("{n} d", "{n} ds")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("msg(name)", "cannot be collected"),
        ('msg(f"an {entry}")', "cannot be collected"),
        ('msg("a {x}")', "is given nothing but names x"),
        ('msg("a", x=1)', "is given x but names nothing"),
        ('msg("{n} more")', "is given nothing but names n"),
        ('msg("a {x!r}", x=1)', "not a plain name"),
        ('msg("a {x", x=1)', "expected '}'"),
        ('msg_n("{n} a of {x}", "{n} as", n=1, x=1)', "name different values"),
        ('msg("{n} entry", n=1)', "another plural"),
    ],
)
def test_calls_that_cannot_work_are_told(found: list[Call], text: str, problem: str) -> None:
    told = problems([*found, *calls_in_python(text, "storage/x.py")])
    told = [line for line in told if line.startswith("storage/x.py:1: ")]
    assert len(told) == 1
    assert problem in told[0]


@pytest.mark.parametrize("text", ['msg("no entry", **values)', 'msg_n("one", "{n} of them", n=2)', 'mark("later {x}")'])
def test_calls_that_can_work_are_left_alone(found: list[Call], text: str) -> None:
    told = problems([*found, *calls_in_python(text, "storage/x.py")])
    assert not [line for line in told if line.startswith("storage/x.py")]


# --- writing and checking -------------------------------------------------------------------------------------------

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {}\\n"\n"Plural-Forms: {}\\n"\n\n'
KOREAN_HEAD = HEAD.format("ko", "nplurals=1; plural=0;")
ENGLISH_HEAD = HEAD.format("en", "nplurals=2; plural=(n != 1);")
SMALL = 'msg("Save")\nmsg_n("{n} tag", "{n} tags", n=1)\n'


def folder_with(tmp_path: Path, korean: str, english: str = "") -> Path:
    (tmp_path / "ko.po").write_text(KOREAN_HEAD + korean, encoding="utf-8")
    (tmp_path / "en.po").write_text(ENGLISH_HEAD + english, encoding="utf-8")
    return tmp_path


def test_update_adds_drops_and_keeps(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 'msgid "Gone"\nmsgstr "없음"\n\nmsgid "Save"\nmsgstr "저장"\n')
    update(list(calls_in_python(SMALL, "bot/x.py")), folder)
    assert (folder / "ko.po").read_text("utf-8") == KOREAN_HEAD + (
        '#: bot/x.py\nmsgid "Save"\nmsgstr "저장"\n\n'
        '#: bot/x.py\n#, python-brace-format\nmsgid "{n} tag"\nmsgid_plural "{n} tags"\nmsgstr[0] ""\n'
    )
    assert (folder / "en.po").read_text("utf-8") == ENGLISH_HEAD + (
        '#: bot/x.py\nmsgid "Save"\nmsgstr "Save"\n\n'
        '#: bot/x.py\n#, python-brace-format\nmsgid "{n} tag"\nmsgid_plural "{n} tags"\n'
        'msgstr[0] "{n} tag"\nmsgstr[1] "{n} tags"\n'
    )


def test_update_again_changes_nothing(tmp_path: Path, found: list[Call]) -> None:
    folder = folder_with(tmp_path, 'msgid "Save"\nmsgstr "저장"\n')
    update(found, folder)
    once = [(folder / f"{language}.po").read_bytes() for language in catalogues.LANGUAGES]
    update(found, folder)
    assert [(folder / f"{language}.po").read_bytes() for language in catalogues.LANGUAGES] == once


def test_a_sentence_that_gets_a_plural_is_translated_anew(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 'msgid "{n} tag"\nmsgstr "태그"\n')
    update(list(calls_in_python(SMALL, "bot/x.py")), folder)
    assert "ko.po: not translated: {n} tag" in problems(list(calls_in_python(SMALL, "bot/x.py")), folder)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "Save"\nmsgstr ""\n', "ko.po: not translated: Save"),
        ('#, fuzzy\nmsgid "Save"\nmsgstr "저장"\n', "ko.po: fuzzy: Save"),
        ('msgid "Gone"\nmsgstr "없음"\n', "ko.po: not in the code any more: Gone"),
        ('msgid "Save"\nmsgstr "{저장} {n}"\n', "ko.po: names n, 저장, not nothing: {저장} {n}"),
        ('msgid "Save"\nmsgstr "저장}"\n', "ko.po: Single '}' encountered in format string: 저장}"),
        ('msgid "{n} tag"\nmsgid_plural "{n} tags"\nmsgstr[0] "태그"\n', "ko.po: names nothing, not n: 태그"),
    ],
)
def test_check_tells_what_is_wrong(tmp_path: Path, entry: str, problem: str) -> None:
    folder = folder_with(tmp_path, entry, 'msgid "Save"\nmsgstr "Keep"\n')
    told = problems(list(calls_in_python(SMALL, "bot/x.py")), folder)
    assert problem in told
    assert "en.po: differs from the code: Save" in told
    assert "en.po: missing: {n} tag" in told


def test_the_command_says_what_it_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert catalogues.main(["check"]) == 0
    folder = folder_with(tmp_path, 'msgid "Save"\nmsgstr "저장"\n')
    assert catalogues.main(["check"], folder) == 1
    assert "ko.po: missing: Cancel\n" in capsys.readouterr().out
    assert catalogues.main(["update"], folder) == 0
    assert catalogues.main(["check"], folder) == 1
    told = capsys.readouterr().out
    assert "ko.po: not translated: Cancel\n" in told
    assert "ko.po: missing: " not in told
    assert catalogues.main([]) == 2


# --- saying ---------------------------------------------------------------------------------------------------------

KOREAN, ENGLISH = translator(Language.KOREAN), translator(Language.ENGLISH)


def test_a_message_within_a_message_is_said_too() -> None:
    message = msg("Database: {problem}", problem=msg("{path} is not a Paperboy database.", path="a.db"))
    assert KOREAN.say(message) == "데이터베이스: a.db 파일은 Paperboy 데이터베이스가 아닙니다."
    assert ENGLISH.say(message) == str(message) == "Database: a.db is not a Paperboy database."


@pytest.mark.parametrize(
    ("n", "korean", "english"),
    [
        (0, "항목 0개", "0 entries"),
        (1, "항목 1개", "1 entry"),
        (2, "항목 2개", "2 entries"),
        (4321, "항목 4,321개", "4,321 entries"),
    ],
)
def test_counts(n: int, korean: str, english: str) -> None:
    message = msg_n("{n} entry", "{n} entries", n=n)
    assert KOREAN.say(message) == KOREAN.n("{n} entry", "{n} entries", n) == korean
    assert ENGLISH.say(message) == ENGLISH.n("{n} entry", "{n} entries", n) == english


@pytest.mark.parametrize(
    ("value", "korean", "english"),
    [
        (date(2024, 6, 21), "2024-06-21", "2024-06-21"),
        (datetime(2024, 6, 21, 9, 5, tzinfo=UTC), "2024년 6월 21일 (금) 09:05", "Fri, 21 Jun 2024 09:05"),
        (12345, "12,345", "12,345"),
        (True, "True", "True"),
        ("1.5", "1.5", "1.5"),
        ("{braces} %s", "{braces} %s", "{braces} %s"),
    ],
)
def test_values(value: object, korean: str, english: str) -> None:
    assert KOREAN.t("Digest of {day}", day=value) == f"{korean} 다이제스트"
    assert ENGLISH.t("Digest of {day}", day=value) == f"Digest of {english}"


def test_days_and_clock_times() -> None:
    assert KOREAN.day(date(2024, 6, 1)) == "2024년 6월 1일 (토)"
    assert ENGLISH.day(date(2024, 6, 1)) == "Sat, 1 Jun 2024"
    assert KOREAN.clock(datetime(2024, 6, 1, 18, 5, tzinfo=UTC)) == "18:05"


def test_a_sentence_without_catalogue_entry_is_said_in_english() -> None:
    assert KOREAN.t(mark("A boat for {who}."), who="Ann") == "A boat for Ann."
    assert [KOREAN.n("{n} boat", "{n} boats", n) for n in (1, 2)] == ["1 boat", "2 boats"]


def test_a_translator_is_made_once_for_a_language() -> None:
    assert translator(Language.KOREAN) is KOREAN
    assert KOREAN.language is Language.KOREAN


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("KO", "ko"),
        ("en-US", "en"),
        ("en_GB.UTF-8", "en"),
        ("en;q=0.9", "en"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("fr-FR, fr;q=0.9, en;q=0.8", "en"),
        ("fr", None),
        ("kok", None),
        ("*", None),
        ("C", None),
        ("C.UTF-8", None),
        ("POSIX", None),
        (",;-_", None),
        ("", None),
        (None, None),
    ],
)
def test_the_language_of_a_locale_tag(tag: str | None, language: str | None) -> None:
    for default in Language:
        assert language_of(tag, default) == (language or default)
