"""Requests held against Discord's own description of its API, where that is at hand.

As much of JSON Schema as the description uses. Fields that it does not name are taken for mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PATH = Path(__file__).resolve().parents[4] / "shared" / "specs" / "discord-openapi.json"


BEYOND = {("POST", "/channels/{channel_id}/threads"): ["answer.message is not known"]}
"""What Discord's documentation says of its answers, and the description does not: a forum post's first message."""


@cache
def description() -> Json | None:
    """Discord's description; None where it is not at hand."""
    return json.loads(PATH.read_text()) if PATH.exists() else None


def violations(method: str, route: str, query: dict[str, str], body: Any) -> list[str]:
    """What is wrong with a request to a route, such as `/channels/{channel_id}/messages`; empty when nothing is."""
    told = description()
    if told is None:
        return []
    described = told["paths"].get(route, {})
    operation = described.get(method.lower())
    if operation is None:
        return [f"{method} {route} is not described"]
    found = list(_query(told, [*described.get("parameters", ()), *operation.get("parameters", ())], query))
    schema = _body_schema(operation)
    if schema is None:
        return found + ([f"{method} {route} takes no body"] if body not in (None, {}) else [])
    return found if body is None else [*found, *_wrong(told, schema, body, "body")]


def mistakes(method: str, route: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer to a request that is described; empty when nothing is."""
    told = description()
    if told is None:
        return []
    answers = told["paths"][route][method.lower()]["responses"]
    answer = answers.get(str(status)) or answers.get(f"{status // 100}XX")
    if answer is None:
        return [f"{status} is not described"]
    schema = _resolved_answer(told, answer).get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return [] if body is None else [f"{status} has no body"]
    return [one for one in _wrong(told, schema, body, "answer") if one not in BEYOND.get((method, route), ())]


def _resolved_answer(told: Json, answer: Json) -> Json:
    return told["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


def _body_schema(operation: Json) -> Json | None:
    content = operation.get("requestBody", {}).get("content", {})
    schema: Json | None = content.get("application/json", {}).get("schema")
    return schema


def _query(told: Json, parameters: list[Json], query: dict[str, str]) -> Iterator[str]:
    known = {one["name"]: one for one in parameters if one.get("in") == "query"}
    for name in query.keys() - known.keys():
        yield f"query: {name} is not known"
    for name, one in known.items():
        if name in query:
            schema = _resolved(told, one["schema"])
            yield from _wrong(told, schema, _read(query[name], schema), f"query.{name}", text=query[name])
        elif one.get("required"):
            yield f"query: {name} is needed"


def _read(text: str, schema: Json) -> Any:
    """A value of a query; Discord takes digits for a truth value too."""
    if "boolean" in schema.get("type", ()) and text.lower() in ("true", "1", "false", "0"):
        return text.lower() in ("true", "1")
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text


def _wrong(told: Json, schema: Json, value: Any, path: str, *, text: str | None = None) -> list[str]:
    """What is wrong with a value, by the kind of thing it says it is; `text` is how it stood in a query."""
    schema = _resolved(told, schema)
    for several in ("oneOf", "anyOf"):
        if several in schema:
            found = _none_of(told, schema[several], value, path, text)
            if found or "properties" not in schema:
                return found
    found = _simple(schema, value, path, text)
    if found:
        return found
    if isinstance(value, dict):
        return list(_object(told, schema, value, path))
    if isinstance(value, list):
        return list(_array(told, schema, value, path))
    return []


def _none_of(told: Json, several: list[Json], value: Any, path: str, text: str | None) -> list[str]:
    """What is wrong with a value that has to be one of several things: with the one that it was meant to be."""
    numbers: Sequence[int] = range(len(several))
    if isinstance(value, dict) and "type" in value:
        numbers = sorted(numbers, key=lambda number: _unlikeliness(told, several[number], value["type"]))
    tried: dict[int, list[str]] = {}
    for number in numbers:
        tried[number] = _wrong(told, several[number], value, path, text=text)
        if not tried[number]:
            return []
    return [min((tried[number] for number in range(len(several))), key=lambda found: _farness(found, path))[0]]


def _unlikeliness(told: Json, schema: Json, kind: Any) -> int:
    """How little it looks as if something of this `type` was this, at a glance: most things are what they say."""
    known = _resolved(told, schema).get("properties", {}).get("type", {}).get("enum")
    return 1 if known is None else 2 * (kind not in known)


def _farness(found: list[str], path: str) -> tuple[bool, bool, int]:
    """How little of several things something was meant to be: another kind altogether, another `type`, some of it."""
    is_other_kind = found[0].startswith(f"{path}: ") and " is no " in found[0]
    return is_other_kind, f"{path}.type:" in found[0], len(found)


def _resolved(told: Json, schema: Json) -> Json:
    while "$ref" in schema:
        schema = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def _simple(schema: Json, value: Any, path: str, text: str | None) -> list[str]:
    kinds = schema.get("type")
    if kinds is not None:
        allowed = [kinds] if isinstance(kinds, str) else kinds
        value = text if text is not None and "string" in allowed else value
        if not any(_is(value, kind) for kind in allowed):
            return [f"{path}: {value!r} is no {'/'.join(allowed)}"]
    if value is None:
        return []
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum']!r}"]
    return list(_bounds(schema, value, path))


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _bounds(schema: Json, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        size, least, most = len(value), "minLength", "maxLength"
    elif isinstance(value, list):
        size, least, most = len(value), "minItems", "maxItems"
        if schema.get("uniqueItems") and len({json.dumps(one, sort_keys=True) for one in value}) < size:
            yield f"{path}: the same twice"
    elif isinstance(value, dict):
        size, least, most = len(value), "minProperties", "maxProperties"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        size, least, most = value, "minimum", "maximum"  # type: ignore[assignment]
    else:
        return
    if size < schema.get(least, size):
        yield f"{path}: {size} is less than {schema[least]}"
    if size > schema.get(most, size):
        yield f"{path}: {size} is more than {schema[most]}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} is not like {schema['pattern']}"
    if isinstance(value, str) and schema.get("format") == "snowflake" and not re.fullmatch(r"\d{1,20}", value):
        yield f"{path}: {value!r} is no snowflake"


def _object(told: Json, schema: Json, value: Json, path: str) -> Iterator[str]:
    properties, required, others = _known_properties(told, schema)
    for name in required - value.keys():
        yield f"{path}.{name} is needed"
    for name, one in value.items():
        if name in properties:
            yield from _wrong(told, properties[name], one, f"{path}.{name}")
        elif isinstance(others, dict):
            yield from _wrong(told, others, one, f"{path}.{name}")
        elif others is not True and properties:
            yield f"{path}.{name} is not known"


_PROPERTIES: dict[int, tuple[Json, tuple[Json, set[str], Any]]] = {}


def _known_properties(told: Json, schema: Json) -> tuple[Json, set[str], Any]:
    """The same as below, worked out once for each part of the description."""
    known = _PROPERTIES.get(id(schema))
    if known is None or known[0] is not schema:
        known = _PROPERTIES[id(schema)] = schema, _properties(told, schema)
    return known[1]


def _properties(told: Json, schema: Json) -> tuple[Json, set[str], Any]:
    """The fields of an object, those that it must have, and what others may be."""
    properties: Json = dict(schema.get("properties", {}))
    required = set(schema.get("required", ()))
    others = schema.get("additionalProperties")
    for several in ("allOf", "oneOf", "anyOf"):
        for one in schema.get(several, ()):
            inner, needed, more = _properties(told, _resolved(told, one))
            properties |= inner if several == "allOf" else {name: {} for name in inner}
            required |= needed if several == "allOf" else set()
            others = others if more is None else more
    return properties, required, others


def _array(told: Json, schema: Json, value: list[Any], path: str) -> Iterator[str]:
    for number, one in enumerate(value):
        if "items" in schema:
            yield from _wrong(told, schema["items"], one, f"{path}.{number}")
