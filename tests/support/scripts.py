"""Pages whose scripts mention others' hosts, beside such as load from them: tests/pages/scripts/pages.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

from compliance.audit.loaded import loaded
from compliance.audit.page import Page
from compliance.page.trackers import Catalogue, Gate

PAGES = Path(__file__).parents[1] / "pages" / "scripts" / "pages.toml"
#: What pages do with a host, and whether that loads it.
SORTS = {"mentions": False, "loads": True}
_HELD = frozenset({"functional", "analytics", "advertising", "social"})


def pages() -> dict[str, dict[str, bytes]]:
    """Return the pages by sort and name."""
    return {
        sort: {
            name: f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>步道</title><body>{body}</body>".encode()
            for name, body in bodies.items()
        }
        for sort, bodies in tomllib.loads(PAGES.read_text(encoding="utf-8")).items()
    }


def told(content: bytes, catalogue: Catalogue) -> tuple[bool, bool]:
    """Return whether the gate holds something of the page *content*, and whether `check` reports something of it."""
    held = b"data-compliance-hold" in Gate(catalogue, _HELD).whole(content)
    return held, bool(loaded(Page("https://news.example/", content), catalogue))


def errors(catalogue: Catalogue) -> dict[str, tuple[int, int]]:
    """Return by sort of how many pages the gate or `check` is wrong, and how many there are."""
    return {
        sort: (sum(told(one, catalogue) != (SORTS[sort],) * 2 for one in named.values()), len(named))
        for sort, named in pages().items()
    }
