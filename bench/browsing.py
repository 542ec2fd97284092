"""A folder of pages opened in Chromium by three readers each: pages a minute by processor time, and memory of all."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from compliance.audit.browser import Browser
from compliance.audit.folder import Folder
from compliance.audit.runner import Audit
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue

from .pages import article
from .table import Row

SIZE = 30_000  # bytes of a page
COUNT = 20
PROCESSORS = 2
GOAL = 20  # pages a minute on two processors
MEMORY_GOAL = 700  # MB of Python, Playwright's driver and Chromium together
_BANNER = """<div id=bar>我们使用 Cookie，详见隐私政策。
<button onclick="document.cookie='choice=yes;path=/';bar.remove()">同意</button>
<button onclick="document.cookie='choice=no;path=/';bar.remove()">拒绝</button></div>
<script>if (document.cookie.includes("choice=")) bar.remove();
if (document.cookie.includes("choice=yes")) localStorage.setItem("visitor", crypto.randomUUID());
addEventListener("mousemove", () => 0);</script><form><input name=q></form></body>"""


def rows() -> Iterator[Row]:
    """Measure in a process of its own: what has ended counts with its parent."""
    with TemporaryDirectory() as folder:
        for number in range(COUNT):
            page = article(SIZE + number).decode().replace("</body>", _BANNER, 1)
            Path(folder, "index.html" if not number else f"{number:03}.html").write_text(page, encoding="utf-8")
        command = [sys.executable, "-m", __name__, folder]
        seconds, peak = map(float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    rate = 60 * PROCESSORS * COUNT / seconds
    yield Row(
        page="30 KB",
        subject="check --browser, three readers, two processors",
        measured=f"{rate:.0f}/min",
        share=rate,
        goal=GOAL,
        at_least=True,
    )
    yield Row(page="30 KB", subject="all processes", measured=f"{peak:.0f} MB", share=peak, goal=MEMORY_GOAL)


def _opened(folder: str) -> None:
    peak = [0.0]
    ended = Event()
    watch = Thread(target=_watch, args=(peak, ended))
    watch.start()
    with Browser() as browser:
        audit = Audit(
            Folder(Path(folder)),
            Context(catalogue=Catalogue(), today=date(2026, 1, 1)),
            browser=browser,
            opened=COUNT,
        )
        for _ in audit:
            pass
    ended.set()
    watch.join()
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(sum(one.ru_utime + one.ru_stime for one in (own, children)), peak[0])


def _watch(peak: list[float], ended: Event) -> None:
    while not ended.wait(0.25):
        peak[0] = max(peak[0], sum(map(_memory, _tree(os.getpid()))))


def _tree(process: int) -> Iterator[int]:
    yield process
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from _tree(int(child))


def _memory(process: int) -> float:
    """Return what *process* holds in MB; what several share is divided among them."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    _opened(sys.argv[1])
