"""The pieces of Slack's rules for payloads: each check says what is wrong, and where, in Slack's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Problems:
    """What has been found wrong so far."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, what: str, where: str) -> None:
        """Note something, with the JSON pointer of the place."""
        self.found.append(f"{what} [json-pointer:{where}]")


Check = Callable[[Problems, str, Any], None]


def string(longest: int, shortest: int = 1) -> Check:
    """Text within a length."""

    def check(problems: Problems, where: str, value: Any) -> None:
        if not isinstance(value, str):
            problems.add("must be a string", where)
        elif len(value) > longest:
            problems.add(f"must be less than {longest + 1} characters", where)
        elif len(value) < shortest:
            problems.add(f"must be more than {shortest - 1} characters", where)

    return check


def matching(pattern: str, complaint: str) -> Check:
    """Text of a form."""
    form = re.compile(pattern)

    def check(problems: Problems, where: str, value: Any) -> None:
        if not isinstance(value, str) or not form.fullmatch(value):
            problems.add(complaint, where)

    return check


def web_url(longest: int = 3000) -> Check:
    """An address on the web."""

    def check(problems: Problems, where: str, value: Any) -> None:
        string(longest)(problems, where, value)
        if isinstance(value, str) and not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+", value):
            problems.add("invalid url", where)

    return check


def boolean(problems: Problems, where: str, value: Any) -> None:
    """True or false, and nothing that looks like it."""
    if not isinstance(value, bool):
        problems.add("must be a boolean", where)


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(problems: Problems, where: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.add("must be an integer", where)
        elif not least <= value <= most:
            problems.add(f"must be between {least} and {most}", where)

    return check


def one_of(*allowed: Any) -> Check:
    """One of a few words or numbers."""

    def check(problems: Problems, where: str, value: Any) -> None:
        if value not in allowed or isinstance(value, bool):
            problems.add(f"must be one of: {', '.join(map(str, allowed))}", where)

    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    """A list within a length."""

    def check(problems: Problems, where: str, value: Any) -> None:
        if not isinstance(value, list):
            problems.add("must be an array", where)
            return
        if len(value) > most:
            problems.add(f"no more than {most} items allowed", where)
        if len(value) < least:
            problems.add(f"no less than {least} items allowed", where)
        for number, one in enumerate(value):
            item(problems, f"{where}/{number}", one)

    return check


@dataclass(frozen=True)
class Shape:
    """An object: which properties it must and may have, and rules that look at it whole."""

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    rules: tuple[Check, ...] = ()

    def __call__(self, problems: Problems, where: str, value: Any) -> None:
        """Check an object."""
        if not isinstance(value, dict):
            problems.add("must be an object", where)
            return
        for name in self.required:
            if value.get(name) is None:
                problems.add(f"missing required field: {name}", where)
        checks = {**self.required, **self.optional}
        for name, inner in value.items():
            if name not in checks:
                problems.add(f"invalid additional property: {name}", where)
            elif inner is not None:
                checks[name](problems, f"{where}/{name}", inner)
        for rule in self.rules:
            rule(problems, where, value)


def typed(shapes: Mapping[str, Check], *allowed: str) -> Check:
    """An object whose `type` says which shape it has; `allowed` narrows the types that may stand here."""

    def check(problems: Problems, where: str, value: Any) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict):
            problems.add("must be an object", where)
        elif kind is None:
            problems.add("missing required field: type", where)
        elif kind not in shapes or (allowed and kind not in allowed):
            problems.add(f"unsupported type: {kind}", f"{where}/type")
        else:
            shapes[kind](problems, where, value)

    return check


def anything(problems: Problems, where: str, value: Any) -> None:
    """Whatever stands here is checked elsewhere."""


def plain_text(longest: int, shortest: int = 1) -> Check:
    """A text object that knows no formatting."""
    return Shape({"type": one_of("plain_text"), "text": string(longest, shortest)}, {"emoji": boolean})


def mrkdwn(longest: int) -> Check:
    """A text object with Slack's formatting."""
    return Shape({"type": one_of("mrkdwn"), "text": string(longest)}, {"verbatim": boolean})


def text_object(longest: int) -> Check:
    """A text object of either kind."""
    return typed({"plain_text": plain_text(longest), "mrkdwn": mrkdwn(longest)})
