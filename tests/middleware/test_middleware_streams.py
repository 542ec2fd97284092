"""Pages in pieces: what the application and the server see of each other, and what a fault leaves behind."""

from __future__ import annotations

import itertools
import logging
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance.middleware import Middleware
from compliance.page import codings
from compliance.page.injection import Stream
from support.wsgi_site import CHANGED, CODINGS, PAGE, Injected, Source, site, wrap, zstd


def test_a_generator_is_handed_on_piece_by_piece() -> None:
    made: list[int] = []

    def body() -> Iterator[bytes]:
        for number, piece in enumerate(("<!doctype html><html lang=en><body><p>one</p>", "<p>two</p>", "</body>")):
            made.append(number)
            yield piece.encode()

    pieces, status, headers = run_wsgi_app(
        Middleware(site(body), Injected(), raise_errors=lambda: True), EnvironBuilder().get_environ(), buffered=False
    )
    iterator = iter(pieces)
    assert next(iterator) == b"<!doctype html><html lang=en><body>[en banner]<p>one</p>"
    assert made == [0]
    assert next(iterator) == b"<p>two</p>"
    assert b"".join(iterator) == b"[en footer]</body>"
    assert "Content-Length" not in headers


ROW = b"<tr><td>" + b"x" * 8000 + b"</td></tr>\n"
ROWS = 8000  # some 64 MB


def rows() -> Iterator[bytes]:
    yield b"<!doctype html><html lang=en><body><table>"
    yield from itertools.repeat(ROW, ROWS)
    yield b"</table></body></html>"


def packed() -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    yield from filter(None, map(packer.compress, rows()))
    yield packer.flush()


def written(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    for piece in rows():
        write(piece)
    return []


@pytest.mark.parametrize(
    "app",
    [
        site(rows),
        site(rows, content_type="text/html; charset=gbk"),
        site(
            lambda: (piece.decode().encode("utf-16-le") for piece in rows()), content_type="text/html; charset=utf-16"
        ),
        site(packed, content_encoding="gzip"),
        site(lambda: iter([b"".join(packed())]), content_encoding="gzip"),
        written,
    ],
    ids=["utf-8", "gbk", "utf-16", "gzip", "gzip at once", "written"],
)
@pytest.mark.slow
def test_memory_stays_flat_over_a_long_page(app: Callable[..., Iterable[bytes]]) -> None:
    wrapped = Middleware(app, Injected(), raise_errors=lambda: True)
    tracemalloc.start()
    try:
        sent = 0

        def write(data: bytes) -> None:
            nonlocal sent
            sent += len(data)

        for piece in wrapped(EnvironBuilder().get_environ(), lambda *_: write):
            sent += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent > 50_000
    assert peak < 12_000_000


@pytest.mark.parametrize("headers", [{}, {"content_length": "99"}, {"content_type": "text/plain"}])
@pytest.mark.parametrize("read", [0, 1, 9])
def test_the_source_is_closed_once_whatever_the_reader_does(headers: dict[str, str], read: int) -> None:
    source = Source(b"<!doctype html><body>", b"<p>x</p>", b"</body>")
    app = Middleware(site(lambda: source, **headers), Injected(), raise_errors=lambda: True)
    answer = app(EnvironBuilder().get_environ(), lambda *_: lambda _: None)
    for _, _ in zip(range(read), answer, strict=False):
        pass
    if read:
        assert source.closed == 0, "what waits for the end of the response would run too early"
    answer.close()
    assert source.closed == 1


@pytest.mark.parametrize("headers", [{}, {"content_length": "99"}])
def test_an_error_of_the_site_stays_its_own(headers: dict[str, str]) -> None:
    source = Source(b"<!doctype html><body>", OSError("theirs"))
    app = Middleware(site(lambda: source, **headers), Injected(), raise_errors=lambda: False)
    with pytest.raises(OSError, match="theirs"):
        answer = app(EnvironBuilder().get_environ(), lambda *_: lambda _: None)
        try:
            list(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
    assert source.closed == 1


@pytest.mark.parametrize("streamed", [False, True])
def test_a_fault_of_ours_is_logged_and_the_page_goes_out(streamed: bool, caplog: pytest.LogCaptureFixture) -> None:
    injected = Injected()
    injected.fails = True
    body = (lambda: iter([PAGE[:60].encode(), PAGE[60:].encode()])) if streamed else PAGE
    with caplog.at_level(logging.ERROR, "compliance"):
        answer = wrap(site(body, etag='"x"'), raises=False, injected=injected).get("/")
    assert (answer.text, answer.headers["ETag"]) == (PAGE, '"x"')
    assert "RuntimeError: ours" in caplog.text
    with pytest.raises(RuntimeError, match="ours"):
        wrap(site(body), injected=injected).get("/")


def test_late_start_and_write_are_served_too() -> None:
    def late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        yield PAGE.encode()

    def writes(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        write(PAGE[:40].encode())
        return [PAGE[40:].encode()]

    assert wrap(late).get("/").text == wrap(writes).get("/").text == CHANGED


def test_a_second_start_with_an_error_replaces_the_first() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 Oops", [("Content-Type", "text/html; charset=utf-8")], (ValueError, error, None))
        return [PAGE.encode()]

    answer = wrap(app).get("/")
    assert (answer.status, answer.text) == ("500 Oops", CHANGED)


@pytest.mark.parametrize(
    "headers",
    [{}, {"content_type": "text/plain"}, {"content_type": "text/html; charset=klingon"}, {"status": "304 Not"}],
)
def test_a_server_gets_its_own_file_wrapper_back_for_what_stays(headers: dict[str, str]) -> None:
    class FileWrapper(Source):
        pass

    wrapper = FileWrapper(PAGE.encode())
    app = Middleware(site(lambda: wrapper, **headers), Injected(), raise_errors=lambda: True)
    answer = app(EnvironBuilder().get_environ(), lambda *_: lambda _: None)
    assert (answer is wrapper) == bool(headers)
    assert headers or b"".join(answer).decode() == CHANGED


def test_what_an_iterator_of_the_old_kind_gives_is_read() -> None:
    class Blocks:
        """gunicorn's file wrapper has no __iter__."""

        def __getitem__(self, number: int) -> bytes:
            return [PAGE[:40].encode(), PAGE[40:].encode()][number]

    assert wrap(site(Blocks)).get("/").text == CHANGED


@pytest.mark.parametrize("pieces", [[PAGE], [PAGE[:9], "", PAGE[9:]], ["", PAGE, ""]])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_both_sides_keep_to_the_protocol(pieces: list[str], kind: Callable[[Iterable[bytes]], Iterable[bytes]]) -> None:
    app = validator(
        Middleware(
            validator(site(lambda: kind([piece.encode() for piece in pieces]))), Injected(), raise_errors=lambda: True
        )
    )
    environ = EnvironBuilder().get_environ()
    answer = app(environ, lambda *_: lambda _: None)
    assert b"".join(answer).decode() == CHANGED
    answer.close()


def test_what_was_made_before_the_site_failed_still_leaves() -> None:
    start, end = PAGE[:90].encode(), PAGE[90:-9].encode()
    for pieces in ([start], [start, end], [b"<!doctype html>"], [b"<p>fragment"]):
        source = Source(*pieces, OSError("theirs"))
        app = Middleware(site(lambda source=source: source), Injected(), raise_errors=lambda: False)
        answer = app(EnvironBuilder().get_environ(), lambda *_: lambda _: None)
        came = []
        with pytest.raises(OSError, match="theirs"):
            came.extend(answer)  # what extends before it raises stays
        assert b"".join(came).replace(b"[en banner]", b"") == b"".join(pieces)


def test_what_was_coded_before_the_site_failed_can_be_read() -> None:
    packer = zlib.compressobj(wbits=31)
    coded = packer.compress(PAGE[:-20].encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
    source = Source(coded, OSError("theirs"))
    app = Middleware(site(lambda: source, content_encoding="gzip"), Injected(), raise_errors=lambda: False)
    came = []
    with pytest.raises(OSError, match="theirs"):
        came.extend(app(EnvironBuilder().get_environ(), lambda *_: lambda _: None))
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(b"".join(came)).decode().replace("[en banner]", "") == PAGE[:-20]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.slow
def test_of_a_coded_stream_that_breaks_off_all_that_could_be_read_leaves(coding: str) -> None:
    encode, decode = CODINGS[coding]
    text = "".join(f"<p>{random.Random(number).randbytes(20).hex()}</p>" for number in range(20_000))
    data = encode(PAGE.replace("</body>", f"{text}</body>").encode())
    cut = data[: len(data) // 2]
    answer = wrap(site(lambda: iter([cut[:5000], cut[5000:]]), content_encoding=coding)).get("/")
    with pytest.raises((EOFError, zlib.error, brotli.error, zstd.ZstdError)):
        decode(answer.data)
    coder = codings.coding(coding)
    plain = b"".join(coder.decode(answer.data)).decode()
    assert plain.replace("[en banner]", "") in PAGE.replace("</body>", f"{text}</body>")
    assert len(plain) > len(text) // 3


@pytest.mark.parametrize("start", ["text/html; charset=utf-8", "text/plain"])
def test_an_error_before_the_first_piece_replaces_the_response(start: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", start)])
        try:
            raise ValueError("theirs")
        except ValueError:
            start_response("500 Oops", [("Content-Type", "text/html; charset=utf-8")], sys.exc_info())
        yield PAGE.encode()

    answer = wrap(app).get("/")
    assert (answer.status, answer.text) == ("500 Oops", CHANGED)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
def test_an_error_after_the_first_piece_is_raised(kind: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", kind)])
        yield PAGE[:30].encode()
        try:
            raise ValueError("theirs")
        except ValueError:
            start_response("500 Oops", [("Content-Type", "text/html; charset=utf-8")], sys.exc_info())
        yield PAGE.encode()

    with pytest.raises(ValueError, match="theirs"):
        wrap(app).get("/")


def test_a_second_start_without_an_error_is_one() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b""]

    with pytest.raises(AssertionError, match="start_response"):
        wrap(app).get("/")


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
def test_what_is_written_leaves_at_once(kind: str) -> None:
    sent: list[bytes] = []
    seen: list[int] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", kind), ("Content-Length", "99")])
        for piece in (PAGE[:80], PAGE[80:95], PAGE[95:]):
            write(piece.encode())
            seen.append(sum(map(len, sent)))
        write(b"")
        return []

    answer = Middleware(app, Injected(), raise_errors=lambda: True)(
        EnvironBuilder().get_environ(), lambda *_: sent.append
    )
    sent.extend(answer)
    assert seen[0] > 0 and seen[1] > seen[0]
    assert b"".join(sent).decode() == (PAGE if kind == "text/plain" else CHANGED)


class Fails(Stream):
    """A stream with a fault: at the piece, or the end, of a given number."""

    at = 0

    def _count(self) -> None:
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps > self.at:
            raise RuntimeError("ours")

    def feed(self, chunk: bytes) -> bytes:
        out = super().feed(chunk)
        self._count()
        return out

    def close(self) -> bytes:
        out = super().close()
        self._count()
        return out


@given(
    st.lists(st.integers(1, 60), max_size=8),
    st.sampled_from(["", *CODINGS]),
    st.sampled_from(["utf-8", "utf-16"]),
    st.integers(0, 9),
)
def test_a_fault_of_ours_at_any_piece_loses_nothing(cuts: list[int], coding: str, charset: str, at: int) -> None:
    encode, decode = CODINGS.get(coding, (bytes, bytes))
    coded = encode(PAGE.encode(charset))
    headers = {"content_type": f"text/html; charset={charset}", "content_encoding": coding, "etag": '"x"'}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compliance.page.change.Stream", Fails)
        patch.setattr(Fails, "at", at)
        patch.setattr("compliance.middleware.state.log.disabled", True)
        answer = wrap(site(lambda: cut(coded, cuts), **headers), raises=False).get("/")
    text = decode(answer.data).decode(charset)
    assert text.replace("[en banner]", "").replace("[en footer]", "") == PAGE
    assert ("banner" in text) == ("-c0123456789" in answer.headers["ETag"])


@pytest.mark.parametrize("name", ["digest", "changed"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_fault_beside_the_page_lets_it_go_out(
    name: str, streamed: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: object) -> Any:
        raise RuntimeError("ours")

    monkeypatch.setattr(Injected, name, property(fail))
    body = (lambda: iter([PAGE[:60].encode(), PAGE[60:].encode()])) if streamed else PAGE
    app = site(body, etag='"x"', last_modified="Thu, 01 Jan 2015 00:00:00 GMT", content_length=str(len(PAGE)))
    conditions = {"If-None-Match": '"y"', "If-Modified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    for headers in ({}, conditions):
        answer = wrap(app, raises=False).get("/", headers=headers)
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["ETag"] == '"x"'
    assert wrap(app, raises=False).head("/").status_code == 200
    assert "RuntimeError: ours" in caplog.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_cookie_that_cannot_be_read_decides_nothing(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Injected, "decided", lambda self, environ: [][0])
    client = wrap(site(etag='"x"', cache_control="private"), raises=False)
    assert client.open("/", method=method).headers["ETag"] == '"x-c0123456789b"'


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield *data* in pieces of *sizes*, then the rest."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


@given(
    st.lists(st.integers(0, 60), max_size=10),
    st.sampled_from(["", *CODINGS]),
    st.sampled_from(["utf-8", "gbk", "big5", "gb18030", "utf-16", "utf-16-be", "iso-2022-jp", "shift_jis"]),
    st.sampled_from([PAGE, "<p>{}</p>", "<html><frameset></frameset>", "<!doctype html><title>{}</title>{}", ""]),
    st.booleans(),
)
def test_cuts_do_not_matter(cuts: list[int], coding: str, charset: str, page: str, named: bool) -> None:
    data = page.replace("Text", "{}").replace("{}", "中文" * 20).encode(charset)
    encode, decode = CODINGS.get(coding, (bytes, bytes))
    coded = encode(data)
    headers = {"content_type": f"text/html; charset={charset}" if named else "text/html", "content_encoding": coding}
    streamed = wrap(site(lambda: cut(coded, cuts), etag='"x"', **headers)).get("/")
    whole = wrap(site(coded, etag='"x"', **headers)).get("/")
    assert decode(streamed.data) == decode(whole.data)
    assert streamed.headers["ETag"] == whole.headers["ETag"]
    if whole.headers["ETag"] == '"x"':
        assert streamed.data == whole.data == coded
