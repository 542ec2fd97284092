"""A program with all that it starts: how long it takes, how long processors compute for it, and the memory of all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_EVERY = 0.1  # seconds between two looks
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run:
    """What a program printed, its *complaints* and its *status*; in seconds how long it took, by the clock and by
    *processors*; and the most *memory* that it had, in MB.
    """

    printed: str
    complaints: str
    status: int
    seconds: float
    processors: float
    memory: float


def run(command: Sequence[str], *, timeout: float | None = None, environ: Mapping[str, str] | None = None) -> Run:
    """Run *command* to its end. Raises `subprocess.TimeoutExpired` after *timeout* seconds.

    Programs that are killed hand on no processor time to whoever started them, so each is asked while it runs.
    """
    start = perf_counter()
    spent: dict[int, float] = {}
    peak = 0.0
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}
    )
    while True:
        tree = list(_tree(process.pid))
        spent.update({one: seconds for one in tree if (seconds := _processor(one)) is not None})
        peak = max(peak, sum(map(_memory, tree)))
        try:
            printed, complaints = process.communicate(timeout=_EVERY)
            break
        except subprocess.TimeoutExpired:
            if timeout is not None and perf_counter() - start > timeout:
                for one in tree:
                    subprocess.run(["kill", "-KILL", str(one)], check=False, stderr=subprocess.DEVNULL)
                process.communicate()
                raise
    return Run(printed, complaints, process.returncode, perf_counter() - start, sum(spent.values()), peak)


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs the module *name* with *arguments*."""
    return [sys.executable, "-m", name, *arguments]


def _tree(process: int) -> Iterator[int]:
    yield process
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:  # it has just ended
            continue
        for child in children:
            yield from _tree(int(child))


def _processor(process: int) -> float | None:
    """Return the seconds that *process* itself has computed, None where it is gone (proc_pid_stat(5))."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(process: int) -> float:
    """Return what *process* holds in MB; what several share is divided among them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
