"""The Web API's methods, one file a family; importing this enters them all into the table."""

from __future__ import annotations

from tests.platforms.slack.methods import auth, chat, conversations, history, reactions, users, views

__all__ = ["auth", "chat", "conversations", "history", "reactions", "users", "views"]
