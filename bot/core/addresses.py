"""Web addresses as people write them: wrapped, redirected, tracked, broken, inside a sentence.

Everything here is pure and takes time linear in the length of its text, or close to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

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
    found = _with_scheme(without_sentence_end(bare))
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


def without_sentence_end(url: str) -> str:
    """An address without what the sentence around it put at its end, cut at the first bracket nobody opened."""
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
