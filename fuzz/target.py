"""What is fuzzed: a test that takes inputs as Hypothesis makes them up, within a time for each."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

#: The checkout.
ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "fuzz"
#: Seconds of the processor that one input may take; none is longer than some ten thousand bytes.
LIMIT = 10.0
_ROUND = 500  # inputs, after which Hypothesis begins anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A *test* that is called *name* and takes what *inputs* yields; it raises where something is wrong."""

    name: str
    inputs: st.SearchStrategy[Any]
    test: Callable[[Any], None]

    def fuzzed(self, until: float, examples: int = _ROUND) -> int:
        """Try inputs *until* the clock is there, *examples* at least; return how many there were.

        Raises what the test raises for the smallest input that was found to fail, with a note that has it.
        """
        count = 0

        @settings(
            max_examples=examples,
            deadline=None,
            database=DirectoryBasedExampleDatabase(KEPT / self.name),
            suppress_health_check=list(HealthCheck),
        )
        @given(self.inputs)
        def one(made: Any) -> None:
            nonlocal count
            count += 1
            with _limited():
                self.test(made)

        one()
        while monotonic() < until:
            one()
        return count


@contextmanager
def _limited() -> Iterator[None]:
    def over(*_: object) -> None:
        raise AssertionError(f"this input takes more than {LIMIT:.0f} seconds")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
