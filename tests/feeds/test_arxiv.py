"""arXiv's answers, hand-made after its API manual, over real sockets on the loopback."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest
from aiohttp import web

from bot.core.entries import Entry, Kind, Status
from bot.core.errors import LookupUnavailable
from bot.core.ports import PaperSource
from bot.feeds.arxiv import ArxivSource
from bot.feeds.fetcher import Fetcher, TryLater

if TYPE_CHECKING:
    from .conftest import Site

ATOM = "application/atom+xml; charset=utf-8"
TITLE = "Consistency Models Made Easy"
AUTHORS = ("Zhengyang Geng", "Ashwini Pokle", "William Luo", "Justin Lin", "J. Zico Kolter")
ABSTRACT = "A way to tune a diffusion model into a consistency model that needs far less training."


def feed(*entries: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?search_query%3D%26id_list%3Dx" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: search_query=&amp;id_list=x&amp;start=0&amp;max_results=1</title>
  <id>http://arxiv.org/api/kVlIboofRz2V2LVbDdNyRDCLUEY</id>
  <updated>2024-06-24T00:00:00-04:00</updated>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">1</opensearch:totalResults>
  {"".join(entries)}
</feed>
""".encode()


def paper(
    arxiv_id: str = "2406.14548v2",
    *,
    title: str = TITLE,
    summary: str = ABSTRACT,
    authors: tuple[str, ...] = AUTHORS,
    published: str = "2024-06-20T17:56:02Z",
) -> str:
    names = "".join(
        f"<author><name>{escape(name)}</name>"
        '<arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">A University</arxiv:affiliation></author>'
        for name in authors
    )
    return f"""<entry>
    <id>http://arxiv.org/abs/{arxiv_id}</id>
    <updated>2024-10-10T03:12:09Z</updated>
    <published>{published}</published>
    <title>{escape(title)}</title>
    <summary>{escape(summary)}</summary>
    {names}
    <arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">A comment</arxiv:comment>
    <link href="http://arxiv.org/abs/{arxiv_id}" rel="alternate" type="text/html"/>
    <link title="pdf" href="http://arxiv.org/pdf/{arxiv_id}" rel="related" type="application/pdf"/>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
  </entry>"""


ERROR = """<entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_9999.99999</id>
    <title>Error</title>
    <summary>incorrect id format for 9999.99999</summary>
    <updated>2024-06-24T00:00:00-04:00</updated>
    <link href="http://arxiv.org/api/errors#incorrect_id_format_for_9999.99999" rel="alternate" type="text/html"/>
    <author><name>arXiv api core</name></author>
  </entry>"""


def source_at(site: Site, fetcher: Fetcher, **limits: Any) -> ArxivSource:
    return ArxivSource(fetcher, base_url=site.url("/api/query"), **{"interval": 0.0, **limits})


@pytest.fixture
def source(site: Site, fetcher: Fetcher) -> ArxivSource:
    return source_at(site, fetcher)


def answers(site: Site, body: bytes, *, kind: str = ATOM, status: int = 200, **headers: str) -> None:
    site.page("/api/query", body, kind=kind, status=status, **headers)


async def unavailable(source: PaperSource, arxiv_id: str = "2406.14548") -> LookupUnavailable:
    with pytest.raises(LookupUnavailable) as raised:
        await source.paper(arxiv_id)
    return raised.value


# --- what becomes of an answer -------------------------------------------------------------------------------------


async def test_a_paper_becomes_a_draft(site: Site, source: ArxivSource) -> None:
    answers(site, feed(paper()))
    assert await source.paper("2406.14548") == Entry(
        id="",
        title=TITLE,
        paper_date=date(2024, 6, 20),
        authors=AUTHORS,
        url="https://arxiv.org/abs/2406.14548",
        arxiv_id="2406.14548",
        abstract=ABSTRACT,
        kind=Kind.PAPER,
        status=Status.DRAFT,
    )


async def test_one_request_asks_for_one_paper(site: Site, source: ArxivSource) -> None:
    answers(site, feed(paper()))
    await source.paper("https://arxiv.org/pdf/2406.14548v1")
    assert [request.path_qs for request in site.requests] == ["/api/query?id_list=2406.14548&max_results=1"]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("hep-th/9901001", "hep-th/9901001"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("0704.0001", "0704.0001"),
    ],
)
async def test_old_ids_are_asked_as_arxiv_writes_them(site: Site, source: ArxivSource, asked: str, sent: str) -> None:
    answers(site, feed(paper(f"{sent}v1")))
    found = await source.paper(asked)
    assert found is not None
    assert (found.arxiv_id, found.url) == (sent, f"https://arxiv.org/abs/{sent}")
    assert site.requests[0].query["id_list"] == sent


async def test_lines_and_spaces_are_collapsed_and_signs_kept(site: Site, source: ArxivSource) -> None:
    title, summary = "Fast &\n  $O(n<m)$ <b>Search</b>", "  One\n  two, 3 < 4 & `\\alpha`.\n\n  <script>x</script>"
    answers(site, feed(paper(title=title, summary=summary, authors=("José\n  García", "김 민수", " "))))
    found = await source.paper("2406.14548")
    assert found is not None
    assert found.title == "Fast & $O(n<m)$ <b>Search</b>"
    assert found.abstract == "One two, 3 < 4 & `\\alpha`. <script>x</script>"
    assert found.authors == ("José García", "김 민수")


async def test_the_paper_date_is_the_first_versions_day_in_utc(site: Site, source: ArxivSource) -> None:
    answers(site, feed(paper(published="2007-02-27T22:02:02-05:00")))
    found = await source.paper("2406.14548")
    assert found is not None
    assert found.paper_date == date(2007, 2, 28)


async def test_what_is_missing_stays_unknown(site: Site, source: ArxivSource) -> None:
    answers(site, feed(paper(summary="", authors=(), published="some day")))
    found = await source.paper("2406.14548")
    assert found is not None
    assert (found.abstract, found.authors, found.paper_date) == (None, (), None)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param((), id="empty feed"),
        pytest.param((ERROR,), id="error entry"),
        pytest.param(("<entry><title>Error</title></entry>",), id="entry without id"),
        pytest.param((paper("1707.08567v1"),), id="another paper"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_a_paper_arxiv_does_not_know_is_none(
    site: Site, source: ArxivSource, entries: tuple[str, ...], status: int
) -> None:
    answers(site, feed(*entries), status=status)
    assert await source.paper("9999.99999") is None


@pytest.mark.parametrize("text", ["", "gpt-4", "2406.1", "2406.14548,2406.14549", "2406.14548&start=9"])
async def test_what_is_no_arxiv_id_is_not_asked(site: Site, source: ArxivSource, text: str) -> None:
    assert await source.paper(text) is None
    assert site.requests == []


# --- answers that are none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 500, 502])
async def test_an_error_status_is_told(site: Site, source: ArxivSource, status: int) -> None:
    answers(site, b"Bad Gateway", kind="text/plain", status=status)
    assert str(await unavailable(source)) == f"127.0.0.1 answered with error {status}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(feed(paper())[:-200], id="truncated"),
        pytest.param(b"Rate exceeded.", id="text"),
        pytest.param(b"<html><body><p>Down for maintenance</p></body></html>", id="page"),
        pytest.param(b"<rss version='2.0'><channel><title>x</title></channel></rss>", id="another format"),
        pytest.param(feed(paper(title=" ")), id="paper without title"),
        pytest.param(feed(paper()).replace(b"Geng", b"\xff\xfe\x00"), id="broken letters"),
        pytest.param(feed(paper()).replace(b"UTF-8", b"punycode"), id="odd encoding"),
        pytest.param(feed(paper(published="0000-01-01T00:00:00Z")), id="date no calendar has"),
        pytest.param(bytes(range(256)) * 400, id="noise"),
        pytest.param(b"<a " * 600_000, id="a riddle that takes long to guess"),
    ],
)
async def test_what_is_no_whole_feed_cannot_be_read(site: Site, source: ArxivSource, body: bytes) -> None:
    answers(site, body)
    assert str(await unavailable(source)) == "arXiv's answer cannot be read"


async def test_a_web_page_is_no_answer(site: Site, source: ArxivSource) -> None:
    answers(site, b"<html/>", kind="text/html")
    assert (await unavailable(source)).message.id == "{host} sent something else than expected ({kind})"


def with_doctype(subset: str, title: str) -> bytes:
    head, _, rest = feed(paper(title="TITLE")).decode().partition("?>\n")
    return f"{head}?>\n<!DOCTYPE feed [{subset}]>\n{rest.replace('TITLE', title)}".encode()


def entity_attacks(secret: Path) -> list[bytes]:
    external = with_doctype(f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "&x;")
    laughs = with_doctype(
        '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)), "&a9;"
    )
    parameter = with_doctype(f'<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;', "x")
    hidden = laughs.replace(b"<!DOCTYPE", b"<!-- <a> --><!DOCTYPE")
    wide = external.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    seven = laughs.replace(b"UTF-8", b"UTF-7").replace(b"<!DOCTYPE", b"+ADw-!DOCTYPE")
    return [with_doctype('\n<!ENTITY x "mild">\n', "&x;"), external, laughs, parameter, hidden, wide, seven]


@pytest.mark.parametrize("number", range(7))
async def test_entities_of_a_document_are_never_expanded(
    site: Site, source: ArxivSource, tmp_path: Path, number: int
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    answers(site, entity_attacks(secret)[number])
    assert str(await unavailable(source)) == "arXiv's answer cannot be read"


async def test_an_answer_is_never_taken_for_the_name_of_a_file(site: Site, source: ArxivSource, tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(feed(paper()))
    answers(site, str(file).encode())
    assert str(await unavailable(source)) == "arXiv's answer cannot be read"


# --- manners -------------------------------------------------------------------------------------------------------


async def test_the_same_paper_is_asked_for_once(site: Site, source: ArxivSource) -> None:
    answers(site, feed(paper()))
    first = await source.paper("2406.14548")
    again = await asyncio.gather(*(source.paper(text) for text in ("2406.14548v1", "arXiv:2406.14548", "2406.14548")))
    assert again == [first] * 3
    assert len(site.requests) == 1


async def test_asked_for_at_the_same_time_it_is_asked_for_once(site: Site, fetcher: Fetcher) -> None:
    answers(site, feed(paper()))
    source = source_at(site, fetcher, interval=60.0)
    found = await asyncio.gather(*(source.paper("2406.14548") for _ in range(5)))
    assert len(set(found)) == 1
    assert len(site.requests) == 1


async def test_that_there_is_no_such_paper_is_remembered_too(site: Site, source: ArxivSource) -> None:
    answers(site, feed())
    assert await source.paper("9999.99999") is None
    assert await source.paper("9999.99999") is None
    assert len(site.requests) == 1


async def test_a_failure_is_not_remembered(site: Site, source: ArxivSource) -> None:
    answers(site, b"", status=500)
    await unavailable(source)
    answers(site, feed(paper()))
    assert await source.paper("2406.14548") is not None


async def test_an_old_answer_is_asked_for_anew(site: Site, fetcher: Fetcher) -> None:
    answers(site, feed(paper()))
    source = source_at(site, fetcher, keep=0.0)
    assert await source.paper("2406.14548") == await source.paper("2406.14548")
    assert len(site.requests) == 2


async def test_the_answer_longest_unused_makes_room(site: Site, fetcher: Fetcher) -> None:
    answers(site, feed())
    source = source_at(site, fetcher, most_kept=2)
    for asked in ("2406.00001", "2406.00002", "2406.00001", "2406.00003", "2406.00001", "2406.00002"):
        await source.paper(asked)
    assert [request.query["id_list"][-1] for request in site.requests] == ["1", "2", "3", "2"]


async def test_requests_keep_their_distance(site: Site, fetcher: Fetcher) -> None:
    arrived: list[float] = []

    async def note(_: web.BaseRequest) -> web.Response:
        arrived.append(asyncio.get_running_loop().time())
        return web.Response(body=feed(), headers={"Content-Type": ATOM})

    site.on("/api/query", note)
    source = source_at(site, fetcher, interval=0.1)
    await asyncio.gather(*(source.paper(f"2406.0000{number}") for number in range(3)))
    assert len(arrived) == 3
    assert arrived[-1] - arrived[0] > 0.15


async def test_requests_go_one_at_a_time_and_nobody_waits_for_long(site: Site, fetcher: Fetcher) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hesitate(_: web.BaseRequest) -> web.Response:
        asked.set()
        await go_on.wait()
        return web.Response(body=feed(paper()), headers={"Content-Type": ATOM})

    site.on("/api/query", hesitate)
    source = source_at(site, fetcher, patience=0.02)
    first = asyncio.create_task(source.paper("2406.14548"))
    await asked.wait()
    assert "too often" in str(await unavailable(source, "2406.00001"))
    go_on.set()
    assert await first is not None
    assert len(site.requests) == 1


async def test_who_would_wait_too_long_is_told_at_once(site: Site, fetcher: Fetcher) -> None:
    answers(site, feed())
    source = source_at(site, fetcher, interval=60.0)
    await source.paper("2406.00001")
    assert "too often" in str(await unavailable(source, "2406.00002"))
    assert await source.paper("2406.00001") is None
    assert len(site.requests) == 1


@pytest.mark.parametrize("pause", [{}, {"Retry_After": "120"}, {"Retry_After": "99999999"}])
async def test_a_pause_arxiv_asks_for_is_kept(site: Site, source: ArxivSource, pause: dict[str, str]) -> None:
    answers(site, b"Rate exceeded.", kind="text/plain", status=429, **pause)
    assert isinstance(await unavailable(source), TryLater)
    assert "too often" in str(await unavailable(source))
    assert len(site.requests) == 1


async def test_a_short_pause_is_waited_out(site: Site, source: ArxivSource) -> None:
    answers(site, b"", status=503, Retry_After="0")
    await unavailable(source)
    answers(site, feed(paper()))
    assert await source.paper("2406.14548") is not None


async def test_a_reader_who_gives_up_holds_nobody_back(site: Site, source: ArxivSource) -> None:
    asked = asyncio.Event()

    async def hang(_: web.BaseRequest) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    site.on("/api/query", hang)
    gone = asyncio.create_task(source.paper("2406.14548"))
    await asked.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    answers(site, feed(paper()))
    assert await source.paper("2406.14548") is not None
