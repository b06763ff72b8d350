"""Helpers for text as people write it: Hangul, addresses, long texts, and LaTeX or Markdown leftovers.

Everything here is pure and takes time linear in the length of its text, or close to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

# --- letters ------------------------------------------------------------------------------------------------------

_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")


def has_hangul(text: str) -> bool:
    """Whether a text holds at least one Korean letter.

    >>> has_hangul("GPT-4o mini가 나왔습니다"), has_hangul("Claude 3.5 Sonnet")
    (True, False)
    """
    return _HANGUL.search(text) is not None


def normalise(text: str) -> str:
    """One way of writing for what looks the same: NFKC (full-width forms, ligatures), runs of white space as one space.

    >>> normalise("ＧＰＴ－４   mini")
    'GPT-4 mini'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def fold(text: str) -> str:
    """What two spellings of one text share: `normalise`, without regard to case.

    >>> fold("Straße  ＡＩ") == fold("STRASSE ai")
    True
    """
    return unicodedata.normalize("NFKC", normalise(text).casefold())


# --- addresses ----------------------------------------------------------------------------------------------------

_URL = re.compile(r"(?i:https?)://[!#-;=?-Z_a-z~]+")  # ASCII without < > " [ ] { } | \ ^ and the backtick
_MARKDOWN_LINK = re.compile(r"\[[^\]\n]*\]\(\s*<?([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+\"[^\"\n]*\")?\s*\)")
_WRAPPERS = (re.compile(r"\\(?:url|href|nolinkurl)\s*\{([^{}]*)\}.*", re.DOTALL), re.compile(r"<([^<>]*)>"))
_BROKEN_SCHEME = re.compile(r"(?:h{0,2}t{1,3}p(?P<s>s?))(?::/{1,3}|//|;//|:(?=\w))", re.IGNORECASE)
_BARE_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?::\d{1,5})?(?:[/?#]|$)", re.IGNORECASE
)
_TRAILING = ".,;:!?'\"*`…。，、"
_TRACKING = re.compile(
    r"utm_\w*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|igsh|mc_cid|mc_eid|ref_src|ref_url|_hsenc|_hsmi|mibextid",
    re.IGNORECASE,
)
_REDIRECTS = {
    "google.com/url": ("q", "url"),
    "l.facebook.com/l.php": ("u",),
    "lm.facebook.com/l.php": ("u",),
    "l.instagram.com/": ("u",),
    "out.reddit.com/": ("url",),
    "youtube.com/redirect": ("q",),
    "linkedin.com/safety/go": ("url",),
    "slack-redir.net/link": ("url",),
    "duckduckgo.com/l/": ("uddg",),
}
_MOST_REDIRECTS = 4


@dataclass(frozen=True, slots=True)
class Address:
    """A cleaned http(s) address, and whether its scheme was missing or misspelt and had to be repaired."""

    url: str
    scheme_added: bool = False


def read_address(text: str) -> Address | None:
    r"""The http(s) address that a whole text is, cleaned; None when it is none.

    Unwraps `\url{}`, `<...>` and `[text](...)`; takes off punctuation at the end, redirects and tracking parameters;
    adds a missing scheme. Everything else stays as written.

    >>> read_address("arxiv.org/abs/2406.14548).")
    Address(url='https://arxiv.org/abs/2406.14548', scheme_added=True)
    """
    bare = _unwrapped(text.strip())
    if not bare or any(letter.isspace() or not letter.isprintable() for letter in bare):
        return None
    found = _with_scheme(_trimmed(bare))
    if found is None:
        return None
    url = _without_tracking(_behind_redirects(found.url))
    return Address(url, found.scheme_added) if _is_web_address(url) else None


def clean_url(text: str) -> str | None:
    r"""The cleaned address alone; see `read_address`.

    >>> clean_url(r"\url{https://example.org/a?utm_source=x&id=1}.")
    'https://example.org/a?id=1'
    """
    found = read_address(text)
    return found.url if found else None


def find_urls(text: str) -> list[str]:
    """The http(s) addresses inside a text, cleaned, in order of appearance, each once.

    >>> find_urls("코드(https://example.org/a)와 [글](https://example.org/b_(c)).")
    ['https://example.org/a', 'https://example.org/b_(c)']
    """
    found = map(clean_url, dict.fromkeys(_URL.findall(text)))
    return list(dict.fromkeys(url for url in found if url is not None))


def _unwrapped(text: str) -> str:
    link = _MARKDOWN_LINK.match(text)
    if link:
        return link[1]
    for wrapper in _WRAPPERS:
        inside = wrapper.match(text)
        if inside:
            return inside[1].strip()
    return text


def _trimmed(url: str) -> str:
    """Without what the sentence around it put at its end, cut at the first bracket nobody opened."""
    depth = 0
    for position, letter in enumerate(url):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            url = url[:position]
            break
    return url.rstrip(_TRAILING)


def _with_scheme(url: str) -> Address | None:
    if url[:8].lower().startswith(("http://", "https://")):
        return Address(url)
    broken = _BROKEN_SCHEME.match(url)
    if broken:
        rest = url[broken.end() :].lstrip("/")
        return Address(f"http{broken['s'].lower()}://{rest}", scheme_added=True)
    if _BARE_HOST.match(url):
        return Address(f"https://{url}", scheme_added=True)
    return None


def _behind_redirects(url: str) -> str:
    for _ in range(_MOST_REDIRECTS):
        target = _redirect_target(url)
        if target is None:
            return url
        url = target
    return url


def _redirect_target(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        keys = _REDIRECTS.get(host + (parts.path or "/"), ())
        asked = parse_qs(parts.query, max_num_fields=50) if keys else {}
    except ValueError:
        return None
    for key in keys:
        for target in asked.get(key, ()):
            if _is_web_address(target):
                return target
    return None


def _without_tracking(url: str) -> str:
    head, mark, rest = url.partition("?")
    if not mark:
        return url
    query, hash_mark, fragment = rest.partition("#")
    kept = [part for part in query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    asked = "?" + "&".join(kept) if any(kept) else ""
    return f"{head}{asked}{hash_mark}{fragment}"


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.hostname or ""
    except ValueError:
        return False
    printable = all(letter.isprintable() and not letter.isspace() for letter in url)
    return parts.scheme.lower() in {"http", "https"} and bool(host.strip(".-_~")) and printable


# --- people -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShortAuthors:
    """The first few names of an entry, and how many more there are."""

    names: tuple[str, ...]
    more: int = 0


def shorten_authors(authors: Sequence[str], organisation: str | None, limit: int = 3) -> ShortAuthors:
    """The organisation and the first persons, `limit` names in all, and the count of those left out.

    One name is never left out alone: it takes no more room than saying so.

    >>> shorten_authors(("A", "B", "C", "D", "E"), None)
    ShortAuthors(names=('A', 'B', 'C'), more=2)
    """
    names = ((organisation,) if organisation else ()) + tuple(authors)
    if len(names) <= limit + 1:
        return ShortAuthors(names)
    return ShortAuthors(names[:limit], len(names) - limit)


# --- long texts ---------------------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*\s+")
_JOINERS = "\u200d\ufe0e\ufe0f"


def split_paragraphs(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` characters: cut at paragraph ends, else at line, sentence or word ends, else anywhere.

    Nothing but white space at the cuts is left out.

    >>> split_paragraphs("One two. Three four.", 12)
    ['One two.', 'Three four.']
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    parts: list[str] = []
    start, end = 0, len(text.rstrip())
    while start < end:
        if text[start].isspace():
            start += 1
            continue
        cut = end if end - start <= limit else _cut(text, start, limit)
        parts.append(text[start:cut].rstrip())
        start = cut
    return parts


def _cut(text: str, start: int, limit: int) -> int:
    """Where a part that starts at `start` and is too long ends: the last good place, else after `limit` characters."""
    window = text[start : start + limit + 1]  # one more: white space after the last character is a fine place
    for mark in ("\n\n", "\n"):
        place = window.rfind(mark)
        if place > 0:
            return start + place
    sentence = _last_sentence_end(window, limit)
    if sentence:
        return start + sentence
    space = next((place for place in range(len(window) - 1, 0, -1) if window[place].isspace()), 0)
    return start + (space or _unbroken_letter(text, start, limit))


def _last_sentence_end(window: str, limit: int) -> int:
    """How many characters the sentences that fit take; 0 when not even one does."""
    ends = [len(match.string[: match.end()].rstrip()) for match in _SENTENCE_END.finditer(window)]
    return max((end for end in ends if end <= limit), default=0)


def _unbroken_letter(text: str, start: int, limit: int) -> int:
    """`limit`, or a little less where a letter and its marks would be torn apart."""
    for length in range(limit, max(limit - 8, 0), -1):
        following, last = text[start + length], text[start + length - 1]
        if not unicodedata.combining(following) and following not in _JOINERS and last != "\u200d":
            return length
    return limit


# --- LaTeX and Markdown leftovers ---------------------------------------------------------------------------------

_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ "
    "lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ "
    "chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω ell "
    "ℓ hbar ℏ partial ∂ nabla ∇ infty ∞ emptyset ∅ "
)
_SIGNS = (
    "times × cdot · cdots ⋯ ldots … dots … pm ± mp ∓ div ÷ ast ∗ star ⋆ circ ∘ bullet • leq ≤ le ≤ geq ≥ ge ≥ "
    "neq ≠ ne ≠ ll ≪ gg ≫ approx ≈ sim ~ simeq ≃ cong ≅ equiv ≡ propto ∝ to → rightarrow → leftarrow ← "
    "leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ mapsto ↦ uparrow ↑ downarrow ↓ longrightarrow "
    "⟶ in ∈ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ cup ∪ cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ land ∧ lor ∨ "
    "wedge ∧ vee ∨ oplus ⊕ otimes ⊗ odot ⊙ sum ∑ prod ∏ int ∫ sqrt √ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ "
    "lceil ⌈ rceil ⌉ mid | vert | Vert ‖ backslash \\ prime ′ degree ° checkmark ✓ dagger † ddagger ‡ S § P ¶ "
    "copyright © textregistered ® texttrademark ™ textendash – textemdash — textasciitilde ~ textasciicircum "
    "^ textbackslash \\ textbar | textless < textgreater > textquotesingle ' textdegree ° textbullet • textmu "
    "µ ss ß o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ LaTeX LaTeX TeX TeX "
)
_WORDS = (_GREEK + _SIGNS).split()
_SYMBOLS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_LETTERS = frozenset(
    {"ss", "o", "O", "l", "L", "ae", "AE", "oe", "OE", "aa", "AA", "i", "j"}
)  # swallow the space after
_SPACES = frozenset({"quad", "qquad", "enspace", "thinspace", "newline", "linebreak", "par", "hfill", "noindent"})
_SILENT = frozenset(
    {"left", "right", "big", "Big", "bigg", "Bigg", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits"}
    | {"xspace", "protect", "centering", "bf", "it", "em", "rm", "tt", "sc", "sf", "sl", "bfseries", "itshape"}
    | {"scshape", "ttfamily", "normalfont", "small", "large", "Large", "footnotesize"}
)
_ACCENTS = dict(
    zip(
        "`'^\"~=.uvHcdbrk",
        "\u0300\u0301\u0302\u0308\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0323\u0331\u030a\u0328",
        strict=True,
    )
)
_RAISED = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyzTNKLD*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀᴺᴷᴸᴰ*"
)
_LOWERED = str.maketrans("0123456789+-=()aeoxhklmnpstijruv", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ")
_BLACKBOARD = str.maketrans("CEHNPQRZ", "ℂ𝔼ℍℕℙℚℝℤ")

_HREF = re.compile(r"\\href\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_URL_COMMAND = re.compile(r"\\(?:url|nolinkurl|path)\s*\{([^{}]*)\}")
_ACCENT_MARK = re.compile(r"\\([`'^\"~=.])\s*(?:\{\s*(\\[ij](?![A-Za-z])|[A-Za-z])\s*\}|(\\[ij](?![A-Za-z])|[A-Za-z]))")
_ACCENT_WORD = re.compile(r"\\([uvHcdbrk])(?:\s*\{\s*(\\[ij]|[A-Za-z])\s*\}|\s+(\\[ij]|[A-Za-z])(?![A-Za-z]))")
_MATH = re.compile(r"(?<![\\$\w])\$\$?(?=\S)([^$\n]{1,400}?)(?<=\S)(?<!\\)\$\$?|\\\(([^\n]{1,400}?)\\\)")
_MATH_INSIDE_WORD = re.compile(r"(?<=\w)\$([\^_](?:\{[^{}$]*\}|[^{}$\s])|\\[A-Za-z]+)\$")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_MATHBB = re.compile(r"\\mathbb\s*(?:\{([A-Za-z])\}|([A-Za-z])(?![A-Za-z]))")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]*)\}|([A-Za-z0-9+*-]))")
_WITH_TEXT = re.compile(r"\\([A-Za-z]+)\*?\s*(?:\[[^\[\]]*\])?\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?(?:\{\}|[ \t](?=[^\W\d_])|)")
_GROUP = re.compile(r"(?<![\\\w$])\{([^{}\\$]*)\}|(?<=\w)\{([\w-]+)\}")
_ESCAPED = re.compile(r"\\([%&#$_{}])")
_STRONG = re.compile(r"(?<![*\w])\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*(?![*\w])")
_EMPHASIS = re.compile(r"(?<![*\w])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![*\w])")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s()]+)\)")
_DASHES = re.compile(r"(?<![-!<])(-{2,3})(?![->])")
_MOST_NESTING = 6


def readable(text: str) -> str:
    r"""A title or abstract without LaTeX and Markdown leftovers, for display only; paragraphs stay.

    >>> readable(r"$\alpha$-GAN: \textbf{fast} and Schr\"odinger's 8×8× for \$5 -- see \url{https://example.org}")
    "α-GAN: fast and Schrödinger's 8×8× for $5 – see https://example.org"
    """
    if not any(mark in text for mark in "\\$*{`-_["):
        return text
    for change in _STEPS:
        text = change(text)
    return text


def _links(text: str) -> str:
    text = _HREF.sub(lambda found: _named_link(found[2], found[1]), text)
    text = _URL_COMMAND.sub(lambda found: found[1].strip(), text)
    return _LINK.sub(lambda found: _named_link(found[1], found[2]), text)


def _named_link(name: str, url: str) -> str:
    name, url = name.strip(), url.strip()
    return url if not name or name in url else f"{name} ({url})"


def _accents(text: str) -> str:
    return _ACCENT_WORD.sub(_accented, _ACCENT_MARK.sub(_accented, text))


def _accented(found: re.Match[str]) -> str:
    letter = (found[2] or found[3]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _ACCENTS[found[1]])


def _math(text: str) -> str:
    text = _MATH_INSIDE_WORD.sub(lambda found: _formula(found[1]), text)
    return _MATH.sub(lambda found: _formula(found[1] or found[2]) if _is_formula(found) else found[0], text)


def _is_formula(found: re.Match[str]) -> bool:
    """Whether what stands between two dollar signs is a formula, not the words between two prices."""
    inside = found[1]
    if inside is None or any(mark in inside for mark in "\\^_{}"):
        return True
    price = found.string[found.end() : found.end() + 1].isdigit()
    return not price and (" " not in inside or any(mark in inside for mark in "=<>+"))


def _formula(inside: str) -> str:
    inside = _nested(_FRACTION, lambda found: f"{found[1]}/{found[2]}", inside)
    inside = _nested(_ROOT, lambda found: f"√{found[1]}" if len(found[1]) < 2 else f"√({found[1]})", inside)
    inside = _MATHBB.sub(lambda found: (found[1] or found[2]).translate(_BLACKBOARD), inside)
    inside = _commands(inside)
    return (
        _nested(_SCRIPT, _script, inside).replace("\\,", " ").replace("\\;", " ").replace("\\!", "").replace("\\ ", " ")
    )


def _script(found: re.Match[str]) -> str:
    raised, inside = found[1] == "^", found[2] if found[2] is not None else found[3]
    moved = inside.translate(_RAISED if raised else _LOWERED)
    if inside in {"∘", "\\circ"}:
        return "°"
    if all(new != old or new in " *′" for new, old in zip(moved, inside, strict=True)):
        return moved
    return f"{found[1]}{inside}" if len(inside) < 2 else f"{found[1]}({inside})"


def _nested(pattern: re.Pattern[str], change: Callable[[re.Match[str]], str], text: str) -> str:
    """`pattern.sub` from the inside outwards, a few levels deep."""
    for _ in range(_MOST_NESTING):
        changed = pattern.sub(change, text)
        if changed == text:
            break
        text = changed
    return text


def _commands(text: str) -> str:
    return _COMMAND.sub(_symbol, _nested(_WITH_TEXT, _argument, text))


def _argument(found: re.Match[str]) -> str:
    r"""What stands inside a command with one argument: `\emph{x}` is x, `\alpha{}` is α."""
    name, inside = found[1], found[2]
    if name in _SYMBOLS:
        return _SYMBOLS[name] + inside
    if not inside:
        return name if name not in _SILENT else ""
    if name.startswith(("cite", "ref", "eqref", "autoref", "cref", "Cref")):
        return f"[{inside}]"
    return f" ({inside})" if name == "footnote" else inside


def _symbol(found: re.Match[str]) -> str:
    name = found[1]
    tail = " " if found[0][-1:].isspace() else ""
    if name in _SYMBOLS:
        return _SYMBOLS[name] + ("" if name in _LETTERS else tail)
    if name in _SPACES:
        return " "
    return "" if name in _SILENT else name + tail


def _groups(text: str) -> str:
    text = _nested(_GROUP, lambda found: found[1] if found[1] is not None else found[2], text)
    return _ESCAPED.sub(r"\1", text.replace("\\\\", " "))


def _markdown(text: str) -> str:
    text = _STRONG.sub(r"\1", text)
    return _EMPHASIS.sub(r"\1", text)


def _typography(text: str) -> str:
    text = text.replace("``", "“").replace("''", "”") if "``" in text else text
    return _DASHES.sub(lambda found: "–" if len(found[1]) == 2 else "—", text)


_STEPS = (_links, _accents, _math, _commands, _groups, _markdown, _typography)
