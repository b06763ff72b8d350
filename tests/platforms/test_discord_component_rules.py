"""What the loopback Discord refuses of messages and modals that answer interactions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.discord.component_rules import check_message, check_modal, with_ids
from tests.platforms.discord.interaction_messages import checked_body
from tests.platforms.discord.refusals import Problems, Refused
from tests.platforms.discord.world import COMPONENTS_V2, LOADING, Message, User

Json = dict[str, Any]


def text(content: str = "hello", **more: Any) -> Json:
    return {"type": 10, "content": content, **more}


def row(*inner: Json) -> Json:
    return {"type": 1, "components": list(inner)}


def button(custom_id: str = "go", **more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **more}


def select(**more: Any) -> Json:
    options = [{"label": one, "value": one} for one in "abc"]
    return {"type": 3, "custom_id": "pick", "options": options, **more}


def box(*inner: Json) -> Json:
    return {"type": 17, "components": list(inner)}


def words(**more: Any) -> Json:
    return {"type": 4, "custom_id": "words", "style": 1, **more}


def label(inner: Json, **more: Any) -> Json:
    return {"type": 18, "label": "Words", "component": inner, **more}


def found(components: Any, *, is_v2: bool = True) -> str:
    """What is wrong with the components of a message: paths and codes."""
    problems = Problems()
    check_message(problems, components, is_v2=is_v2, path="components")
    return _flat(problems.tree)


def _flat(tree: Json) -> str:
    lines = []
    for step, below in tree.items():
        inner = [one["code"] for one in below] if step == "_errors" else [f"{step}.{_flat(below)}"]
        lines += inner
    return " ".join(lines)


@pytest.mark.parametrize(
    "components",
    [
        [text("x" * 4000)],
        [box(text(), row(*(button(str(number)) for number in range(5))), {"type": 14}, row(select()))],
        [box(*(text() for _ in range(39)))],
        [{"type": 9, "components": [text()], "accessory": button()}],
        [row({"type": 2, "style": 5, "label": "Site", "url": "https://example.org"})],
        [row(select(max_values=3, min_values=0))],
        [text(id=2**31 - 1)],
    ],
)
def test_messages_that_are_taken(components: list[Json]) -> None:
    assert found(components) == ""


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ([text("x" * 4001)], "BASE_TYPE_BAD_LENGTH"),
        ([text("x" * 2001), text("x" * 2000)], "COMPONENT_MAX_TEXT_SIZE_EXCEEDED"),
        ([text("")], "BASE_TYPE_BAD_LENGTH"),
        ([box(*(text() for _ in range(40)))], "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
        ([box()], "UNION_TYPE_CHOICES"),
        ([box(box(text()))], "UNION_TYPE_CHOICES"),
        ([button()], "UNION_TYPE_CHOICES"),
        ([row()], "BASE_TYPE_BAD_LENGTH"),
        ([row(*(button(str(number)) for number in range(6)))], "BASE_TYPE_BAD_LENGTH"),
        ([row(button(), select())], "BASE_TYPE_BAD_LENGTH"),
        ([row(button("x" * 101))], "custom_id.BASE_TYPE_BAD_LENGTH"),
        ([row(button(""))], "custom_id.BASE_TYPE_BAD_LENGTH"),
        ([row(button(label="x" * 81))], "label.BASE_TYPE_BAD_LENGTH"),
        ([row(button(label=""))], "BUTTON_COMPONENT_INVALID"),
        ([row(button("a"), button("a"))], "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ([text(id=7), text(id=7)], "COMPONENT_ID_DUPLICATED"),
        ([text(id=2**31)], "NUMBER_TYPE_RANGE"),
        ([row(button(style=5, url="https://example.org"))], "BUTTON_COMPONENT_CUSTOM_ID_AND_URL"),
        ([row({"type": 2, "style": 5, "label": "a", "url": "ftp://a"})], "URL_TYPE_INVALID_SCHEME"),
        ([row({"type": 2, "style": 5, "label": "a"})], "url.BASE_TYPE_REQUIRED"),
        ([row({"type": 2, "style": 5, "label": "a", "url": "https://" + "x" * 505})], "url.BASE_TYPE_BAD_LENGTH"),
        ([row(button(style=7))], "style.NUMBER_TYPE_RANGE"),
        ([row(select(options=[]))], "options.BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[{"label": "a", "value": str(one)} for one in range(26)]))], "BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[{"label": "x" * 101, "value": "a"}]))], "label.BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[{"label": "a", "value": "x" * 101}]))], "value.BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[{"label": "a", "value": "a"}] * 2))], "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"),
        (
            [row(select(options=[{"label": one, "value": one, "default": True} for one in "ab"]))],
            "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
        ),
        ([row(select(placeholder="x" * 151))], "placeholder.BASE_TYPE_BAD_LENGTH"),
        ([row(select(min_values=2, max_values=1))], "NUMBER_TYPE_MAX"),
        ([row(select(min_values=26, max_values=25))], "min_values.NUMBER_TYPE_RANGE"),
        ([row(select(max_values=26))], "max_values.NUMBER_TYPE_RANGE"),
        ([row(select(custom_id="x" * 101))], "custom_id.BASE_TYPE_BAD_LENGTH"),
        ([row({"type": 5, "custom_id": "x" * 101})], "custom_id.BASE_TYPE_BAD_LENGTH"),
        ([row(select(options=[{"label": "a", "value": "a", "description": "x" * 101}]))], "description.BASE_TYPE_BAD"),
        ([row(button(id="7"))], "id.NUMBER_TYPE_COERCE"),
        ([{"type": 9, "components": [text()]}], "accessory.UNION_TYPE_CHOICES"),
        ([{"type": 9, "components": [], "accessory": button()}], "components.BASE_TYPE_BAD_LENGTH"),
        ({}, "LIST_TYPE_CONVERT"),
    ],
)
def test_messages_that_are_refused(components: Any, said: str) -> None:
    assert said in found(components)


def test_old_messages_have_rows_only() -> None:
    assert found([row(button())], is_v2=False) == ""
    assert "UNION_TYPE_CHOICES" in found([text()], is_v2=False)
    rows = [row(button(str(number))) for number in range(6)]
    assert "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED" in found(rows, is_v2=False)


def test_components_are_numbered() -> None:
    given = [box(text(id=1), row(button("a"), button("b", id=0)))]
    (numbered,) = with_ids(given)
    numbers = [numbered["id"], *(one["id"] for one in numbered["components"])]
    numbers += [one["id"] for one in numbered["components"][1]["components"]]
    assert sorted(numbers) == [1, 2, 3, 4, 5]
    assert "id" not in given[0]


def modal(*components: Json, title: str = "Add", custom_id: str = "form") -> str:
    """What is wrong with a modal."""
    problems = Problems()
    check_modal(problems, {"title": title, "custom_id": custom_id, "components": list(components)})
    return _flat(problems.tree)


def test_modals_that_are_taken() -> None:
    old = row(words(label="Words", value="a", min_length=1, max_length=4000))
    assert modal(old) == ""
    assert modal(text(), label(words(), description="What"), label(select(required=False, min_values=0))) == ""
    assert modal(label(words(value="x" * 4000))) == ""


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ([], "BASE_TYPE_BAD_LENGTH"),
        ([text()] * 6, "BASE_TYPE_BAD_LENGTH"),
        ([row(button())], "UNION_TYPE_CHOICES"),
        ([row(words())], "label.BASE_TYPE_REQUIRED"),
        ([row(words(label="x" * 46))], "label.BASE_TYPE_BAD_LENGTH"),
        ([label(words(), label="x" * 46)], "label.BASE_TYPE_BAD_LENGTH"),
        ([label(words(), description="x" * 101)], "description.BASE_TYPE_BAD_LENGTH"),
        ([label(words(custom_id="x" * 101))], "custom_id.BASE_TYPE_BAD_LENGTH"),
        ([label(words(value=7))], "value.BASE_TYPE_REQUIRED"),
        (
            [label({"type": 21, "custom_id": "x" * 101, "options": [{"label": "a", "value": "a"}]})],
            "custom_id.BASE_TYPE",
        ),
        ([label(words(min_length=4001))], "min_length.NUMBER_TYPE_RANGE"),
        ([label(words(max_length=4001))], "max_length.NUMBER_TYPE_RANGE"),
        (
            [label({"type": 21, "custom_id": "one", "options": [{"label": "a", "value": "a"}] * 11})],
            "options.BASE_TYPE",
        ),
        ([label(words(label="twice"))], "COMPONENT_LABEL_FORBIDDEN"),
        ([label(button())], "UNION_TYPE_CHOICES"),
        ([label(words(value="x" * 4001))], "value.BASE_TYPE_BAD_LENGTH"),
        ([label(words(value="abc", max_length=2))], "value.BASE_TYPE_BAD_LENGTH"),
        ([label(words(min_length=3, max_length=2))], "NUMBER_TYPE_MAX"),
        ([label(words(placeholder="x" * 101))], "placeholder.BASE_TYPE_BAD_LENGTH"),
        ([label(words(style=3))], "style.BASE_TYPE_CHOICES"),
        ([label(words()), label(words())], "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ([label(select(disabled=True))], "COMPONENT_DISABLED_IN_MODAL"),
        ([box(text())], "BASE_TYPE_CHOICES"),
    ],
)
def test_modals_that_are_refused(components: list[Json], said: str) -> None:
    assert said in modal(*components)


def test_a_modal_that_is_none() -> None:
    problems = Problems()
    check_modal(problems, None)
    assert _flat(problems.tree) == "data.BASE_TYPE_REQUIRED"


def test_titles_and_ids_of_modals() -> None:
    assert "title.BASE_TYPE_BAD_LENGTH" in modal(text(), title="x" * 46)
    assert "custom_id.BASE_TYPE_BAD_LENGTH" in modal(text(), custom_id="x" * 101)


def before(**fields: Any) -> Message:
    return Message(1, 2, User(3, "paper-bot", is_bot=True), **fields)


@pytest.mark.parametrize(
    ("data", "standing", "said"),
    [
        ({"content": "x" * 2001}, None, "content.BASE_TYPE_BAD_LENGTH"),
        ({"content": "a", "components": [text()], "flags": COMPONENTS_V2}, None, "content.MESSAGE_CANNOT_USE_LEGACY"),
        ({"content": "a", "components": [text()]}, None, "UNION_TYPE_CHOICES"),
        ({"embeds": [{}], "components": [text()], "flags": COMPONENTS_V2}, None, "embeds.MESSAGE_CANNOT_USE_LEGACY"),
        ({"embeds": [{}] * 11}, None, "embeds.BASE_TYPE_MAX_LENGTH"),
        ({"content": "a", "flags": LOADING}, None, "flags.BASE_TYPE_CHOICES"),
        ({"components": [text()], "flags": 0}, before(flags=COMPONENTS_V2), "CANNOT_REMOVE_COMPONENTS_V2"),
        ({"content": "a"}, before(flags=COMPONENTS_V2), "content.MESSAGE_CANNOT_USE_LEGACY"),
        ({"components": [text()], "flags": COMPONENTS_V2}, before(content="a"), "content.MESSAGE_CANNOT_USE_LEGACY"),
    ],
)
def test_bodies_that_are_refused(data: Json, standing: Message | None, said: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_body(data, before=standing)
    assert refused.value.code == 50035
    assert said in _flat(refused.value.errors or {})


def test_bodies_that_are_taken() -> None:
    new = checked_body({"components": [text()], "flags": COMPONENTS_V2})
    assert new.flags == COMPONENTS_V2
    again = checked_body({"components": [text()]}, before=before(flags=COMPONENTS_V2))
    assert again.components == [text()]
    upgraded = {"content": None, "components": [text()], "flags": COMPONENTS_V2}
    assert checked_body(upgraded, before=before(content="a")).content == ""


@pytest.mark.parametrize("data", [{}, {"content": ""}, {"components": []}, {"content": None, "embeds": []}])
def test_an_empty_message_is_refused(data: Json) -> None:
    with pytest.raises(Refused) as refused:
        checked_body(data)
    assert refused.value.code == 50006
