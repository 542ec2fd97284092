"""What passes `serve` in both directions: everything as it came, but what ends with the connection and what we add."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.upstream import TEXT, Server, Upstream, fields_of, serve
from support.upstream import site as site

pytestmark = pytest.mark.slow
PAGE = b"<!doctype html><html lang=zh-CN><title>News</title><body><h1>News</h1></body></html>"


@pytest.fixture(scope="module")
def server(site: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("served"), f"http://127.0.0.1:{site.port}") as server:
        yield server


def raw(server: Server, request: bytes) -> bytes:
    """Send *request* byte for byte; return all that comes until the connection ends."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(server: Server, path: str, **fields: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        return answer, answer.read()


def test_a_page_gains_everything_and_our_addresses_answer(server: Server, site: Upstream) -> None:
    fields = b"Content-Type: text/html; charset=utf-8\r\nSet-Cookie: a=1\r\nX-Own: 1\r\nSet-Cookie: b=2\r\n"
    site.on(
        "/page", b'HTTP/1.1 404 Not Found\r\n%bETag: "a"\r\nContent-Length: %d\r\n\r\n%b' % (fields, len(PAGE), PAGE)
    )
    answer, body = get(server, "/page")
    assert (answer.status, answer.headers.get_all("Set-Cookie")) == (404, ["a=1", "b=2"])
    assert b'data-compliance="banner"' in body and b'data-compliance="footer"' in body
    assert int(answer.headers["Content-Length"]) == len(body)
    assert answer.headers["ETag"].startswith('"a-c')
    assert get(server, "/compliance/legal/privacy")[0].status == 200
    parts = json.loads(get(server, "/compliance/health")[1])["parts"]
    assert parts["upstream"] == {"ok": True}
    assert parts["store"] == {"ok": True}


NAMES = st.from_regex(r"x-[a-z0-9!#$%&'*+.^`|~]{1,20}", fullmatch=True).map(str.encode)
VALUES = st.binary(max_size=40).map(lambda value: re.sub(rb"[\x00-\x1f\x7f]", b"-", value).strip())
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
PIECES = st.lists(st.binary(min_size=1, max_size=3000), max_size=5)


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


@given(FIELDS, PIECES, FIELDS, PIECES, st.booleans(), st.booleans())
def test_what_is_no_page_goes_both_ways_as_it_came(
    server: Server,
    site: Upstream,
    asked: list[tuple[bytes, bytes]],
    sent: list[bytes],
    told: list[tuple[bytes, bytes]],
    answered: list[bytes],
    asks_in_chunks: bool,
    answers_in_chunks: bool,
) -> None:
    came: list[bytes] = []

    def answer(connection: socket.socket, head: bytes, body: BinaryIO) -> None:
        if asks_in_chunks:
            while size := int(body.readline(), 16):
                came.append(body.read(size))
                body.readline()
        else:
            came.append(body.read(len(b"".join(sent))))
        whole = b"".join(answered)
        framing = b"Transfer-Encoding: chunked" if answers_in_chunks else b"Content-Length: %d" % len(whole)
        lines = b"".join(b"%b: %b\r\n" % field for field in told)
        connection.sendall(b"HTTP/1.1 200 OK\r\n%b%b\r\n\r\n" % (lines, framing))
        for piece in answered:
            connection.sendall(chunked([piece])[: -len(chunked([]))] if answers_in_chunks else piece)
        if answers_in_chunks:
            connection.sendall(chunked([]))

    site.on("/any", answer)
    whole = b"".join(sent)
    framing = b"transfer-encoding: chunked" if asks_in_chunks else b"content-length: %d" % len(whole)
    lines = b"".join(b"%b: %b\r\n" % field for field in asked)
    head = b"POST /any HTTP/1.1\r\nhost: www.example.org\r\n%b%b\r\nconnection: close\r\n\r\n" % (lines, framing)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(head + (chunked(sent) if asks_in_chunks else whole))
        got = HTTPResponse(connection)
        got.begin()
        body = got.read()
    assert b"".join(came) == whole
    assert [
        field
        for field in fields_of(site.heads[-1])
        if field[0].startswith(b"x-") and not field[0].startswith((b"x-forwarded", b"x-real"))
    ] == asked
    assert body == b"".join(answered)
    assert [
        (name.lower().encode(), value.encode("latin-1")) for name, value in got.headers.items() if name.startswith("x-")
    ] == told


@pytest.mark.parametrize("path", ["/a%2Fb//c/../d;e=%41?f=%2f&&g=?", "//other.example/x", "/%E4%BD%A0?%C4%E3"])
def test_an_address_arrives_byte_for_byte(server: Server, site: Upstream, path: str) -> None:
    site.on(path.partition("?")[0], TEXT)
    assert raw(server, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()).endswith(b"hello")
    assert site.heads[-1].split()[1] == path.encode()


def test_the_site_learns_who_asked_and_nobody_can_claim_it(server: Server, site: Upstream) -> None:
    site.on("/who", TEXT)
    claims = (
        b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX_Forwarded_For: 203.0.113.9\r\nProxy: evil\r\n"
        b"Forwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nX-Forwarded-Port: 444\r\nX-Forwarded-Host: evil\r\n"
        b"Connection: close, X-Own, Content-Length\r\nX-Own: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\n"
        b"Proxy-Authorization: Basic eA==\r\nExpect: 100-continue\r\n"
    )
    raw(server, b"GET /who HTTP/1.1\r\nHost: www.example.org\r\n%b\r\n" % claims)
    assert fields_of(site.heads[-1]) == [
        (b"host", b"www.example.org"),
        (b"x-forwarded-for", b"127.0.0.1"),
        (b"x-real-ip", b"127.0.0.1"),
        (b"x-forwarded-proto", b"http"),
        (b"x-forwarded-host", b"www.example.org"),
        (b"forwarded", b'for=127.0.0.1;host="www.example.org";proto=http'),
        (b"via", b"1.1 compliance"),
        (b"connection", b"close"),
    ]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET http://other.example/x HTTP/1.1\r\nHost: other.example", b"400"),
        (b"CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443", b"400"),
        (b"TRACE /who HTTP/1.1\r\nHost: a", b"405"),
        (b"GET /who HTTP/1.1\r\nHost: a\r\nHost: b", b"400"),
        (b"GET /who HTTP/1.1\r\nHost: a/b@c", b"400"),
        (b"GET /who HTTP/1.1", b"400"),
        (b"POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4", b"400"),
        (b"POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked", b"400"),
        (b"POST /who HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked", b"400"),
        (b"POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: +3", b"400"),
        (b"GET /who HTTP/1.1\r\nHost: a\r\nX : b", b"400"),
    ],
)
def test_what_might_be_an_attack_is_refused_here(
    server: Server, site: Upstream, request_: bytes, status: bytes
) -> None:
    site.on("/who", TEXT)
    before = len(site.heads)
    assert raw(server, request_ + b"\r\nConnection: close\r\n\r\n").split()[1] == status
    assert len(site.heads) == before


def test_a_method_that_nobody_knows_passes(server: Server, site: Upstream) -> None:
    site.on("/dav", b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 5\r\n\r\nhello")
    assert raw(server, b"PROPFIND /dav HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 207")
    assert site.heads[-1].startswith(b"PROPFIND /dav ")


PASSED = {
    "redirect": (b"302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0", b""),
    "part": (
        b"206 Partial Content\r\nContent-Type: text/html\r\nContent-Range: bytes 0-4/50\r\nContent-Length: 5",
        b"<html",
    ),
    "nothing": (b"204 No Content", b""),
    "known": (b'304 Not Modified\r\nETag: "a"', b""),
    "packed": (
        b"200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: 5",
        b"\x1f\x8b\x00\x01\x02",
    ),
    "early hints": (b"103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5", b"hello"),
    "old": (b"200 OK\r\nContent-Type: text/plain", b"until the end"),
}


@pytest.mark.parametrize("case", PASSED)
def test_an_answer_that_is_no_page_arrives_as_it_left(server: Server, site: Upstream, case: str) -> None:
    head, body = PASSED[case]
    site.on("/it", b"HTTP/1.1 %b\r\n\r\n%b" % (head, body))
    answer, came = get(server, "/it")
    lines = [line.decode().split(": ") for line in head.split(b"HTTP/1.1 ")[-1].split(b"\r\n")[1:]]
    assert (str(answer.status), came) == (head.split(b"HTTP/1.1 ")[-1][:3].decode(), body)
    own = [(name.lower(), value) for name, value in answer.getheaders()]
    ours = ("date", "transfer-encoding", "connection")
    assert [pair for pair in own if pair[0] not in ours] == [(name.lower(), value) for name, value in lines]


def test_head_has_the_fields_of_get(server: Server, site: Upstream) -> None:
    site.on("/head", b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 999\r\n\r\n")
    told = raw(server, b"HEAD /head HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 999\r\n" in told and told.endswith(b"\r\n\r\n")


ODD = {
    "garbage": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a status that none has": b"HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\nhello",
    "a field that none has": b"HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 5\r\n\r\nhello",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000,
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize(("language", "words"), [("zh-CN,zh;q=0.9", "举报电话"), ("en", "reported by calling")])
def test_an_answer_that_makes_no_sense_is_told_in_the_language_of_the_reader(
    server: Server, site: Upstream, case: str, language: str, words: str
) -> None:
    site.on("/odd", ODD[case])
    answer, body = get(server, "/odd?token=personal", **{"Accept-Language": language, "Accept": "text/html"})
    assert answer.status == 502
    assert words in body.decode() and "+86-23-67158993" in body.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    server.wait_for("gave an answer that makes no sense")
    assert "personal" not in "".join(server.log)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: 999\r\n\r\n<!doctype html><p>half",
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n<!doctype html><p>half\r\n",
    ],
)
@pytest.mark.parametrize("kind", [b"text/html", b"text/plain"])
def test_an_answer_that_breaks_off_never_looks_whole(
    server: Server, site: Upstream, answer: bytes, kind: bytes
) -> None:
    site.on("/half", answer % kind)
    with pytest.raises(IncompleteRead):
        get(server, "/half")


def test_what_is_sent_beyond_the_length_reaches_nobody(server: Server, site: Upstream) -> None:
    def more(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        there.sendall(TEXT + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        for line in body:  # the connection would be kept
            if line == b"\r\n":
                there.sendall(TEXT)

    site.on("/more", more)
    site.on("/next", TEXT)
    assert [get(server, path)[1] for path in ("/more", "/next", "/next")] == [b"hello"] * 3


def test_a_length_beside_pieces_is_not_believed(server: Server, site: Upstream) -> None:
    fields = b"Content-Type: text/plain\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"
    site.on("/both", b"HTTP/1.1 200 OK\r\n%b\r\n\r\n5\r\nhello\r\n0\r\n\r\n" % fields)
    answer, body = get(server, "/both")
    assert (answer.headers["Content-Length"], body) == (None, b"hello")


def test_the_site_hears_that_a_reader_has_gone(server: Server, site: Upstream) -> None:
    asked, gone = threading.Event(), threading.Event()

    def waits(there: socket.socket, head: bytes, body: BinaryIO) -> None:
        asked.set()
        assert body.read() == b""
        gone.set()

    site.on("/wait", waits)
    with closing(HTTPConnection("127.0.0.1", server.port)) as reader:
        reader.request("GET", "/wait")
        assert asked.wait(30)
    assert gone.wait(30)  # long before the site's time is over
