"""What the server refuses, and what a person at the keyboard meets.

SlackError            an API method says no
AuthorizeRefused      Slack shows an error page instead of asking for consent
PersonError
  NotPossible         Slack's own client would not let a person do this
  OperationTimeout    the app did not acknowledge in time ("operation_timeout")
  DispatchFailed      the app could not be reached, or failed ("dispatch_failed")
  InvalidAnswer       the app acknowledged with something that Slack does not take ("We had some trouble connecting")
"""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """An API method says no."""

    def __init__(self, error: str, **fields: Any) -> None:
        super().__init__(error)
        self.error = error
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The answer that goes out."""
        return {"ok": False, "error": self.error, **self.fields}


def invalid(error: str, problems: list[str]) -> SlackError:
    """A payload that breaks rules, with what is wrong where, as Slack puts it."""
    listed = [f"[ERROR] {problem}" for problem in problems]
    return SlackError(error, errors=problems, response_metadata={"messages": listed})


class AuthorizeRefused(Exception):
    """Slack shows an error page instead of asking for consent."""


class PersonError(Exception):
    """Something a person meets in front of Slack."""


class NotPossible(PersonError):
    """Slack's own client would not let a person do this."""


class OperationTimeout(PersonError):
    """The app did not acknowledge in time."""


class DispatchFailed(PersonError):
    """The app could not be reached, or answered with an error."""


class InvalidAnswer(PersonError):
    """The app acknowledged with something that Slack does not take."""
