"""Entry texts as HTML: pure, and safe by construction.

A text is taken apart into plain runs, http(s) links and bold runs; only then are tags written, around escaped runs.
So a text can show whatever it likes and never becomes a tag, an attribute or a link to anything but http(s).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from bot.core.addresses import clean_url, without_sentence_end
from bot.core.latex import readable
from bot.core.text import has_hangul

REL = "noopener noreferrer nofollow"

# Controls without a glyph, and those that turn the direction of the text after them around.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")
_PIECE = re.compile(
    r"\[(?P<label>[^\[\]\n]{1,300})\]\((?P<target>https?://[^\s()<>\"]{1,2000}(?:\([^\s()<>\"]{0,200}\)[^\s()<>\"]{0,500})?)\)"
    r"|(?P<url>https?://[!#-;=?-Z_a-z~]{1,2000})"
    r"|\*\*(?P<bold>[^\s*](?:[^*\n]{0,300}[^\s*])?)\*\*",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """A text without invisible controls, so that it cannot turn around or hide what stands beside it."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def title_text(text: str) -> str:
    """A title for display: without controls and LaTeX or Markdown leftovers, on one line."""
    return " ".join(readable(clean(text)).split())


def language_of_text(text: str) -> Literal["ko", "en"]:
    """What to put into `lang` for a text: Korean when it holds any Hangul."""
    return "ko" if has_hangul(text) else "en"


def safe_url(address: str | None) -> str | None:
    """The address when it is http(s) and may stand in `href`, else None."""
    if address is None or clean(address) != address:
        return None
    return address if clean_url(address) else None


def host_of(address: str) -> str:
    """The host of an address, as people recognise it: without `www.`."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def paragraphs(text: str, *, keep_lines: bool = True) -> Markup:
    r"""A text as `<p>` paragraphs with links and bold runs; nothing for a text without any letter.

    `keep_lines`: a single line end is a line end (commentary), not the wrapping of a longer line (abstracts).

    >>> paragraphs("하나\n둘")
    Markup('<p>하나<br>둘</p>')
    """
    parts = (part.strip() for part in _PARAGRAPH_END.split(clean(text)))
    return Markup("").join(Markup("<p>{}</p>").format(_lines(part, keep_lines)) for part in parts if part)


def inline(text: str) -> Markup:
    """One run of text with links and bold runs; line ends are kept as they are.

    >>> inline("**x** <b>")
    Markup('<strong>x</strong> &lt;b&gt;')
    """
    return Markup("").join(_pieces(clean(text)))


def sentence(text: str) -> Markup:
    """One of our own sentences, in which backticks mark what a person may type.

    >>> sentence("Did you mean `tag:`?")
    Markup('Did you mean <code>tag:</code>?')
    """
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:
        return escape(clean(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if position % 2 else escape(part) for position, part in enumerate(parts)
    )


def _lines(paragraph: str, keep_lines: bool) -> Markup:
    lines = (line.strip() for line in paragraph.split("\n"))
    end = Markup("<br>") if keep_lines else Markup(" ")
    return end.join(inline(line) for line in lines)


def _pieces(text: str) -> Iterator[Markup]:
    done = 0
    for found in _PIECE.finditer(text):
        yield escape(text[done : found.start()])
        yield from _piece(found)
        done = found.end()
    yield escape(text[done:])


def _piece(found: re.Match[str]) -> Iterator[Markup]:
    if found["bold"] is not None:
        yield Markup("<strong>{}</strong>").format(Markup("").join(_pieces(found["bold"])))
    elif found["url"] is not None:
        address = without_sentence_end(found["url"])
        yield _link(address, address)
        yield escape(found["url"][len(address) :])
    else:
        yield from _labelled(found["label"], found["target"])


def _labelled(label: str, target: str) -> Iterator[Markup]:
    """A Markdown link; the label never hides where it leads: the host stands beside it unless it is in the label."""
    if _names_an_address(label):
        yield _link(target, target)
        return
    yield _link(target, label)
    host = host_of(target)
    if host and host not in label.casefold():
        yield escape(f" ({host})")


def _names_an_address(label: str) -> bool:
    return "://" in label or re.search(r"\w\.\w{2,}/|^www\.|^[\w-]+(?:\.[\w-]+)+$", label) is not None


def _link(address: str, label: str) -> Markup:
    href = safe_url(address)
    if href is None:
        return escape(label)
    return Markup('<a href="{}" rel="{}">{}</a>').format(href, REL, label)
