"""Feet and heads of pages, written for the tests, with what is to be read on each: tests/pages/footers/*.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compliance.audit.checks.policies import is_policy
from compliance.audit.checks.reporting import is_entrance, reporting_lines
from compliance.audit.loaded import Loaded, loaded
from compliance.audit.page import Page
from compliance.page.trackers import Catalogue

PAGES = Path(__file__).parents[1] / "pages" / "footers"
#: What is read on every page, each a list of texts: a licence is its kind (with ! where it is not well-formed), its
#: number and its link; a telephone its address, or ? and what is printed; all others are addresses and hosts.
SORTS = ("licences", "telephones", "reports", "policies", "trackers")


@dataclass(frozen=True, kw_only=True)
class Footer:
    """A page called *name*: its *content* in bytes, and what is *expected* on it by sort."""

    name: str
    content: bytes
    expected: dict[str, list[str]]

    def read(self, catalogue: Catalogue) -> dict[str, list[str]]:
        """Return what the audit reads on the page, by sort, in any order."""
        page = Page("https://news.example/", self.content, home=True)
        licences = (
            " ".join((one.kind + "!" * (not one.valid), one.number, one.link.attribute("href") if one.link else ""))
            for one in page.numbers
        )
        lines = (line.uri or f"? {line.printed}" for line in reporting_lines(page) if not line.public)
        found = {
            "licences": (one.strip() for one in licences),
            "telephones": lines,
            "reports": (one.attribute("href") for one in page.links if is_entrance(one)),
            "policies": (one.attribute("href") for one in page.links if is_policy(one)),
            "trackers": (self._host(one) for one in loaded(page, catalogue)),
        }
        return {sort: sorted(set(found[sort])) for sort in SORTS}

    def _host(self, one: Loaded) -> str:
        """Return the host that is expected of *one*: a script names more of it than the catalogue does."""
        known = one.tracker.host
        return next((host for host in self.expected["trackers"] if f".{host}".endswith(f".{known}")), one.host)


def footers() -> Iterator[Footer]:
    """Yield every page of the corpus."""
    for file in sorted(PAGES.glob("*.toml")):
        for name, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            # A page that names no charset is UTF-8 all the same, but where the row says another.
            charset = row.get("charset", "utf-8")
            expected = {sort: sorted(row.get(sort, ())) for sort in SORTS}
            yield Footer(
                name=f"{file.stem}/{name}", content=row["html"].encode(charset, "xmlcharrefreplace"), expected=expected
            )


def scores(catalogue: Catalogue) -> dict[str, tuple[float, float, int]]:
    """Return precision, recall and the number expected, by sort, over the whole corpus."""
    right, read, wanted = (dict.fromkeys(SORTS, 0) for _ in range(3))
    for footer in footers():
        found = footer.read(catalogue)
        for sort in SORTS:
            right[sort] += len({*found[sort]} & {*footer.expected[sort]})
            read[sort] += len(found[sort])
            wanted[sort] += len(footer.expected[sort])
    return {sort: (right[sort] / (read[sort] or 1), right[sort] / wanted[sort], wanted[sort]) for sort in SORTS}
