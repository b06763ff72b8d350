"""What a window is about comes back as it was, and what is broken is nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.entry_form import EntryForm, Publish
from bot.core.messages import msg
from bot.core.people import Language
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import LatePolicy, Layout
from bot.discord.actions import ActionId, custom_id
from bot.discord.form_state import EntryState, Page, State, SubscriptionState, read_state, write_state

TEXTS = st.text(max_size=30) | st.sampled_from(["가" * 20_000, "\r\n\ud800\x00😀", '"\\'])
ENTRY_FORMS = st.builds(
    EntryForm,
    title=TEXTS,
    authors=TEXTS,
    organisation=TEXTS,
    url=TEXTS,
    abstract=TEXTS,
    commentary=TEXTS,
    commentary_en=TEXTS,
    tags=TEXTS,
    paper_date=TEXTS,
    publish=st.sampled_from(Publish) | TEXTS,
    date=TEXTS,
    revision=st.integers(0, 10**6),
)
SUBSCRIPTION_FORMS = st.builds(
    SubscriptionForm,
    query=TEXTS,
    at=TEXTS,
    zone=TEXTS,
    weekdays=st.lists(st.sampled_from("0123456x"), max_size=7).map(tuple),
    layout=st.sampled_from(Layout),
    language=st.sampled_from(Language),
    late_policy=st.sampled_from(LatePolicy),
    note_when_empty=st.booleans(),
)
STATES: st.SearchStrategy[State] = st.one_of(
    st.builds(
        EntryState,
        form=st.none() | ENTRY_FORMS,
        entry_id=st.none() | st.from_regex("[a-z2-7]{10}", fullmatch=True),
        page=st.sampled_from(Page),
        start=st.integers(0, 60),
    ),
    st.builds(
        SubscriptionState,
        form=st.none() | SUBSCRIPTION_FORMS,
        number=st.none() | st.integers(1, 10**9),
        page=st.sampled_from(Page),
    ),
)


@given(STATES)
@example(EntryState())
@example(EntryState(form=EntryForm()))
@example(SubscriptionState())
@example(SubscriptionState(form=SubscriptionForm(weekdays=())))
def test_a_state_comes_back(state: State) -> None:
    written = write_state(state)
    assert read_state(written) == state
    written.encode("ascii")  # it may hold what a database would not take


def test_a_page_of_what_is_saved_fits_into_a_button() -> None:
    for page in Page:
        written = write_state(EntryState(entry_id="abcdefghij", page=page, start=59))
        assert len(custom_id(ActionId.FORM, written)) <= 97


def test_a_remark_on_how_a_form_was_filled_in_is_said_once() -> None:
    state = EntryState(form=EntryForm(title="T", note=msg("arXiv does not answer.")))
    assert read_state(write_state(state)) == replace(state, form=EntryForm(title="T"))


@given(STATES, st.data())
def test_what_is_broken_is_nothing_or_a_state(state: State, data: st.DataObject) -> None:
    """Cut off, changed or of another kind: never an error, and never a form with values of another kind."""
    told = json.loads(write_state(state))
    name = data.draw(st.sampled_from(sorted(told)))
    told[name] = data.draw(
        st.sampled_from([None, [], {}, 1, -1, 1.5, True, "x", ["x"], {"title": 5}, {"weekdays": "01"}])
    )
    found = read_state(json.dumps(told))
    if found is not None and found.form is not None:
        assert read_state(write_state(found)) == found
    written = write_state(state)
    assert read_state(written[: data.draw(st.integers(0, max(len(written) - 1, 0)))]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "null",
        "[]",
        "1",
        "{}",
        '{"entry":"x"}',
        '{"page":"main"}',
        '{"entry":"x","page":"nowhere"}',
        '{"entry":"x","page":["main"]}',
        '{"entry":5,"page":"main"}',
        '{"entry":"x","page":"main","start":"1"}',
        '{"entry":"x","page":"main","form":"title"}',
        '{"entry":"x","page":"main","form":{"title":5}}',
        '{"entry":"x","page":"main","form":{"revision":"5"}}',
        '{"subscription":"3","page":"main"}',
        '{"subscription":true,"page":"main"}',
        '{"subscription":3,"page":"main","form":{"weekdays":"01"}}',
        '{"subscription":3,"page":"main","form":{"weekdays":[0]}}',
        '{"subscription":3,"page":"main","form":{"note_when_empty":"yes"}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_state(text: str) -> None:
    assert read_state(text) is None


def test_what_a_later_paperboy_has_added_is_left_out() -> None:
    text = '{"entry":"x","page":"main","mood":"good","form":{"title":"T","mood":"good","note":"x"}}'
    assert read_state(text) == EntryState(form=EntryForm(title="T"), entry_id="x")
