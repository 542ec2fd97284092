"""A page of one gigabyte that a generator makes: how much memory it takes on its way, and how fast it goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice, repeat
from time import perf_counter

from flask import Flask, Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance

from .injection import SETTINGS
from .measure import peak
from .table import Row

SIZE = 1_000_000_000  # bytes
PIECE = b"<p>" + b"Two rivers meet below the old town. " * 455 + b"</p>\n"
GOAL = 16  # MB beside what the same page takes without us


def rows() -> Iterator[Row]:
    """Measure each side in a process of its own: the peak of a process never falls."""
    bare, _ = _measured("bare")
    wrapped, rate = _measured("wrapped")
    yield Row(page="1 GB", subject="streamed", measured=f"{rate:.0f} MB/s", share=wrapped - bare, goal=GOAL)


def _measured(name: str) -> tuple[float, float]:
    output = subprocess.run([sys.executable, "-m", __name__, name], check=True, capture_output=True, text=True).stdout
    peak, rate = map(float, output.split())
    return peak, rate


def _stream(name: str) -> None:
    app = Flask(__name__)
    app.secret_key = "a key of sixteen bytes or more"
    app.add_url_rule("/", view_func=lambda: Response(_pieces(), content_type="text/html; charset=utf-8"))
    if name == "wrapped":
        Compliance(app, settings=SETTINGS)
    start = perf_counter()
    sent = sum(map(len, run_wsgi_app(app, EnvironBuilder("/").get_environ(), buffered=False)[0]))
    seconds = perf_counter() - start
    assert sent >= SIZE
    print(peak(), sent / 1e6 / seconds)


def _pieces() -> Iterator[bytes]:
    yield b"<!doctype html><html lang=en><title>One gigabyte</title><body>"
    yield from islice(repeat(PIECE), SIZE // len(PIECE) + 1)
    yield b"</body></html>"


if __name__ == "__main__":
    _stream(sys.argv[1])
