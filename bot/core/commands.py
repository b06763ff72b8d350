"""Slash commands as one line of text, for platforms where a command is text.

`parse_command` reads any line into one of the small values below. Discord, where commands come in parts, builds the
values itself. What may be typed next is told by `bot.core.command_completion`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.core.dates import RELATIVE_DAYS, is_one_day, parse_day, possible_days, print_day
from bot.core.errors import CommandError
from bot.core.messages import Message, msg
from bot.core.nearest import nearest
from bot.core.people import Role
from bot.core.query import Day
from bot.core.query_syntax import MAX_LENGTH

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
class Follow:
    """`/paper follow QUERY`; the text is not read yet."""

    query_text: str


@dataclass(frozen=True, slots=True)
class Following:
    """`/paper following`: what the asker follows."""


@dataclass(frozen=True, slots=True)
class Unfollow:
    """`/paper unfollow QUERY`: as it was followed, or its number in the list."""

    reference: str


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
class Found:
    """`/digest found [LINK]`: what holds the channel up is there, under this address as typed if one is given."""

    link: str | None = None


@dataclass(frozen=True, slots=True)
class Resend:
    """`/digest resend`: what holds the channel up is not there."""


@dataclass(frozen=True, slots=True)
class AddEntry:
    """`/paper-add [REFERENCE]`: an address or arXiv id as typed, without the `<...|...>` chats put around addresses."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class EditEntry:
    """`/paper-edit [ENTRY]`: an entry id, arXiv id or address as typed; None asks for the drafts that wait."""

    reference: str | None = None


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
    | Follow
    | Following
    | Unfollow
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
    | Found
    | Resend
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
    **dict.fromkeys((LookUp, Latest, Help, ForgetMe, Follow, Following, Unfollow, ShowDigest, Recap), _ANYBODY),
    **dict.fromkeys(
        (Subscribe, ListSubscriptions, EditSubscription, Pause, Resume, Unsubscribe, Found, Resend), _OPERATORS
    ),
    **dict.fromkeys((Preview, Send, Why), _STAFF),
    **dict.fromkeys((AddEntry, EditEntry, RemoveEntry, Undo), _MAINTAINERS),
}


def required_roles(command: Command) -> frozenset[Role]:
    """The roles of which the caller needs any one. Everybody is a reader."""
    return _ROLES[type(command)]


# --- what there is ------------------------------------------------------------------------------------------------

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
    "found": msg("Say that the post that holds this channel up is there"),
    "resend": msg("Send the post that holds this channel up again"),
    "help": msg("How to look papers up"),
}
PAPER_SUBCOMMANDS: Mapping[str, Message] = {
    "help": msg("How to look papers up"),
    "follow": msg("Get a direct message when a digest has something for you"),
    "following": msg("What you follow"),
    "unfollow": msg("No longer follow something"),
    "forget-me": msg("Erase what is stored about you"),
}

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
    read = _COMMANDS.get("/" + fold_word(name[1:]))
    if read is None:
        near = _near(name[1:], (known[1:] for known in COMMANDS))
        raise CommandError(
            msg(
                "There is no command `{command}`. The commands are {commands}.",
                command=_shown(name),
                commands=" ".join(COMMANDS),
            ),
            suggestions=[_line(f"/{known}", rest) for known in near] or ["/paper help"],
        )
    return read(rest)


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(maxsplit=1)
    return word, rest[0].strip() if rest else ""


def fold_word(text: str) -> str:
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
    word, more = _first_word(rest)
    name = PAPER_WORDS.get(fold_word(word))
    if name and name in _PAPER_WITH_QUERY:
        return _PAPER_WITH_QUERY[name](more)
    return _PAPER_ALONE[name] if name and not more else LookUp(rest)


def _digest(rest: str) -> Command:
    if not rest:
        return ShowDigest()
    word, more = _first_word(rest)
    name = DIGEST_WORDS.get(fold_word(word))
    if name:
        return _DIGEST_SUBCOMMANDS[name](more)
    if parse_day(rest):
        suggestions = [f"/digest show {_line(rest)}"]
    else:
        near = _near(word, DIGEST_WORDS)
        suggestions = [_line("/digest", known, more) for known in dict.fromkeys(DIGEST_WORDS[word] for word in near)]
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


def _with_query(make: Callable[[str], Command], name: str) -> Callable[[str], Command]:
    def read(rest: str) -> Command:
        if not rest:
            raise CommandError(
                msg("Say what: a tag, an author or words. Write `{usage}`.", usage=f"{name} tag:rlaif"),
                suggestions=["/paper following"],
            )
        return make(rest)

    return read


_PAPER_ALONE: Mapping[str, Command] = {"help": Help(), "following": Following(), "forget-me": ForgetMe()}
_PAPER_WITH_QUERY: Mapping[str, Callable[[str], Command]] = {
    "follow": _with_query(Follow, "/paper follow"),
    "unfollow": _with_query(Unfollow, "/paper unfollow"),
}
PAPER_WORDS = {
    **{name: name for name in (*_PAPER_ALONE, *_PAPER_WITH_QUERY)},
    "?": "help",
    "도움말": "help",
    "팔로우": "follow",
    "팔로잉": "following",
    "언팔로우": "unfollow",
    "기록삭제": "forget-me",
}
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
    "found": lambda rest: Found(_reference(rest) if rest else None),
    "resend": _alone(Resend(), "/digest resend"),
    "help": _alone(Help(), "/digest help"),
}
DIGEST_WORDS = {
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
    "있음": "found",
    "다시보내기": "resend",
    "도움말": "help",
}
_COMMANDS: Mapping[str, Callable[[str], Command]] = {
    "/paper": _paper,
    "/digest": _digest,
    "/paper-add": lambda rest: AddEntry(_reference(rest) if rest else None),
    "/paper-edit": lambda rest: EditEntry(_reference(rest) if rest else None),
    "/paper-remove": _with_entry(RemoveEntry, "/paper-remove"),
    "/paper-undo": lambda rest: Undo(_reference(rest) if rest else None),
    "/paper-help": _alone(Help(), "/paper-help"),
    "/paper-follow": _with_query(Follow, "/paper-follow"),
    "/paper-following": _alone(Following(), "/paper-following"),
    "/paper-unfollow": _with_query(Unfollow, "/paper-unfollow"),
    "/paper-forget-me": _alone(ForgetMe(), "/paper-forget-me"),
}
