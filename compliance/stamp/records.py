"""What a run is about: what lies in a folder, what is known of it from the last time, what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ..errors import ComplianceError


class FolderError(ComplianceError):
    """A folder cannot be stamped."""


class PathKind(StrEnum):
    """What lies somewhere, by the letter that the manifest has for it."""

    FOLDER = "d"
    FILE = "f"
    LINK = "l"
    OURS = "o"  # a stylesheet, a script, a legal document
    OTHER = "x"  # a socket, a device


class Did(StrEnum):
    """What became of a file."""

    STAMPED = "stamped"
    LEFT = "left as it is"  # a page to which nothing is added
    PLACED = "linked or copied"
    WRITTEN = "written"  # one of our own
    KEPT = "unchanged"
    REMOVED = "removed"
    DIFFERS = "differs"  # from what would be written
    SKIPPED = "skipped"
    FAILED = "failed"
    NOTHING = "nothing"  # a folder, which is no file; a file that is gone on both sides


class ManifestEntry(NamedTuple):
    """What the manifest knows of *path*: how its source was, and how that came out."""

    path: str
    kind: PathKind
    key: str = "-"  # of the settings that a page was stamped under
    time: int = 0
    size: int = 0
    made_time: int = 0
    made_size: int = 0


class Item(NamedTuple):
    """Something that is to lie at *path*."""

    path: str
    kind: PathKind
    known: ManifestEntry | None = None


class Outcome(NamedTuple):
    """What became of the file at *path*, with the entry for the manifest, and the reason where there is one to tell."""

    path: str
    did: Did
    entry: ManifestEntry | None = None
    reason: str = ""


def order(record: Item | ManifestEntry) -> str:
    """Return what sorts records as folders are walked: what lies in a folder right behind it."""
    return record.path.replace("/", "\0")
