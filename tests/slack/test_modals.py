"""What the forms look like, and that what stands in them can be read again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.entries import Entry, TagCount
from bot.core.entry_form import EntryForm, Publish, form_of, read_form
from bot.core.errors import NotFound
from bot.core.messages import Message, msg
from bot.core.people import Language
from bot.core.subscription_form import SubscriptionForm
from bot.core.subscriptions import LatePolicy, Layout
from bot.slack.entry_modal import entry_view, with_room, with_theirs
from bot.slack.form_state import TEXTS, FormMeta, Typed, read_entry, read_meta, read_subscription, write_meta
from bot.slack.modals import View, loading_view, message_view
from bot.slack.subscription_modal import subscription_view, with_query
from bot.slack.suggestions import tag_options, zone_options
from bot.usecases.answers import error_answer, notice
from tests.platforms.slack import view_problems
from tests.platforms.slack.inputs import initial_values
from tests.platforms.slack.limits import view_too_large
from tests.slack.conftest import TODAY
from tests.slack.reading import visible

Json = dict[str, Any]

BOTH = pytest.mark.parametrize("language", list(Language))
LAYOUTS = frozenset({Layout.CARDS, Layout.COMPACT})
KOREAN = "새로운 방법을 제안합니다. 결과가 좋습니다.\n\n"


def sent(view: View, **typed: Any) -> Json:
    """A view as Slack hands it back, with some texts typed over (by block id, `__` for `:`)."""
    assert view_problems(view) == []
    assert not view_too_large(view)
    values = initial_values(blocks(view))
    for name, value in typed.items():
        (state,) = values[name.replace("__", ":")].values()
        state["value"] = value
    return {**view, "state": {"values": values}}


def blocks(view: View) -> list[Any]:
    found: Any = view["blocks"]
    return list(found)


def read(view: Json, opened: EntryForm | None = None) -> EntryForm:
    meta = read_meta(view)
    return read_entry(Typed(view, meta), meta, opened)


def inputs(view: View) -> dict[str, Any]:
    """The inputs of a view by their block ids."""
    return {block["block_id"]: block for block in blocks(view) if block["type"] == "input"}


def entry(**more: Any) -> Entry:
    return Entry(id="abcdefghij", title="Weak to Strong", digest_date=TODAY, revision=3, **more)


# --- entries ----------------------------------------------------------------------------------------------------------


@BOTH
def test_an_empty_form(language: Language) -> None:
    view = entry_view(EntryForm(), language=language)
    assert set(inputs(view)) == {*TEXTS, "tags", "paper_date", "publish", "date"}
    assert [name for name, block in inputs(view).items() if not block["optional"]] == ["title", "publish"]
    assert read(sent(view)) == EntryForm()


@BOTH
def test_an_entry_that_nobody_touched_is_no_change(language: Language) -> None:
    before = entry(
        authors=tuple(f"Author Number {n}" for n in range(200)),
        organisation="ACME & Söhne <Labs>",
        url="https://arxiv.org/abs/2406.14548",
        arxiv_id="2406.14548",
        abstract="We show that. " * 700,
        commentary=(KOREAN * 800)[:14_000],
        commentary_en="One.\r\n\r\nTwo 😀.\n\n" * 900,
        tags=("weak to strong", "rlaif", "x" * 180, "r&d"),
    )
    opened = form_of(before)
    view = entry_view(opened, language=language, entry_id=before.id)
    assert f"commentary:{len(read_meta(view).between['commentary']) + 1}" in inputs(view)
    form = read(sent(view), opened)
    assert form == opened
    assert read_form(form, today=TODAY, before=before) == before


texts = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda piece, times: piece * times,
        st.sampled_from(["가 ", "a", "😀", "\n\n", "\r\n", "& <b> "]),
        st.integers(0, 8_000),
    ),
)


@settings(max_examples=80, deadline=None)
@given(
    form=st.builds(
        EntryForm,
        title=texts,
        authors=texts,
        organisation=texts,
        url=texts,
        abstract=texts,
        commentary=texts,
        commentary_en=texts,
        publish=st.sampled_from(list(Publish)),
        date=st.sampled_from(["", "2024-06-21"]),
        paper_date=st.sampled_from(["", "2024-06-17"]),
        revision=st.integers(1, 9),
    )
)
def test_whatever_an_entry_holds_makes_a_form_that_slack_takes(form: EntryForm) -> None:
    view = entry_view(form, language=Language.KOREAN, entry_id="abcdefghij")
    assert read(sent(view), form) == form


def test_a_text_without_room_in_any_form_stays_as_it_is() -> None:
    opened = form_of(entry(commentary="가" * 90_000, abstract="short", tags=tuple(f"tag-{n}" for n in range(120))))
    view = entry_view(opened, language=Language.ENGLISH, entry_id="abcdefghij")
    assert {"commentary", "tags"}.isdisjoint(inputs(view))
    assert visible(blocks(view), "context").count("too much for a form") == 2
    form = read(sent(view, abstract="longer"), opened)
    assert form == replace(opened, abstract="longer")


def test_a_part_of_a_long_text_is_changed_where_it_stands() -> None:
    text = (KOREAN * 400).strip()
    opened = form_of(entry(commentary=text))
    view = sent(entry_view(opened, language=Language.KOREAN, entry_id="abcdefghij"))
    shown = inputs(view)["commentary:2"]["element"]["initial_value"]
    changed = sent(entry_view(opened, language=Language.KOREAN, entry_id="abcdefghij"), commentary__2="바뀐 부분.")
    assert text.count(shown) >= 1
    parts = [inputs(view)[name]["element"]["initial_value"] for name in inputs(view) if name.startswith("commentary:")]
    first = inputs(view)["commentary"]["element"]["initial_value"]
    assert read(changed, opened).commentary == "\n\n".join([first, "바뀐 부분.", *parts[1:]])


def test_slack_may_tell_only_what_was_touched() -> None:
    opened = form_of(entry(commentary=KOREAN * 300, tags=("llm",)))
    view = sent(entry_view(opened, language=Language.KOREAN, entry_id="abcdefghij"))
    view["state"]["values"] = {"title": view["state"]["values"]["title"]}
    assert read(view, opened) == opened


def test_what_slack_makes_of_letters_is_no_change() -> None:
    """The same text comes back with other line ends, or with signs written out, where the form says so itself."""
    opened = form_of(entry(commentary="A & B\r\nC"))
    view = sent(entry_view(opened, language=Language.ENGLISH, entry_id="abcdefghij"), commentary="A &amp; B\nC")
    for block in blocks(view):
        if block.get("block_id") == "commentary":
            block["element"]["initial_value"] = "A &amp; B\r\nC"
    assert read(view, opened).commentary == "A & B\r\nC"


def test_more_room_keeps_what_was_typed() -> None:
    view = sent(entry_view(EntryForm(), language=Language.ENGLISH), commentary="One.", title="T")
    meta = read_meta(view)
    typed = Typed(view, meta)
    spreads = {name: typed.spread(name) for name in TEXTS}
    grown = with_room(read(view), spreads, meta, "commentary", {})
    assert set(inputs(grown)) == {*inputs(view), "commentary:2"}
    form = read(sent(grown, commentary__2="Two."))
    assert (form.title, form.commentary) == ("T", "One.\n\nTwo.")
    assert read(sent(grown)).commentary == "One."


def test_room_ends_somewhere() -> None:
    view: View = entry_view(EntryForm(), language=Language.ENGLISH)
    for _ in range(30):
        for name in ("commentary", "commentary_en", "abstract"):
            shown = sent(view)
            meta = read_meta(shown)
            typed = Typed(shown, meta)
            view = with_room(read(shown), {one: typed.spread(one) for one in TEXTS}, meta, name, {})
    assert view_problems(view) == []
    assert len(inputs(view)) > 50


@BOTH
def test_what_is_wrong_is_said_below_its_field(language: Language) -> None:
    wrong = {"url": msg("This is no web address or arXiv id. It should start with https://.")}
    problem = msg("Some fields need another look.")
    form = EntryForm(title="T", url="nonsense")
    first = entry_view(form, language=language)
    view = entry_view(form, language=language, wrong=wrong, problem=problem, before=read_meta(first))
    assert view_problems(view) == []
    said = [block["type"] for block in blocks(view)]
    assert said[0] == "rich_text"
    place = next(n for n, block in enumerate(blocks(view)) if block.get("block_id", "").startswith("url"))
    assert blocks(view)[place + 1]["type"] == "context"
    assert set(inputs(view)).isdisjoint(inputs(first))  # other names, so that Slack shows what the form says
    assert read(sent(view)) == form


def test_what_somebody_else_wrote_stands_below_the_field_and_can_be_taken() -> None:
    theirs = {
        "title": "Theirs <!channel>",
        "commentary": (KOREAN * 300),
        "publish": "draft",
        "tags": "",
        "abstract": "A",
    }
    mine = EntryForm(title="Mine", commentary="내 것", tags="#mine", revision=4)
    first = entry_view(mine, language=Language.ENGLISH, entry_id="abcdefghij")
    view = entry_view(mine, language=Language.ENGLISH, entry_id="abcdefghij", theirs=theirs, before=read_meta(first))
    assert view_problems(view) == []
    shown = visible(blocks(view))
    assert "Theirs <!channel>" in shown
    assert "Not yet: keep as a draft" in shown
    sections = [block for block in blocks(view) if block["type"] == "rich_text"]
    assert {one["type"] for block in sections for part in block["elements"] for one in part["elements"]} == {"text"}
    payload = sent(view)
    meta = read_meta(payload)
    typed = Typed(payload, meta)
    spreads = {name: typed.spread(name) for name in TEXTS}
    taken = with_theirs(read(payload), spreads, meta, "commentary", theirs)
    form = read(sent(taken))
    assert form == replace(mine, commentary=theirs["commentary"])
    assert set(read_meta(taken).theirs) == {"title", "publish", "tags", "abstract"}
    assert set(inputs(view)) - set(inputs(taken)) == {"commentary@1"}  # all other fields keep what stands in them


def test_a_conflict_about_the_longest_texts_fits() -> None:
    theirs = dict.fromkeys(("abstract", "commentary", "commentary_en"), "나" * 20000)
    mine = EntryForm(title="T", abstract="가" * 10_000, commentary="다" * 20_000, commentary_en="a " * 10_000)
    assert view_problems(entry_view(mine, language=Language.KOREAN, entry_id="x", theirs=theirs)) == []
    view = entry_view(mine, language=Language.KOREAN, entry_id="x", theirs=theirs)
    assert len(json.dumps(view)) < 250_000
    assert visible(blocks(view), "rich_text").count("나") > 1_000


def test_meta_fits_and_comes_back() -> None:
    meta = FormMeta(
        language=Language.KOREAN,
        entry_id="abcdefghij",
        revision=12,
        generation=3,
        newer={"title": 5},
        between=dict.fromkeys(("abstract", "commentary", "commentary_en"), ("\r\n\r\n",) * 19),
        kept=("authors",),
        theirs=("title", "tags"),
        is_fresh=True,
    )
    written = write_meta(meta)
    assert len(written) <= 3_000
    assert read_meta({"private_metadata": written}) == meta


@pytest.mark.parametrize("metadata", ["", "[]", "{}", "nonsense", '{"language":"fr"}'])
def test_what_is_no_meta_is_refused(metadata: str) -> None:
    with pytest.raises(ValueError, match="no form"):
        read_meta({"private_metadata": metadata})


# --- subscriptions ----------------------------------------------------------------------------------------------------


@BOTH
def test_a_subscription_that_nobody_touched(language: Language) -> None:
    form = SubscriptionForm(
        query="tag:rlaif -tag:vision",
        at="18:30",
        zone="Europe/Berlin",
        weekdays=("0", "4"),
        layout=Layout.COMPACT,
        language=Language.ENGLISH,
        late_policy=LatePolicy.SKIP,
        note_when_empty=True,
    )
    view = subscription_view(form, language=language, channel_id="C1", layouts=LAYOUTS, subscription_id=12)
    payload = sent(view)
    assert read_subscription(Typed(payload, read_meta(payload))) == form
    meta = read_meta(payload)
    assert (meta.subscription_id, meta.channel_id) == (12, "C1")


def test_a_new_subscription_explains_its_layouts() -> None:
    view = subscription_view(SubscriptionForm(), language=Language.ENGLISH, channel_id="C1", layouts=LAYOUTS)
    assert view_problems(view) == []
    options = inputs(view)["layout"]["element"]["options"]
    assert [(one["value"], bool(one["description"]["text"])) for one in options] == [("cards", True), ("compact", True)]


@pytest.mark.parametrize("form", [SubscriptionForm(at="nonsense", zone="", layout=Layout.FORUM, weekdays=())])
def test_what_cannot_be_chosen_is_not_chosen(form: SubscriptionForm) -> None:
    view = subscription_view(form, language=Language.ENGLISH, channel_id="C1", layouts=LAYOUTS)
    payload = sent(view)
    read_back = read_subscription(Typed(payload, read_meta(payload)))
    assert (read_back.at, read_back.zone, read_back.layout, read_back.weekdays) == ("09:00", "", "", ())


def test_suggested_queries_can_be_taken() -> None:
    wrong = {"query": msg("There is no tag “{tag}”.", tag="rlfai")}
    first = subscription_view(
        SubscriptionForm(query="#rlfai"), language=Language.ENGLISH, channel_id="C1", layouts=LAYOUTS
    )
    view = subscription_view(
        SubscriptionForm(query="#rlfai"),
        language=Language.ENGLISH,
        channel_id="C1",
        layouts=LAYOUTS,
        wrong=wrong,
        suggestions=["tag:rlaif", "tag:rlhf", ""],
        before=read_meta(first),
    )
    assert view_problems(view) == []
    (row,) = [block for block in blocks(view) if block["type"] == "actions"]
    assert [button["value"] for button in row["elements"]] == ["tag:rlaif", "tag:rlhf"]
    payload = sent(view)
    taken = with_query(read_subscription(Typed(payload, read_meta(payload))), read_meta(payload), "tag:rlaif", LAYOUTS)
    payload = sent(taken)
    assert read_subscription(Typed(payload, read_meta(payload))).query == "tag:rlaif"
    assert set(inputs(taken)).isdisjoint(inputs(view))


# --- other views ------------------------------------------------------------------------------------------------------


@BOTH
def test_views_without_a_form(language: Language) -> None:
    long: Message = msg("A title that is much too long for the top of any modal")
    assert view_problems(loading_view(long, language)) == []
    said = error_answer(NotFound(msg("There is no `{id}`.", id="x"), suggestions=("/paper-edit abc", "/paper")))
    view = message_view(msg("Add a paper"), said, language)
    assert view_problems(view) == []
    assert "/paper-edit abc" in visible(blocks(view))
    assert "submit" not in view
    assert view_problems(message_view(msg("Saved"), notice(msg("“{title}”", title="<!channel>" * 200)), language)) == []


# --- options ----------------------------------------------------------------------------------------------------------

FOUND = [TagCount("rlaif", 12), TagCount("rlhf", 1), TagCount("RL", 3)]


def names(options: list[Any]) -> list[str]:
    return [option["value"] for option in options]


def test_tags_are_offered_with_their_counts_but_not_again() -> None:
    options: list[Any] = tag_options("rl", FOUND, ["RLHF"], Language.ENGLISH, is_known=True)
    assert names(options) == ["rlaif", "RL"]
    assert options[0]["text"]["text"] == "#rlaif"
    assert options[0]["description"]["text"] == "12 entries"


def test_a_new_tag_can_be_made() -> None:
    options: list[Any] = tag_options("＃rl new", FOUND, [], Language.ENGLISH, is_known=False)
    assert names(options)[-1] == "rl-new"
    assert options[-1]["text"]["text"] == "Add #rl-new"


@pytest.mark.parametrize("typed", ["rla_if", "RLAIF", "", "#", "what?", "x" * 61])
def test_no_new_tag_for_what_is_there_or_cannot_be_one(typed: str) -> None:
    assert names(tag_options(typed, FOUND, [], Language.ENGLISH, is_known=False)) == ["rlaif", "rlhf", "RL"]


def test_a_tag_that_is_known_by_another_name_is_no_new_one() -> None:
    options: list[Any] = tag_options("ai-feedback", [], [], Language.ENGLISH, is_known=True)
    assert options[0]["text"]["text"] == "#ai-feedback"


@pytest.mark.parametrize(("typed", "first"), [("seoul", "Asia/Seoul"), ("new yo", "America/New_York"), ("UTC", "UTC")])
def test_a_city_finds_its_zone(typed: str, first: str) -> None:
    assert first in names(zone_options(typed, "Asia/Seoul"))[:2]


def test_zones_before_anything_is_typed() -> None:
    assert names(zone_options("", "Europe/Oslo"))[0] == "Europe/Oslo"
    assert zone_options("nowhere at all", "Asia/Seoul") == []
    assert len(zone_options("a", "Asia/Seoul")) == 100
