"""Everything Paperboy raises on purpose.

    PaperboyError
    ├── InputError              a person typed something that can be put right
    │   ├── QueryError              ... in a query (position and suggestions)
    │   ├── FormError               ... in a form (one message a field)
    │   └── CommandError            ... in a command's words
    ├── NotAllowed              the person lacks the role for this
    ├── NotFound                no such entry, subscription, digest
    ├── Conflict                somebody else changed it meanwhile
    ├── DocumentError           a file that cannot be read as what it should be
    ├── CourierError            a platform did not take a post
    │   ├── ChannelUnavailable      for good: archived, deleted, bot removed, no permission
    │   ├── ContentRefused          for good, but this post only: others may be taken there
    │   ├── PlatformBusy            for now: rate limit or fault; nothing was posted; when to try again
    │   └── DeliveryUncertain       it may or may not have arrived: look it up before sending again
    ├── LookupUnavailable       an outside source (arXiv) could not be asked
    ├── StorageError            the database cannot be used
    │   ├── StorageBusy             for now
    │   ├── StorageReadOnly         the file or directory cannot be written
    │   └── SchemaMismatch          written by another version
    └── SettingsError           a wrong or missing setting

Each carries a `Message`, so that it can be said in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.messages import Message


class PaperboyError(Exception):
    """Base of all; `message` is what to tell the person."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class InputError(PaperboyError):
    """A person typed something that can be put right."""


class QueryError(InputError):
    """A query that is not understood.

    `start` and `end` are character offsets of the offending part in the text as typed; `suggestions` are
    whole corrected queries, best first.
    """

    def __init__(self, message: Message, *, start: int = 0, end: int = 0, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.suggestions = tuple(suggestions)


class FormError(InputError):
    """A form with wrong fields: `fields` maps each field's name to what is wrong with it."""

    def __init__(self, message: Message, fields: Mapping[str, Message]) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class CommandError(InputError):
    """A command whose words are not understood; `suggestions` are whole commands."""

    def __init__(self, message: Message, *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class NotAllowed(PaperboyError):
    """The person lacks the role for this."""


class NotFound(PaperboyError):
    """No such entry, subscription or digest; `suggestions` are ready-made commands."""

    def __init__(self, message: Message, *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class Conflict(PaperboyError):
    """Somebody else changed it meanwhile; `suggestions` are ready-made commands."""

    def __init__(self, message: Message, *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class DocumentError(PaperboyError):
    """A file that cannot be read as what it should be."""


class CourierError(PaperboyError):
    """A platform did not take a post."""


class ChannelUnavailable(CourierError):
    """Posting there will go on failing until a person acts."""


class ContentRefused(CourierError):
    """What this post says is not taken there, and nothing was posted; other posts may be."""


class PlatformBusy(CourierError):
    """Nothing was posted; try again at `retry_at` (UTC), or after the usual pause when None."""

    def __init__(self, message: Message, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class DeliveryUncertain(CourierError):
    """The post may or may not have arrived; `lasting`: that cannot be told before a person acts."""

    def __init__(self, message: Message, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


class LookupUnavailable(PaperboyError):
    """An outside source could not be asked."""


class StorageError(PaperboyError):
    """The database cannot be used."""


class StorageBusy(StorageError):
    """The database cannot be used for now."""


class StorageReadOnly(StorageError):
    """The database file or its directory cannot be written."""


class SchemaMismatch(StorageError):
    """The database was written by another version of Paperboy."""


class SettingsError(PaperboyError):
    """A wrong or missing setting."""
