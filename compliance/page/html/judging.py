"""What the reader of a page asks about its tags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Defining(Protocol):
    """What is held: scripts that follow may use what it defines."""

    @property
    def globals(self) -> tuple[str, ...]:
        """The names that it defines."""


T = TypeVar("T", bound=Defining)


class Judge(Protocol[T]):
    """Says what becomes of tags, and what they are held for.

    *base* is the address that relative ones of the page begin with, where it is not the page's own.
    """

    def find(self, data: bytes, start: int) -> re.Match[bytes] | None:
        """Return the first thing after *start* that a tag must hold to be of interest."""

    def concerns(self, page: bytes, *, marked: bool) -> bool:
        """Return whether anything in *page* may change; *marked* says whether a script in it may have a label."""

    def tag(self, text: bytes, base: str | None) -> tuple[bytes, tuple[T, ...]]:
        """Return what becomes of the start tag *text* of no script."""

    def frame(self, text: bytes, inside: Sequence[T]) -> tuple[bytes, tuple[T, ...]]:
        """Return what becomes of the start tag *text* of a frame in whose own page *inside* was held."""

    def style(self, text: bytes, content: bytes, base: str | None) -> tuple[bytes, bytes, tuple[T, ...]]:
        """Return what becomes of the start tag *text* of a stylesheet, and of its *content*."""

    def script(
        self, text: bytes, content: bytes, before: Sequence[T], base: str | None, *, foreign: bool
    ) -> tuple[bytes, tuple[T, ...]]:
        """Return what becomes of the start tag *text* of a script; *before* was held before it."""

    def base(self, text: bytes) -> str | None:
        """Return the address in the tag *text* of a <base>, where it is not the page's own."""
