"""What a confirmed press does, as a button's value: `remove ID`, `end NUMBER`, `forget`, `resend NUMBER`."""

from __future__ import annotations

from bot.usecases.answers import Act, EndAct, ForgetAct, RemoveAct, ResendAct


def write_act(act: Act) -> str:
    """An act as a button's value.

    >>> write_act(EndAct(3))
    'end 3'
    """
    match act:
        case RemoveAct(entry_id):
            return f"remove {entry_id}"
        case EndAct(subscription_id):
            return f"end {subscription_id}"
        case ForgetAct():
            return "forget"
        case ResendAct(post_id):
            return f"resend {post_id}"


def read_act(value: str) -> Act | None:
    """The act of a value; None for what is none.

    >>> read_act("remove abc")
    RemoveAct(entry_id='abc')
    """
    match value.split(" ", 1):
        case ["remove", entry_id] if entry_id:
            return RemoveAct(entry_id)
        case ["end", number] if number.isascii() and number.isdecimal() and len(number) < 10:
            return EndAct(int(number))
        case ["resend", number] if number.isascii() and number.isdecimal() and len(number) < 19:
            return ResendAct(int(number))
        case ["forget"]:
            return ForgetAct()
        case _:
            return None
