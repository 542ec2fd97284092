"""How well the audit reads feet and heads: precision and recall over the pages below tests/pages/footers."""

from __future__ import annotations

from collections.abc import Iterator

from compliance.page.trackers import Catalogue
from tests.support.footers import scores

from .table import Row

GOAL = 0.99


def rows() -> Iterator[Row]:
    """Yield both shares for every sort of what is read."""
    for sort, (precision, recall, wanted) in scores(Catalogue()).items():
        for name, share in (("precision", precision), ("recall", recall)):
            subject = f"{sort}, {name}"
            yield Row(page="footers", subject=subject, measured=f"of {wanted}", share=share, goal=GOAL, at_least=True)
