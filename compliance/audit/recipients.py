"""Who a site's pages send readers to: every host that they load from or send to, on any list or on none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .readers import Reader

#: What is kept of each kind for a host.
MOST = 20


class Conduct(StrEnum):
    """What shows that a host knows readers again, or watches them, whatever it is called."""

    COOKIE = "cookie"  # it sets one that differs from reader to reader and outlives the visit
    IDENTIFIER = "identifier"  # its address carries what differs from reader to reader
    BEACON = "beacon"  # it is told what the reader does, and answers nothing
    FINGERPRINT = "fingerprint"  # its script takes one
    RECORDING = "recording"  # it is sent what the reader does
    KEYS = "keys"  # it is sent what the reader types
    CACHE = "cache"  # it hides an identifier in what browsers keep of its answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A host that learns of readers, as far as it was seen.

    *provider* is its name by language, empty where no list knows it; *category* and *country* (ISO 3166-1) are the
    list's. *written* says how the markup has it: ``loads`` at once, ``held`` until the reader agrees, ``hint`` where
    only a connection is opened, empty where only scripts ask for it. *readers* are those whose browsers asked it.
    *named* tells whether a policy names it, None where none was read; *declared* whether the settings do.

    *through* are the scripts that led to it, the nearest first, as addresses without queries; *types* what was asked
    for, in the words of the Fetch standard (``script``, ``image``, ``ping``). *cookies* are names of those that its
    answers set or that went to it, *identifiers* names of parameters in its addresses that carry one, *beacons* the
    addresses that were told something, without queries. *conduct* is how it knows readers again. *pages* counts the
    pages, *first* is one.
    """

    host: str
    provider: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    country: str | None = None
    written: str = ""
    readers: frozenset[Reader] = frozenset()
    named: bool | None = None
    declared: bool = False
    through: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    beacons: tuple[str, ...] = ()
    conduct: frozenset[Conduct] = frozenset()
    pages: int = 1
    first: str = ""
