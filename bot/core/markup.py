"""Entry texts taken apart: pure values that every platform writes in its own markup.

A text becomes plain runs, http(s) links and bold runs, and nothing else. Whoever writes them escapes the runs, or puts
them where text is literal; so a text can show whatever it likes and never becomes a tag, a mention or another link.
Everything here takes time linear in the length of its text, or close to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.core.addresses import clean_url, without_sentence_end
from bot.core.latex import readable

# Controls without a glyph, and those that turn the direction of the text after them around.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")
_PIECE = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,300})\]\((?P<target>https?://[^\s()<>\"]{1,2000}(?:\([^\s()<>\"]{0,200}\)[^\s()<>\"]{0,500})?)\)"
    r"|(?P<url>https?://[!#-;=?-Z_a-z~]{1,2000})"
    r"|\*\*(?P<bold>[^\s*](?:[^*\n]{0,300}[^\s*])?)\*\*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Text, never empty, in one style. `url`: the http(s) address it leads to. `code`: what a person may type."""

    text: str
    bold: bool = False
    url: str | None = None
    code: bool = False


Paragraph = tuple[Run, ...]
"""The runs of a paragraph in order. A line end inside it is a run of its own, of one newline."""

_LINE_END = Run("\n")
_SPACE = Run(" ")


def clean(text: str) -> str:
    """A text without invisible controls, so that it cannot turn around or hide what stands beside it."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def title_text(text: str) -> str:
    """A title for display: without controls and LaTeX or Markdown leftovers, on one line."""
    return " ".join(readable(clean(text)).split())


def safe_url(address: str | None) -> str | None:
    """The address when it is http(s) and may stand in a link, else None."""
    if address is None or clean(address) != address or not address.lower().startswith(("http://", "https://")):
        return None
    return address if clean_url(address) else None


def host_of(address: str) -> str:
    """The host of an address, as people recognise it: without `www.`."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def paragraphs(text: str, *, keep_lines: bool = True) -> tuple[Paragraph, ...]:
    r"""A text as paragraphs; none for a text without any letter.

    `keep_lines`: a single line end is a line end (commentary), not the wrapping of a longer line (abstracts).

    >>> [[run.text for run in runs] for runs in paragraphs("하나\n둘\n\n셋")]
    [['하나', '\n', '둘'], ['셋']]
    """
    parts = (part.strip() for part in _PARAGRAPH_END.split(clean(text)))
    return tuple(tuple(_lines(part, keep_lines)) for part in parts if part)


def inline(text: str) -> tuple[Run, ...]:
    """One run of text with links and bold runs; line ends are kept as they are.

    >>> [(run.text, run.bold) for run in inline("**x** <b>")]
    [('x', True), (' <b>', False)]
    """
    return tuple(_runs(clean(text)))


def sentence(text: str) -> tuple[Run, ...]:
    """One of our own sentences, in which backticks mark what a person may type.

    >>> [(run.text, run.code) for run in sentence("Did you mean `tag:`?")]
    [('Did you mean ', False), ('tag:', True), ('?', False)]
    """
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:
        parts = ["`".join(parts)]
    return tuple(Run(part, code=position % 2 == 1) for position, part in enumerate(parts) if part)


def _lines(paragraph: str, keep_lines: bool) -> Iterator[Run]:
    for number, line in enumerate(paragraph.split("\n")):
        if number:
            yield _LINE_END if keep_lines else _SPACE
        yield from _runs(line.strip())


def _runs(text: str) -> Iterator[Run]:
    return (run for run in _pieces(text) if run.text)


def _pieces(text: str) -> Iterator[Run]:
    done = 0
    for found in _PIECE.finditer(text):
        yield Run(text[done : found.start()])
        yield from _piece(found)
        done = found.end()
    yield Run(text[done:])


def _piece(found: re.Match[str]) -> Iterator[Run]:
    if found["bold"] is not None:
        yield from (replace(run, bold=True) for run in _pieces(found["bold"]))
    elif found["url"] is not None:
        address = without_sentence_end(found["url"])
        yield _link(address, address)
        yield Run(found["url"][len(address) :])
    else:
        yield from _labelled(found["label"], found["target"])


def _labelled(label: str, target: str) -> Iterator[Run]:
    """A Markdown link; the label never hides where it leads: the host stands beside it unless it is in the label."""
    if _names_an_address(label):
        yield _link(target, target)
        return
    yield _link(target, label)
    host = host_of(target)
    if host and host not in label.casefold():
        yield Run(f" ({host})")


def _names_an_address(label: str) -> bool:
    return "://" in label or re.search(r"\w\.\w{2,}/|^www\.|^[\w-]+(?:\.[\w-]+)+$", label) is not None


def _link(address: str, label: str) -> Run:
    return Run(label, url=safe_url(address))
