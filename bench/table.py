"""The table that `make bench` prints: each figure with its goal beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what was measured, what it gave, its share of the rival's, and the goal for that share."""

    page: str
    subject: str
    measured: str
    share: float | None = None
    goal: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        if self.share is None or self.goal is None:
            return None
        return self.share >= self.goal if self.at_least else self.share <= self.goal


def print_table(title: str, shared: str, rows: Iterable[Row]) -> bool:
    """Print *rows* under *title*, as they come, and return whether every goal is met; *shared* heads the shares."""
    print(f"\n{title}\n{'page':<22}{'subject':<36}{'median':>14}{shared:>22}{'goal':>10}")
    met = True
    for row in rows:
        share = "" if row.share is None else f"{row.share:.3f}"
        goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal}"
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        print(f"{row.page:<22}{row.subject:<36}{row.measured:>14}{share:>22}{goal:>10}  {verdict}".rstrip(), flush=True)
        met = met and row.met is not False
    return met
