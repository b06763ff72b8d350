"""Command lines as people type them on Discord: pure.

Elsewhere a line is words after a command. Here the words after `/paper` are commands of their own, and what follows a
command is the value of an option.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.core.commands import PAPER_SUBCOMMANDS

OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("/paper", "/paper-follow", "/paper-unfollow", "/digest subscribe"), "query"),
    "/paper-add": "reference",
    **dict.fromkeys(("/paper-edit", "/paper-remove", "/paper-undo"), "entry"),
    **dict.fromkeys(("/digest show", "/digest recap", "/digest preview", "/digest send"), "date"),
    **dict.fromkeys(("/digest edit", "/digest pause", "/digest resume", "/digest unsubscribe"), "number"),
    "/digest why": "about",
    "/digest found": "link",
}
"""By command the option that takes the rest of a line."""
_COMMAND: Final = re.compile(r"(/digest \w+|/paper(?:-\w+)*)(?: (.+))?", re.DOTALL)
_ONE_OPTION: Final = re.compile(r'(?:tag|date|author|sort):[^\s:"]+')
"""A query that can be typed just so, because the option of `/paper` is called like the key."""
_OWN: Final = re.compile(rf"/paper ({'|'.join(PAPER_SUBCOMMANDS)})(?![\w-])")


def as_typed(line: str) -> str:
    """A line as it is typed here; what is no command stays as it is.

    >>> as_typed("/paper tag:rlaif"), as_typed("/paper is:saved"), as_typed("/paper forget-me")
    ('/paper tag:rlaif', '/paper query:is:saved', '/paper-forget-me')
    """
    found = _COMMAND.fullmatch(_OWN.sub(r"/paper-\1", line))
    if found is None:
        return line
    command, rest = found.groups()
    if not rest or command not in OPTIONS or (command == "/paper" and _ONE_OPTION.fullmatch(rest)):
        return found[0]
    return f"{command} {OPTIONS[command]}:{rest}"
