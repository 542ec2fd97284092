"""An article that nginx sends, asked for through `serve` and through nginx's own `proxy_pass`, over loopback."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from .nginx import NGINX, free_ports, listens, nginx
from .pages import article
from .table import Row

SIZE = 30_000  # bytes of the article
ROUNDS = 20
TURN_SECONDS = 0.5
CONNECTIONS = 4
RATE_GOAL = 0.02
TIME_GOAL = 40
_SERVERS = """
keepalive_requests 10000000;
server {{ listen 127.0.0.1:{site}; root {folder}; }}
server {{ listen 127.0.0.1:{proxy_pass}; location / {{ proxy_pass http://127.0.0.1:{site}; }} }}
"""
_SETTINGS = """
[site]
name = "News"
url = "https://news.example"
operator = "News"
email = "news@news.example"
languages = ["en"]
[licences]
icp = "渝ICP备20009753号-2"
news = "50120220004"
[reporting]
telephone = "+86-23-67158993"
"""
_ASKED = b"GET /article.html HTTP/1.1\r\nHost: news.example\r\n\r\n"


def rows() -> Iterator[Row]:
    """Measure all three in turns: requests a second over a few connections, and the time that one takes."""
    if NGINX is None:
        raise RuntimeError("nginx is not installed (apt-get install nginx-light)")
    with TemporaryDirectory() as name, _serving(Path(name)) as ports:
        rates: dict[str, list[float]] = {name: [] for name in ports}
        times: dict[str, list[float]] = {name: [] for name in ports}
        for number in range(ROUNDS + 1):
            # Who goes first alternates, and the first round only warms up.
            for name, port in sorted(ports.items(), reverse=bool(number % 2)):
                rate, seconds = _rate(port, CONNECTIONS), 1 / _rate(port, 1)
                if number:
                    rates[name].append(rate)
                    times[name].append(seconds)
    page = f"{SIZE / 1000:.0f} KB"
    shares = [ours / theirs for ours, theirs in zip(rates["serve"], rates["proxy_pass"], strict=True)]
    yield Row(page=page, subject="nginx proxy_pass", measured=f"{statistics.median(rates['proxy_pass']):.0f} req/s")
    yield Row(
        page=page,
        subject="serve, one process",
        measured=f"{statistics.median(rates['serve']):.0f} req/s",
        share=statistics.median(shares),
        goal=RATE_GOAL,
        at_least=True,
    )
    added = {
        name: statistics.median(one - bare for one, bare in zip(times[name], times["site"], strict=True))
        for name in ("proxy_pass", "serve")
    }
    subject = "added to a request, "
    yield Row(page=page, subject=f"{subject}proxy_pass", measured=f"{added['proxy_pass'] * 1000:.2f} ms")
    yield Row(
        page=page,
        subject=f"{subject}serve",
        measured=f"{added['serve'] * 1000:.2f} ms",
        share=added["serve"] / added["proxy_pass"],
        goal=TIME_GOAL,
    )


@contextmanager
def _serving(folder: Path) -> Iterator[dict[str, int]]:
    """Serve the article; the ports of the site, of `proxy_pass` and of `serve` in front of it."""
    folder.chmod(0o755)
    (folder / "article.html").write_bytes(article(SIZE))
    (folder / "compliance.toml").write_text(_SETTINGS, encoding="utf-8")
    (folder / "key").write_text("a long random value", encoding="utf-8")
    ports = dict(zip(("site", "proxy_pass", "serve"), free_ports(3), strict=True))
    command = [
        *(sys.executable, "-m", "compliance", "--key-file", "key", "serve"),
        *("--upstream", f"http://127.0.0.1:{ports['site']}", "--bind", f"127.0.0.1:{ports['serve']}"),
    ]
    fronted = ports["site"], ports["proxy_pass"]
    with nginx(_SERVERS.format(folder=folder, **ports), folder, fronted):
        ours = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        try:
            while not listens(ports["serve"]):
                if ours.poll() is not None:
                    raise RuntimeError(f"no server came up: {command}")
            yield ports
        finally:
            ours.terminate()
            ours.wait()


def _rate(port: int, connections: int) -> float:
    """Ask over *connections* that are kept, each for the next as soon as it has its answer; answers per second.

    Every answer is as long as the first: reading no more of them keeps the client out of what is measured.
    """
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    size = _first(clients[0])
    for client in clients[1:]:
        _first(client)
    answers, start = 0, perf_counter()
    while perf_counter() - start < TURN_SECONDS:
        for client in clients:
            client.sendall(_ASKED)
        for client in clients:
            _read(client, size)
        answers += connections
    seconds = perf_counter() - start
    for client in clients:
        client.close()
    return answers / seconds


def _first(client: socket.socket) -> int:
    """Return how long the first answer is."""
    client.sendall(_ASKED)
    came = b""
    while b"\r\n\r\n" not in came:
        came += client.recv(1 << 20)
    head, _, body = came.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    _read(client, int(fields[b"content-length"]) - len(body))
    return len(head) + 4 + int(fields[b"content-length"])


def _read(client: socket.socket, size: int) -> None:
    while size:
        came = client.recv(min(size, 1 << 20))
        if not came:
            raise RuntimeError("a server broke off an answer")
        size -= len(came)
