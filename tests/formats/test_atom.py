"""Atom feeds, read back with the library that readers use."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import feedparser
from hypothesis import given
from hypothesis import strategies as st

from bot.core.entries import Entry
from bot.formats.atom import NAMESPACE, print_feed

ENTRY = Entry(
    id="abcdefghij",
    title="Paper Boats < $\\alpha$ & \x08More",
    digest_date=date(2025, 3, 5),
    authors=("Ada Example", "Bo Sample"),
    url="https://arxiv.org/abs/2503.01234?a=1&b=2",
    abstract="We fold <b>boats</b>.",
    commentary="첫째 <script>.\n둘째 줄.\n\n다음 문단 & 끝.",
    commentary_en="First.",
    tags=("boat", "3d"),
)


def feed(*entries: Entry) -> str:
    return print_feed(
        entries,
        title="Daily & Papers",
        self_url="https://papers.example.org/feed.atom",
        site_url="https://papers.example.org/",
        updated=datetime(2025, 3, 6, 9, tzinfo=UTC),
        feed_id="tag:papers.example.org,2024:digest",
    )


def test_a_feed_reads_back() -> None:
    read = feedparser.parse(feed(ENTRY))
    assert not read.bozo
    assert (read.version, read.feed.title, read.feed.id) == (
        "atom10",
        "Daily & Papers",
        "tag:papers.example.org,2024:digest",
    )
    assert read.feed.updated == "2025-03-06T09:00:00+00:00"
    (entry,) = read.entries
    assert entry.id == "tag:papers.example.org,2024:digest/abcdefghij"
    assert entry.link == "https://papers.example.org/e/abcdefghij"
    assert entry.updated == "2025-03-05T00:00:00+00:00"
    assert [author.name for author in entry.authors] == ["Ada Example", "Bo Sample"]
    assert [tag.term for tag in entry.tags] == ["boat", "3d"]
    assert [link.href for link in entry.links if link.rel == "related"] == [ENTRY.url]


def test_texts_are_escaped_twice_and_control_characters_removed() -> None:
    root = ET.fromstring(feed(ENTRY))
    entry = root.find(f"{{{NAMESPACE}}}entry")
    assert entry is not None
    assert entry.findtext(f"{{{NAMESPACE}}}title") == "Paper Boats < α & More"
    content = entry.find(f"{{{NAMESPACE}}}content")
    assert content is not None
    assert content.get("type") == "html"
    assert content.text == (
        "<p>첫째 &lt;script&gt;.<br>둘째 줄.</p><p>다음 문단 &amp; 끝.</p>"
        '<div lang="en"><p>First.</p></div><blockquote lang="en"><p>We fold &lt;b&gt;boats&lt;/b&gt;.</p></blockquote>'
    )


def test_an_address_that_is_not_http_is_no_link() -> None:
    assert "javascript" not in feed(Entry(id="a", title="x", url="javascript:alert(1)"))


@given(st.text(), st.text())
def test_any_text_gives_well_formed_xml(title: str, commentary: str) -> None:
    root = ET.fromstring(feed(Entry(id="a" * 10, title=title, commentary=commentary, tags=(title,))).encode())
    assert root.tag == f"{{{NAMESPACE}}}feed"
