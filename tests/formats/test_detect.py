"""Formats are told from content."""

from __future__ import annotations

import codecs

import pytest

from bot.core.imports import SkipReason
from bot.formats.detect import NotText, decode, detect
from bot.formats.digest_page import parse_page
from bot.formats.json_lines import parse_json_lines
from bot.formats.vault import parse_note


@pytest.mark.parametrize(
    ("path", "text", "parser"),
    [
        ("day.txt", "2024년 6월 21일\nBoat\n(Anthropic)", parse_page),
        ("240621 Page.md", "\n2024년 6월 21일\nBoat", parse_page),
        ("day.txt", "2024-06-21\nBoat\n(Anthropic)", parse_page),
        ("all.jsonl", '{"title": "Boats"}\n', parse_json_lines),
        ("all.jsonl", '{"titel": "Boats"}\n', parse_json_lines),
        ("all.txt", ' {"title": "Boats"}\n', parse_json_lines),
        ("240621 Boats.md", "https://arxiv.org/abs/2406.14548", parse_note),
        ("240621 Boats.md", "{curly} boats", parse_note),
        ("240621 Boats.md", "", parse_note),
        ("boats.txt", "Some boats.", None),
        ("boats.txt", "{curly} boats", None),
        ("all.jsonl", "", None),
    ],
)
def test_detect(path: str, text: str, parser: object) -> None:
    assert detect(path, text) is parser


@pytest.mark.parametrize("data", [b"boats", codecs.BOM_UTF8 + b"boats"])
def test_decode(data: bytes) -> None:
    assert decode(data) == "boats"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("배".encode("cp949"), SkipReason.NOT_UTF8),
        ("boats".encode("utf-16"), SkipReason.NOT_UTF8),
        (b"boats\x00", SkipReason.BINARY),
        (b"%PDF-1.7 boats", SkipReason.BINARY),
        ("배".encode()[:2], SkipReason.NOT_UTF8),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(data: bytes, reason: SkipReason) -> None:
    with pytest.raises(NotText) as refused:
        decode(data)
    assert refused.value.reason is reason
