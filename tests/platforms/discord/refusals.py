"""What the server refuses, and what a person at the keyboard meets.

Refused           a REST route says no: HTTP status, Discord's code and message, and for 50035 what is wrong where
PersonError
  NotPossible     Discord's own client would not let a person do this
  DidNotRespond   "The application did not respond": no callback within three seconds, or nobody is connected
"""

from __future__ import annotations

import json
import math
from typing import Any

from aiohttp import web

Json = dict[str, Any]

MESSAGES = {
    0: (429, "You are being rate limited."),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10087: (404, "Unknown tag"),
    20012: (403, "You are not authorized to perform this action on this application"),
    30032: (400, "Maximum number of application commands reached"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40060: (400, "Interaction has already been acknowledged."),
    40061: (400, "Tag names must be unique"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40094: (400, "This interaction has reached its maximum number of follow up messages"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}


class Refused(Exception):
    """A route says no; where it only says not now, `retry_after` is when to come back, in seconds."""

    def __init__(
        self, code: int, errors: Json | None = None, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        usual, self.message = MESSAGES[code]
        self.status = status or usual
        self.code = code
        self.errors = errors
        self.retry_after = retry_after
        super().__init__(f"{code} {self.message} {errors or ''}")

    def response(self) -> web.Response:
        """The answer that goes out; without a charset, which Discord does not name either."""
        body: Json = {"message": self.message, "code": self.code}
        headers = {}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": False}
            headers = {"Retry-After": str(math.ceil(self.retry_after)), "X-RateLimit-Scope": "user"}
        answer = web.Response(body=json.dumps(body).encode(), status=self.status, headers=headers)
        answer.content_type = "application/json"
        return answer


class Problems:
    """What has been found wrong with a body so far, by path (`data.components.0.label`)."""

    def __init__(self) -> None:
        self.tree: Json = {}

    def add(self, path: str, code: str, message: str) -> None:
        """Note something."""
        at = self.tree
        for step in path.split("."):
            at = at.setdefault(step, {})
        at.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: Any, least: int, most: int) -> None:
        """A text that must stand there, within bounds."""
        if not isinstance(value, str):
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not least <= len(value) <= most:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def optional_length(self, path: str, value: Any, least: int, most: int) -> None:
        """A text that may stand there."""
        if value is not None:
            self.length(path, value, least, most)

    def number(self, path: str, value: Any, least: int, most: int) -> None:
        """A whole number within bounds, when there is one."""
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif not least <= value <= most:
            self.add(path, "NUMBER_TYPE_RANGE", f"int value should be between {least} and {most}.")

    def raise_if_any(self) -> None:
        """Refuse the body when something is wrong.

        Raises:
            Refused: 50035 with the tree.
        """
        if self.tree:
            raise Refused(50035, self.tree)


class PersonError(Exception):
    """A person does not get where they want."""


class NotPossible(PersonError):
    """Discord's own client would not let a person do this."""


class DidNotRespond(PersonError):
    """The application did not respond."""
