"""The link that brings Paperboy into a server: whose it is, and that it asks for what is used."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import InputError
from bot.discord.invite import invite
from bot.discord.permissions import PERMISSIONS, SCOPES, permissions


def token_of(application: int) -> str:
    """A token as Discord makes them: the id in Base64, without what pads it."""
    first = base64.urlsafe_b64encode(str(application).encode()).decode().rstrip("=")
    return f"{first}.Gtests.a-token-of-nobody-for-these-tests"


def asked_for(link: str) -> dict[str, str]:
    """What stands in the link's query."""
    return {name: value for name, (value,) in parse_qs(urlsplit(link).query, strict_parsing=True).items()}


@given(st.integers(1, (1 << 63) - 1))
def test_a_token_tells_whose_it_is(application: int) -> None:
    assert invite(token_of(application), None) == invite(None, str(application))
    assert asked_for(invite(token_of(application), None))["client_id"] == str(application)


def test_the_named_application_wins() -> None:
    assert asked_for(invite(token_of(1), "2"))["client_id"] == "2"


def test_it_leads_to_discord_and_into_a_server() -> None:
    link = invite(None, "2")
    assert link.startswith("https://discord.com/oauth2/authorize?")
    assert asked_for(link).keys() == {"client_id", "scope", "permissions", "integration_type"}
    assert asked_for(link)["integration_type"] == "0"  # of an application that people can add too


def test_it_asks_for_all_that_is_used_and_nothing_else() -> None:
    asked = asked_for(invite(None, "2"))
    assert asked["scope"].split() == list(SCOPES) == ["bot", "applications.commands"]
    granted = discord.Permissions(int(asked["permissions"]))
    assert [name for name in PERMISSIONS if not getattr(granted, name)] == []
    assert granted.value.bit_count() == len(PERMISSIONS)
    assert granted == permissions()
    assert not granted.administrator


@pytest.mark.parametrize("wrong", ["", "abc", "12.5", "-1", "１２", "1" * 30, "9" * 9999, "0"])
def test_what_is_no_id_is_said(wrong: str) -> None:
    with pytest.raises(InputError, match="is not the id of an application"):
        invite(None, wrong)


@pytest.mark.parametrize("token", [None, "", "!!.x.y", "YWJj.x.y", "4pyT.x.y", "MA.x.y", "wrE.x.y", "LTE.x.y"])
def test_a_token_that_tells_nothing(token: str | None) -> None:
    with pytest.raises(InputError, match="--client-id ID"):
        invite(token, None)


@given(st.text())
def test_whatever_is_set_there_is_a_link_or_a_sentence(text: str) -> None:
    for token, client_id in ((text, None), (None, text)):
        with suppress(InputError):
            assert asked_for(invite(token, client_id))["client_id"].isdecimal()
