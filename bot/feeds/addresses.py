"""Which network addresses Paperboy may open on somebody else's word."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
# `is_global` differs between patch releases of Python; these are refused under all of them. Registries:
# https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
_NEVER = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata service
        "168.63.129.16/32",  # Azure's metadata service, a public address by number only
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata service
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b:1::/48",  # local NAT64, whose IPv4 part can stand anywhere
        "2001::/23",  # protocol assignments, Teredo among them
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, no longer in use
    )
)


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the public internet: one machine, on nobody's private network.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, NAT64) are judged by that one.

    >>> [is_public(ip_address(text)) for text in ("1.1.1.1", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    if address.is_multicast or address.is_reserved or any(address in network for network in _NEVER):
        return False
    return address.is_global


def literal_address(host: str) -> IPAddress | None:
    """The address that a URL's host is when it is no name.

    Raises:
        ValueError: a number in a short or old form (`127.1`, `2130706433`), which systems read differently.
    """
    if ":" in host or host.replace(".", "").isdigit():
        return ip_address(host)
    return None


def _carried(address: IPAddress) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour
