"""Slash commands as one line of text, for platforms where a command is text, and what may be typed next.

`parse_command` reads a line into one of the small values below; `complete_command` says what stands at the cursor.
Both take any text. Discord, where commands come in parts, builds the values itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.dates import RELATIVE_DAYS, is_one_day, parse_day, possible_days, print_day
from bot.core.errors import CommandError
from bot.core.messages import Message, msg
from bot.core.nearest import nearest
from bot.core.people import Role
from bot.core.query import Day, Sort
from bot.core.query_syntax import KEYS, MAX_LENGTH, STATES, Key, Token, Value, tokens

# --- commands as values ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookUp:
    """`/paper QUERY`; the text is not read yet: `bot.core.query_syntax` does that."""

    query_text: str


@dataclass(frozen=True, slots=True)
class Latest:
    """`/paper` alone: the latest digest."""


@dataclass(frozen=True, slots=True)
class Help:
    """`/paper help`, `/digest help`."""


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """`/paper forget-me`."""


@dataclass(frozen=True, slots=True)
class ShowDigest:
    """`/digest show [DATE]`: a single day; None is the latest digest."""

    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Recap:
    """`/digest recap [DATE]`: the week that holds a single day; None is the latest."""

    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`/digest subscribe [QUERY]`: the query, not read yet, fills the form's field."""

    query_text: str = ""


@dataclass(frozen=True, slots=True)
class ListSubscriptions:
    """`/digest list`."""


@dataclass(frozen=True, slots=True)
class EditSubscription:
    """`/digest edit [NUMBER]`; None where the channel has only one, or asks which."""

    id: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """`/digest pause [NUMBER]`."""

    id: int | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """`/digest resume [NUMBER]`."""

    id: int | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """`/digest unsubscribe [NUMBER]`."""

    id: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """`/digest preview [DATE]`: a single day."""

    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """`/digest send [DATE]`: a single day."""

    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """`/digest why [DATE or ENTRY]`: a single day, or an entry as typed (`AddEntry` says how), or neither."""

    day: Day | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class AddEntry:
    """`/paper-add [REFERENCE]`: an address or arXiv id as typed, without the `<...|...>` chats put around addresses."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class EditEntry:
    """`/paper-edit ENTRY`: an entry id, arXiv id or address as typed."""

    reference: str


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """`/paper-remove ENTRY`: an entry id, arXiv id or address as typed."""

    reference: str


@dataclass(frozen=True, slots=True)
class Undo:
    """`/paper-undo [ENTRY]`: that entry's last change; None is the asker's own last change."""

    reference: str | None = None


Command = (
    LookUp
    | Latest
    | Help
    | ForgetMe
    | ShowDigest
    | Recap
    | Subscribe
    | ListSubscriptions
    | EditSubscription
    | Pause
    | Resume
    | Unsubscribe
    | Preview
    | Send
    | Why
    | AddEntry
    | EditEntry
    | RemoveEntry
    | Undo
)

_ANYBODY = frozenset({Role.READER})
_OPERATORS = frozenset({Role.OPERATOR})
_STAFF = frozenset({Role.OPERATOR, Role.MAINTAINER})
_MAINTAINERS = frozenset({Role.MAINTAINER})
_ROLES: Mapping[type[Command], frozenset[Role]] = {
    **dict.fromkeys((LookUp, Latest, Help, ForgetMe, ShowDigest, Recap), _ANYBODY),
    **dict.fromkeys((Subscribe, ListSubscriptions, EditSubscription, Pause, Resume, Unsubscribe), _OPERATORS),
    **dict.fromkeys((Preview, Send, Why), _STAFF),
    **dict.fromkeys((AddEntry, EditEntry, RemoveEntry, Undo), _MAINTAINERS),
}


def required_roles(command: Command) -> frozenset[Role]:
    """The roles of which the caller needs any one. Everybody is a reader."""
    return _ROLES[type(command)]


# --- reading a line -------------------------------------------------------------------------------------------------

LONGEST_LINE = 2 * MAX_LENGTH

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_NUMBER = re.compile(r"#?(?P<number>[0-9]{1,9})")
_CHAT_LINK = re.compile(r"<(?P<address>[^<>|\s]+)(?:\|[^<>]*)?>")


def parse_command(text: str) -> Command:
    """Read a line such as `/digest show 2024-06-21`.

    Raises:
        CommandError: it does not start with `/`, is no known command, or lacks or exceeds what the command takes.
    """
    text = text.strip()
    if not text.startswith(("/", "／")):
        raise CommandError(msg("A command starts with `/`. Try `{example}`.", example="/paper help"))
    if len(text) > LONGEST_LINE:
        raise CommandError(
            msg(
                "The command is too long: {length} characters, where {limit} are the most.",
                length=len(text),
                limit=LONGEST_LINE,
            )
        )
    name, rest = _first_word(text)
    read = _COMMANDS.get("/" + _fold(name[1:]))
    if read is None:
        near = _near(name[1:], (known[1:] for known in COMMANDS))
        raise CommandError(
            msg(
                "There is no command `{command}`. The commands are {commands}.",
                command=_shown(name),
                commands=" ".join(COMMANDS),
            ),
            suggestions=[_line(f"/{known}", rest) for known in near],
        )
    return read(rest)


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1)
    return word, rest[0].strip() if rest else ""


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _shown(text: str) -> str:
    text = _UNPRINTABLE.sub("�", text)
    return text if len(text) <= 60 else text[:59] + "…"


def _line(*parts: str) -> str:
    return " ".join(_UNPRINTABLE.sub(" ", part).strip() for part in parts).strip()


def _near(word: str, names: Iterable[str]) -> list[str]:
    return nearest(word, [(name, 0) for name in names])


def _paper(rest: str) -> Command:
    if not rest:
        return Latest()
    alone = _PAPER_WORDS.get(_fold(rest))
    return _PAPER_SUBCOMMANDS[alone] if alone else LookUp(rest)


def _digest(rest: str) -> Command:
    if not rest:
        return ShowDigest()
    word, more = _first_word(rest)
    name = _DIGEST_WORDS.get(_fold(word))
    if name:
        return _DIGEST_SUBCOMMANDS[name](more)
    if parse_day(rest):
        suggestions = [f"/digest show {_line(rest)}"]
    else:
        near = _near(word, _DIGEST_WORDS)
        suggestions = [_line("/digest", known, more) for known in dict.fromkeys(_DIGEST_WORDS[word] for word in near)]
    raise CommandError(
        msg(
            "There is no `/digest {word}`. There are {words}.", word=_shown(word), words=", ".join(_DIGEST_SUBCOMMANDS)
        ),
        suggestions=suggestions,
    )


def _alone(command: Command, usage: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if rest:
            raise CommandError(
                msg("`{command}` takes nothing after it, but there is `{rest}`.", command=usage, rest=_shown(rest)),
                suggestions=[usage],
            )
        return command

    return read


def _with_day(make: Callable[[Day | None], Command], name: str) -> Callable[[str], Command]:
    return lambda rest: make(_read_day(rest, name) if rest else None)


def _read_day(text: str, name: str) -> Day:
    day = parse_day(text)
    if day is None:
        near = [print_day(day) for day in possible_days(text) if is_one_day(day)] or _near(text, RELATIVE_DAYS)
        raise CommandError(
            msg("`{text}` is not a date. Write a day as `2024-06-21`, or `today` or `yesterday`.", text=_shown(text)),
            suggestions=[f"/digest {name} {day}" for day in near],
        )
    if not is_one_day(day):
        raise CommandError(
            msg("`{text}` is more than a day. Write one day, as `2024-06-21`.", text=_shown(text)),
            suggestions=[f"/paper date:{print_day(day)}"] if name == "show" else [],
        )
    return day


def _with_number(make: Callable[[int | None], Command], name: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", rest))
        if rest and not found:
            raise CommandError(
                msg(
                    "`{text}` is not the number of a subscription. `/digest list` shows them; then write `{usage}`.",
                    text=_shown(rest),
                    usage=f"/digest {name} 3",
                ),
                suggestions=["/digest list"],
            )
        return make(int(found["number"]) if found else None)

    return read


def _why(rest: str) -> Command:
    if not rest:
        return Why()
    if parse_day(rest) or possible_days(rest):
        return Why(day=_read_day(rest, "why"))
    return Why(reference=_reference(rest))


def _with_entry(make: Callable[[str], Command], name: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if not rest:
            raise CommandError(
                msg(
                    "`{command}` needs an entry: its id, its arXiv id or its address. Write `{usage}`.",
                    command=name,
                    usage=f"{name} 2406.14548",
                )
            )
        return make(_reference(rest))

    return read


def _reference(text: str) -> str:
    """An entry as typed, or the address in what chats make of one: `<https://...|...>`."""
    found = _CHAT_LINK.fullmatch(text)
    return found["address"] if found else text


_PAPER_SUBCOMMANDS: Mapping[str, Command] = {"help": Help(), "forget-me": ForgetMe()}
_PAPER_WORDS = {**{name: name for name in _PAPER_SUBCOMMANDS}, "?": "help", "도움말": "help", "기록삭제": "forget-me"}
_DIGEST_SUBCOMMANDS: Mapping[str, Callable[[str], Command]] = {
    "show": _with_day(ShowDigest, "show"),
    "recap": _with_day(Recap, "recap"),
    "subscribe": Subscribe,
    "list": _alone(ListSubscriptions(), "/digest list"),
    "edit": _with_number(EditSubscription, "edit"),
    "pause": _with_number(Pause, "pause"),
    "resume": _with_number(Resume, "resume"),
    "unsubscribe": _with_number(Unsubscribe, "unsubscribe"),
    "preview": _with_day(Preview, "preview"),
    "send": _with_day(Send, "send"),
    "why": _why,
    "help": _alone(Help(), "/digest help"),
}
_DIGEST_WORDS = {
    **{name: name for name in _DIGEST_SUBCOMMANDS},
    "보기": "show",
    "요약": "recap",
    "구독": "subscribe",
    "목록": "list",
    "수정": "edit",
    "편집": "edit",
    "일시정지": "pause",
    "멈춤": "pause",
    "재개": "resume",
    "구독취소": "unsubscribe",
    "해지": "unsubscribe",
    "미리보기": "preview",
    "보내기": "send",
    "이유": "why",
    "왜": "why",
    "도움말": "help",
}
_COMMANDS: Mapping[str, Callable[[str], Command]] = {
    "/paper": _paper,
    "/digest": _digest,
    "/paper-add": lambda rest: AddEntry(_reference(rest) if rest else None),
    "/paper-edit": _with_entry(EditEntry, "/paper-edit"),
    "/paper-remove": _with_entry(RemoveEntry, "/paper-remove"),
    "/paper-undo": lambda rest: Undo(_reference(rest) if rest else None),
    "/paper-help": _alone(Help(), "/paper-help"),
    "/paper-forget-me": _alone(ForgetMe(), "/paper-forget-me"),
}

# --- completing a line ----------------------------------------------------------------------------------------------


class CompletionKind(StrEnum):
    """What is being typed at the cursor. For ENTRY, SUBSCRIPTION, TAG and AUTHOR the archive knows the candidates."""

    COMMAND = "command"
    SUBCOMMAND = "subcommand"
    KEY = "key"
    TAG = "tag"
    AUTHOR = "author"
    DATE = "date"
    SORT = "sort"
    IS = "is"
    ENTRY = "entry"
    SUBSCRIPTION = "subscription"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to offer: `label` is also what to put in place of the span."""

    label: str
    description: Message


@dataclass(frozen=True, slots=True)
class CompletionContext:
    """What stands at the cursor.

    `prefix` is what has been typed of it, without quotes; `start`..`end` the span of the line to put the choice
    in place of (`write_tag` and `write_author` of `bot.core.query_syntax` quote names that need it). `candidates`
    are those that the line alone tells, fitting the prefix; `tags` the other tags already in the query.
    """

    kind: CompletionKind
    prefix: str
    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()
    tags: tuple[str, ...] = ()


COMMANDS: Mapping[str, Message] = {
    "/paper": msg("Look papers up"),
    "/digest": msg("Show digests, and manage what this channel gets"),
    "/paper-add": msg("Add a paper"),
    "/paper-edit": msg("Change an entry"),
    "/paper-remove": msg("Remove an entry"),
    "/paper-undo": msg("Undo the last change"),
}
DIGEST_SUBCOMMANDS: Mapping[str, Message] = {
    "show": msg("A day's digest"),
    "recap": msg("The week's top, most discussed and overlooked"),
    "subscribe": msg("Bring the digest to this channel"),
    "list": msg("This channel's subscriptions"),
    "edit": msg("Change a subscription"),
    "pause": msg("Stop a subscription for a while"),
    "resume": msg("Go on with a paused subscription"),
    "unsubscribe": msg("End a subscription"),
    "preview": msg("What would be posted here"),
    "send": msg("Deliver now what has not been delivered"),
    "why": msg("Why something was posted here or not"),
    "help": msg("How to look papers up"),
}
PAPER_SUBCOMMANDS: Mapping[str, Message] = {
    "help": msg("How to look papers up"),
    "forget-me": msg("Erase what is stored about you"),
}
KEY_DESCRIPTIONS: Mapping[Key, Message] = {
    Key.TAG: msg("A tag; several with commas: any of them"),
    Key.AUTHOR: msg("An author or organisation"),
    Key.TITLE: msg("Words of the title"),
    Key.DATE: msg("A digest's day, month, year or range"),
    Key.AFTER: msg("Later than a date"),
    Key.BEFORE: msg("Earlier than a date"),
    Key.ID: msg("An arXiv id or address"),
    Key.IS: msg("What you have saved"),
    Key.SORT: msg("The order of results"),
}
_SORT_DESCRIPTIONS: Mapping[str, Message] = {
    Sort.NEW: msg("Newest digest first"),
    Sort.OLD: msg("Oldest digest first"),
    Sort.RELEVANCE: msg("Best match first"),
    Sort.POPULAR: msg("Most reactions first"),
    Sort.DISCUSSED: msg("Most replies first"),
}
_STATE_DESCRIPTIONS: Mapping[str, Message] = {STATES[0]: msg("What you have saved")}
_DAY_DESCRIPTIONS: Mapping[str, Message] = {"today": msg("Today's digest"), "yesterday": msg("Yesterday's digest")}

_AFTER_SUBCOMMAND = {
    **dict.fromkeys(("show", "recap", "preview", "send", "why"), CompletionKind.DATE),
    **dict.fromkeys(("edit", "pause", "resume", "unsubscribe"), CompletionKind.SUBSCRIPTION),
}
_VALUE_KINDS = {
    Key.TAG: CompletionKind.TAG,
    Key.AUTHOR: CompletionKind.AUTHOR,
    Key.DATE: CompletionKind.DATE,
    Key.AFTER: CompletionKind.DATE,
    Key.BEFORE: CompletionKind.DATE,
    Key.ID: CompletionKind.ENTRY,
    Key.IS: CompletionKind.IS,
    Key.SORT: CompletionKind.SORT,
}
_STATIC: Mapping[CompletionKind, Mapping[str, Message]] = {
    CompletionKind.DATE: _DAY_DESCRIPTIONS,
    CompletionKind.IS: _STATE_DESCRIPTIONS,
    CompletionKind.SORT: _SORT_DESCRIPTIONS,
}
_NEGATABLE = frozenset({Key.TAG, Key.AUTHOR, Key.TITLE, Key.IS})
_RANGE_MARK = re.compile(r"\.{2,}|[~～〜…‥]")
_QUOTE_MARKS = '"“”„‟＂「」『』'


def complete_command(text: str, cursor: int) -> CompletionContext:
    """What is being typed at `cursor`, an offset in `text`; anything out of range counts as the nearest end."""
    cursor = max(0, min(cursor, len(text)))
    lead = len(text) - len(text.lstrip())
    if len(text) > LONGEST_LINE or cursor <= lead or text[lead] not in "/／":
        return _nothing(cursor)
    name_end = _word_end(text, lead)
    if cursor <= name_end:
        return _static(CompletionKind.COMMAND, "/" + _fold(text[lead + 1 : cursor]), lead, name_end, COMMANDS)
    name = "/" + _fold(text[lead + 1 : name_end])
    if name == "/paper":
        return _complete_query(text, name_end, cursor, with_subcommands=True)
    if name == "/digest":
        return _complete_digest(text, name_end, cursor)
    if name in {"/paper-edit", "/paper-remove", "/paper-undo"}:
        return _complete_rest(CompletionKind.ENTRY, text, name_end, cursor)
    return _nothing(cursor)


def _nothing(cursor: int) -> CompletionContext:
    return CompletionContext(CompletionKind.NONE, "", cursor, cursor)


def _static(kind: CompletionKind, prefix: str, start: int, end: int, known: Mapping[str, Message]) -> CompletionContext:
    return CompletionContext(kind, prefix, start, end, tuple(_fitting(prefix, known)))


def _fitting(prefix: str, known: Mapping[str, Message]) -> Iterator[Candidate]:
    folded = _fold(prefix)
    return (Candidate(str(label), description) for label, description in known.items() if label.startswith(folded))


def _word_end(text: str, at: int) -> int:
    while at < len(text) and not text[at].isspace():
        at += 1
    return at


def _word_start(text: str, at: int, floor: int) -> int:
    while at > floor and not text[at - 1].isspace():
        at -= 1
    return at


def _complete_digest(text: str, base: int, cursor: int) -> CompletionContext:
    words = text[base:cursor].split()
    start = _word_start(text, cursor, base)
    if not words or (len(words) == 1 and start < cursor):
        end = _word_end(text, cursor)
        context = _static(CompletionKind.SUBCOMMAND, text[start:cursor], start, end, DIGEST_SUBCOMMANDS)
        return context if context.candidates else _in_korean(context, _DIGEST_WORDS, DIGEST_SUBCOMMANDS)
    name = _DIGEST_WORDS.get(_fold(words[0]), "")
    after_name = text.index(words[0], base) + len(words[0])
    if name == "subscribe":
        return _complete_query(text, after_name, cursor, with_subcommands=False)
    kind = _AFTER_SUBCOMMAND.get(name)
    return _complete_rest(kind, text, after_name, cursor) if kind else _nothing(cursor)


def _in_korean(context: CompletionContext, words: Mapping[str, str], known: Mapping[str, Message]) -> CompletionContext:
    folded = _fold(context.prefix)
    labels = dict.fromkeys(name for word, name in words.items() if word.startswith(folded))
    candidates = tuple(Candidate(label, known[label]) for label in labels)
    return CompletionContext(context.kind, context.prefix, context.start, context.end, candidates)


def _complete_rest(kind: CompletionKind, text: str, base: int, cursor: int) -> CompletionContext:
    """All that follows the command is one value."""
    start = base + len(text[base:cursor]) - len(text[base:cursor].lstrip())
    end = max(cursor, len(text.rstrip()))
    return _static(kind, text[start:cursor], start, end, _STATIC.get(kind, {}))


def _complete_query(text: str, base: int, cursor: int, *, with_subcommands: bool) -> CompletionContext:
    typed = list(tokens(text[base:cursor]))
    token = typed[-1] if typed and base + typed[-1].end == cursor else None
    if token and token.key is not None:
        return _complete_value(text, base, cursor, token, token.key)
    if token and token.values[0].quoted:
        return _nothing(cursor)
    start = base + token.body if token else cursor
    end = _end_of_key(text, cursor)
    prefix = text[start:cursor]
    only = with_subcommands and len(typed) == (token is not None) and not text[end:].strip()
    known = dict(PAPER_SUBCOMMANDS) if only and not (token and token.negated) else {}
    candidates = (*_fitting_keys(prefix, negated=token is not None and token.negated), *_fitting(prefix, known))
    return CompletionContext(CompletionKind.KEY, prefix, start, end, candidates, tuple(_tags_in(text[base:], -1)))


def _fitting_keys(prefix: str, *, negated: bool) -> Iterator[Candidate]:
    folded = _fold(prefix)
    for key in dict.fromkeys(key for name, key in KEYS.items() if name.startswith(folded)):
        if not negated or key in _NEGATABLE:
            yield Candidate(f"{key}:", KEY_DESCRIPTIONS[key])


def _complete_value(text: str, base: int, cursor: int, token: Token, key: Key) -> CompletionContext:
    kind = _VALUE_KINDS.get(key)
    if kind is None:
        return _nothing(cursor)
    value = token.values[-1]
    if value.quoted and value.closed:
        return _nothing(cursor)
    start, prefix = base + value.start, value.text
    if kind is CompletionKind.DATE:
        marks = list(_RANGE_MARK.finditer(text, start, cursor))
        start = marks[-1].end() if marks else start
        prefix = text[start:cursor]
    elif kind is CompletionKind.TAG and not value.quoted:
        prefix = prefix.lstrip("#＃")
        start += 1 if text[start : start + 1] in {"#", "＃"} else 0
    end = _end_of_value(text, cursor, value, kind)
    candidates = tuple(_fitting(prefix, _STATIC.get(kind, {})))
    return CompletionContext(kind, prefix, start, end, candidates, tuple(_tags_in(text[base:], value.start)))


def _end_of_key(text: str, at: int) -> int:
    while at < len(text) and text[at].isalpha():
        at += 1
    return at + 1 if text[at : at + 1] in {":", "："} else at


def _end_of_value(text: str, at: int, value: Value, kind: CompletionKind) -> int:
    if value.quoted:
        closing = next((i for i in range(at, len(text)) if text[i] in _QUOTE_MARKS), None)
        return at if closing is None else closing + 1
    stops = _QUOTE_MARKS + (",，、" if kind is CompletionKind.TAG else "")
    while at < len(text) and not text[at].isspace() and text[at] not in stops:
        if kind is CompletionKind.DATE and _RANGE_MARK.match(text, at):
            break
        at += 1
    return at


def _tags_in(query: str, apart_from: int) -> Iterator[str]:
    """The tags of a query, but not the one whose value starts at that offset."""
    for token in tokens(query):
        if token.key is Key.TAG:
            yield from (value.text for value in token.values if value.text and value.start != apart_from)
