"""Time rivals side by side, in turns, so that a busy moment of the machine meets all of them."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

ROUNDS = 41
TURN_SECONDS = 0.01
RIVAL_SECONDS = 3.0  # a slow rival sits out the rounds that would take it past this


def medians(rivals: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds that one call of each of *rivals* takes."""
    repeats = {name: max(1, round(TURN_SECONDS / _turn(call, 1))) for name, call in rivals.items()}
    turns: dict[str, list[float]] = {name: [] for name in rivals}
    for round_number in range(ROUNDS):
        for name, call in rivals.items():
            if round_number < 3 or sum(turns[name]) * repeats[name] < RIVAL_SECONDS:
                turns[name].append(_turn(call, repeats[name]))
    return {name: statistics.median(seconds) for name, seconds in turns.items()}


def differences(
    plain: Callable[[], object], more: Callable[[], object], rival: Callable[[], object]
) -> tuple[float, float]:
    """Return the median seconds by which a call of *more* takes longer than one of *plain*, and those of *rival*.

    What they differ in is small beside both: each round compares its own two, which go first in turns.
    """
    repeats = [max(1, round(TURN_SECONDS / _turn(call, 1))) for call in (plain, rival)]
    added, taken = [], []
    for number in range(ROUNDS * 3):
        first, second = (plain, more) if number % 2 else (more, plain)
        early, late = _turn(first, repeats[0]), _turn(second, repeats[0])
        added.append(late - early if number % 2 else early - late)
        if number % 3 == 0:
            taken.append(_turn(rival, repeats[1]))
    return statistics.median(added), statistics.median(taken)


def rate(call: Callable[[], object], *, seconds: float, threads: int = 1) -> float:
    """Return how often a second *call* is done by *threads* at once, within *seconds*."""
    start = perf_counter()

    def turn(_: int) -> int:
        calls = 0
        while perf_counter() - start < seconds:
            call()
            calls += 1
        return calls

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(turn, range(threads))) / (perf_counter() - start)


def peak() -> float:
    """Return the most memory that this process has had, in MB.

    What `getrusage` tells is that of the process that started it, where that had more.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


def _turn(call: Callable[[], object], repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        call()
    return (perf_counter() - start) / repeats
