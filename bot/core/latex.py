"""LaTeX and Markdown leftovers in titles and abstracts, made readable.

Everything here is pure and takes time linear in the length of its text, or close to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

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
_MARKS = ("\\", "$", "*", "{", "`", "--", "_", "[")
"""No leftover is without one of these."""


def readable(text: str) -> str:
    r"""A title or abstract without LaTeX and Markdown leftovers, for display only; paragraphs stay.

    >>> readable(r"$\alpha$-GAN: \textbf{fast} and Schr\"odinger's 8×8× for \$5 -- see \url{https://example.org}")
    "α-GAN: fast and Schrödinger's 8×8× for $5 – see https://example.org"
    """
    if not any(mark in text for mark in _MARKS):
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
