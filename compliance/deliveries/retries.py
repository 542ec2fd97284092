"""When something that could not be sent is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

#: How long after each attempt that failed the next one is made.
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
#: How much later it may be, so that what failed together is not tried together for ever.
SPREAD = 0.2


def pause(attempts: int, *, jitter: float, wanted: int | None = None) -> timedelta | None:
    """Return how long to wait after *attempts* attempts that failed; None to give up.

    Args:
        jitter: a random number from 0 to 1.
        wanted: the seconds that the target asked for; it waits no longer than the longest of `RETRIES` for that.
    """
    if attempts > len(RETRIES):
        return None
    asked = min(timedelta(seconds=wanted or 0), RETRIES[-1])
    return max(RETRIES[max(attempts, 1) - 1], asked) * (1 + SPREAD * jitter)
