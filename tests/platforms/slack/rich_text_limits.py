"""What Slack takes as rich text: sections, lists, quotes and preformatted text, made of elements with styles."""

from __future__ import annotations

from tests.platforms.slack.checks import Check, Shape, anything, array, boolean, integer, one_of, string, typed, web_url

_MANY = 10_000

_TEXT_STYLE = Shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
_MENTION_STYLE = Shape(
    {}, dict.fromkeys(("bold", "italic", "strike", "highlight", "client_highlight", "unlink", "underline"), boolean)
)
_BASE: dict[str, Check] = {"type": anything}

RICH_ELEMENTS: dict[str, Check] = {
    "text": Shape({**_BASE, "text": string(_MANY)}, {"style": _TEXT_STYLE}),
    "link": Shape({**_BASE, "url": web_url()}, {"text": string(_MANY), "unsafe": boolean, "style": _TEXT_STYLE}),
    "emoji": Shape({**_BASE, "name": string(255)}, {"unicode": string(255), "skin_tone": integer(2, 6)}),
    "user": Shape({**_BASE, "user_id": string(50)}, {"style": _MENTION_STYLE}),
    "usergroup": Shape({**_BASE, "usergroup_id": string(50)}, {"style": _MENTION_STYLE}),
    "channel": Shape({**_BASE, "channel_id": string(50)}, {"style": _MENTION_STYLE}),
    "broadcast": Shape({**_BASE, "range": one_of("here", "channel", "everyone")}, {"style": _TEXT_STYLE}),
    "color": Shape({**_BASE, "value": string(7)}),
    "date": Shape(
        {**_BASE, "timestamp": integer(0, 10**11), "format": string(1000)},
        {"url": web_url(), "fallback": string(_MANY)},
    ),
}

_INLINE = array(typed(RICH_ELEMENTS), _MANY, 0)
_SECTION = Shape({**_BASE, "elements": _INLINE})

_PARTS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": Shape(
        {**_BASE, "elements": array(typed(RICH_ELEMENTS, "text", "link"), _MANY, 0)},
        {"border": one_of(0, 1), "language": string(100)},
    ),
    "rich_text_quote": Shape({**_BASE, "elements": _INLINE}, {"border": one_of(0, 1)}),
    "rich_text_list": Shape(
        {
            **_BASE,
            "style": one_of("bullet", "ordered"),
            "elements": array(typed({"rich_text_section": _SECTION}), _MANY),
        },
        {"indent": integer(0, 8), "offset": integer(0, 100_000), "border": one_of(0, 1)},
    ),
}

RICH_TEXT = array(typed(_PARTS), _MANY)
