"""The loopback Slack's limits: payloads it takes, and what it says against others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.helpers import actions, button, home, modal, option, section, text_input
from tests.platforms.slack import message_problems, view_problems
from tests.platforms.slack.limits import blocks_too_long, view_too_large

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def rich(*parts: Json) -> Json:
    """A rich text block."""
    return {"type": "rich_text", "elements": list(parts)}


def inline(*elements: Json, kind: str = "rich_text_section") -> Json:
    """A part of a rich text block."""
    return {"type": kind, "elements": list(elements)}


def menu(kind: str = "static_select", **more: Any) -> Json:
    """A menu in a section."""
    return section("Choose", accessory={"type": kind, "action_id": "menu", **more})


def confirm(**more: Any) -> Json:
    """A confirmation dialog."""
    return {"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No"), **more}


TEXT: Json = {"type": "text", "text": "x"}
WORDS = [option(f"v{number}") for number in range(101)]
GOOD: list[Json] = [
    section("x" * 3000),
    section("x", fields=[plain("x" * 2000)] * 10, accessory=button(value="v" * 2000, url="https://a.b/")),
    {"type": "divider"},
    {"type": "header", "text": {**plain("h" * 150), "emoji": False}},
    {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "a" * 2000, "title": plain("t")},
    {"type": "context", "elements": [plain("x"), {"type": "mrkdwn", "text": "*x*"}] * 5},
    actions(*(button(f"go:{number}") for number in range(25))),
    actions(button(style="danger", confirm=confirm(style="danger"))),
    menu(options=WORDS[:100], initial_option=option("v3")),
    menu(option_groups=[{"label": plain("g"), "options": WORDS[:100]}]),
    menu("multi_external_select", min_query_length=0, initial_options=[option("x")]),
    menu("overflow", options=WORDS[:5]),
    menu("checkboxes", options=WORDS[:10]),
    menu("datepicker", initial_date="2024-06-21"),
    menu("timepicker", initial_time="23:59"),
    text_input("in", max_length=3000, initial_value="x" * 3000),
    rich(
        inline(TEXT, {"type": "link", "url": "https://a.b/", "text": "here", "style": {"bold": True}}),
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [inline(TEXT), inline(TEXT)]},
        inline(TEXT, kind="rich_text_quote"),
        inline(TEXT, kind="rich_text_preformatted"),
        inline({"type": "emoji", "name": "wave"}, {"type": "user", "user_id": "U1"}),
        inline({"type": "broadcast", "range": "here"}, {"type": "usergroup", "usergroup_id": "S1"}),
    ),
    {"type": "markdown", "text": "**x**"},
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: block["type"])
def test_what_is_taken(block: Json) -> None:
    assert message_problems([block]) == []


BAD: list[tuple[Json, str]] = [
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section"}, "must define either `text` or `fields`"),
    (section("x", fields=[plain("x")] * 11), "no more than 10 items allowed"),
    (section("x", fields=[plain("x" * 2001)]), "must be less than 2001 characters"),
    (section("x", block_id="b" * 256), "must be less than 256 characters"),
    (section("x", colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section("x", accessory={"type": "plain_text_input", "action_id": "t"}), "unsupported type: plain_text_input"),
    ({"type": "section", "text": "x"}, "must be an object"),
    ({"type": "fancy"}, "unsupported type: fancy [json-pointer:/blocks/0/type]"),
    ({"text": plain("x")}, "missing required field: type"),
    ({"type": "header", "text": plain("h" * 151)}, "must be less than 151 characters"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "h"}}, "must be one of: plain_text"),
    ({"type": "header"}, "missing required field: text"),
    ({"type": "image", "alt_text": "a"}, "must define either `image_url` or `slack_file`"),
    ({"type": "image", "image_url": "https://a.b/" + "c" * 3000, "alt_text": "a"}, "must be less than 3001"),
    ({"type": "image", "image_url": "https://a.b/", "alt_text": "a" * 2001}, "must be less than 2001"),
    ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": []}, "no less than 1 items allowed"),
    (actions(*(button(f"go:{number}") for number in range(26))), "no more than 25 items allowed"),
    (actions(), "no less than 1 items allowed"),
    (actions(button("same"), button("same")), '`action_id` "same" already exists'),
    (actions(button("a" * 256)), "must be less than 256 characters"),
    (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    (actions(button(value="v" * 2001)), "must be less than 2001 characters"),
    (actions(button(url="https://a.b/" + "c" * 3000)), "must be less than 3001 characters"),
    (actions(button(url="nowhere")), "invalid url"),
    (actions(button(style="default")), "must be one of: primary, danger"),
    (actions(button(confirm=confirm(title=plain("x" * 101)))), "must be less than 101 characters"),
    (actions(button(confirm=confirm(text=plain("x" * 301)))), "must be less than 301 characters"),
    (actions(button(confirm=confirm(confirm=plain("x" * 31)))), "must be less than 31 characters"),
    (menu(options=WORDS), "no more than 100 items allowed"),
    (menu(options=[]), "no less than 1 items allowed"),
    (menu(), "must define either `options` or `option_groups`"),
    (menu(options=[{"text": plain("x" * 76), "value": "v"}]), "must be less than 76 characters"),
    (menu(options=[{"text": plain("x"), "value": "v" * 151}]), "must be less than 151 characters"),
    (menu(options=[{**option("x"), "description": plain("d" * 76)}]), "must be less than 76 characters"),
    (menu(options=WORDS[:2], initial_option=option("v3")), "initial option does not match"),
    (menu(options=[option("a"), option("a")]), "option values must be unique"),
    (menu(options=WORDS[:2], placeholder=plain("x" * 151)), "must be less than 151 characters"),
    (menu("multi_static_select", options=WORDS[:3], initial_options=WORDS[:2], max_selected_items=1), "no more than 1"),
    (menu("overflow", options=WORDS[:1]), "no less than 2 items allowed"),
    (menu("overflow", options=WORDS[:6]), "no more than 5 items allowed"),
    (menu("radio_buttons", options=WORDS[:11]), "no more than 10 items allowed"),
    (menu("datepicker", initial_date="21.6.2024"), "YYYY-MM-DD"),
    (menu("timepicker", initial_time="9:00"), "HH:mm"),
    (menu("timepicker", initial_time="24:00"), "HH:mm"),
    ({**text_input("in"), "label": plain("x" * 2001)}, "must be less than 2001 characters"),
    ({**text_input("in"), "hint": plain("x" * 2001)}, "must be less than 2001 characters"),
    (text_input("in", max_length=3001), "must be between 1 and 3000"),
    (text_input("in", initial_value="x" * 3001), "must be less than 3001 characters"),
    (text_input("in", max_length=2, initial_value="xyz"), "must be less than 3 characters"),
    (text_input("in", max_length=2, min_length=3), "min_length must not be greater than max_length"),
    ({**text_input("in"), "element": button()}, "unsupported type: button"),
    (rich(), "no less than 1 items allowed"),
    (rich(inline({"type": "text", "text": ""})), "must be more than 0 characters"),
    (rich(inline({"type": "text", "text": "x", "style": {"bold": 1}})), "must be a boolean"),
    (rich(inline({"type": "text", "text": "x", "style": {"big": True}})), "invalid additional property: big"),
    (rich(inline({"type": "link", "text": "x"})), "missing required field: url"),
    (rich(inline({"type": "blink", "text": "x"})), "unsupported type: blink"),
    (rich({"type": "rich_text_list", "style": "bullet", "elements": [TEXT]}), "unsupported type: text"),
    (
        rich({"type": "rich_text_list", "style": "dashes", "elements": [inline(TEXT)]}),
        "must be one of: bullet, ordered",
    ),
    (rich({"type": "paragraph", "elements": [TEXT]}), "unsupported type: paragraph"),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
]


@pytest.mark.parametrize(("block", "complaint"), BAD)
def test_what_is_refused(block: Json, complaint: str) -> None:
    problems = message_problems([block])
    assert any(complaint in problem for problem in problems), problems


def test_messages_have_50_blocks_with_ids_of_their_own() -> None:
    assert message_problems([{"type": "divider"}] * 50) == []
    assert message_problems([{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    twice = [section("x", block_id="b"), section("y", block_id="b")]
    assert message_problems(twice)[0] == '`block_id` "b" already exists [json-pointer:/blocks/0/block_id]'


def test_the_sum_of_all_blocks_is_limited() -> None:
    assert not blocks_too_long([section("x" * 2900)] * 4)
    assert blocks_too_long([section("x" * 3000)] * 4 + [section("x")])
    many = [inline(*[{"type": "text", "text": "word ", "style": {"bold": True}}] * 300)]
    assert blocks_too_long([rich(*many)])


GOOD_VIEWS = [
    modal(section("x")),
    modal(text_input("in"), private_metadata="x" * 3000, callback_id="c" * 255, external_id="e" * 255),
    modal(*[section("x")] * 100, clear_on_close=True, notify_on_close=True),
    home(section("x"), text_input("in")),
]


@pytest.mark.parametrize("view", GOOD_VIEWS)
def test_views_that_are_taken(view: Json) -> None:
    assert view_problems(view) == []


def without(view: Json, name: str) -> Json:
    """A view that lacks something."""
    return {key: value for key, value in view.items() if key != name}


BAD_VIEWS: list[tuple[Json, str]] = [
    (without(modal(), "title"), "missing required field: title [json-pointer:/view]"),
    (without(modal(), "blocks"), "missing required field: blocks [json-pointer:/view]"),
    (without(modal(), "type"), "missing required field: type [json-pointer:/view]"),
    (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (modal(submit=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
    (modal(close=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/close/text]"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    (modal(callback_id="x" * 256), "must be less than 256 characters"),
    (modal(external_id="x" * 256), "must be less than 256 characters"),
    (modal(*[section("x")] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    ({**modal(), "blocks": []}, "no less than 1 items allowed"),
    (without(modal(text_input("in")), "submit"), "missing required field: submit"),
    (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
    (modal(text_input("same"), text_input("same")), '`block_id` "same" already exists'),
    (modal(hash="1"), "invalid additional property: hash"),
    (home(submit=plain("Save")), "invalid additional property: submit"),
    ({**home(), "type": "page"}, "unsupported type: page"),
]


@pytest.mark.parametrize(("view", "complaint"), BAD_VIEWS)
def test_views_that_are_refused(view: Json, complaint: str) -> None:
    problems = view_problems(view)
    assert any(complaint in problem for problem in problems), problems


def test_views_have_250_kilobytes() -> None:
    assert not view_too_large(modal(*[section("x" * 2400)] * 100))
    assert view_too_large(modal(*[section("가" * 900)] * 100))
