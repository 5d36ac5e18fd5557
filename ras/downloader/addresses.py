"""Which hosts and network addresses RAS may connect to: what a hostile export must not talk its way round."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, ip_address, ip_network
from typing import FrozenSet, Iterable, Optional, Tuple
from urllib.parse import urlsplit

from ras.errors import SettingsError

AllowedHosts = FrozenSet[Tuple[str, Optional[int]]]
"""Host (lower case) and port; the port is None where every port is meant."""

# From IANA's registries of special-purpose addresses. Spelled out, because what ``ip_address(…).is_global`` says
# differs between Python versions.
_NOT_PUBLIC_V4 = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
_UNICAST_V6 = ip_network("2000::/3")
"""Outside lie loopback, link-local, unique local, multicast, IPv4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96)."""
_NOT_PUBLIC_V6 = [ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
"""Teredo and other protocol assignments, documentation, 6to4, documentation."""


_LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".home.arpa")


def is_public(address: str) -> bool:
    """Whether a numeric address is an ordinary one of the public internet, no private, reserved or translated one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _NOT_PUBLIC_V4)
    return parsed in _UNICAST_V6 and not any(parsed in network for network in _NOT_PUBLIC_V6)


def is_local_name(host: str) -> bool:
    """Whether a host as a URL names it is none of the public internet, as far as that is seen without a look-up.

    A number in any form that the system's resolver takes (``127.1``, ``0x7f000001``), a name without a dot, or one
    under a domain that is kept for networks of one's own (RFC 6761, 6762, 8375; .internal by ICANN).
    """
    name = host.rstrip(".").lower()
    try:
        return not is_public(str(ip_address(name.partition("%")[0])))
    except ValueError:
        pass
    try:
        return not is_public(socket.inet_ntoa(socket.inet_aton(name)))
    except (OSError, ValueError):  # UnicodeError among them
        return "." not in name or name.endswith(_LOCAL_DOMAINS)


def parse_allowed(entries: Iterable[str]) -> AllowedHosts:
    """The setting ``allowed_hosts``: ``host`` or ``host:port``, IPv6 in brackets. Raises SettingsError."""
    allowed = set()
    for entry in entries:
        try:
            parts = urlsplit(f"//{entry.strip()}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or parts.netloc != entry.strip() or "@" in entry:
            raise SettingsError(
                f"The setting “allowed_hosts” has {entry!r}; it takes host names such as example.org or localhost:8000."
            )
        allowed.add((host, port))
    return frozenset(allowed)


def is_allowed(host: str, port: int, allowed: AllowedHosts) -> bool:
    """Whether the user allows this host (and with it any address that it has)."""
    return not allowed.isdisjoint({(host.lower(), port), (host.lower(), None)})
