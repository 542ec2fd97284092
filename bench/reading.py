"""How well the audit reads feet and heads: precision and recall over the pages below tests/pages/footers.

And how often the gate or `check` errs where scripts mention others' hosts, and where they load: tests/pages/scripts.
"""

from __future__ import annotations

from collections.abc import Iterator

from compliance.page.trackers import Catalogue
from tests.support.footers import scores
from tests.support.scripts import errors

from .table import Row

GOAL = 0.99
#: The share of pages on which a mention may be taken for a load, or a load for a mention.
MOST_ERRORS = 0.02


def rows() -> Iterator[Row]:
    """Yield both shares for every sort of what is read."""
    for sort, (precision, recall, wanted) in scores(Catalogue()).items():
        for name, share in (("precision", precision), ("recall", recall)):
            subject = f"{sort}, {name}"
            yield Row(page="footers", subject=subject, measured=f"of {wanted}", share=share, goal=GOAL, at_least=True)


def error_rows() -> Iterator[Row]:
    """Yield the share of errors on pages that mention others' hosts, and on pages that load from them."""
    for sort, (wrong, count) in errors(Catalogue()).items():
        yield Row(page="scripts", subject=sort, measured=f"{wrong} of {count}", share=wrong / count, goal=MOST_ERRORS)
