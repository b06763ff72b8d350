"""Web addresses as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.addresses import Address, clean_url, find_urls, read_address

URL = "https://arxiv.org/abs/2406.14548"
ADDRESSES = [
    (URL, URL),
    (f"{URL}.", URL),
    (f"{URL})", URL),
    (f"{URL}).", URL),
    (f"<{URL}>", URL),
    (f"\\url{{{URL}}}", URL),
    (f"\\href{{{URL}}}{{here}}", URL),
    (f"[here]({URL})", URL),
    (f"{URL}?utm_source=a&utm_medium=b", URL),
    (f"{URL}?id=1&fbclid=b#top", f"{URL}?id=1#top"),
    (f"{URL}?ref_src=twsrc", URL),
    ("https://en.wikipedia.org/wiki/Boat_(paper)", "https://en.wikipedia.org/wiki/Boat_(paper)"),
    ("https://x.com/a/status/1?s=20", "https://x.com/a/status/1?s=20"),
    (f"https://www.google.com/url?sa=t&url={URL}&usg=x", URL),
    ("https://l.facebook.com/l.php?u=https%3A%2F%2Farxiv.org%2Fabs%2F2406.14548%3Ffbclid%3Dx&h=y", URL),
    (f"https://www.youtube.com/redirect?q={URL}", URL),
    ("https://www.google.com/url?q=javascript:alert(1)", "https://www.google.com/url?q=javascript:alert(1)"),
    ("", None),
    ("boats", None),
    ("boats.", None),
    ("e.g", None),
    ("ftp://example.org/a", None),
    ("javascript:alert(1)", None),
    ("mailto:ada@example.org", None),
    ("https://", None),
    ("https://[::1", None),
    ("https://example.org/a b", None),
    ("https://example.org:99999/", None),
]


@pytest.mark.parametrize(("text", "url"), ADDRESSES)
def test_clean_url(text: str, url: str | None) -> None:
    assert clean_url(text) == url


@pytest.mark.parametrize(
    "text", ["arxiv.org/abs/2406.14548", "ttps://arxiv.org/abs/2406.14548", "https:/arxiv.org/abs/2406.14548"]
)
def test_a_repaired_scheme_is_told(text: str) -> None:
    assert read_address(text) == Address(URL, scheme_added=True)


@given(st.text())
def test_a_cleaned_address_is_clean(text: str) -> None:
    for url in (clean_url(text), clean_url(f"https://example.org/{text}")):
        if url is not None:
            assert url.lower().startswith(("http://", "https://"))
            assert clean_url(url) == url
            assert not any(letter.isspace() for letter in url)


def test_find_urls() -> None:
    text = f"코드({URL})와 {URL}, [글](https://example.org/a_(b)): https://example.org/가 <https://example.org/c>."
    assert find_urls(text) == [URL, "https://example.org/a_(b)", "https://example.org/", "https://example.org/c"]


@given(st.text())
def test_found_addresses_are_clean(text: str) -> None:
    for url in find_urls(f"{text} https://example.org/{text}"):
        assert clean_url(url) == url
