"""The demo's article as gunicorn serves it, wrapped and unwrapped, over loopback."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

from .table import Row

ARTICLE = "/articles/consuls-general-two-sessions"
SITES = {"unwrapped": "demo:create_app()", "wrapped": "wsgi:app"}
GOAL = 0.95
ROUNDS = 40
TURN_SECONDS = 0.5
CONNECTIONS = 2


def rows() -> Iterator[Row]:
    """Measure both sites in turns; the share is the median over the rounds of wrapped ÷ unwrapped."""
    with ExitStack() as servers:
        ports = {name: servers.enter_context(_gunicorn(site)) for name, site in SITES.items()}
        bytes_sent = {name: len(_get(HTTPConnection("127.0.0.1", port))) for name, port in ports.items()}
        rates: dict[str, list[float]] = {name: [] for name in SITES}
        for number in range(ROUNDS + 1):
            # Who goes first alternates, and the first round only warms both up.
            for name, port in sorted(ports.items(), reverse=bool(number % 2)):
                rate = _rate(port)
                if number:
                    rates[name].append(rate)
    shares = [wrapped / unwrapped for wrapped, unwrapped in zip(rates["wrapped"], rates["unwrapped"], strict=True)]
    for name in SITES:
        yield Row(
            page=f"{bytes_sent[name] / 1000:.0f} KB",
            subject=f"demo article, {name}",
            measured=f"{statistics.median(rates[name]):.0f} req/s",
            share=statistics.median(shares) if name == "wrapped" else None,
            goal=GOAL if name == "wrapped" else None,
            at_least=True,
        )


@contextmanager
def _gunicorn(site: str) -> Iterator[int]:
    """Serve *site* with one worker on a free port, which gunicorn names in its log."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--worker-class", "gthread"]
    command += ["--threads", str(CONNECTIONS), "--keep-alive", "60", site]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as server:
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


def _rate(port: int) -> float:
    """Ask for the article over a few kept connections for one turn; return answers per second."""
    start = perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = sum(pool.map(_ask, [port] * CONNECTIONS))
    return answers / (perf_counter() - start)


def _ask(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port)
    end = perf_counter() + TURN_SECONDS
    answers = 0
    while perf_counter() < end:
        _get(connection)
        answers += 1
    connection.close()
    return answers


def _get(connection: HTTPConnection) -> bytes:
    connection.request("GET", ARTICLE)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"{ARTICLE} answered {response.status}")
    return body
