"""The demo's article and a light page as gunicorn serves them, wrapped and unwrapped, over loopback."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from demo import create_app
from wsgi import app as wrapped_demo

from . import light
from .injection import duration
from .measure import differences
from .table import Row

ARTICLE = "/articles/consuls-general-two-sessions"
#: By what is served: its path, its sites, and the goal for wrapped ÷ unwrapped.
SITES = {
    "demo article": (ARTICLE, {"unwrapped": "demo:create_app()", "wrapped": "wsgi:app"}, 0.95),
    "light page": (light.PATH, {"unwrapped": "bench.light:bare()", "wrapped": "bench.light:wrapped()"}, 0.92),
}
ADDED = 80.0  # microseconds
ROUNDS = 30
TURN_SECONDS = 0.5
CONNECTIONS = 2


def added_rows() -> Iterator[Row]:
    """Ask both applications for the demo's article in one process; the share is what ours takes more."""
    unwrapped = create_app()
    unwrapped.secret_key = wrapped_demo.secret_key
    environ = EnvironBuilder(ARTICLE).get_environ()

    def asking(app: Any) -> Callable[[], object]:
        return lambda: run_wsgi_app(app, dict(environ), buffered=True)

    added, _ = differences(asking(unwrapped), asking(wrapped_demo), lambda: None)
    yield Row(page="13 KB", subject="demo article", measured=duration(added), share=added * 1e6, goal=ADDED)


def rows() -> Iterator[Row]:
    """Measure both sites in turns; the share is the median over the rounds of wrapped ÷ unwrapped."""
    for subject, (path, sites, goal) in SITES.items():
        yield from _rows(subject, path, sites, goal)


def _rows(subject: str, path: str, sites: Mapping[str, str], goal: float) -> Iterator[Row]:
    with ExitStack() as servers:
        ports = {name: servers.enter_context(gunicorn(site)) for name, site in sites.items()}
        bytes_sent = {name: len(_get(HTTPConnection("127.0.0.1", port), path)) for name, port in ports.items()}
        rates: dict[str, list[float]] = {name: [] for name in sites}
        for number in range(ROUNDS + 1):
            # Who goes first alternates, and the first round only warms both up.
            for name, port in sorted(ports.items(), reverse=bool(number % 2)):
                rate = _rate(port, path)
                if number:
                    rates[name].append(rate)
    shares = [wrapped / unwrapped for wrapped, unwrapped in zip(rates["wrapped"], rates["unwrapped"], strict=True)]
    for name in sites:
        yield Row(
            page=f"{bytes_sent[name] / 1000:.0f} KB",
            subject=f"{subject}, {name}",
            measured=f"{statistics.median(rates[name]):.0f} req/s",
            share=statistics.median(shares) if name == "wrapped" else None,
            goal=goal if name == "wrapped" else None,
            at_least=True,
        )


@contextmanager
def gunicorn(
    site: str, *, workers: int = 1, threads: int = CONNECTIONS, told: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Serve *site* on a free port, which gunicorn names in its log; *told* is added to its environment."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--worker-class", "gthread"]
    command += ["--workers", str(workers), "--threads", str(threads), "--keep-alive", "60", site]
    root, environment = Path(__file__).resolve().parents[1], {**os.environ, **(told or {})}
    with subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            log = []
            for line in server.stderr:
                log.append(line)
                if "Listening at: http://127.0.0.1:" in line:
                    yield int(line.split("127.0.0.1:")[1].split()[0])
                    break
            else:
                raise RuntimeError(f"gunicorn did not serve {site}:\n{''.join(log)}")
        finally:
            server.terminate()
            server.stderr.close()


def _rate(port: int, path: str) -> float:
    """Ask for the page over a few kept connections for one turn; return answers per second."""
    start = perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = sum(pool.map(_ask, [port] * CONNECTIONS, [path] * CONNECTIONS))
    return answers / (perf_counter() - start)


def _ask(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port)
    end = perf_counter() + TURN_SECONDS
    answers = 0
    while perf_counter() < end:
        _get(connection, path)
        answers += 1
    connection.close()
    return answers


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{path} answered {response.status}")
    return body
