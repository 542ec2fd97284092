"""Names of hosts: one spelling for each, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from .text import normalised, stream_safe

#: A name has at most 253 characters (RFC 1035, section 2.3.4, without the root), an address that servers take 8,000.
LONGEST = 253
LONGEST_ADDRESS = 8_000
_LONGEST_LABEL = 63
# What no browser takes in the name of a host (URL standard, "forbidden domain code points").
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f#%/<>?@\[\\\]^|]")
# The beginning of most addresses, up to where the name of the host ends.
_PLAIN = re.compile(r"(?:https?:)?//[a-zA-Z0-9.-]{1,253}(?![^/?#])")
# Names that no registry gives out: they lead to this machine or its network (RFC 6761, RFC 6762, RFC 8375).
_LOCAL = ("localhost", "local", "internal", "test", "home.arpa")
# How sites name the same pages for other screens.
_TWINS = ("www.", "m.", "wap.", "mobile.", "3g.")


def ascii_host(name: str) -> str:
    """Return the host *name* as it travels: in small letters, in ASCII; empty for what is no name of a host.

    Full-width letters and stops, what is not seen, and characters beyond ASCII are taken as browsers take them (UTS 46,
    non-transitional; RFC 5891): ß and joiners stay what registries sold. An IPv6 address has no brackets.
    """
    if len(name) > LONGEST:
        return ""
    if not name.isascii():
        import idna  # with tables that most sites never need

        try:
            # One by one: what is not seen between marks goes, and only then is their run as long as it is.
            mapped = "".join(idna.uts46_remap(character, std3_rules=False) for character in name)
            labels = normalised(mapped, longest=LONGEST + 1).split(".")
            name = ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels)
        except (idna.IDNAError, UnicodeError):
            return ""
    name = name.lower().removesuffix(".")
    whole = len(name) <= LONGEST and all(
        0 < len(label) <= _LONGEST_LABEL and label != "xn--" for label in name.split(".")
    )
    return name if whole and not _FORBIDDEN.search(name) else ""


def written_host(name: str) -> str:
    """Return the host *name*, in ASCII, with the characters that its owner chose."""
    with suppress(UnicodeError):
        labels = (
            one.removeprefix("xn--").encode().decode("punycode") if one.startswith("xn--") else one
            for one in name.split(".")
        )
        return ".".join(labels)
    return name


def split(address: str) -> SplitResult | None:
    """Return the parts of the *address* of a page, its host still as it was written.

    None where it is too long, where its host is no name or its port no number.
    """
    if len(address) > LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(stream_safe(address))  # which normalises names beyond ASCII
        sound = parts.port != 0 and ascii_host(parts.hostname or "")
    except ValueError:
        return None
    return parts if sound else None


def host_of(address: str) -> str:
    """Return the host that *address* leads to, in ASCII; empty where it leads to none."""
    # What follows a plain name does not change it, and pages lead to the same few hosts over and over.
    if "//" not in address and address.isascii() and address.isprintable():
        return ""
    plain = _PLAIN.match(address)
    return _plain_host(plain[0]) if plain else _host_of(address)


@lru_cache(maxsize=1_024)
def _plain_host(address: str) -> str:
    return _host_of(address)


def _host_of(address: str) -> str:
    parts = split(address[:LONGEST_ADDRESS])
    return ascii_host(parts.hostname or "") if parts else ""


def domain_of(host: str) -> str:
    """Return the domain of the site at *host*: without the first label where that is only customary, as `www` is."""
    twin = next((twin for twin in _TWINS if host.startswith(twin)), "")
    domain = host.removeprefix(twin)
    return domain if "." in domain else host


def above(host: str) -> Iterator[str]:
    """Yield *host* and every name that it lies below, the longest first."""
    while host:
        yield host
        host = host.partition(".")[2]


def is_under(host: str, domains: Iterable[str]) -> bool:
    """Return whether *host* is one of *domains* or a name below it; all of them in ASCII."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def is_private(address: str) -> bool:
    """Return whether the IP *address* is of this machine or a private network (RFC 1918, RFC 4193).

    Raises `ValueError` for what is none.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):  # older Pythons take all that are mapped for private ones
        ip = ip.ipv4_mapped or ip
    return ip.is_private


def is_local(host: str) -> bool:
    """Return whether *host*, in ASCII, is this machine or one of its own network: by its address or a reserved name."""
    try:
        address = ip_address(host)
    except ValueError:
        return is_under(host, _LOCAL) or ("." not in host and host != "")
    return address.is_loopback or address.is_private or address.is_link_local
