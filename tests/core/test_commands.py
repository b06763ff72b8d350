"""Slash commands as text, and what can be typed next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command_completion import CompletionKind, complete_command
from bot.core.commands import (
    COMMANDS,
    DIGEST_SUBCOMMANDS,
    AddEntry,
    Command,
    EditEntry,
    EditSubscription,
    Follow,
    Following,
    ForgetMe,
    Help,
    Latest,
    ListSubscriptions,
    LookUp,
    Pause,
    Preview,
    Recap,
    RemoveEntry,
    Resume,
    Send,
    ShowDigest,
    Subscribe,
    Undo,
    Unfollow,
    Unsubscribe,
    Why,
    parse_command,
    required_roles,
)
from bot.core.errors import CommandError
from bot.core.people import Role
from bot.core.query import PartialDate, RelativeDay, Sort

JUNE_21 = PartialDate(2024, 6, 21)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/paper", Latest()),
        ("  /paper  ", Latest()),
        ("/paper tag:rlaif  two", LookUp("tag:rlaif  two")),
        ("/paper\n“두 낱말”", LookUp("“두 낱말”")),
        ("／PAPER x", LookUp("x")),
        ("/paper help", Help()),
        ("/paper Help", Help()),
        ("/paper ?", Help()),
        ("/paper 도움말", Help()),
        ("/paper-help", Help()),
        ("/digest help", Help()),
        ("/paper help me understand X", LookUp("help me understand X")),
        ("/paper follow tag:rlaif", Follow("tag:rlaif")),
        ("/paper 팔로우 양자화", Follow("양자화")),
        ("/paper-follow author:kumar", Follow("author:kumar")),
        ("/paper following", Following()),
        ("/paper following the leader", LookUp("following the leader")),
        ("/paper unfollow 2", Unfollow("2")),
        ('/paper "follow up"', LookUp('"follow up"')),
        ("/paper forget-me", ForgetMe()),
        ("/paper-forget-me", ForgetMe()),
        ("/paper 기록삭제", ForgetMe()),
        ("/paper forget-me not", LookUp("forget-me not")),
        ("/digest", ShowDigest()),
        ("/digest show", ShowDigest()),
        ("/digest show 2024-06-21", ShowDigest(JUNE_21)),
        ("/digest SHOW 2024년 6월 21일", ShowDigest(JUNE_21)),
        ("/digest 보기 어제", ShowDigest(RelativeDay.YESTERDAY)),
        ("/digest recap", Recap()),
        ("/digest recap today", Recap(RelativeDay.TODAY)),
        ("/digest subscribe", Subscribe()),
        ("/digest 구독", Subscribe()),
        ("/digest subscribe tag:rlaif", Subscribe("tag:rlaif")),
        ("/digest list", ListSubscriptions()),
        ("/digest edit", EditSubscription()),
        ("/digest edit 3", EditSubscription(3)),
        ("/digest pause #3", Pause(3)),
        ("/digest resume ３", Resume(3)),
        ("/digest unsubscribe", Unsubscribe()),
        ("/digest 구독취소 12", Unsubscribe(12)),
        ("/digest preview 2024-06-21", Preview(JUNE_21)),
        ("/digest send", Send()),
        ("/digest send today", Send(RelativeDay.TODAY)),
        ("/digest why", Why()),
        ("/digest why 2024-06-21", Why(day=JUNE_21)),
        ("/digest why 어제", Why(day=RelativeDay.YESTERDAY)),
        ("/digest why 2406.14548", Why(reference="2406.14548")),
        ("/digest 왜 abcdefgh23", Why(reference="abcdefgh23")),
        ("/paper-add", AddEntry()),
        ("/paper-add <https://arxiv.org/abs/2406.14548|arxiv.org>", AddEntry("https://arxiv.org/abs/2406.14548")),
        ("/paper-edit 2406.14548", EditEntry("2406.14548")),
        ("/paper-edit", EditEntry()),
        ("/paper-remove <https://x.org>", RemoveEntry("https://x.org")),
        ("/paper-undo", Undo()),
        ("/paper-undo abcdefgh23", Undo("abcdefgh23")),
    ],
)
def test_reads(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    ("text", "says", "suggestions"),
    [
        ("", "starts with `/`", ()),
        ("paper rlhf", "starts with `/`", ()),
        ("/", "There is no command `/`", ("/paper help",)),
        ("/papr rlhf", "There is no command `/papr`", ("/paper rlhf",)),
        ("/paper_add x", "There is no command `/paper_add`", ("/paper-add x",)),
        ("/digets", "There is no command", ("/digest",)),
        ("/weather", "There is no command", ("/paper help",)),
        ("/digest sned today", "There is no `/digest sned`", ("/digest send today",)),
        ("/digest 구동", "There is no `/digest 구동`", ("/digest subscribe",)),
        ("/digest 2024-06-21", "There is no `/digest 2024-06-21`", ("/digest show 2024-06-21",)),
        ("/digest weather", "There is no `/digest weather`", ()),
        ("/digest show todya", "is not a date", ("/digest show today",)),
        ("/digest show 2024-06-31", "is not a date", ("/digest show 2024-06-30",)),
        ("/digest send 2024-06", "is more than a day", ()),
        ("/digest show 2024-06", "is more than a day", ("/paper date:2024-06",)),
        ("/digest why 2024-02-30", "is not a date", ("/digest why 2024-02-29",)),
        ("/digest why 2024", "is more than a day", ()),
        ("/digest list all", "takes nothing after it", ("/digest list",)),
        ("/digest pause rlhf", "is not the number of a subscription", ("/digest list",)),
        ("/digest pause 12345678901", "is not the number", ("/digest list",)),
        ("/paper-remove", "`/paper-remove` needs an entry", ()),
        ("/paper-remove ", "Write `/paper-remove 2406.14548`", ()),
        ("/paper " + "a" * 10_000, "too long", ()),
    ],
)
def test_refuses(text: str, says: str, suggestions: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(text)
    assert says in str(caught.value)
    assert caught.value.suggestions[: len(suggestions) or 1] == suggestions
    for suggestion in caught.value.suggestions:
        parse_command(suggestion)


@pytest.mark.parametrize(
    ("lines", "roles"),
    [
        (("/paper", "/paper x", "/paper help", "/paper forget-me", "/digest show", "/digest recap"), {Role.READER}),
        (("/digest subscribe", "/digest list", "/digest edit", "/digest pause"), {Role.OPERATOR}),
        (("/digest resume", "/digest unsubscribe"), {Role.OPERATOR}),
        (("/digest preview", "/digest send", "/digest why"), {Role.OPERATOR, Role.MAINTAINER}),
        (("/paper-add", "/paper-edit x", "/paper-remove x", "/paper-undo"), {Role.MAINTAINER}),
    ],
)
def test_roles(lines: tuple[str, ...], roles: set[Role]) -> None:
    for line in lines:
        assert required_roles(parse_command(line)) == roles


def test_every_described_command_is_known() -> None:
    for name in COMMANDS:
        parse_command(name if name == "/digest" else f"{name} 2406.14548")
    for name in DIGEST_SUBCOMMANDS:
        parse_command(f"/digest {name}")


# --- completion -----------------------------------------------------------------------------------------------------

K = CompletionKind


@pytest.mark.parametrize(
    ("line", "kind", "prefix", "labels"),
    [  # | is the cursor, [ and ] the span
        ("[/|]", K.COMMAND, "/", list(COMMANDS)),
        ("[/di|]", K.COMMAND, "/di", ["/digest"]),
        ("[/paper-|add] x", K.COMMAND, "/paper-", ["/paper-add", "/paper-edit", "/paper-remove", "/paper-undo"]),
        ("/digest [|]", K.SUBCOMMAND, "", list(DIGEST_SUBCOMMANDS)),
        ("/digest [s|]", K.SUBCOMMAND, "s", ["show", "subscribe", "send"]),
        ("/digest [구|]", K.SUBCOMMAND, "구", ["subscribe", "unsubscribe"]),
        ("/digest show [to|]", K.DATE, "to", ["today"]),
        ("/digest why [|]", K.DATE, "", ["today", "yesterday"]),
        ("/digest pause [|]", K.SUBSCRIPTION, "", []),
        ("/digest list [|]", K.NONE, "", []),
        ("/digest subscribe [ta|]", K.KEY, "ta", ["tag:"]),
        ("/paper-edit [24|06.14548]", K.ENTRY, "24", []),
        ("/paper-add [|]", K.NONE, "", []),
        ("/paper [so|]", K.KEY, "so", ["sort:"]),
        ("/paper [태|]", K.KEY, "태", ["tag:"]),
        ("/paper [a|]", K.KEY, "a", ["author:", "after:", "id:"]),
        ("/paper [ta|g:]x", K.KEY, "ta", ["tag:"]),
        ("/paper [he|]", K.KEY, "he", ["help"]),
        ("/paper x [he|]", K.KEY, "he", []),
        ("/paper -[t|]", K.KEY, "t", ["tag:", "title:"]),
        ("/paper -[s|]", K.KEY, "s", []),
        ("/paper [transformers|]", K.KEY, "transformers", []),
        ("/paper tag:[rl|]", K.TAG, "rl", []),
        ("/paper tag:[|]", K.TAG, "", []),
        ("/paper tag:llm,[al|]", K.TAG, "al", []),
        ("/paper tag:llm,[al|ignment],x", K.TAG, "al", []),
        ("/paper #[rl|]", K.TAG, "rl", []),
        ("/paper tag:#[rl|]", K.TAG, "rl", []),
        ("/paper -태그：[rl|]", K.TAG, "rl", []),
        ('/paper tag:["a b|]', K.TAG, "a b", []),
        ('/paper author:["Jane D|oe"] x', K.AUTHOR, "Jane D", []),
        ("/paper author:[k|]", K.AUTHOR, "k", []),
        ("/paper date:[t|]", K.DATE, "t", ["today"]),
        ("/paper date:2024..[y|]", K.DATE, "y", ["yesterday"]),
        ("/paper date:[20|24]..2025", K.DATE, "20", []),
        ("/paper after:[|]", K.DATE, "", ["today", "yesterday"]),
        ("/paper sort:[p|]", K.SORT, "p", ["popular"]),
        ("/paper sort:[|]", K.SORT, "", list(Sort)),
        ("/paper is:[|]", K.IS, "", ["saved"]),
        ("/paper id:[24|]", K.ENTRY, "24", []),
        ("/paper title:x[|]", K.NONE, "", []),
        ('/paper "a b[|]', K.NONE, "", []),
        ('/paper tag:"a b"[|]', K.NONE, "", []),
        ("hello[|]", K.NONE, "", []),
        ("[|]/paper", K.NONE, "", []),
        ("/unknown x[|]", K.NONE, "", []),
    ],
)
def test_completes(line: str, kind: CompletionKind, prefix: str, labels: list[str]) -> None:
    start = line.replace("|", "").index("[")
    cursor = line.replace("[", "").replace("]", "").index("|")
    end = line.replace("[", "").replace("|", "").index("]")
    found = complete_command("".join(letter for letter in line if letter not in "[|]"), cursor)
    assert (found.kind, found.prefix, found.start, found.end) == (kind, prefix, start, end)
    assert [candidate.label for candidate in found.candidates] == labels


def test_tags_already_in_the_query() -> None:
    assert complete_command("/paper #a tag:llm,b|", 19).tags == ("a", "llm")
    assert complete_command("/paper #a tag:l -#c", 15).tags == ("a", "c")
    assert complete_command("/paper #a s", 11).tags == ("a",)


# --- properties -----------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "/paper",
        "/digest",
        "/paper-edit",
        " ",
        "\n",
        "show",
        "구독",
        "edit",
        "why",
        "tag:",
        "#",
        "date:",
        "..",
        '"',
        ",",
        "3",
        "2024-06-21",
        "today",
        "help",
        "<https://x.org|x>",
        "-",
        "\x00",
        "\ud800",
        "a",
        "\u200b",
        "sort:",
        "\\",
        "author:",
    ]
)
TYPED = st.one_of(
    st.text(st.characters()), st.text(st.characters()).map("/".__add__), st.lists(PIECES, max_size=10).map("".join)
)


@given(TYPED)
def test_raises_nothing_but_command_error(text: str) -> None:
    try:
        command = parse_command(text)
    except CommandError as error:
        str(error).encode()
        for suggestion in error.suggestions:
            assert suggestion.startswith("/")
        return
    assert required_roles(command)


@given(TYPED, st.integers(-3, 200))
def test_completion_takes_any_text(text: str, cursor: int) -> None:
    found = complete_command(text, cursor)
    assert 0 <= found.start <= max(0, min(cursor, len(text))) <= found.end <= len(text)


def test_long_lines_complete_nothing() -> None:
    assert complete_command("/paper " + "#" * 100_000, 50_000).kind is K.NONE
