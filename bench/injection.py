"""What injection adds to a page, against a rewriter in C, a tree of objects and bare splicing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

from bs4 import BeautifulSoup
from flask import Flask, Response
from turbohtml.rewrite import Element, rewrite
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance
from compliance.page.injection import inject

from .measure import medians
from .pages import article
from .table import Row

GOALS = {25_000: 0.4, 250_000: 0.2, 1_000_000: 0.15}  # bytes of a page that comes again: share of the rewriter's time
NEW = 0.8  # of its time for a page that is new, whatever its size
INJECT, RIVAL = "compliance.page.injection.inject", "turbohtml.rewrite"
CYCLE = 12_000_000  # bytes of pages before one comes again: more than is remembered of pages seen
HEAD = b'<div data-compliance="banner">' + b"<p>By continuing to browse our site you agree.</p>" * 12 + b"</div>"
FOOT = b'<footer data-compliance="footer">' + b"<p>Leaving a message</p>" * 60 + b"</footer>"
SETTINGS = {
    "site": {
        "name": "City News",
        "url": "https://news.example",
        "operator": "City News Ltd",
        "email": "service@news.example",
        "languages": ["en", "zh_CN"],
    },
    "licences": {"icp": "渝ICP备20009753号-2"},
    "reporting": {"telephone": "+86-23-67158993"},
}


def rows() -> Iterator[Row]:
    """Measure each size of page: the bytes alone, then whole requests through a Flask application."""
    for size, goal in GOALS.items():
        page = article(size)
        seconds = medians(_rivals(page))
        seconds["added to a request, new page"] = _added([variant(page, number) for number in range(CYCLE // size)])
        seconds["added to a request, page again"] = _added([page])
        goals = {INJECT: NEW, "added to a request, new page": NEW, "added to a request, page again": goal}
        for subject, taken in seconds.items():
            yield Row(
                page=f"{size // 1000} KB",
                subject=subject,
                measured=duration(taken),
                share=taken / seconds[RIVAL],
                goal=goals.get(subject),
            )


def _added(pages: list[bytes]) -> float:
    """Return the seconds that the extension adds to a request, of which each is answered with the next of *pages*."""
    environ = EnvironBuilder("/").get_environ()
    calls: dict[str, Callable[[], object]] = {}
    for name in ("bare", "wrapped"):
        app = Flask(__name__)
        app.secret_key = "a key of sixteen bytes or more"
        turn = cycle(pages)
        app.add_url_rule("/", view_func=lambda turn=turn: Response(next(turn), content_type="text/html; charset=utf-8"))
        if name == "wrapped":
            Compliance(app, settings=SETTINGS)
        calls[name] = lambda app=app: run_wsgi_app(app, dict(environ), buffered=True)
    seconds = medians(calls)
    return seconds["wrapped"] - seconds["bare"]


def variant(page: bytes, number: int) -> bytes:
    """Return *page* as no other *number* has it, of the same length."""
    return page.replace(b"<title>Two", b"<title>%03d" % number, 1)


def _rivals(page: bytes) -> dict[str, Callable[[], object]]:
    text = page.decode()
    start, end = page.index(b">", page.index(b"<body")) + 1, page.rindex(b"</body")
    for result in (inject(page, HEAD, FOOT), rewritten(text).encode()):
        assert HEAD in result and FOOT in result and result.replace(HEAD, b"").replace(FOOT, b"") == page
    return {
        INJECT: lambda: inject(page, HEAD, FOOT),
        RIVAL: lambda: rewritten(text),
        "BeautifulSoup": lambda: _through_tree(page),
        "splicing at known places": lambda: b"".join((page[:start], HEAD, page[start:end], FOOT, page[end:])),
    }


def rewritten(text: str) -> str:
    def place(body: Element) -> None:
        body.prepend(HEAD.decode(), html=True)
        body.append(FOOT.decode(), html=True)

    return rewrite(text, elements=[("body", place)])


def _through_tree(page: bytes) -> str:
    tree = BeautifulSoup(page, "html.parser")
    assert tree.body is not None
    tree.body.insert(0, BeautifulSoup(HEAD, "html.parser"))
    tree.body.append(BeautifulSoup(FOOT, "html.parser"))
    return str(tree)


def duration(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"
