"""What holding trackers adds to a page on which there are none, and what it takes on a page with three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance.middleware import Middleware
from compliance.page.injection import Markup
from compliance.page.trackers import Catalogue, Gate

from .injection import CYCLE, FOOT, GOALS, HEAD, duration, rewritten, variant
from .measure import differences
from .pages import article
from .table import Row

GOAL = 0.15  # of the rewriter's time, over plain injection
TRACKERS = (
    b'<script>var _hmt = _hmt || []; (function () { var h = document.createElement("script"); h.src = '
    b'"https://hm.baidu.com/hm.js?0"; document.head.appendChild(h) })()</script>'
    b'<script async src="https://www.googletagmanager.com/gtag/js?id=G-0"></script>'
    b'<noscript><img src="https://www.facebook.com/tr?id=0&amp;ev=PageView" height="1" width="1"></noscript></body>'
)
CATEGORIES = frozenset({"functional", "analytics", "advertising", "social"})


class Injected:
    """Gives every page the same markup, and the gate that is asked for."""

    digest = "0123456789"
    changed = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate

    def gate(self, environ: dict[str, Any], *, private: bool) -> Gate | None:
        return self._gate

    def decided(self, environ: dict[str, Any]) -> bool:
        return False

    def address(self, environ: dict[str, Any]) -> str:
        return self.digest

    def hints(self, *_: object) -> str:
        return ""

    def markup(self, **_: object) -> Markup:
        return Markup(head=HEAD, foot=FOOT)


def rows() -> Iterator[Row]:
    """Measure each size of page in requests with and without a gate, in turns."""
    gate = Gate(Catalogue(), CATEGORIES)
    for size in GOALS:
        page = article(size)
        text = page.decode()
        new = [variant(page, number) for number in range(CYCLE // size)]
        held = [one.replace(b"</body>", TRACKERS) for one in new]
        for subject, pages, goal in (
            ("no trackers, new page", new, GOAL),
            ("no trackers, page again", [page], GOAL),
            ("three trackers, new page", held, None),
        ):
            plain, gated = _requests(pages, None), _requests(pages, gate)
            added, rival = differences(plain, gated, lambda text=text: rewritten(text))
            yield Row(
                page=f"{size // 1000} KB", subject=subject, measured=duration(added), share=added / rival, goal=goal
            )


def _requests(pages: list[bytes], gate: Gate | None) -> Callable[[], object]:
    """Return a call that asks once for the next of *pages*."""
    environ = EnvironBuilder("/").get_environ()
    turn = cycle(pages)

    def site(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [next(turn)]

    app = Middleware(site, Injected(gate), raise_errors=lambda: True)
    return lambda: run_wsgi_app(app, dict(environ), buffered=True)
