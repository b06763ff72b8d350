from __future__ import annotations

from ipaddress import ip_address

import pytest

from bot.feeds.addresses import is_public, literal_address


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "151.101.131.42",
        "2606:4700::1111",
        "2a04:4e42:600::820",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
        "2002:101:101::1",
    ],
)
def test_machines_on_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::101:101",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_everything_else_is_not(text: str) -> None:
    assert not is_public(ip_address(text))


def test_a_host_is_a_name_or_an_address_in_full() -> None:
    assert literal_address("arxiv.org") is None
    assert literal_address("3com.com") is None
    assert literal_address("0x7f000001") is None  # a name to us: the resolver tells what the system makes of it
    assert literal_address("127.0.0.1") == ip_address("127.0.0.1")
    assert literal_address("::1") == ip_address("::1")


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "256.1.1.1", "::x"])
def test_short_and_old_forms_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match="IPv"):
        literal_address(host)
