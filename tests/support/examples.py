"""How many examples a property is tried on: as many as a test asks for, a tenth of them in `make quick`."""

from __future__ import annotations

import os

_SHARES = {"few": 0.1}


def examples(number: int) -> int:
    """Return how many examples stand for *number* in this run."""
    return max(1, int(number * _SHARES.get(os.environ.get("COMPLIANCE_EXAMPLES", ""), 1)))
