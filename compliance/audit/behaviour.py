"""What scripts do to know a reader again, or to watch one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .readers import Reader


class Act(StrEnum):
    """What a script does."""

    CANVAS = "canvas"
    FONTS = "fonts"
    AUDIO = "audio"
    WEBGL = "webgl"
    RECORDING = "recording"
    KEYS = "keys"
    FIELDS = "fields"
    CACHE = "cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """An *act* of the *script* at an address (without its query) and a *line*, None where that is not known.

    *to* is the address, without its query, to which what was learned went, empty where it went nowhere while the page
    was open. *readers* are those whose browsers met it; *pages* counts the pages, *first* is one.
    """

    act: Act
    script: str
    line: int | None = None
    to: str = ""
    readers: frozenset[Reader] = frozenset()
    pages: int = 1
    first: str = ""
