"""A folder of article pages, stamped beside copied: how long it takes, and how memory grows with the folder."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from compliance.cli import STARTER

from .pages import article
from .table import Row

PAGES = 10_000
SIZE = 30_000  # bytes
FEW = 1_000
ROUNDS = 3
GOAL = 0.35  # of the pages that `cp -r` copies in the same time
MEMORY_GOAL = 8  # MB more than for `FEW` pages
_IN_A_FOLDER = 100
_PEAK = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
_PEAK += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)"


def rows() -> Iterator[Row]:
    """Copy and stamp in turns; the disk has written everything before each turn."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(STARTER, root / "compliance.toml")
        for name, count in (("many", PAGES), ("few", FEW)):
            _generate(root / name, count)
        rivals = {"cp -r": ["cp", "-r", "many", "made"], "stamp": _stamping("many", "made")}
        seconds: dict[str, list[float]] = {name: [] for name in rivals}
        for _ in range(ROUNDS):
            for name, command in rivals.items():
                seconds[name].append(_timed(root, command))
        copied, stamped = (statistics.median(taken) for taken in seconds.values())
        page = f"{PAGES:,}"
        yield Row(page=page, subject="cp -r", measured=f"{PAGES / copied:,.0f}/s")
        rate = f"{PAGES / stamped:,.0f}/s"
        yield Row(page=page, subject="stamp", measured=rate, share=copied / stamped, goal=GOAL, at_least=True)
        _timed(root, _stamping("many", "made"), keep=True)
        again = _timed(root, _stamping("many", "made"))
        yield Row(page=page, subject="stamp, nothing changed", measured=f"{PAGES / again:,.0f}/s", share=copied / again)
        few, many = (_peak(root, _stamping(name, f"{name} made")) for name in ("few", "many"))
        yield Row(page=page, subject="peak of a process, MB", measured=f"{many:.0f}")
        yield Row(page=page, subject=f"MB more than for {FEW:,}", measured="", share=many - few, goal=MEMORY_GOAL)


def _stamping(source: str, target: str) -> list[str]:
    return [sys.executable, "-m", "compliance", "stamp", source, target]


def _timed(root: Path, command: list[str], *, keep: bool = False) -> float:
    os.sync()
    start = perf_counter()
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
    seconds = perf_counter() - start
    if not keep:
        shutil.rmtree(root / command[-1])
    return seconds


def _peak(root: Path, command: list[str]) -> float:
    run = [sys.executable, "-c", _PEAK, *command]
    return float(subprocess.run(run, cwd=root, check=True, capture_output=True, text=True).stdout)


def _generate(folder: Path, count: int) -> None:
    page = article(SIZE)
    for number in range(count):
        place = folder / f"{number // _IN_A_FOLDER:03d}"
        place.mkdir(parents=True, exist_ok=True)
        # No page is like another.
        (place / f"{number}.html").write_bytes(page.replace(b"<title>", b"<title>%d " % number, 1))
