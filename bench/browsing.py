"""A folder of pages opened in Chromium by three readers each: pages a minute by processor time, and memory of all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from compliance.audit.browser import Browser
from compliance.audit.folder import Folder
from compliance.audit.runner import Audit
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue

from .pages import article
from .processes import module, run
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
    """Measure in a process of its own."""
    with TemporaryDirectory() as folder:
        for number in range(COUNT):
            page = article(SIZE + number).decode().replace("</body>", _BANNER, 1)
            Path(folder, "index.html" if not number else f"{number:03}.html").write_text(page, encoding="utf-8")
        done = run(module(__name__, folder))
    if done.status:
        raise RuntimeError(done.complaints)
    rate = 60 * PROCESSORS * COUNT / done.processors
    yield Row(
        page="30 KB",
        subject="check --browser, three readers, two processors",
        measured=f"{rate:.0f}/min",
        share=rate,
        goal=GOAL,
        at_least=True,
    )
    yield Row(
        page="30 KB", subject="all processes", measured=f"{done.memory:.0f} MB", share=done.memory, goal=MEMORY_GOAL
    )


def _opened(folder: str) -> None:
    with Browser() as browser:
        audit = Audit(
            Folder(Path(folder)),
            Context(catalogue=Catalogue(), today=date(2026, 1, 1)),
            browser=browser,
            opened=COUNT,
        )
        for _ in audit:
            pass


if __name__ == "__main__":
    _opened(sys.argv[1])
