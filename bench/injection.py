"""What injection adds to a page, against a rewriter in C, a tree of objects and bare splicing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bs4 import BeautifulSoup
from flask import Flask, Response
from turbohtml.rewrite import Element, rewrite
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance
from compliance.injection import inject

from .measure import medians
from .pages import article
from .table import Row

GOALS = {25_000: 0.4, 250_000: 0.2, 1_000_000: 0.15}  # bytes of the page: share of the rewriter's time
RIVAL = "turbohtml.rewrite"
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
        label = f"{size // 1000} KB"
        seconds = medians(_rivals(page))
        request, wrapped = _requests(page)
        through = medians({"request": request, "wrapped": wrapped})
        seconds["added to a request"] = through["wrapped"] - through["request"]
        for subject, taken in seconds.items():
            yield Row(
                page=label,
                subject=subject,
                measured=_duration(taken),
                share=taken / seconds[RIVAL],
                goal=goal if subject in ("compliance.injection.inject", "added to a request") else None,
            )


def _rivals(page: bytes) -> dict[str, Callable[[], object]]:
    text = page.decode()
    start, end = page.index(b">", page.index(b"<body")) + 1, page.rindex(b"</body")
    result = b"".join((page[:start], HEAD, page[start:end], FOOT, page[end:]))
    assert inject(page, HEAD, FOOT) == result == _rewritten(text).encode()
    return {
        "compliance.injection.inject": lambda: inject(page, HEAD, FOOT),
        RIVAL: lambda: _rewritten(text),
        "BeautifulSoup": lambda: _through_tree(page),
        "splicing at known places": lambda: b"".join((page[:start], HEAD, page[start:end], FOOT, page[end:])),
    }


def _rewritten(text: str) -> str:
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


def _requests(page: bytes) -> list[Callable[[], object]]:
    environ = EnvironBuilder("/").get_environ()
    calls: list[Callable[[], object]] = []
    for wrapped in (False, True):
        app = Flask(__name__)
        app.secret_key = "bench"
        app.add_url_rule("/", view_func=lambda: Response(page, content_type="text/html; charset=utf-8"))
        if wrapped:
            Compliance(app, settings=SETTINGS)
        calls.append(lambda app=app: run_wsgi_app(app, dict(environ), buffered=True))
    return calls


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"
