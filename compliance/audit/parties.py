"""Which hosts belong to one site, as far as their names tell."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

# Names below which a registry of a country sells names: com.cn, gov.cn, bj.cn, co.uk.
_SHARED = re.compile(r"(?:ac|co|com|edu|gov|mil|net|ne|or|org|go|gob|[a-z]{2})\.[a-z]{2}")


@lru_cache(maxsize=1_024)  # the same hosts on page after page
def registered(host: str) -> str:
    """Return the name that somebody registered, at which or below which *host* lies; an IP address as it is."""
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
        kept = 3 if _SHARED.fullmatch(".".join(labels[-2:])) else 2
        return ".".join(labels[-kept:])


def together(one: str, other: str) -> bool:
    """Return whether the hosts *one* and *other* belong to one site."""
    return bool(one) and registered(one) == registered(other)
