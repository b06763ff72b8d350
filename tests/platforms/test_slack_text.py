"""The loopback Slack's reading of messages: whom they ping, what they link, what stands there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.helpers import actions, button, section
from tests.platforms.slack import Mentions, Message, mentions_of, visible_text

Json = dict[str, Any]


def message(text: str = "", *blocks: Json, **more: Any) -> Message:
    """A message of somebody's."""
    return Message("1.000100", "U1", text, list(blocks), **more)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<!channel> and <!here|@here>", Mentions(broadcasts=["channel", "here"])),
        ("<@U1> <@U2|sora> <!subteam^S1> <!subteam^S2|@s>", Mentions(users=["U1", "U2"], groups=["S1", "S2"])),
        ("<#C1> <#C2|papers>", Mentions(channels=["C1", "C2"])),
        ("<https://a.b/c|d> and https://e.f/g", Mentions(links=["https://a.b/c", "https://e.f/g"])),
        ("&lt;!channel&gt; @here @channel `@everyone` a@here", Mentions()),
        ("< !channel> <!date^1^x|y> <nothing>", Mentions()),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_what_marked_text_mentions(text: str, found: Mentions, inside: bool) -> None:
    assert mentions_of(message("", section(text)) if inside else message(text)) == found


def test_plain_text_mentions_nobody() -> None:
    plain = {"type": "section", "text": {"type": "plain_text", "text": "<!channel> <@U1>"}}
    assert mentions_of(message("", plain)) == Mentions()


def test_bare_names_count_when_names_are_linked() -> None:
    assert not mentions_of(message("@here, @channel")).pings
    assert mentions_of(message("@here, @channel `@everyone`", link_names=True)).broadcasts == ["here", "channel"]
    assert mentions_of(message("@everyone <!here>", parse="full")).broadcasts == ["everyone"]


def test_rich_text_mentions() -> None:
    elements: list[Json] = [
        {"type": "user", "user_id": "U1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "broadcast", "range": "channel"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "link", "url": "https://a.b/"},
        {"type": "text", "text": "<!here> <@U2>"},
    ]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    found = mentions_of(message("", block))
    assert found == Mentions(["U1"], ["S1"], ["channel"], ["C1"], ["https://a.b/"])
    assert found.pings


def test_buttons_link_too() -> None:
    assert mentions_of(message("", actions(button(url="https://a.b/")))).links == ["https://a.b/"]


def test_visible_text_is_in_order() -> None:
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Head <1>"}},
        section("<https://a.b|Link> &amp; <@U1>", fields=[{"type": "plain_text", "text": "Field"}], accessory=button()),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
        {"type": "image", "image_url": "https://a.b/c", "alt_text": "A picture"},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Rich "},
                        {"type": "link", "url": "https://c.d/", "text": "link"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "item"}]}],
                },
            ],
        },
    ]
    shown = ["Head <1>", "Link & @U1", "Field", "Go", "small", "A picture", "Rich link", "item"]
    assert visible_text(message("unseen", *blocks)).split("\n") == shown
    assert visible_text(message("only &lt;text&gt;")) == "only <text>"
