"""What every table of the settings file has in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationInfo

from ..errors import Message


class Table(BaseModel):
    """A table of the file: frozen, without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def category_name(key: str) -> str:
    """Return *key*, which a site calls a category of its own; `ValueError` where it is long or more than a word."""
    if not re.fullmatch("[a-z][a-z0-9_]{0,31}", key):
        raise ValueError(
            Message("write %(key)s with up to 32 small letters, digits and underscores, a letter first", key=repr(key))
        )
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What other keys, and the place of the file, say about the value that is being read.

    *languages* and *categories* are what the file declares, as far as that can be told before all of it is read,
    *named* the categories that it gives a name, *host* that of ``site.url``, *private* whether webhooks may lie in a
    private network. *kind* is the kind of the licence whose number is being read.
    """

    languages: tuple[str, ...]
    categories: tuple[str, ...]
    named: frozenset[str]
    folder: Path
    host: str = ""
    private: bool = False
    kind: str = ""

    @classmethod
    def of(cls, info: ValidationInfo) -> Context:
        """Return the context in which the value of *info* is read."""
        if not isinstance(info.context, cls):
            raise RuntimeError("Settings are made by compliance.settings.load")
        return info.context
