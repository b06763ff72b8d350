"""The bodies of messages that answer interactions: what may stand in them, new or as a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.platforms.discord.component_rules import check_message, walk, with_ids
from tests.platforms.discord.refusals import Problems, Refused
from tests.platforms.discord.world import COMPONENTS_V2, EPHEMERAL, Message

Json = dict[str, Any]

SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
ALLOWED_FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
MOST_CONTENT, MOST_EMBEDS, MOST_EMBED_TEXT = 2000, 10, 6000


@dataclass
class Body:
    """What a message shall say; None is left as it is."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    flags: int = 0
    allowed_mentions: Json | None = None

    def put_into(self, message: Message, *, is_new: bool) -> None:
        """Give a message this content; a new one has nothing else."""
        if is_new or self.content is not None:
            message.content = self.content or ""
        if is_new or self.embeds is not None:
            message.embeds = self.embeds or []
        if is_new or self.components is not None:
            message.components = with_ids(self.components or [])
            for _, one in walk(message.components):
                one.pop("required", None)  # which counts in modals only
        if is_new:
            message.flags = self.flags
        if is_new or self.content is not None or self.components is not None:
            message.allowed_mentions = self.allowed_mentions  # of a change that says nothing, all


def checked_body(data: Any, *, path: str = "", before: Message | None = None) -> Body:
    """A message body that Discord takes; `before` is the message that it changes.

    Raises:
        Refused: it does not.
    """
    prefix = f"{path}." if path else ""
    if not isinstance(data, dict):
        raise Refused(50109)
    problems = Problems()
    flags = data.get("flags") or 0
    if not isinstance(flags, int) or flags & ~ALLOWED_FLAGS:
        problems.add(f"{prefix}flags", "BASE_TYPE_CHOICES", "Flags that may not be set here")
        flags = 0
    is_v2 = bool(flags & COMPONENTS_V2) or bool(before is not None and before.flags & COMPONENTS_V2)
    if before is not None and before.flags & COMPONENTS_V2 and "flags" in data and not flags & COMPONENTS_V2:
        said = "The IS_COMPONENTS_V2 flag cannot be removed from a message"
        problems.add(f"{prefix}flags", "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", said)
    _check_text(problems, prefix, data, is_v2=is_v2)
    components = data.get("components")
    if components is not None:
        check_message(problems, components, is_v2=is_v2, path=f"{prefix}components")
    if before is not None and is_v2 and not before.flags & COMPONENTS_V2:
        _check_upgrade(problems, prefix, data, before)
    _check_mentions(problems, f"{prefix}allowed_mentions", data.get("allowed_mentions") or {})
    problems.raise_if_any()
    if not any(data.get(name, _standing(before, name)) for name in ("content", "embeds", "components")):
        raise Refused(50006)
    content = data.get("content")
    return Body(
        "" if "content" in data and content is None else content,
        [] if "embeds" in data and data["embeds"] is None else data.get("embeds"),
        [] if "components" in data and components is None else components,
        flags,
        data.get("allowed_mentions"),
    )


def _standing(before: Message | None, name: str) -> Any:
    """What a message says already, which a change may leave as it is."""
    return None if before is None else getattr(before, name)


def _check_text(problems: Problems, prefix: str, data: Json, *, is_v2: bool) -> None:
    if is_v2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if data.get(name):
                said = f'The "{name}" field cannot be used when using MessageFlags.IS_COMPONENTS_V2'
                problems.add(f"{prefix}{name}", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", said)
        return
    problems.optional_length(f"{prefix}content", data.get("content"), 0, MOST_CONTENT)
    if len(data.get("embeds") or []) > MOST_EMBEDS:
        problems.add(f"{prefix}embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_EMBEDS} or fewer in length.")
    if sum(_embed_size(one) for one in data.get("embeds") or []) > MOST_EMBED_TEXT:
        problems.add(
            f"{prefix}embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}"
        )


def _embed_size(one: Json) -> int:
    """The characters of an embed that its limit counts."""
    texts = [one.get("title"), one.get("description")]
    texts += [(one.get("footer") or {}).get("text"), (one.get("author") or {}).get("name")]
    for field in one.get("fields") or ():
        texts += [field.get("name"), field.get("value")]
    return sum(len(text or "") for text in texts)


def _check_mentions(problems: Problems, path: str, allowed: Json) -> None:
    for name in ("users", "roles"):
        if name in (allowed.get("parse") or ()) and allowed.get(name):
            said = f'parse:["{name}"] and {name}: [ids...] are mutually exclusive.'
            problems.add(path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", said)


def _check_upgrade(problems: Problems, prefix: str, data: Json, before: Message) -> None:
    """A message of old kind becomes one of components: what it said before has to be taken away."""
    for name, standing in (("content", before.content), ("embeds", before.embeds)):
        if standing and name not in data:
            said = f'The "{name}" field must be set to null to use MessageFlags.IS_COMPONENTS_V2'
            problems.add(f"{prefix}{name}", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", said)
