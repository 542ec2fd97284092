"""`serve` while readers, sites and proxies in front are slow, go away or talk on, and when it is stopped."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from pathlib import Path
from typing import BinaryIO

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.sync.client import connect

from support.upstream import TEXT, Server, Upstream, fields_of, serve
from support.upstream import site as site

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds after which a test fails that would wait for ever
LARGE = 256 * 1024 * 1024
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    "Sec-WebSocket-Version": "13",
}


@pytest.fixture(scope="module")
def server(site: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One behind a proxy, which has little patience."""
    options = ["--proxies", "1", "--read-timeout", "1", "--upstream-host", "site.internal:81"]
    with serve(tmp_path_factory.mktemp("behind"), f"http://127.0.0.1:{site.port}", *options) as server:
        yield server


def peak(server: Server) -> int:
    """The most memory that the server ever had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def stalls(send: Callable[[bytes], int]) -> int:
    """Send until nobody takes any more; return how many bytes were taken."""
    taken = 0
    piece = bytes(64 * 1024)
    while taken < LARGE:
        try:
            taken += send(piece)
        except TimeoutError:
            break
    return taken


def test_nothing_of_an_answer_is_held_for_a_reader_who_does_not_read(server: Server, site: Upstream) -> None:
    stalled: list[int] = []
    told = threading.Event()

    def answer(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        there.settimeout(0.5)
        stalled.append(stalls(there.send))
        told.set()
        there.settimeout(PATIENCE)
        for _ in range(stalled[0], LARGE, 1024 * 1024):
            there.sendall(bytes(1024 * 1024))

    site.on("/large", answer)
    before = peak(server)
    with server.connect() as reader:
        reader.request("GET", "/large")
        answered = reader.getresponse()
        assert told.wait(PATIENCE) and stalled[0] < LARGE / 4
        read = 0
        while piece := answered.read(1024 * 1024):
            read += len(piece)
    assert read == LARGE
    assert peak(server) - before < 32 * 1024 * 1024


def test_nothing_of_an_upload_is_held_for_a_site_that_does_not_read(server: Server, site: Upstream) -> None:
    reads = threading.Event()

    def answer(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        assert reads.wait(PATIENCE)
        left = LARGE
        while left:
            left -= len(body.read(min(left, 1024 * 1024)))
        there.sendall(TEXT)

    site.on("/upload", answer)
    before = peak(server)
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.5) as reader:
        reader.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % LARGE)
        taken = stalls(reader.send)
        assert taken < LARGE / 4
        reads.set()
        reader.settimeout(PATIENCE)
        for start in range(taken, LARGE, 1024 * 1024):
            reader.sendall(bytes(min(LARGE - start, 1024 * 1024)))
        assert b"".join(iter(lambda: reader.recv(65536), b"")).endswith(b"hello")
    assert peak(server) - before < 32 * 1024 * 1024


def test_an_upload_that_breaks_off_never_looks_whole(server: Server, site: Upstream) -> None:
    came: list[bytes] = []
    asked, done = threading.Semaphore(0), threading.Semaphore(0)

    def keep(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        asked.release()
        came.append(body.read())
        done.release()

    site.on("/cut", keep)
    for framing, sent in ((b"Content-Length: 9", b"hel"), (b"Transfer-Encoding: chunked", b"5\r\nhel")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as reader:
            reader.sendall(b"POST /cut HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n%b" % (framing, sent))
            assert asked.acquire(timeout=PATIENCE)
        assert done.acquire(timeout=PATIENCE)
    assert len(came[0]) < 9
    assert not came[1].endswith(b"0\r\n\r\n")


def test_a_site_that_says_nothing_is_told_of_in_time(server: Server, site: Upstream) -> None:
    site.on("/slow", lambda there, head, body: body.read() and None)
    with server.connect() as reader:
        reader.request("GET", "/slow", headers={"Accept-Language": "zh-CN", "Accept": "text/html"})
        answer = reader.getresponse()
        assert (answer.status, answer.headers["Content-Language"]) == (504, "zh-CN")
        told = answer.read().decode()
        assert "<h1>网站没有响应</h1>" in told and "+86-23-67158993" in told


def test_a_site_that_falls_silent_is_broken_off(server: Server, site: Upstream) -> None:
    def half(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        there.sendall(TEXT[:-2])
        body.read()

    site.on("/silent", half)
    with server.connect() as reader:
        reader.request("GET", "/silent")
        with pytest.raises(IncompleteRead):
            reader.getresponse().read()


@pytest.mark.parametrize(
    ("claimed", "client", "chain"),
    [
        ({"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}, "203.0.113.9", "203.0.113.9, 127.0.0.1"),
        ({"X-Forwarded-For": "203.0.113.9:4711"}, "203.0.113.9", "203.0.113.9, 127.0.0.1"),
        ({"X-Forwarded-For": "[2001:DB8::1]:443"}, "2001:db8::1", "2001:db8::1, 127.0.0.1"),
        ({"X-Forwarded-For": "unknown"}, "127.0.0.1", "127.0.0.1"),
        ({}, "127.0.0.1", "127.0.0.1"),
    ],
)
def test_as_many_proxies_are_believed_as_stand_in_front(
    server: Server, site: Upstream, claimed: dict[str, str], client: str, chain: str
) -> None:
    site.on("/who", TEXT)
    with server.connect() as reader:
        reader.request("GET", "/who", headers={**claimed, "X-Forwarded-Proto": "https", "Host": "news.example"})
        assert reader.getresponse().read() == b"hello"
    told = {name.decode(): value.decode() for name, value in fields_of(site.heads[-1])}
    assert (told["x-real-ip"], told["x-forwarded-for"], told["x-forwarded-proto"]) == (client, chain, "https")
    assert (told["host"], told["x-forwarded-host"]) == ("site.internal:81", "news.example")
    node = f'"[{client}]"' if ":" in client else client
    assert told["forwarded"].split(", ")[0] == f'for={node};host="news.example";proto=https'


def test_our_own_pages_hear_of_the_proxy_too(server: Server) -> None:
    fields = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"}
    with server.connect() as reader:
        form = {"Content-Type": "application/x-www-form-urlencoded", **fields}
        reader.request("POST", "/compliance/consent", "choice=accept", form)
        answer = reader.getresponse()
        assert answer.status == 303 and "Secure" in answer.headers["Set-Cookie"]
        answer.read()
        reader.request("GET", "/compliance/health", headers=fields)
        assert reader.getresponse().status == 404


def websocket(there: socket.socket, head: bytes, body: BinaryIO) -> None:
    """Take a websocket and say what was said; "end" ends it."""
    protocol = ServerProtocol(subprotocols=["news.v2"])  # type: ignore[list-item]
    protocol.receive_data(head + b"\r\n")
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    response = protocol.accept(request)
    response.headers["Set-Cookie"] = "a=1"
    protocol.send_response(response)
    for data in iter(lambda: b"".join(protocol.data_to_send()), b""):
        there.sendall(data)
        while not (said := [one for one in protocol.events_received() if isinstance(one, Frame)]):
            protocol.receive_data(there.recv(65536))
            there.sendall(b"".join(protocol.data_to_send()))
        for frame in said:
            if frame.data == b"end":
                protocol.send_close(4001, "was told to")
            elif frame.opcode is Opcode.TEXT:
                protocol.send_text(frame.data)
            elif frame.opcode is Opcode.BINARY:
                protocol.send_binary(frame.data)


def test_a_websocket_passes_both_ways(server: Server, site: Upstream) -> None:
    site.on("/ws", websocket)
    cookie = {"Cookie": "login=1", "X-Forwarded-Proto": "https"}
    address = f"ws://127.0.0.1:{server.port}/ws?x=%2F"
    with connect(address, subprotocols=["news.v1", "news.v2"], additional_headers=cookie, proxy=None) as client:  # type: ignore[list-item]
        assert (client.subprotocol, client.response and client.response.headers["Set-Cookie"]) == ("news.v2", "a=1")
        for said in ("新闻", bytes(range(256)) * 1000, ""):
            client.send(said)
            assert client.recv(timeout=PATIENCE) == said
        client.send("end")
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=PATIENCE)
    assert closed.value.rcvd and (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "was told to")
    assert "/ws" not in (log := "".join(server.log)) and "connection" not in log  # nothing of the reader
    told = dict(fields_of(site.heads[-1]))
    assert site.heads[-1].split()[1] == b"/ws?x=%2F"
    assert {name.lower(): value for name, value in told.items()}.items() >= {
        b"cookie": b"login=1",
        b"host": b"site.internal:81",
        b"x-forwarded-proto": b"https",
    }.items()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nX-Why: login\r\nContent-Length: 5\r\n\r\nlogin", 403),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://other.example/\r\nContent-Length: 0\r\n\r\n", 302),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", 502),
        (b"garbage\r\n\r\n", 502),
        (b"", 502),
    ],
)
def test_a_websocket_that_the_site_refuses_is_refused(
    server: Server, site: Upstream, answer: bytes, status: int
) -> None:
    site.on("/no", answer)
    with server.connect() as reader:
        reader.request("GET", "/no", headers=HANDSHAKE)
        refused = reader.getresponse()
        assert refused.status == status
        assert status != 403 or (refused.headers["X-Why"], refused.read()) == ("login", b"login")
        assert status != 302 or refused.headers["Location"] == "ws://other.example/"


@pytest.mark.parametrize("odd", [{"Sec-WebSocket-Protocol": "a b"}, {"Host": "a:99999"}, {"Host": "a/b"}])
def test_a_websocket_that_is_asked_for_badly_is_refused_here(
    server: Server, site: Upstream, odd: dict[str, str]
) -> None:
    before = len(site.heads)
    with server.connect() as reader:
        reader.request("GET", "/ws", headers={**HANDSHAKE, **odd})
        assert reader.getresponse().status == 400
    assert len(site.heads) == before


def test_what_was_begun_comes_to_an_end_when_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "killed.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))  # by a server that had no time to take it away
    goes_on, asked = threading.Event(), threading.Semaphore(0)

    def answer(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        there.sendall(TEXT[:-3])
        asked.release()
        if b"/never" in head:
            body.read()
        assert goes_on.wait(PATIENCE)
        there.sendall(TEXT[-3:])

    with (
        Upstream() as site,
        serve(tmp_path, f"http://127.0.0.1:{site.port}", "--grace", "3", workers=2, bind=f"unix:{path}") as server,
        server.connect() as reader,
        server.connect() as stuck,
        server.connect() as late,
    ):
        site.on("/it", answer)
        site.on("/never", answer)
        reader.request("GET", "/it")
        stuck.request("GET", "/never")
        for _ in range(2):
            assert asked.acquire(timeout=PATIENCE)
        site.close()
        late.request("GET", "/page", headers={"Accept": "text/html"})
        away = late.getresponse()
        assert away.status == 502 and b"+86-23-67158993" in away.read()
        late.request("GET", "/compliance/health")
        health = late.getresponse()
        assert (health.status, json.loads(health.read())["parts"]["upstream"]) == (503, {"ok": False})
        server.process.terminate()
        server.wait_for("Shutting down")
        goes_on.set()
        assert reader.getresponse().read() == b"hello"
        with pytest.raises(IncompleteRead):
            stuck.getresponse().read()
        server.stop()
        with pytest.raises(OSError), socket.socket(socket.AF_UNIX) as another:
            another.connect(str(path))
