"""Logs are structured and never hold a secret."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import hide_secrets, set_up_logs

# Shapes of real tokens, put together here so that no scanner takes them for ones.
SLACK = "-".join(("xoxb", "123456789012", "abcdefABCDEF"))
SLACK_APP = "-".join(("xapp", "1", "A0123", "0123", "abcdef"))
DISCORD = ".".join(("M" * 24, "GabcdE", "x" * 38))
INTERACTION = "aW50ZXJhY3Rpb246" + "y" * 60


@pytest.mark.parametrize(
    "event",
    [
        {"token": "anything"},
        {"slack_signing_secret": "anything"},
        {"reason": f"refused: {SLACK}"},
        {"reason": f"refused: {SLACK_APP}"},
        {"reason": f"refused: {DISCORD}"},
        {"url": "postgresql://paperboy:hunter2@db/archive"},
        {"event": f"429: PATCH https://discord.com/api/v10/webhooks/123/{INTERACTION}/messages/@original"},
        {"exception": f"https://discord.com/api/v10/interactions/123/{INTERACTION}/callback"},
    ],
)
def test_secrets_are_blanked(event: dict[str, str]) -> None:
    shown = json.dumps(hide_secrets(None, "info", dict(event)))
    for secret in ("anything", "xoxb", "xapp", "MMMM", "hunter2", INTERACTION):
        assert secret not in shown
    assert "***" in shown


@given(st.dictionaries(st.sampled_from(["event", "entry", "channel"]), st.text(alphabet="abc 한글:/", max_size=40)))
def test_ordinary_values_stay_as_they_are(event: dict[str, str]) -> None:
    assert hide_secrets(None, "info", dict(event)) == event


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="environment: no disk that is always full")
def test_a_log_on_a_full_disk_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True) as full:
        monkeypatch.setattr("sys.stderr", full)
        set_up_logs("info")
        try:
            structlog.get_logger("test").warning("delivery.storage_unavailable")
            logging.getLogger("library").warning("A message of its own.")
        finally:
            structlog.reset_defaults()
            logging.basicConfig(force=True)


def test_an_event_is_one_line_of_json_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")
    try:
        log = structlog.get_logger("test")
        log.debug("left.out")
        log.info("delivery.round", posts=3, title="양자화\nx")
    finally:
        structlog.reset_defaults()
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert (event["event"], event["posts"], event["title"], event["level"]) == (
        "delivery.round",
        3,
        "양자화\nx",
        "info",
    )
