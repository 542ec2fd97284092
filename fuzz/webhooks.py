"""Addresses that notices are sent to: none of them leads into the network around the machine."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from hypothesis import strategies as st

from compliance.channels.connections import is_public
from compliance.channels.notices import DeliveryError
from compliance.channels.targets import Target as Address
from compliance.channels.targets import channel

from . import soup
from .target import Target

_PREFIXES = ("::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "2002::", "2001::", "fe80::", "fc00::", "ff02::", "fec0::")
_SCHEMES = ("https://", "http://", "HTTPS://", "https:", "https:///", "https:\\\\", "//", "", "ftp://", "file://")


class Reached(Exception):
    """A connection was about to be made."""


def _address(made: tuple[str, IPv4Address | IPv6Address]) -> None:
    url, leads = made
    seen: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        seen.append(host)
        return [(0, 0, 0, "", (str(leads), 0))] if not is_public(str(leads)) else []

    try:
        found: Any = channel(Address(url=url, secret="s"), mail=None, allow_private=False, timeout=5)
        object.__setattr__(found.poster, "resolve", resolve)
        found.poster.post(url, b"{}")
    except DeliveryError as error:
        assert error.reason in {"address", "https", "private", "name", "mail"}, error.reason
    else:
        raise AssertionError("something was sent")
    assert all(len(host) <= 253 for host in seen)


def _public(address: IPv4Address | IPv6Address) -> None:
    if not is_public(str(address)):
        return
    for inner in _inside(address):
        assert inner.is_global and not inner.is_multicast and not inner.is_reserved, (address, inner)


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return *address*, and the IPv4 addresses that routers may read in it."""
    if isinstance(address, IPv4Address):
        return [address]
    found: list[IPv4Address | IPv6Address] = []
    number = int(address)
    if number >> 32 in (int(ip_address(prefix)) >> 32 for prefix in ("::", "::ffff:0:0", "64:ff9b::")):
        found.append(IPv4Address(number & 0xFFFFFFFF))
    else:
        found.append(address)
    if address.sixtofour:
        found.append(address.sixtofour)
    if address.teredo:
        found += address.teredo
    return found


_V4 = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=4))
_IPS = st.one_of(
    _V4,
    st.ip_addresses(v=6),
    st.builds(lambda prefix, v4: IPv6Address(int(IPv6Address(prefix)) | int(v4)), st.sampled_from(_PREFIXES), _V4),
    st.builds(lambda v4, low: IPv6Address(0x2002 << 112 | int(v4) << 80 | low), _V4, st.integers(0, 2**64)),
)
_URLS = st.builds(
    "{}{}{}".format,
    st.sampled_from(_SCHEMES),
    st.one_of(
        soup.texts(60),
        _IPS.map(str),
        _IPS.map("[{}]".format),
        st.sampled_from(["a@b", "0x7f.1", "2130706433", "oapi.dingtalk.com"]),
    ),
    st.one_of(st.just(""), soup.texts(60), st.sampled_from([":99999", ":0", "/a?b", "#c", ":443@d"])),
)
TARGETS = [
    Target(name="webhooks", inputs=st.tuples(_URLS, _IPS), test=_address),
    Target(name="public", inputs=_IPS, test=_public),
]
