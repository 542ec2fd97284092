"""What one reader's browser met on one page, before anything is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..readers import Reader
from ..stored import Store
from .traffic import Traffic

#: What is typed into fields, and where the mouse goes: nobody else writes these by chance.
TYPED = "qzx7vk2mwj"
MAILBOX = f"{TYPED}@example.org"
MOVES = ((613, 217), (641, 233), (677, 251), (719, 269), (743, 283), (761, 307), (797, 331), (829, 353))


@dataclass(frozen=True, slots=True)
class Place:
    """A *line* of the script at *url*."""

    url: str
    line: int


@dataclass(frozen=True, slots=True)
class Told:
    """*what* a script did, told by the page; *places* are the scripts that were at work, the innermost first."""

    what: str
    places: tuple[Place, ...]
    more: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a browser keeps, with its *value*, which nothing keeps longer than this record."""

    store: Store
    name: str
    host: str
    value: str = ""
    lifetime: int | None = None
    flags: tuple[str, ...] = ()
    refused: bool = False
    setter: str = ""
    header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The page that reports call *named*, at *url*, as *reader* met it in a *profile* of that number."""

    named: str
    url: str
    reader: Reader
    profile: int
    traffic: Traffic
    told: Sequence[Told] = ()
    items: Sequence[Item] = ()
