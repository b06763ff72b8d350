r"""Runs of text as Discord's Markdown: pure.

Discord takes a backslash before any punctuation mark as "show it as it is". Whatever could begin a format, a mention, a
link, a list or an emoji gets one, wherever it stands; a run can be written without knowing what stands around it.

>>> write([Run("<@&1> *star* # head"), Run("논문", bold=True)])
'\\<\\@&1\\> \\*star\\* # head**논문**'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from bot.core.markup import Run
from bot.core.run_splitting import Measure, split

_ALWAYS: Final = re.compile(r"([\\*_~|`<>\[\]@])")
_EMOJI: Final = re.compile(r":(?=[^\s:]+:)")
_LINE_START: Final = re.compile(r"^(\s*)(#{1,3}(?=\s)|-|\+|\d+(?=\.))", re.MULTILINE)
_ADDRESS: Final = re.compile(r"(?=://)")
_NOT_IN_LINKS: Final = {letter: f"%{ord(letter):02X}" for letter in "()<>[]\\ |`\"'*"}


def escape(text: str) -> str:
    r"""Text that shows as it is.

    >>> escape("1. - # a\n- b :smile: snake_case")
    '1\\. - # a\n\\- b \\:smile: snake\\_case'
    """
    text = _ALWAYS.sub(r"\\\1", text)
    text = _EMOJI.sub(r"\\:", text)
    text = _ADDRESS.sub(r"\\", text)
    return _LINE_START.sub(_at_line_start, text)


def _at_line_start(found: re.Match[str]) -> str:
    space, mark = found[1], found[2]
    return f"{space}{mark}\\" if mark.isdecimal() else f"{space}\\{mark}"


def write(runs: Iterable[Run]) -> str:
    """Runs as one text."""
    return "".join(map(_written, runs))


def _written(run: Run) -> str:
    if run.code:
        return f"``{run.text}``" if "`" in run.text else f"`{run.text}`"
    if run.url is None:
        return _bold(escape(run.text), run)
    if run.text == run.url:
        return f"<{address(run.url)}>"
    # A label that looks like an address is not taken as one: Discord would show the brackets.
    return _bold(f"[{escape(' '.join(run.text.split()))}]({address(run.url)})", run)


def _bold(text: str, run: Run) -> str:
    if not run.bold or not run.text.strip():
        return text
    inner = text.strip()
    start = text.index(inner)
    return f"{text[:start]}**{inner}**{text[start + len(inner) :]}"


def address(url: str) -> str:
    """An address that ends where it ends, inside a link."""
    return url.translate(_TABLE)


_TABLE: Final = str.maketrans(_NOT_IN_LINKS)


def heading(runs: Iterable[Run], level: int) -> str:
    """A heading of level 1 to 3, on one line."""
    return f"{'#' * level} {write(replace(run, bold=False) for run in runs)}"


def small(text: str) -> str:
    """A line in small print."""
    return f"-# {escape(text)}"


def parts(runs: Iterable[Run], most: int) -> Iterator[str]:
    """Runs as texts of at most `most` characters, cut at the best places; very long addresses lead nowhere."""
    linked = (run if run.url is None or len(address(run.url)) <= most // 2 else replace(run, url=None) for run in runs)
    return (write(part) for part in split(linked, Measure((most,), lambda run: (len(_written(run)),))))
