"""Entry texts as HTML: tags around what `bot.core.markup` takes apart, every run escaped, so safe by construction."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Literal

from markupsafe import Markup, escape

from bot.core import markup
from bot.core.markup import Run, clean, host_of, safe_url, title_text
from bot.core.text import has_hangul

__all__ = ["REL", "clean", "host_of", "inline", "language_of_text", "paragraphs", "safe_url", "sentence", "title_text"]

REL = "noopener noreferrer nofollow"


def language_of_text(text: str) -> Literal["ko", "en"]:
    """What to put into `lang` for a text: Korean when it holds any Hangul."""
    return "ko" if has_hangul(text) else "en"


def paragraphs(text: str, *, keep_lines: bool = True) -> Markup:
    r"""A text as `<p>` paragraphs with links and bold runs; nothing for a text without any letter.

    `keep_lines`: a single line end is a line end (commentary), not the wrapping of a longer line (abstracts).

    >>> paragraphs("하나\n둘")
    Markup('<p>하나<br>둘</p>')
    """
    parts = (_html(runs).replace("\n", Markup("<br>")) for runs in markup.paragraphs(text, keep_lines=keep_lines))
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)


def inline(text: str) -> Markup:
    """One run of text with links and bold runs; line ends are kept as they are.

    >>> inline("**x** <b>")
    Markup('<strong>x</strong> &lt;b&gt;')
    """
    return _html(markup.inline(text))


def sentence(text: str) -> Markup:
    """One of our own sentences, in which backticks mark what a person may type.

    >>> sentence("Did you mean `tag:`?")
    Markup('Did you mean <code>tag:</code>?')
    """
    return _html(markup.sentence(text))


def _html(runs: Iterable[Run]) -> Markup:
    return Markup("").join(_group(bold, group) for bold, group in groupby(runs, lambda run: run.bold))


def _group(bold: bool, runs: Iterable[Run]) -> Markup:
    inside = Markup("").join(map(_tagged, runs))
    return Markup("<strong>{}</strong>").format(inside) if bold else inside


def _tagged(run: Run) -> Markup:
    if run.url is not None:
        return Markup('<a href="{}" rel="{}">{}</a>').format(run.url, REL, run.text)
    return Markup("<code>{}</code>").format(run.text) if run.code else escape(run.text)
