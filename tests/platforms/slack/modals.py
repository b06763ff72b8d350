"""A person in front of a modal: fills it in, submits it, closes it, and sees what the app makes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.slack import payloads
from tests.platforms.slack.errors import InvalidAnswer, NotPossible, SlackError
from tests.platforms.slack.inputs import entered, is_empty
from tests.platforms.slack.limits import elements_of
from tests.platforms.slack.pressing import Pressing
from tests.platforms.slack.socket_mode import Ack
from tests.platforms.slack.views import View

Json = dict[str, Any]


@dataclass(frozen=True)
class Submitted:
    """What came of submitting a modal: whether it has gone, and what is said below its inputs otherwise."""

    closed: bool
    errors: Mapping[str, str] = field(default_factory=dict)
    ack: Ack | None = None


class InModals(Pressing):
    """The hands of a person, on modals."""

    async def submit(self, values: Mapping[str, Any] | None = None) -> Submitted:
        """Fill in the modal on top and submit it; values by block id, or by block id and action id as `block/action`.

        Raises:
            PersonError: something cannot be put in or is missing, or the app's answer is not one that Slack takes.
        """
        view = self._top()
        if not view.payload.get("submit"):
            raise NotPossible("there is nothing to submit with")
        for name, value in (values or {}).items():
            block_id, _, action_id = name.partition("/")
            self._fill(view, block_id, action_id, value)
        for block in view.blocks:
            if block["type"] != "input" or block.get("optional"):
                continue
            if is_empty(view.values[block["block_id"]][block["element"]["action_id"]]):
                raise NotPossible(f"{block['block_id']} has to be filled in")
        app = self._app_of(view)
        payload = {"type": "view_submission", "trigger_id": self._trigger(app, view.id), "response_urls": []}
        ack = await self._send(app, {**payload, **payloads.place(view, None)})
        return self._after_submission(view, ack)

    async def close(self, *, everything: bool = False) -> None:
        """Close the modal on top, or all of them with the cross at the corner."""
        top = self._top()
        stack = self.workspace.modals[self.user.id]
        gone = list(reversed(stack)) if everything or top.payload.get("clear_on_close") else [top]
        for view in gone:
            stack.remove(view)
        self.server.changed()
        for view in gone:
            if view.payload.get("notify_on_close"):
                payload = {"type": "view_closed", "is_cleared": len(gone) > 1 or everything}
                await self._send(self._app_of(view), {**payload, **payloads.place(view, None)})

    def _fill(self, view: View, block_id: str, action_id: str, value: Any) -> None:
        block = next((one for one in view.blocks if one["block_id"] == block_id), None)
        elements = [one for one in elements_of(block or {}) if action_id in ("", one["action_id"])]
        if block is None or len(elements) != 1:
            raise NotPossible(
                f"there is no one input {block_id}/{action_id} in {[one['block_id'] for one in view.blocks]}"
            )
        state = entered(elements[0], value, self._offered(view, block, elements[0]))
        view.values[block_id][elements[0]["action_id"]] = state

    def _after_submission(self, view: View, ack: Ack) -> Submitted:
        answer = ack.payload or {}
        action = answer.get("response_action")
        stack = self.workspace.modals[self.user.id]
        if not answer:
            stack.remove(view)
        elif action == "clear":
            stack.clear()
        elif action == "errors":
            return Submitted(False, _errors(view, answer.get("errors")), ack)
        elif action in ("update", "push"):
            self._change_view(view, action, answer.get("view"))
        else:
            raise InvalidAnswer(f"response_action {action!r} in {sorted(answer)}")
        self.server.changed()
        return Submitted(view not in stack, {}, ack)

    def _change_view(self, view: View, action: str, payload: Any) -> None:
        interactions = self.server.interactions
        try:
            checked = interactions.checked_view(
                self.workspace, payload, kind="modal", instead_of=view if action == "update" else None
            )
            if action == "update":
                interactions.replace(view, checked)
            else:
                installation = self._app_of(view).installations[self.workspace.id]
                interactions.push(self.workspace, installation, self.user.id, checked)
        except SlackError as error:
            raise InvalidAnswer(f"{error.error}: {error.fields.get('errors')}") from error


def _errors(view: View, errors: Any) -> Mapping[str, str]:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors:
        raise InvalidAnswer("errors without any")
    if unknown := sorted(set(errors) - inputs):
        raise InvalidAnswer(f"errors for {unknown}, which are no inputs: {sorted(inputs)}")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise InvalidAnswer("an error without words")
    return dict(errors)
