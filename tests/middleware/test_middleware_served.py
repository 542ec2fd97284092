"""The boundary behind a real server: lengths, chunks and kept connections as a client sees them."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest

from compliance.middleware import Middleware
from support.wsgi_site import CHANGED, PAGE, Injected, site

ROOT = Path(__file__).resolve().parents[2]
closed: list[str] = []


def _endless() -> Iterator[bytes]:
    yield b"<!doctype html><html lang=en><body>"
    try:
        while True:
            yield b"<p>" + b"x" * 10_000 + b"</p>"
    finally:
        closed.append("endless")


def _by_wrapper(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    kind, _, path = environ["QUERY_STRING"].rpartition("=")
    headers = [("Content-Type", kind), ("Content-Length", str(Path(path).stat().st_size))]
    start_response("200 OK", headers)
    file = Path(path).open("rb")  # noqa: SIM115 -- the server closes it
    wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](file)
    return wrapped


def _written(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    write(PAGE[:80].encode())
    return [PAGE[80:].encode()]


def _failing() -> Iterator[bytes]:
    yield PAGE[:80].encode()
    raise OSError("theirs")


SITES: dict[str, Callable[..., Iterable[bytes]]] = {
    "/": site(content_length=str(len(PAGE)), etag='"x"'),
    "/stream": site(lambda: iter([PAGE[:60].encode(), PAGE[60:90].encode(), PAGE[90:].encode()])),
    "/gzip": site(lambda: iter([gzip.compress(PAGE.encode())]), content_encoding="gzip"),
    "/written": _written,
    "/file": _by_wrapper,
    "/fragment": site("<p>fragment</p>", content_length="15"),
    "/error": site(status="500 Internal Server Error"),
    "/fails": site(_failing),
    "/endless": site(_endless),
    "/closed": lambda environ, start: site(",".join(closed), content_type="text/plain")(environ, start),
}


def _dispatch(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return SITES[environ["PATH_INFO"]](environ, start_response)


application = Middleware(_dispatch, Injected(), raise_errors=lambda: False)


@pytest.fixture(scope="module", params=["sync", "gthread"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a gunicorn that serves `application` with one worker."""
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--worker-class", request.param]
    command += [
        "--keep-alive",
        "60",
        "--pythonpath",
        f"{ROOT},{ROOT / 'tests'},{Path(__file__).parent}",
        f"{Path(__file__).stem}:application",
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            log = []
            for line in server.stderr:
                log.append(line)
                if "Listening at: http://127.0.0.1:" in line:
                    yield int(line.split("127.0.0.1:")[1].split()[0])
                    break
            else:
                pytest.fail("".join(log))
        finally:
            server.terminate()
            server.stderr.read()  # an unread pipe would hold it up


@pytest.fixture
def connection(port: int) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    yield connection
    connection.close()


@pytest.mark.slow
def test_answers_on_one_connection_end_where_they_say(connection: HTTPConnection) -> None:
    """A wrong length would make the next answer unreadable."""
    for _ in range(2):
        for method, path, expected in (
            ("GET", "/", CHANGED),
            ("HEAD", "/", ""),
            ("GET", "/stream", CHANGED),
            ("HEAD", "/stream", ""),
            ("GET", "/written", CHANGED),
            ("GET", "/fragment", "<p>fragment</p>"),
            ("GET", "/error", CHANGED),
        ):
            connection.request(method, path)
            answer = connection.getresponse()
            assert (path, answer.read().decode()) == (path, expected)
            assert answer.getheader("Content-Length") is None or answer.getheader("Transfer-Encoding") is None


def test_coded_pages_arrive(connection: HTTPConnection) -> None:
    connection.request("GET", "/gzip")
    assert gzip.decompress(connection.getresponse().read()).decode() == CHANGED


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
def test_files_go_through_the_servers_own_wrapper(connection: HTTPConnection, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text(PAGE)
    connection.request("GET", f"/file?{kind.replace(' ', '')}={path}")
    answer = connection.getresponse()
    expected = PAGE if kind == "text/plain" else CHANGED
    assert answer.read().decode() == expected
    assert answer.getheader("Content-Length") == str(len(expected))


def test_an_answer_that_the_site_breaks_off_is_seen_to_be_broken(connection: HTTPConnection) -> None:
    connection.request("GET", "/fails")
    with pytest.raises(IncompleteRead) as broken:
        connection.getresponse().read()
    assert broken.value.partial.decode().replace("[en banner]", "") == PAGE[:80]


def test_the_old_protocol_gets_the_same_page(port: int) -> None:
    for path in ("/", "/stream"):
        with create_connection(("127.0.0.1", port), timeout=60) as plain:
            plain.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: plain.recv(65536), b"")).partition(b"\r\n\r\n")
        assert body.decode() == CHANGED
        assert b"chunked" not in head


@pytest.mark.slow
def test_the_source_is_closed_when_the_client_goes_away(port: int) -> None:
    with create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n")
        assert b"[en banner]" in client.recv(65536) + client.recv(65536)
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    with suppress(ConnectionError):
        connection.request("GET", "/closed")
    assert connection.getresponse().read() == b"endless"
    connection.close()
