"""What `paperboy doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages import Message


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: in words what is right, or what is wrong and what to do about it."""

    ok: bool
    message: Message
