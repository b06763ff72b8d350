"""The reading room's pages over HTTP: what is found, what is not, and what a hostile text comes to."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import feedparser
import pytest

from bot.core.entries import Action, Entry, Status
from bot.web.markup import REL
from tests.databases import statements_while

from .conftest import NOW

if TYPE_CHECKING:
    from storage.opening import Storage

    from .conftest import Keep, Site, StandingClock, Start

EN = "en-GB,en;q=0.9"


@pytest.fixture
async def three_days(keep: Keep) -> dict[str, Entry]:
    """Four entries on three days; one of the days has not come yet."""
    return {
        "old": await keep(
            "Consistency Models Made Easy",
            "2024-06-21",
            authors=("Zhengyang Geng", "Ashwini Pokle", "William Luo", "Justin Lin", "J. Zico Kolter"),
            url="https://arxiv.org/abs/2406.14548",
            arxiv_id="2406.14548",
            paper_date=date(2024, 6, 20),
            abstract="Training a generator\nused to take **days**.",
            commentary="복습한 방법을 훨씬 싸게 학습합니다.\n코드는 https://github.com/locuslab/ect 에 있습니다.",
            commentary_en="A cheaper way to train.",
            tags=("diffusion", "효율"),
            links=("https://github.com/locuslab/ect",),
            related=("Consistency Models",),
        ),
        "new": await keep(
            "GPT-4o mini", "2024-07-19", organisation="OpenAI", commentary="작은 모델입니다.", tags=("llm",)
        ),
        "newer": await keep("SmolLM", "2024-07-19", organisation="Hugging Face", tags=("llm", "diffusion")),
        "coming": await keep("Tomorrow's paper", "2024-07-21", tags=("llm",)),
    }


def headings(page: str) -> list[str]:
    """The texts of h1 and h2."""
    return [
        re.sub(r"<[^>]+>", "", found).strip() for found in re.findall(r"<h[12][^>]*>(.*?)</h[12]>", page, re.DOTALL)
    ]


# --- digests ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("three_days")
async def test_the_front_page_is_the_latest_digest_of_today_or_before(public: Site, clock: StandingClock) -> None:
    page = (await public.get("/")).text
    assert headings(page)[:3] == ["2024년 7월 19일 (금)", "GPT-4o mini", "SmolLM"]
    assert "Tomorrow" not in page
    clock.moment = clock.moment.replace(day=21)
    assert headings((await public.get("/d/latest")).text)[1] == "Tomorrow&#39;s paper"


async def test_a_digest_leads_to_the_days_around_it(public: Site, three_days: dict[str, Entry]) -> None:
    page = (await public.get("/d/2024-06-21", Accept_Language=EN)).text
    assert headings(page)[0] == "Fri, 21 Jun 2024"
    assert 'rel="next" href="/d/2024-07-19"' in page
    assert 'rel="prev"' not in page
    assert f'href="/e/{three_days["old"].id}"' in page
    assert "Zhengyang Geng, Ashwini Pokle, William Luo" in page
    assert "and 2 more" in page
    last = (await public.get("/d/2024-07-19")).text
    assert 'rel="prev" href="/d/2024-06-21"' in last
    assert 'rel="next"' not in last


@pytest.mark.usefixtures("three_days")
async def test_a_day_without_a_digest_leads_to_the_nearest(public: Site) -> None:
    missing = await public.get("/d/2024-07-01", Accept_Language=EN)
    assert missing.status == 404
    assert "There is no digest on 2024-07-01." in missing.text
    assert 'href="/d/2024-06-21"' in missing.text
    assert 'href="/d/2024-07-19"' in missing.text
    assert (await public.get("/d/2024-07-21")).status == 404  # it has not come yet


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("20240621", "/d/2024-06-21"),
        ("2024.06.21", "/d/2024-06-21"),
        (quote("2024년 6월 21일"), "/d/2024-06-21"),
        ("2024-6", "/d/2024-06"),
        ("today", "/d/2024-07-20"),
        (quote("어제"), "/d/2024-07-19"),
    ],
)
async def test_other_ways_of_writing_a_day(public: Site, typed: str, leads_to: str) -> None:
    answer = await public.get(f"/d/{typed}")
    assert (answer.status, answer.headers["Location"]) == (302, leads_to)


async def test_what_is_no_day_is_no_page(public: Site) -> None:
    for typed in (
        "2024-02-30",
        "x",
        "0000-01-01",
        "99999",
        "2024-13",
        "%00",
        "%2e%2e",
        "..%2f..%2fetc",
        "-1",
        "9" * 4000,
    ):
        assert (await public.get(f"/d/{typed}")).status == 404


async def test_the_ends_of_time(public: Site) -> None:
    for day in ("0001-01-01", "9999-12-31", "0001", "9999", "0001-01", "9999-12"):
        assert (await public.get(f"/d/{day}")).status == 404


@pytest.mark.usefixtures("three_days")
async def test_days_by_year_and_month(public: Site, keep: Keep) -> None:
    await keep("An older one", "2022-01-03")
    page = (await public.get("/d/", Accept_Language=EN)).text
    assert headings(page) == ["2024", "July 2024", "June 2024"]
    assert "2 digests" in page
    assert 'href="/d/2024-06-21"' in page
    assert "2024-07-21" not in page
    assert 'rel="prev" href="/d/2022"' in page
    assert headings((await public.get("/d/2022")).text) == ["2022", "2022년 1월"]
    assert headings((await public.get("/d/2024-06")).text) == ["2024-06", "2024년 6월"]
    empty = await public.get("/d/2023")
    assert empty.status == 404
    assert 'href="/d/2022"' in empty.text
    assert 'href="/d/2024"' in empty.text


async def test_an_empty_archive_says_so(public: Site) -> None:
    for path in ("/", "/read", "/d/", "/d"):
        page = await public.get(path, Accept_Language=EN)
        assert page.status == 200
        assert "The archive is empty so far" in page.text
    for path in ("/tags", "/search", "/feed.atom"):
        assert (await public.get(path)).status == 200


# --- one entry ----------------------------------------------------------------------------------------------------


async def test_an_entry_in_full(public: Site, three_days: dict[str, Entry]) -> None:
    page = (await public.get(f"/e/{three_days['old'].id}", Accept_Language=EN)).text
    assert headings(page) == [
        "Consistency Models Made Easy",
        "Commentary",
        "Commentary in English",
        "Abstract",
        "Links",
        "Related notes",
        "More like this",
    ]
    assert '<div class="text" lang="ko"><p>복습한 방법을 훨씬 싸게 학습합니다.<br>코드는' in page
    assert (
        f'<a href="https://github.com/locuslab/ect" rel="{REL}">https://github.com/locuslab/ect</a> 에 있습니다.'
        in page
    )
    assert '<div class="text" lang="en"><p>Training a generator used to take days.</p></div>' in page
    assert "Zhengyang Geng, Ashwini Pokle, William Luo, Justin Lin, J. Zico Kolter" in page
    assert "Paper of Thu, 20 Jun 2024" in page
    assert "arXiv:2406.14548" in page
    assert 'href="/tag/%ED%9A%A8%EC%9C%A8"' in page
    assert "SmolLM" in page
    assert "@" in page.partition("BibTeX")[2]


async def test_an_arxiv_id_leads_to_its_entry(public: Site, three_days: dict[str, Entry]) -> None:
    answer = await public.get("/e/2406.14548")
    assert (answer.status, answer.headers["Location"]) == (302, f"/e/{three_days['old'].id}")


async def test_what_readers_may_not_see_is_not_there(public: Site, keep: Keep, three_days: dict[str, Entry]) -> None:
    draft = await keep("A draft", None, status=Status.DRAFT)
    removed = replace(three_days["new"], status=Status.REMOVED)
    await public.storage.archive.replace(removed, action=Action.REMOVE, by=None, at=NOW)
    for entry in (draft, removed, three_days["coming"]):
        page = await public.get(f"/e/{entry.id}")
        assert page.status == 404
        assert entry.title not in page.text
    for path in ("/", "/d/2024-07-19", "/tag/llm", "/search?q=llm", "/feed.atom"):
        page = await public.get(path)
        assert page.status == 200
        for title in ("A draft", "GPT-4o mini", "Tomorrow"):
            assert title not in page.text


async def test_no_such_entry(public: Site) -> None:
    for reference in ("nothing", "aaaaaaaaaa", "%00", "..%2F..", "2406.99999", "x" * 5000, "%ED%A0%80", "a/b/c"):
        assert (await public.get(f"/e/{reference}")).status == 404


# --- tags and search ----------------------------------------------------------------------------------------------


async def test_a_tag_page_by_page(public: Site, keep: Keep) -> None:
    titles = [f"Paper number {number}" for number in range(45)]
    for number, title in enumerate(titles):
        await keep(title, f"2024-06-{1 + number // 2:02}", tags=("rlaif",))
    seen: list[str] = []
    path: str | None = "/tag/RLAIF"
    sizes = []
    while path:
        page = (await public.get(path, Accept_Language=EN)).text
        assert "45 entries" in page
        found = headings(page)[1:]
        sizes.append(len(found))
        seen += found
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(following[1]) if following else None
    assert sizes == [20, 20, 5]
    assert sorted(seen) == sorted(titles)
    before = re.search(r'rel="prev" href="([^"]+)"', page)
    assert before
    assert headings((await public.get(html.unescape(before[1]))).text)[1:] == seen[20:40]


@pytest.mark.usefixtures("three_days")
async def test_an_unknown_tag_leads_to_the_nearest(public: Site) -> None:
    page = await public.get("/tag/difusion", Accept_Language=EN)
    assert page.status == 404
    assert "There is no tag #difusion in the archive." in page.text
    assert 'href="/tag/diffusion"' in page.text


async def test_odd_tags_are_only_not_found(public: Site, keep: Keep) -> None:
    await keep("A paper", tags=("llm",))
    for name in (
        "%23",
        "-",
        "%00a",
        "a" * 3000,
        "%2F",
        "..",
        "%E2%80%AE",
        "x%0Ay%22%3E%3Cscript%3E",
        "%22%20sort:new",
        "a,b",
        "a%5C",
    ):
        page = await public.get(f"/tag/{name}")
        assert page.status == 404
        assert "<script" not in page.text


async def test_any_tag_has_a_page_that_its_links_lead_to(public: Site, keep: Keep) -> None:
    names = ("C++", "a/b", "50% off", 'say "hi"', "a,b", "한국어", "x y", "<b>", "..", "-minus", "a\\b", "#5")
    for number, name in enumerate(names):
        await keep(f"Paper {number}", tags=(name,))
    page = (await public.get("/tags")).text
    links = [html.unescape(link) for link in re.findall(r'<li><a href="([^"]+)" rel="tag">', page)]
    assert len(links) == len(names)
    titles = set()
    for link in links:
        found = await public.get(link)
        assert found.status == 200, link
        titles |= set(headings(found.text)[1:])
    assert titles == {f"Paper {number}" for number in range(len(names))}


@pytest.mark.usefixtures("three_days")
async def test_all_tags_with_their_counts(public: Site) -> None:
    page = (await public.get("/tags", Accept_Language=EN)).text
    found = re.findall(r'<span>#(\w+)</span> <span class="count">(\d+)</span>', page)
    assert found == [("diffusion", "2"), ("llm", "2"), ("효율", "1")]  # tomorrow's is not counted yet


@pytest.mark.usefixtures("three_days")
async def test_search_finds_in_the_same_language_as_chat(public: Site) -> None:
    for query in ("tag:diffusion author:kolter", "학습", "#diffusion before:2024-07", "id:2406.14548"):
        page = (await public.get(f"/search?q={quote(query)}")).text
        assert headings(page)[1:] == ["Consistency Models Made Easy"], query
        assert f'value="{query}"' in page


@pytest.mark.usefixtures("three_days")
async def test_what_was_asked_for_is_marked(public: Site) -> None:
    assert "<mark>학습</mark>" in (await public.get("/search?q=" + quote("학습"))).text


@pytest.mark.usefixtures("three_days")
async def test_a_wrong_query_is_explained_with_what_was_meant(public: Site) -> None:
    page = await public.get("/search?q=" + quote("tga:llm"), Accept_Language=EN)
    assert page.status == 400
    assert "<mark>tga:</mark>" in page.text or "<mark>tga" in page.text
    assert 'href="/search?q=tag%3Allm"' in page.text
    unknown = await public.get("/search?q=" + quote("#diffsion"), Accept_Language=EN)
    assert unknown.status == 400
    assert 'href="/search?q=tag%3Adiffusion"' in unknown.text or 'href="/search?q=%23diffusion"' in unknown.text


@pytest.mark.usefixtures("three_days")
async def test_nothing_found_says_so(public: Site) -> None:
    page = await public.get("/search?q=" + quote("#diffusion zebra"), Accept_Language=EN)
    assert page.status == 200
    assert "Nothing in the archive matches this." in page.text
    assert page.text.index("Try:") < page.text.index('href="/search?q=tag%3Adiffusion"')
    assert "<h2" not in page.text
    alone = await public.get("/search?q=zebra", Accept_Language=EN)
    assert "or other words." in alone.text
    assert "Try:" not in alone.text
    few = (await public.get("/search?q=consistencymodels", Accept_Language=EN)).text
    assert 'href="/search?q=consistency-models"' in few
    begun = await public.get("/search?q=consist", Accept_Language=EN)
    assert "No entry has the word “consist”. These have words that start with it." in begun.text


@pytest.mark.usefixtures("three_days")
async def test_examples_find_something(public: Site) -> None:
    page = (await public.get("/search")).text
    examples = re.findall(r'<dt><a class="query" href="([^"]+)"', page)
    assert len(examples) > 5
    for address in map(html.unescape, examples):
        found = await public.get(address)
        assert (found.status, "<h2" in found.text) == (200, True), address


async def test_no_query_breaks_anything(public: Site, keep: Keep) -> None:
    await keep("A paper", tags=("llm",))
    for query in (
        "x" * 5000,
        "a " * 900,
        "%22" * 500,
        "(" * 2000,
        "%00",
        "%ED%A0%80",
        "%FF%FE",
        "tag:" * 300,
        "%E2%80%AE",
        "'; DROP TABLE entries; --",
        "*",
        "NEAR(a b)",
    ):
        for path in (f"/search?q={quote(query, safe='%')}", f"/feed.atom?q={quote(query, safe='%')}"):
            assert (await public.get(path)).status in {200, 400}
        assert (await public.get("/")).status == 200


async def test_a_made_up_cursor_is_refused(public: Site, keep: Keep) -> None:
    await keep("A paper", tags=("llm",))
    for cursor in ("x", "%00", "-1", "9" * 3000, "e30", "bnVsbA"):
        assert (await public.get(f"/tag/llm?cursor={cursor}")).status == 400
        assert (await public.get(f"/search?q=paper&cursor={cursor}")).status == 400


# --- hostile texts ------------------------------------------------------------------------------------------------

_HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) {{ 7*7 }} \u202egnp.exe"


class _Page(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.fixture
async def hostile(keep: Keep) -> Entry:
    """An entry that tries everything."""
    return await keep(
        _HOSTILE,
        authors=(_HOSTILE,),
        organisation=_HOSTILE,
        url="javascript:alert(1)",
        abstract=_HOSTILE,
        commentary=f'{_HOSTILE}\n[클릭](javascript:alert(1)) [x](https://a.b/"onclick="alert(1))',
        commentary_en=_HOSTILE,
        tags=(_HOSTILE, "plain"),
        links=("javascript:alert(1)", "data:text/html,<script>", "https://fine.example/"),
        related=(_HOSTILE,),
    )


async def test_hostile_texts_stay_text(public: Site, hostile: Entry) -> None:
    for path in (
        "/",
        "/d/2024-07-19",
        "/e/{id}",
        "/tags",
        "/tag/plain",
        "/search?q=alert",
        "/tag/{tag}",
        "/search?q={tag}",
    ):
        page = await public.get(path.format(id=hostile.id, tag=quote(_HOSTILE, safe="")))
        assert page.status in {200, 400, 404}
        assert "\u202e" not in page.text
        assert "{{" not in page.text or "{{ 7*7 }}" in page.text
        seen = _Page()
        seen.feed(page.text)
        for tag, attributes in seen.elements:
            assert tag not in {"script", "iframe", "object", "style", "base"}
            assert tag != "img" or attributes["src"] == "/favicon.svg"
            assert not any(name.startswith("on") or name == "style" for name in attributes)
            for name in ("href", "src", "action"):
                assert re.match(r"/(?!/)|https://|#", attributes.get(name) or "/"), attributes


async def test_links_that_lead_away_say_so(public: Site, three_days: dict[str, Entry]) -> None:
    for path in ("/d/2024-06-21", f"/e/{three_days['old'].id}"):
        seen = _Page()
        seen.feed((await public.get(path)).text)
        away = [
            attributes
            for tag, attributes in seen.elements
            if tag == "a" and (attributes["href"] or "").startswith("http")
        ]
        assert away
        assert all(attributes["rel"] == REL for attributes in away)


# --- languages and colours ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "path", "language"),
    [
        ({}, "/", "ko"),
        ({"Accept_Language": EN}, "/", "en"),
        ({"Accept_Language": "fr"}, "/", "ko"),
        ({"Accept_Language": EN, "Cookie": "lang=ko"}, "/", "ko"),
        ({"Accept_Language": EN, "Cookie": "lang=ko"}, "/?lang=en", "en"),
        ({"Accept_Language": "ko"}, "/?lang=xx", "ko"),
        ({"Cookie": "lang=%22%3E"}, "/", "ko"),
        ({"Accept_Language": "en"}, "/nothing", "en"),
    ],
)
@pytest.mark.usefixtures("three_days")
async def test_the_language(public: Site, headers: dict[str, str], path: str, language: str) -> None:
    page = await public.get(path, **headers)
    assert f'<html lang="{language}"' in page.text
    assert page.headers["Content-Language"] == language
    assert "Accept-Language" in page.headers["Vary"]
    assert ("lang=" in page.headers.get("Set-Cookie", "")) is (path == "/?lang=en")


async def test_the_default_language_is_the_workspaces(start: Start, keep: Keep) -> None:
    from bot.core.people import Language

    await keep("A paper")
    async with start(is_local=False, language=Language.ENGLISH) as site:
        assert '<html lang="en"' in (await site.get("/")).text


async def test_choices_are_kept_in_a_cookie(public: Site) -> None:
    page = await public.get("/?theme=dark")
    assert 'data-theme="dark"' in page.text
    assert "theme=dark" in page.headers["Set-Cookie"]
    assert "SameSite=Lax" in page.headers["Set-Cookie"]
    assert 'data-theme="light"' in (await public.get("/", Cookie="theme=light")).text
    assert "data-theme" not in (await public.get("/", Cookie="theme=pink")).text
    assert "data-theme" not in (await public.get("/?theme=auto", Cookie="theme=dark")).text


async def test_the_switches_keep_the_rest_of_the_address(public: Site) -> None:
    page = (await public.get("/search?q=%23a%26b&lang=ko")).text
    assert 'href="/search?q=%23a%26b&amp;lang=en"' in page
    sideways = (await public.get("//evil.example/x")).text
    assert "//evil.example" not in sideways.replace("http://", "")


# --- feed ---------------------------------------------------------------------------------------------------------


async def test_the_feed_is_valid_and_cached(public: Site, three_days: dict[str, Entry]) -> None:
    answer = await public.get("/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.text.encode(), response_headers={"content-type": answer.headers["Content-Type"]})
    assert not feed.bozo
    assert feed.version == "atom10"
    assert [entry.title for entry in feed.entries] == ["SmolLM", "GPT-4o mini", "Consistency Models Made Easy"]
    assert len({entry.id for entry in feed.entries} | {feed.feed.id}) == 4
    assert any(link.href == f"{public.origin}/feed.atom" and link.rel == "self" for link in feed.feed.links)
    etag, modified = answer.headers["ETag"], answer.headers["Last-Modified"]
    assert (await public.get("/feed.atom", If_None_Match=etag)).status == 304
    assert (await public.get("/feed.atom", If_Modified_Since=modified)).status == 304
    assert (await public.get("/feed.atom", If_None_Match='"other"', If_Modified_Since=modified)).status == 200

    changed = replace(three_days["old"], title="A better title")
    await public.storage.archive.replace(changed, action=Action.EDIT, by=None, at=NOW)
    again = await public.get("/feed.atom", If_None_Match=etag)
    assert again.status == 200
    assert again.headers["ETag"] != etag
    assert (await public.get("/feed.atom", If_Modified_Since=modified)).status == 200


@pytest.mark.usefixtures("hostile")
async def test_a_hostile_feed_is_valid(public: Site) -> None:
    feed = feedparser.parse((await public.get("/feed.atom")).text.encode())
    assert not feed.bozo
    assert len(feed.entries) == 1


@pytest.mark.usefixtures("three_days")
async def test_a_feed_of_a_query(public: Site) -> None:
    everything = feedparser.parse((await public.get("/feed.atom")).text)
    feed = feedparser.parse((await public.get("/feed.atom?q=" + quote("#diffusion after:2024-07-01"))).text)
    assert [entry.title for entry in feed.entries] == ["SmolLM"]
    assert feed.feed.id != everything.feed.id
    assert (await public.get("/feed.atom?q=tga:x")).status == 400


@pytest.mark.usefixtures("three_days")
async def test_a_feed_with_nothing_in_it_looks_for_no_offers(public: Site, storage: Storage) -> None:
    async def asks_for_near_words(path: str) -> bool:
        return any("near_terms" in sql for sql, _ in await statements_while(storage, lambda: public.get(path)))

    assert await asks_for_near_words("/search?q=zebra")
    assert not await asks_for_near_words("/feed.atom?q=zebra")


# --- static files and other addresses -----------------------------------------------------------------------------


@pytest.mark.usefixtures("three_days")
async def test_static_files_are_kept_for_good_under_their_version(public: Site) -> None:
    page = (await public.get("/")).text
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = await public.get(address)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
    plain = await public.get("/static/base.css?v=old")
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert (await public.get("/static/base.css", If_None_Match=plain.headers["ETag"])).status == 304
    icon = await public.get("/favicon.svg")
    assert icon.headers["Content-Type"].startswith("image/svg+xml")


async def test_no_path_leads_out_of_the_static_files(public: Site) -> None:
    for path in (
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/base.css/",
        "/static/base.css%00",
        "/static/",
        "/static",
        "/templates/base.html",
        "/%2e%2e/app.py",
    ):
        answer = await public.get(path)
        assert answer.status == 404
        assert "aiohttp" not in answer.text
        assert "root:" not in answer.text


async def test_robots(public: Site, local: Site) -> None:
    assert "Disallow: /search" in (await public.get("/robots.txt")).text
    assert "Disallow: /\n" in (await local.get("/robots.txt")).text


@pytest.mark.usefixtures("three_days")
async def test_head_answers_like_get(public: Site) -> None:
    for path in ("/", "/d/2024-06-21", "/tags", "/feed.atom", "/static/base.css", "/nothing"):
        head, get = await public.ask("HEAD", path), await public.get(path)
        assert head.status == get.status
        assert head.text == ""
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


# --- what every page has ------------------------------------------------------------------------------------------


async def test_every_page_has_landmarks_and_no_inline_code(public: Site, three_days: dict[str, Entry]) -> None:
    for path in ("/", "/d/", "/tags", "/tag/llm", "/search", "/search?q=llm", "/search?q=tga:x", "/nothing", "/e/{id}"):
        seen = _Page()
        seen.feed((await public.get(path.format(id=three_days["old"].id))).text)
        tags = [tag for tag, _ in seen.elements]
        assert tags.count("h1") == 1
        assert tags.count("main") == 1
        for landmark in ("header", "nav", "footer", "title"):
            assert landmark in tags
        assert "script" not in tags
        assert "style" not in tags
        assert not any(
            "style" in attributes or any(name.startswith("on") for name in attributes)
            for _, attributes in seen.elements
        )
        ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        skip = next(attributes for tag, attributes in seen.elements if tag == "a")
        assert skip["href"] == "#main"
