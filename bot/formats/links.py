"""What an address points to."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.core.entries import arxiv_id_of

_ID = r"(?P<id>\d{4}\.\d{4,5})(?:v\d+)?(?:\.pdf|\.html)?(?=[/?#]|$)"
_MIRRORS = re.compile(
    r"https?://(?:www\.)?(?:(?:huggingface\.co|hf\.co)/papers|alphaxiv\.org/(?:abs|pdf|overview|html)|papers\.cool/arxiv"
    r"|ar5iv\.org/(?:abs|html)|ar5iv\.(?:labs\.)?arxiv\.org/(?:abs|html)|arxiv-sanity-lite\.com/\?rank=pid&pid="
    r"|(?:dx\.)?doi\.org/10\.48550/arxiv\.|(?:www\.)?scholar-inbox\.com/paper/arxiv)"
    rf"/?{_ID}",
    re.IGNORECASE,
)
_HOST_LIST = """
arxiv.org alphaxiv.org openreview.net aclanthology.org aclweb.org jmlr.org mlr.press neurips.cc nips.cc thecvf.com
biorxiv.org medrxiv.org chemrxiv.org nature.com science.org sciencedirect.com springer.com acm.org ieee.org
semanticscholar.org doi.org ssrn.com hal.science eprint.iacr.org ecva.net isca-speech.org isca-archive.org
roboticsproceedings.org usenix.org pnas.org plos.org frontiersin.org mdpi.com researchgate.net osf.io distill.pub
transformer-circuits.pub
"""
_PAPER_HOSTS = frozenset(_HOST_LIST.split())
_PAPER_PAGES = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/papers/|\.pdf(?:$|[?#])", re.IGNORECASE)


def arxiv_id_in(url: str) -> str | None:
    """The arXiv id, without version, that an address of arXiv or of a page about one arXiv paper holds.

    >>> arxiv_id_in("https://huggingface.co/papers/2406.14548"), arxiv_id_in("https://arxiv.org/pdf/2406.14548v2.pdf")
    ('2406.14548', '2406.14548')
    """
    found = _MIRRORS.match(url)
    return found["id"] if found else arxiv_id_of(url)


def is_paper_address(url: str) -> bool:
    """Whether an address is a paper's: on arXiv, a publisher's or a proceedings' site, or a PDF."""
    if arxiv_id_in(url) or _PAPER_PAGES.search(url):
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    parts = host.split(".")
    return any(".".join(parts[start:]) in _PAPER_HOSTS for start in range(len(parts)))
