"""The entry form gives back what it was opened with, also where an entry holds more than its fields can say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.core.entries import Entry
from bot.core.entry_form import LONGEST, form_of, read_form
from bot.core.errors import FormError

TODAY = date(2024, 6, 21)
IMPORTED = Entry(
    id="abcdefghij",
    title="Weak  to strong",
    title_derived=True,
    digest_date=TODAY,
    authors=("Martin Luther King, Jr.", "Ada Lovelace"),
    organisation="OpenAI",
    url="http://no such address/",
    arxiv_id="2406.14548",
    abstract="a" * (LONGEST["abstract"] + 1),
    tags=("weak supervision", "q&a"),
)


def test_a_form_that_was_only_opened_changes_nothing() -> None:
    assert read_form(form_of(IMPORTED), today=TODAY, before=IMPORTED) == IMPORTED


def test_one_changed_field_changes_that_field_only() -> None:
    form = replace(form_of(IMPORTED), commentary="좋은 논문입니다.\r\n")
    assert read_form(form, today=TODAY, before=IMPORTED) == replace(IMPORTED, commentary="좋은 논문입니다.")


def test_a_changed_field_is_looked_at() -> None:
    form = replace(form_of(IMPORTED), tags="#q&a", url="nowhere", abstract="b" * (LONGEST["abstract"] + 1))
    with pytest.raises(FormError) as caught:
        read_form(form, today=TODAY, before=IMPORTED)
    assert set(caught.value.fields) == {"tags", "url", "abstract"}
