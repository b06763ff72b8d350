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
from itertools import groupby
from typing import Final

from bot.core.markup import Run, clean
from bot.core.run_splitting import Measure, split
from bot.core.spreading import length

_ALWAYS: Final = re.compile(
    r"[\\*_~|`<>\[\]@]"
    r"|(?:\A|(?<=\]))\("  # a bracket that nobody opened would end the label of a link before it
    r"|:(?=//|[^\s:]+:)"  # of an address, and of an emoji's name
    r"|(?<=discord)\.(?=(?:gg|new|com)/)|(?<=discordapp)\.(?=com/)",  # invitations need no https://
    re.IGNORECASE,
)
_LINE_START: Final = re.compile(r"^([^\S\n]*)(?:([#+-])|(\d+)(?=\.))", re.MULTILINE)
_NOT_IN_CODE: Final = re.compile(r"`|\]\(")
_LINE_END: Final = re.compile(r"[^\S\n]*\n\s*")
_ADDRESSES: Final = re.compile(r"(?<!\S)(\S*://\S*)")
_BRACKETS: Final = re.compile(r"([\[\]])")
_PAIRED: Final = re.compile(r"(?:[^\[\]]|\[[^\[\]]*\])*")
_IN_BRACKETS: Final = str.maketrans({letter: f"%{ord(letter):02X}" for letter in "<> \\"})
_IN_LINK: Final = str.maketrans({letter: f"%{ord(letter):02X}" for letter in "()<>[]\\ |`\"'*"})


def escape(text: str) -> str:
    r"""Text that shows as it is.

    >>> escape("1. - # a\n- b :smile: snake_case")
    '1\\. - # a\n\\- b \\:smile: snake\\_case'
    """
    return _LINE_START.sub(_at_line_start, _ALWAYS.sub(r"\\\g<0>", text))


def _at_line_start(found: re.Match[str]) -> str:
    space, mark, number = found.groups()
    return f"{space}\\{mark}" if mark else f"{space}{number}\\"


def write(runs: Iterable[Run]) -> str:
    """Runs as one text."""
    plain = (piece for run in _cleaned(runs) for piece in _linkable(run))
    return "".join(_in_style(is_bold, is_code, same) for (is_bold, is_code), same in groupby(plain, _style))


def _cleaned(runs: Iterable[Run]) -> Iterator[Run]:
    return (replace(run, text=text) for run in runs if (text := clean(run.text)))


def _style(run: Run) -> tuple[bool, bool]:
    """What neighbours are written in one piece for: two bold ones apart would have four asterisks between them."""
    return run.bold and not run.code and run.url != run.text, run.code


def _in_style(is_bold: bool, is_code: bool, runs: Iterable[Run]) -> str:
    if is_code:
        return _code("".join(run.text for run in runs))
    text = "".join(map(_written, runs))
    inner = text.strip()
    if not is_bold or not inner:
        return text
    start = text.index(inner)
    return f"{text[:start]}**{inner}**{text[start + len(inner) :]}"


def _code(text: str) -> str:
    """What is typed; it shows without the typeface where something in it could end the code, or the label of a link."""
    return f"`{text}`" if text.strip() and not _NOT_IN_CODE.search(text) else escape(text)


def _linkable(run: Run) -> Iterator[Run]:
    """A run in pieces whose labels Discord takes.

    A label must not hold an address. Brackets in it have to come in pairs, and none inside another; else they stand
    beside it, as addresses do.
    """
    if run.url is None or run.text == run.url:
        yield run
    elif not run.text.strip():
        yield replace(run, url=None)
    elif "://" in run.text:
        for piece in filter(None, _ADDRESSES.split(run.text)):
            yield from [replace(run, text=piece, url=None)] if "://" in piece else _linkable(replace(run, text=piece))
    elif _PAIRED.fullmatch(run.text):
        yield run
    else:
        for piece in _BRACKETS.split(run.text):
            if piece:
                yield replace(run, text=piece, url=None if piece in "[]" or not piece.strip() else run.url)


def _written(run: Run) -> str:
    if run.url is None:
        return escape(run.text)
    if run.text == run.url:
        return f"<{_to_web(run.url).translate(_IN_BRACKETS).replace('](', '%5D(')}>"
    label = " ".join(run.text.split())
    before, after = run.text[:1].isspace(), run.text[-1:].isspace()
    return f"{' ' * before}[{escape(label)}]({address(run.url)}){' ' * after}"


def address(url: str) -> str:
    """An address that ends where it ends, inside a link."""
    return _to_web(url).translate(_IN_LINK)


def _to_web(url: str) -> str:
    """The address with its scheme in small letters, by which Discord knows it."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme.lower()}{mark}{rest}"


def heading(runs: Iterable[Run], level: int) -> str:
    """A heading of level 1 to 3, on one line."""
    return f"{'#' * level} {write(replace(run, bold=False) for run in _on_one_line(runs)).strip()}"


def small(text: str) -> str:
    """A line in small print."""
    return f"-# {write(_on_one_line([Run(text)])).strip()}"


def _on_one_line(runs: Iterable[Run]) -> Iterator[Run]:
    return (replace(run, text=_LINE_END.sub(" ", run.text)) for run in _cleaned(runs))


# --- in parts ---------------------------------------------------------------------------------------------------------


def parts(runs: Iterable[Run], most: int) -> Iterator[str]:
    """Runs as texts of at most `most` characters, cut at the best places; very long addresses lead nowhere."""
    linked = (replace(run, url=None) if _is_too_long(run.url, most // 2) else run for run in _cleaned(runs))
    return (write(part) for part in split(linked, Measure((most,), lambda run: (_most_written(run, most),))))


def small_parts(runs: Iterable[Run], most: int) -> Iterator[str]:
    """The same in small print, each text a line."""
    return (f"-# {text}" for text in parts(_on_one_line(runs), most - len("-# ")))


def _is_too_long(url: str | None, most: int) -> bool:
    return url is not None and length(address(url)) > most


def _most_written(run: Run, most: int) -> int:
    """The most that a run takes, wherever it stands; one that is too long before it is written is not written."""
    if len(run.text) > most:
        return len(run.text)
    if run.url is not None and run.url == run.text:
        return length(address(run.url)) + len("<>")
    text = length(escape(run.text)) + len("****") * run.bold + len("``") * run.code
    links = 1 + len(_BRACKETS.findall(run.text)) if run.url is not None else 0
    return text + links * (length(address(run.url or "")) + len("[]()"))
