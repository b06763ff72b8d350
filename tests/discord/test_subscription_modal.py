"""The form for a subscription in two windows."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.people import Language
from bot.core.query_syntax import MAX_LENGTH
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import LatePolicy, Layout
from bot.discord.form_state import Page, SubscriptionState
from bot.discord.modals import Modal
from bot.discord.parts import LAYOUTS
from bot.discord.subscription_modal import LABELS, PAGES, label_of, page_with, subscription_modal, with_typed
from tests.discord.filling import fields, sent

BOTH = pytest.mark.parametrize("language", list(Language))
TEXTS = st.text(max_size=60) | st.sampled_from(["tag:llm", "a  b", "a\nb\r\nc", "😀" * 1_999, "가" * 5_000, " "])
FORMS = st.builds(
    SubscriptionForm,
    query=TEXTS,
    at=st.text(max_size=10),
    zone=st.text(max_size=10),
    weekdays=st.sets(st.sampled_from("0123456")).map(sorted).map(tuple),
    layout=st.sampled_from(Layout),
    language=st.sampled_from(Language),
    late_policy=st.sampled_from(LatePolicy),
    note_when_empty=st.booleans(),
)


def window(
    form: SubscriptionForm,
    page: Page = Page.MAIN,
    *,
    number: int | None = None,
    language: Language = Language.ENGLISH,
    layouts: frozenset[Layout] = LAYOUTS,
) -> Modal:
    state = SubscriptionState(form=form, number=number, page=page)
    return subscription_modal(form, state, language=language, layouts=layouts)


@BOTH
def test_a_new_subscription(language: Language) -> None:
    modal = window(SubscriptionForm(), language=language)
    assert modal.title == {Language.ENGLISH: "Subscribe", Language.KOREAN: "구독"}[language]
    made = fields(modal)
    assert list(made) == ["query", "at", "zone", "weekdays", "layout"]
    assert [name for name, field in made.items() if field["required"]] == ["at", "zone", "weekdays", "layout"]
    assert made["query"]["max_length"] == MAX_LENGTH
    assert (made["weekdays"]["min_values"], made["weekdays"]["max_values"]) == (1, 7)
    assert all(option["description"] for option in made["layout"]["options"])
    more = fields(window(SubscriptionForm(), Page.MORE, language=language))
    assert list(more) == ["language", "late_policy", "note_when_empty"]


def test_a_subscription_is_called_by_its_number() -> None:
    assert window(SubscriptionForm(), number=12).title == "Change subscription 12"


@settings(max_examples=80)
@given(FORMS)
@example(SubscriptionForm(query='title:"a  b"'))
def test_what_nobody_touched_stays_to_the_letter(form: SubscriptionForm) -> None:
    for page in PAGES:
        assert with_typed(form, sent(window(form, page))) == form


_TYPED = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).map(str.strip)


@settings(max_examples=80)
@given(FORMS, FORMS, _TYPED, _TYPED, _TYPED)
def test_what_was_typed_is_what_stands_there(
    before: SubscriptionForm, after: SubscriptionForm, query: str, at: str, zone: str
) -> None:
    before = replace(before, query=before.query.split("\n")[0][:900])
    wanted = replace(after, query=query, at=at, zone=zone, weekdays=after.weekdays or ("0",))
    main = sent(window(before), query=query, at=at, zone=zone, weekdays=wanted.weekdays, layout=(wanted.layout,))
    more = sent(
        window(before, Page.MORE),
        language=(wanted.language,),
        late_policy=(wanted.late_policy,),
        note_when_empty=("say" if wanted.note_when_empty else "-",),
    )
    found = with_typed(with_typed(before, main), more)
    assert [getattr(found, name).strip() for name in ("query", "at", "zone")] == [query, at, zone]
    assert replace(found, query=query, at=at, zone=zone) == wanted


def test_a_channel_is_offered_the_layouts_that_it_can_show() -> None:
    form = SubscriptionForm(layout=Layout.CARDS)
    made = fields(window(form, layouts=frozenset({Layout.FORUM})))
    assert [(one["value"], one["default"]) for one in made["layout"]["options"]] == [("forum", True)]


@pytest.mark.parametrize("name", [field.name for field in fields_of(SubscriptionForm)])
def test_every_field_has_a_label_and_stands_on_its_page(name: str) -> None:
    assert label_of(name) == LABELS[name]
    assert name in fields(window(SubscriptionForm(), page_with(name)))


def test_another_name_is_the_subscription() -> None:
    assert str(label_of("nonsense")) == "Subscription"


def test_a_query_too_long_for_a_field_is_left_out() -> None:
    form = SubscriptionForm(query="가" * 4_001)
    assert list(fields(window(form))) == ["at", "zone", "weekdays", "layout"]
    assert with_typed(form, sent(window(form), at="10:00")) == replace(form, at="10:00")
