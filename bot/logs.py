"""Structured logs on standard error: one line an event, readable on a terminal, JSON elsewhere. No secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

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


def set_up_logs(level: str) -> None:
    """Send Paperboy's events, and the libraries' own messages, to standard error from `level` up."""
    number = getattr(logging, level.upper())
    terminal = sys.stderr.isatty()
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
