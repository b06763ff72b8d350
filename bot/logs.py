"""Structured logs on standard error: one line an event, readable on a terminal, JSON elsewhere. No secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, Final, TextIO, cast

import structlog

_SECRET_NAMES: Final = re.compile(r"token|secret|password|authorization|cookie|signature", re.IGNORECASE)
_SECRET_VALUES: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?:[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,})|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_SECRET_PATHS: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w-]+")
"""Addresses by which Discord takes answers to people: whoever knows one can answer for a quarter of an hour."""


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank values whose name or shape is that of a token or password."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _SECRET_PATHS.sub(r"\1***", _SECRET_VALUES.sub("***", value))
    return event


class LossyStream:
    """Where logs go. What cannot be written, as on a disk that is full, is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """See `TextIO`."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """See `TextIO`."""
        with suppress(OSError):
            self._stream.flush()


def set_up_logs(level: str) -> None:
    """Send Paperboy's events, and the libraries' own messages, to standard error from `level` up."""
    number = getattr(logging, level.upper())
    terminal = sys.stderr.isatty()
    stream = cast("TextIO", LossyStream(sys.stderr))
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
