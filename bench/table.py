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


def print_table(title: str, shared: str, rows: Iterable[Row]) -> list[tuple[str, Row]]:
    """Print *rows* under *title*, as they come, and return those with a goal; *shared* heads the shares."""
    print(f"\n{title}\n{'page':<22}{'subject':<36}{'median':>14}{shared:>22}{'goal':>10}")
    judged = []
    for row in rows:
        share = "" if row.share is None else f"{row.share:.3f}"
        goal = "" if row.goal is None else f"{'≥' if row.at_least else '≤'} {row.goal}"
        verdict = {None: "", True: "met", False: "MISSED"}[row.met]
        print(f"{row.page:<22}{row.subject:<36}{row.measured:>14}{share:>22}{goal:>10}  {verdict}".rstrip(), flush=True)
        if row.met is not None:
            judged.append((title, row))
    return judged


def print_verdict(judged: Iterable[tuple[str, Row]], seconds: float) -> bool:
    """Print how each of the *judged* rows did, the missed ones first, and return whether all are met."""
    ranked = sorted(judged, key=lambda one: bool(one[1].met))
    print(f"\nAll goals, in {seconds / 60:.1f} minutes")
    print(f"{'measured':<44}{'page':<22}{'subject':<36}{'share':>9}{'goal':>10}")
    for title, row in ranked:
        goal = f"{'≥' if row.at_least else '≤'} {row.goal}"
        print(
            f"{title:<44}{row.page:<22}{row.subject:<36}{row.share:>9.3f}{goal:>10}  {'met' if row.met else 'MISSED'}"
        )
    missed = sum(not row.met for _, row in ranked)
    print(f"{len(ranked) - missed} of {len(ranked)} met, {missed} missed")
    return not missed
