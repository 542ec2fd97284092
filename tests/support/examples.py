"""How many examples a property is tried on: as many as a test asks for, or a share of them.

A run draws new ones each time, so what one passes by another finds. `make test` draws three tenths, `make quick` one.
"""

from __future__ import annotations

import os

_SHARES = {"few": 0.1, "some": 0.3, "all": 1}


def examples(number: int) -> int:
    """Return how many examples stand for *number* in this run; `KeyError` for a share that there is not."""
    return max(1, int(number * _SHARES[os.environ.get("COMPLIANCE_EXAMPLES", "all")]))
