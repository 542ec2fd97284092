"""What leaves the WSGI boundary: each row of the table of responses is one guard and one test."""

from __future__ import annotations

import gzip
import logging
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
from flask import Flask, Response, abort, send_file, stream_with_context
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response as Answer

from compliance.injection import Markup
from compliance.middleware import Middleware

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = "<!DOCTYPE html>\n<html lang='en'>\n<head><title>t</title></head>\n<body>\n<p>Text</p>\n</body>\n</html>\n"
CHANGED = PAGE.replace("<body>", "<body>[en banner]").replace("</p>", "</p>[en footer]")
CHANGE_TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Injected:
    """Marks that tell what the middleware asked for."""

    digest = "0123456789"
    changed = CHANGE_TIME

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fails = False

    def decided(self, environ: dict[str, Any]) -> bool:
        return "decided" in environ.get("HTTP_COOKIE", "")

    def markup(
        self, *, lang: str | None, charset: str, environ: object, decided: bool, placed: frozenset[str]
    ) -> Markup:
        self.asked.append({"lang": lang, "charset": charset, "decided": decided, "placed": placed})
        if self.fails:
            raise RuntimeError("ours")
        head = "" if decided or "banner" in placed else f"[{lang} banner]"
        foot = "" if "footer" in placed else f"[{lang} footer]"
        codec = {"us-ascii": "ascii"}.get(charset, charset)
        return Markup(head=head.encode(codec), foot=foot.encode(codec))


class Reader(Client):
    """A client that reads each answer to its end and closes it."""

    def open(self, *args: Any, **arguments: Any) -> Any:
        return super().open(*args, buffered=True, **arguments)


def wrap(app: Callable[..., Iterable[bytes]], *, raises: bool = True, injected: Injected | None = None) -> Reader:
    return Reader(Middleware(app, injected or Injected(), raise_errors=lambda: raises), Answer, use_cookies=False)


def site(
    body: str | bytes | Callable[[], Iterable[bytes]] = PAGE, status: str = "200 OK", **headers: str
) -> Callable[..., Any]:
    """Return a plain WSGI application that answers *body*; a header ``content_type`` is Content-Type."""
    fields = {"content_type": "text/html; charset=utf-8", **headers}

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        data = body.encode() if isinstance(body, str) else body
        start_response(status, [(name.replace("_", "-").title(), value) for name, value in fields.items() if value])
        if callable(data):
            return data()
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    return app


def test_a_page_is_injected_and_its_length_is_true() -> None:
    answer = wrap(site(content_length=str(len(PAGE)))).get("/")
    assert answer.text == CHANGED
    assert answer.headers["Content-Length"] == str(len(CHANGED))


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "403 Forbidden", "404 Not Found", "500 Oh", "503 Busy"])
def test_pages_of_any_status_are_injected(status: str) -> None:
    answer = wrap(site(status=status)).get("/")
    assert (answer.status, answer.text) == (status, CHANGED)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("200 OK", {"content_type": "application/json"}, PAGE),
        ("200 OK", {"content_type": "text/plain"}, PAGE),
        ("200 OK", {"content_type": ""}, PAGE),
        ("200 OK", {"content_type": "application/xhtml+xml"}, PAGE),
        ("206 Partial Content", {"content_range": "bytes 0-9/100"}, PAGE[:10]),
        ("200 OK", {"content_disposition": 'attachment; filename="a.html"'}, PAGE),
        ("200 OK", {"cache_control": "public, no-transform"}, PAGE),
        ("200 OK", {}, "<p>fragment</p>"),
        ("200 OK", {}, "<!doctype html><frameset><frame></frameset>"),
        ("200 OK", {}, ""),
        ("200 OK", {"content_type": "text/html; charset=klingon"}, PAGE),
        ("200 OK", {"content_encoding": "compress"}, PAGE),
        ("200 OK", {"content_encoding": "gzip"}, PAGE),
        ("204 No Content", {}, ""),
        ("304 Not Modified", {}, ""),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_other_responses_stay_byte_for_byte(status: str, headers: dict[str, str], body: str, streamed: bool) -> None:
    validators = {"etag": '"x"', "last_modified": "Thu, 01 Jan 2015 00:00:00 GMT", "accept_ranges": "bytes"}
    parts = (lambda: iter([body[:5].encode(), body[5:].encode()])) if streamed else body
    app = site(parts, status, **headers, **validators)
    bare, wrapped = Reader(app, Answer).get("/"), wrap(app).get("/")
    assert (wrapped.status, wrapped.data) == (bare.status, bare.data)
    assert list(wrapped.headers) == list(bare.headers)


def test_exempt_responses_stay() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        environ["compliance.exempt"] = True
        return site()(environ, start_response)

    assert wrap(app).get("/").text == PAGE


def test_head_has_the_headers_of_get_and_no_length_that_could_be_wrong() -> None:
    client = wrap(site(content_length=str(len(PAGE)), etag='"x"', accept_ranges="bytes"))
    head, get = client.head("/"), client.get("/")
    assert head.data == b""
    assert "Content-Length" not in head.headers
    assert head.headers["ETag"] == get.headers["ETag"]
    assert "Accept-Ranges" not in head.headers


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "zstd": (zstd.compress, zstd.decompress),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [None, 1, 7, 1000])
def test_coded_pages_are_decoded_injected_and_coded_again(coding: str, size: int | None) -> None:
    encode, decode = CODINGS[coding]
    data = encode(PAGE.encode())
    body = data if size is None else lambda: (data[at : at + size] for at in range(0, len(data), size))
    answer = wrap(site(body, content_encoding=coding)).get("/")
    assert answer.headers["Content-Encoding"] == coding
    assert decode(answer.data).decode() == CHANGED


def test_bare_deflate_stays_bare() -> None:
    answer = wrap(site(raw_deflate(PAGE.encode()), content_encoding="deflate")).get("/")
    assert zlib.decompress(answer.data, wbits=-15).decode() == CHANGED


@pytest.mark.parametrize(
    ("charset", "header"),
    [
        ("gbk", "text/html; charset=gbk"),
        ("gb18030", 'text/html; charset="GB2312"'),
        ("big5", "text/html; charset=Big5"),
        ("shift_jis", "text/html;charset=Shift_JIS"),
        ("euc-kr", "text/html; charset=EUC-KR"),
        ("windows-1251", "text/html; charset=windows-1251"),
        ("utf-16", "text/html"),
        ("utf-8-sig", "text/html; charset=gbk"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_pages_keep_their_charset(charset: str, header: str, streamed: bool) -> None:
    words = {"shift_jis": "日本", "euc-kr": "한국", "windows-1251": "Москва"}.get(charset, "中文")
    page = PAGE.replace("Text", words)
    data = page.encode(charset)
    body = (lambda: (data[at : at + 3] for at in range(0, len(data), 3))) if streamed else data
    answer = wrap(site(body, content_type=header)).get("/")
    assert answer.data.decode(charset) == CHANGED.replace("Text", words)
    assert answer.headers["Content-Type"] == header


def test_charset_named_by_the_page_itself() -> None:
    page = PAGE.replace("<title>", '<meta charset="gb2312"><title>').replace("Text", "镕")
    injected = Injected()
    answer = wrap(site(page.encode("gbk"), content_type="text/html"), injected=injected).get("/")
    assert "镕" in answer.data.decode("gbk")
    assert injected.asked[0]["charset"] == "gbk"


@pytest.mark.parametrize(
    ("tag", "header", "locale", "lang"),
    [
        ("<html lang='fr'>", "de", "es", "fr"),
        ("<html>", "de, en", "es", "de"),
        ("<html>", "", "es", "es"),
        ("<html>", "", None, None),
    ],
)
def test_the_language_of_the_page_decides(tag: str, header: str, locale: str | None, lang: str | None) -> None:
    injected = Injected()

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if locale:
            environ["compliance.locale"] = locale
        return site(PAGE.replace("<html lang='en'>", tag), content_language=header)(environ, start_response)

    wrap(app, injected=injected).get("/", headers={"Accept-Language": "ja"})
    assert injected.asked[0]["lang"] == lang


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


def test_memory_stays_flat_over_a_long_page() -> None:
    row = b"<tr><td>" + b"x" * 8000 + b"</td></tr>\n"

    def body() -> Iterator[bytes]:
        yield b"<!doctype html><html lang=en><body><table>"
        for _ in range(3000):
            yield row
        yield b"</table></body></html>"

    app = Middleware(site(body), Injected(), raise_errors=lambda: True)
    tracemalloc.start()
    try:
        pieces, _, _ = run_wsgi_app(app, EnvironBuilder().get_environ(), buffered=False)
        total = sum(len(piece) for piece in pieces)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 24_000_000
    assert peak < 8_000_000


class Source:
    """A body that counts how often it is closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> bytes:
        piece = next(self.pieces)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("headers", [{}, {"content_length": "99"}, {"content_type": "text/plain"}])
@pytest.mark.parametrize("read", [0, 1, 9])
def test_the_source_is_closed_once_whatever_the_reader_does(headers: dict[str, str], read: int) -> None:
    source = Source(b"<!doctype html><body>", b"<p>x</p>", b"</body>")
    app = Middleware(site(lambda: source, **headers), Injected(), raise_errors=lambda: True)
    answer = app(EnvironBuilder().get_environ(), lambda *_: lambda _: None)
    for _, _ in zip(range(read), answer, strict=False):
        pass
    for _ in range(1):
        close = getattr(answer, "close", None)
        if close is not None:
            close()
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


def test_one_log_line_for_each_cause(caplog: pytest.LogCaptureFixture) -> None:
    client = wrap(site(content_type="text/html; charset=klingon"))
    with caplog.at_level(logging.WARNING, "compliance"):
        for _ in range(3):
            client.get("/")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "klingon" in caplog.text


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


PRIVATE = [{"cache_control": "private"}, {"cache_control": "no-store"}, {"vary": "Accept, Cookie"}]


@pytest.mark.parametrize("headers", PRIVATE)
def test_private_pages_leave_out_the_banner_for_readers_who_decided(headers: dict[str, str]) -> None:
    client = wrap(site(etag='"x"', **headers))
    assert client.get("/").text == CHANGED
    decided = client.get("/", headers={"Cookie": "decided"})
    assert decided.text == CHANGED.replace("[en banner]", "")
    assert decided.headers["ETag"] == '"x-c0123456789d"'
    assert "Set-Cookie" not in decided.headers


def test_uniform_pages_are_the_same_for_every_reader() -> None:
    client = wrap(site(cache_control="public", vary="Accept-Encoding"))
    answers = [client.get("/", headers=headers) for headers in ({}, {"Cookie": "decided"}, {"Accept-Language": "zh"})]
    assert {(answer.text, str(answer.headers)) for answer in answers} == {(CHANGED, str(answers[0].headers))}


@pytest.mark.parametrize(("tag", "changed"), [('"x"', '"x-c0123456789u"'), ('W/"x"', 'W/"x-c0123456789u"')])
def test_entity_tags_get_a_suffix_and_weak_stays_weak(tag: str, changed: str) -> None:
    assert wrap(site(etag=tag)).get("/").headers["ETag"] == changed


def conditional() -> Flask:
    """Return a site with its own logic of validators, as Flask's make_conditional has it."""
    app = Flask(__name__)

    @app.get("/")
    def page() -> Response:
        response = Response(PAGE, mimetype="text/html")
        response.set_etag("x")
        response.last_modified = datetime(2025, 1, 1, tzinfo=UTC)
        from flask import request

        return response.make_conditional(request)

    return app


@pytest.mark.parametrize(
    ("sent", "cookie", "status"),
    [
        ('"x-c0123456789u"', "", 304),
        ('W/"x-c0123456789u"', "", 304),
        ('"y", "x-c0123456789u"', "", 304),
        ('"x-c0123456789u"', "decided", 304),
        ('"x-c9999999999u"', "", 200),
        ('"x-c0123456789d"', "", 200),
        ('"x-c0123456789b"', "decided", 200),
        ('"y"', "", 200),
    ],
)
def test_the_sites_own_304_keeps_working(sent: str, cookie: str, status: int) -> None:
    answer = wrap(conditional().wsgi_app).get("/", headers={"If-None-Match": sent, "Cookie": cookie})
    assert answer.status_code == status
    assert answer.headers["ETag"] == '"x-c0123456789u"' if status == 200 else "x-c0123456789" in answer.headers["ETag"]


@pytest.mark.parametrize(
    ("since", "status"),
    [("Fri, 02 Jan 2026 03:04:04 GMT", 200), ("Fri, 02 Jan 2026 03:04:05 GMT", 304), ("nonsense", 200)],
)
def test_pages_from_before_a_change_of_ours_are_sent_again(since: str, status: int) -> None:
    answer = wrap(conditional().wsgi_app).get("/", headers={"If-Modified-Since": since})
    assert answer.status_code == status
    assert status == 304 or answer.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"


def test_files_that_are_no_pages_keep_their_304(tmp_path: Any) -> None:
    app = Flask(__name__)
    runs = []

    @app.get("/download")
    def download() -> Response:
        runs.append(1)
        return send_file(__file__, mimetype="text/x-python", etag=False, last_modified=datetime(2020, 1, 1, tzinfo=UTC))

    answer = wrap(app.wsgi_app).get("/download", headers={"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"})
    assert answer.status_code == 304


def test_headers_about_the_bytes_never_lie() -> None:
    fields = {"content_md5": "x", "digest": "x", "repr_digest": "x", "content_digest": "x", "accept_ranges": "bytes"}
    answer = wrap(site(last_modified="Thu, 01 Jan 2015 00:00:00 GMT", **fields)).get("/")
    assert not {name.replace("_", "-") for name in fields} & {name.lower() for name, _ in answer.headers}
    assert answer.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"


def test_what_the_page_placed_by_hand_is_not_injected_again() -> None:
    page = PAGE.replace("<p>", '<footer data-compliance="footer"></footer><p>')
    assert "[en footer]" not in wrap(site(page)).get("/").text
    assert "[en banner]" in wrap(site(page)).get("/").text

    def late(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        yield PAGE[:70].encode()
        assert "banner" in environ["compliance.injected"]
        environ["compliance.placed"] = {"footer"}
        yield PAGE[70:].encode()

    assert wrap(late).get("/").text == CHANGED.replace("[en footer]", "")


def test_flask_pages_of_every_kind(tmp_path: Any) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    app = Flask(__name__, static_folder=str(tmp_path), static_url_path="/s")
    app.get("/stream", endpoint="stream")(lambda: Response(stream_with_context(iter([PAGE[:50], PAGE[50:]]))))
    app.get("/file", endpoint="file")(lambda: send_file(tmp_path / "page.html"))
    app.get("/save", endpoint="save")(lambda: send_file(tmp_path / "page.html", as_attachment=True))
    app.get("/gone", endpoint="gone")(lambda: abort(410))
    client = wrap(app.wsgi_app)
    for path in ("/stream", "/file", "/s/page.html"):
        assert client.get(path).text == CHANGED, path
    assert client.get("/save").text == PAGE
    for path in ("/gone", "/nowhere"):
        assert client.get(path).text.count("footer]") == 1
    etag = client.get("/file").headers["ETag"]
    assert client.get("/file", headers={"If-None-Match": etag}).status_code == 304
    part = client.get("/s/page.html", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.text) == (206, PAGE[:10])
    fresh = client.get("/s/page.html", headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (fresh.status_code, fresh.text) == (200, CHANGED)


@given(
    st.lists(st.integers(1, 60), max_size=10),
    st.sampled_from(["", *CODINGS]),
    st.sampled_from(["utf-8", "gbk", "utf-16"]),
)
def test_cuts_do_not_matter(cuts: list[int], coding: str, charset: str) -> None:
    data = PAGE.replace("Text", "中文" * 20).encode(charset)
    encode, decode = CODINGS.get(coding, (bytes, bytes))
    coded = encode(data)
    bounds = [0, *(sum(cuts[: at + 1]) for at in range(len(cuts))), len(coded)]

    def body() -> Iterator[bytes]:
        for start, end in zip(bounds, bounds[1:], strict=False):
            yield coded[start : max(start, end)]

    client = wrap(site(body, content_type=f"text/html; charset={charset}", content_encoding=coding))
    whole = wrap(site(coded, content_type=f"text/html; charset={charset}", content_encoding=coding))
    assert decode(client.get("/").data) == decode(whole.get("/").data)


def test_a_page_that_reads_the_decision_while_it_streams_varies() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        environ["compliance.personal"] = True
        yield PAGE.encode()

    assert wrap(app).get("/").headers["Vary"] == "Cookie, Sec-GPC"


@pytest.mark.parametrize("streamed", [False, True])
def test_an_application_inside_one_that_is_wrapped_too_is_changed_once(streamed: bool) -> None:
    inner = site((lambda: iter([PAGE[:50].encode(), PAGE[50:].encode()])) if streamed else PAGE)
    both = wrap(Middleware(inner, Injected(), raise_errors=lambda: True))
    assert both.get("/").text == CHANGED


def test_a_decision_that_cannot_be_read_is_none(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Injected):
        def decided(self, environ: dict[str, Any]) -> bool:
            raise LookupError("ours")

    client = wrap(site(cache_control="private", etag='"x"'), raises=False, injected=Broken())
    with caplog.at_level(logging.ERROR, "compliance"):
        assert client.get("/", headers={"If-None-Match": '"x"'}).text == CHANGED
        assert client.head("/").status_code == 200
    assert "LookupError: ours" in caplog.text


@pytest.mark.parametrize("headers", [{"content_type": "text/html; charset=klingon"}, {"content_encoding": "compress"}])
def test_head_of_a_page_that_cannot_be_read_stays(headers: dict[str, str]) -> None:
    client = wrap(site(content_length=str(len(PAGE)), etag='"x"', **headers))
    assert client.head("/").headers == client.get("/").headers
