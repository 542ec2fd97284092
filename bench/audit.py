"""A folder of article pages checked, beside lxml alone parsing the same files in as many processes."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import lxml.html

from compliance.audit.folder import Folder
from compliance.audit.runner import Audit
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue

from .measure import peak
from .pages import article
from .table import Row

SIZE = 30_000  # bytes of a page
COUNT = 10_000
TIMED = 2_000  # pages in a round
ROUNDS = 3
GOAL = 0.4
MEMORY_GOAL = 16  # MB that ten times the pages may take more
_CREDITS = '<p class="info">2023-01-14 09:30 来源：城市新闻 作者：王小明 责任编辑：李芳</p>'
_FOOT = """<footer><p><a href="/about.html">关于我们</a> <a href="/privacy.html">隐私政策</a>
<a href="https://www.12377.cn/">违法和不良信息举报</a> 举报电话：<a href="tel:+862367158993">023-67158993</a></p>
<p>互联网新闻信息服务许可证编号：50120220004 <a href="https://beian.miit.gov.cn/">渝ICP备20009753号-2</a></p></footer>"""


def rows() -> Iterator[Row]:
    """Measure each side in processes of its own, in turns: the peak of a process never falls."""
    with TemporaryDirectory() as folder:
        _write(Path(folder), 0, TIMED)
        rates: dict[str, list[float]] = {"lxml": [], "check": []}
        for _ in range(ROUNDS):
            for name, found in rates.items():
                found.append(TIMED / _measured(name, folder)[0])
        rate, rival = (statistics.median(rates[name]) for name in ("check", "lxml"))
        yield Row(page="30 KB", subject="lxml alone", measured=f"{rival:.0f}/s")
        yield Row(page="30 KB", subject="check", measured=f"{rate:.0f}/s", share=rate / rival, goal=GOAL, at_least=True)
        small = _measured("check", folder)[1]
        _write(Path(folder), TIMED, COUNT)
        large = _measured("check", folder)[1]
        subject = f"{COUNT:,} pages, MB more than {TIMED:,}"
        yield Row(page="30 KB", subject=subject, measured=f"{large:.0f} MB", share=large - small, goal=MEMORY_GOAL)


def _write(folder: Path, first: int, last: int) -> None:
    (folder / "index.html").write_text(f"<!doctype html><html lang=zh-CN><title>News</title>{_FOOT}", encoding="utf-8")
    for number in range(first, last):
        page = article(SIZE + number % 50).decode().replace("</h1>", f" {number}</h1>{_CREDITS}", 1)
        path = folder / f"{number // 100:03}" / f"{number}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(page.replace("</main>", f"</main>{_FOOT}", 1), encoding="utf-8")


def _measured(name: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", __name__, name, folder]
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(peak)


def _check(folder: Path) -> None:
    for _ in Audit(Folder(folder), Context(catalogue=Catalogue(), today=date(2026, 1, 1)), jobs=os.cpu_count()):
        pass


def _parse(folder: Path) -> None:
    paths = [str(folder / url) for url in Folder(folder).urls()]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(_parse_one, paths, chunksize=20):
            pass


def _parse_one(path: str) -> int:
    return len(lxml.html.document_fromstring(Path(path).read_bytes()))


if __name__ == "__main__":
    start = perf_counter()
    {"check": _check, "lxml": _parse}[sys.argv[1]](Path(sys.argv[2]))
    print(perf_counter() - start, max(peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000))
