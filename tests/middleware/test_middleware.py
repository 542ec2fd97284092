"""What leaves the WSGI boundary: each row of the table of responses is one guard and one test."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, abort, send_file, stream_with_context
from hypothesis import given
from hypothesis import strategies as st

from compliance.middleware import Middleware
from compliance.notes import noted
from compliance.page.charsets import UNDECLARED
from compliance.page.policies import Nonces
from support.wsgi_site import CHANGED, CODINGS, PAGE, Injected, Reader, site, wrap


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
        ("200 OK", {"content_type": "text/html-sandboxed"}, PAGE),
        ("200 OK", {"transfer_encoding": "chunked"}, PAGE),
        ("206 Partial Content", {"content_range": "bytes 0-9/100"}, PAGE[:10]),
        ("200 OK", {"content_disposition": 'attachment; filename="a.html"'}, PAGE),
        ("200 OK", {"content_disposition": "ATTACHMENT"}, PAGE),
        ("200 OK", {"cache_control": "public, no-transform"}, PAGE),
        ("200 OK", {"cache_control": "No-Transform"}, PAGE),
        ("200 OK", {}, "<p>fragment</p>"),
        ("200 OK", {}, "<!doctype html><frameset><frame></frameset>"),
        ("200 OK", {}, ""),
        ("200 OK", {"content_type": "text/html; charset=klingon"}, PAGE),
        ("200 OK", {"content_type": "text/html; charset=iso-2022-kr"}, PAGE),
        ("200 OK", {"content_type": "text/html", "content_language": "ko"}, "<meta charset=hz-gb-2312>" + PAGE),
        ("200 OK", {"content_encoding": "compress"}, PAGE),
        ("200 OK", {"content_encoding": "gzip, gzip"}, PAGE),
        ("200 OK", {"content_encoding": "gzip"}, PAGE),
        ("200 OK", {"content_encoding": "gzip"}, ""),
        ("204 No Content", {}, ""),
        ("205 Reset Content", {}, ""),
        ("304 Not Modified", {}, ""),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_other_responses_stay_byte_for_byte(status: str, headers: dict[str, str], body: str, streamed: bool) -> None:
    validators = {"etag": '"x"', "last_modified": "Thu, 01 Jan 2015 00:00:00 GMT", "accept_ranges": "bytes"}
    parts = (lambda: iter([body[:5].encode(), body[5:].encode()])) if streamed else body
    app = site(parts, status, **headers, **validators)
    bare, wrapped = Reader(app).get("/"), wrap(app).get("/")
    assert (wrapped.status, wrapped.data) == (bare.status, bare.data)
    assert list(wrapped.headers) == list(bare.headers)


def test_exempt_responses_stay() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        noted(environ).exempt = True
        return site()(environ, start_response)

    assert wrap(app).get("/").text == PAGE


def test_attachment_in_a_name_does_not_make_one() -> None:
    assert wrap(site(content_disposition='inline; filename="attachment.html"')).get("/").text == CHANGED


def test_head_has_the_headers_of_get_and_no_length_that_could_be_wrong() -> None:
    client = wrap(site(content_length=str(len(PAGE)), etag='"x"', accept_ranges="bytes"))
    head, get = client.head("/"), client.get("/")
    assert head.data == b""
    assert "Content-Length" not in head.headers
    assert head.headers["ETag"] == get.headers["ETag"]
    assert "Accept-Ranges" not in head.headers


@pytest.mark.parametrize("headers", [{"content_type": "text/html; charset=klingon"}, {"content_encoding": "compress"}])
def test_head_of_what_stays_stays(headers: dict[str, str]) -> None:
    answer = wrap(site(content_length=str(len(PAGE)), etag='"x"', **headers)).head("/")
    assert (answer.headers["Content-Length"], answer.headers["ETag"]) == (str(len(PAGE)), '"x"')


def test_a_length_that_the_site_got_wrong_is_put_right() -> None:
    for length in ("3", "9999"):
        answer = wrap(site(lambda: iter([PAGE.encode()]), content_length=length)).get("/")
        assert (answer.text, answer.headers["Content-Length"]) == (CHANGED, str(len(CHANGED)))


def test_a_body_beyond_the_length_it_claims_is_not_gathered() -> None:
    parts = [b"<!doctype html><body>", *[b"<p>" + b"x" * 100_000 + b"</p>"] * 60, b"</body>"]
    answer = wrap(site(lambda: iter(parts), content_length="30")).get("/")
    assert "Content-Length" not in answer.headers
    assert answer.data == b"".join(parts).replace(b"<body>", b"<body>[None banner]").replace(
        b"</body>", b"[None footer]</body>"
    )


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [None, 1, 7, 1000])
def test_coded_pages_are_decoded_injected_and_coded_again(coding: str, size: int | None) -> None:
    encode, decode = CODINGS[coding]
    data = encode(PAGE.encode())
    body = data if size is None else lambda: (data[at : at + size] for at in range(0, len(data), size))
    answer = wrap(site(body, content_encoding=coding)).get("/")
    assert answer.headers["Content-Encoding"] == coding
    assert decode(answer.data).decode() == CHANGED


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def test_bare_deflate_stays_bare() -> None:
    answer = wrap(site(raw_deflate(PAGE.encode()), content_encoding="deflate")).get("/")
    assert zlib.decompress(answer.data, wbits=-15).decode() == CHANGED


@pytest.mark.parametrize("coding", CODINGS)
def test_coded_bodies_in_hand_keep_a_true_length(coding: str) -> None:
    answer = wrap(site(CODINGS[coding][0](PAGE.encode()), content_encoding=coding, content_length="7")).get("/")
    assert answer.headers["Content-Length"] == str(len(answer.data))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:20] + b"?" * 30, lambda data: data[1:]])
def test_broken_bodies_in_hand_pass_byte_for_byte(
    coding: str, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    body = damage(CODINGS[coding][0](PAGE.encode() * 20))
    client = wrap(site(body, content_encoding=coding, content_length=str(len(body)), etag='"x"'))
    for _ in range(3):
        answer = client.get("/")
        assert answer.data == body
        assert (answer.headers["Content-Length"], answer.headers["ETag"]) == (str(len(body)), '"x"')
    assert [record.name for record in caplog.records] == ["compliance"]


def test_a_small_body_that_unfolds_is_changed_all_the_same() -> None:
    text = "Text</p>" + f"<p>{'x' * 1000}</p>" * 20_000 + "<p>"
    page, changed = PAGE.replace("Text", text), CHANGED.replace("Text", text)
    answer = wrap(site(gzip.compress(page.encode()), content_encoding="gzip")).get("/")
    assert gzip.decompress(answer.data).decode() == changed


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
    injected = Injected()
    answer = wrap(site(body, content_type=header), injected=injected).get("/")
    assert injected.asked[0]["charset"] != UNDECLARED
    assert answer.data.decode(charset) == CHANGED.replace("Text", words)
    assert answer.headers["Content-Type"] == header


def test_charset_named_by_the_page_itself() -> None:
    page = PAGE.replace("<title>", '<meta charset="gb2312"><title>').replace("Text", "镕")
    injected = Injected()
    answer = wrap(site(page.encode("gbk"), content_type="text/html"), injected=injected).get("/")
    assert "镕" in answer.data.decode("gbk")
    assert injected.asked[0]["charset"] == "gbk"


@pytest.mark.parametrize("streamed", [False, True])
def test_shift_states_and_halves_of_characters_survive(streamed: bool) -> None:
    japanese = PAGE.replace("Text", "日本<b>語</b>ｱ")
    for data, header, codec in (
        (japanese.encode("iso2022_jp_ext"), "text/html; charset=iso-2022-jp", "latin-1"),
        (PAGE.encode("utf-16-be") + b"\xd8", "text/html; charset=utf-16be", "utf-16-be"),
        ("\ufeff".encode("utf-16-le") + PAGE.encode("utf-16-le") + b"\x00\xd8", "text/html", "utf-16-le"),
    ):
        body = (lambda data=data: (data[at : at + 1] for at in range(len(data)))) if streamed else data
        answer = wrap(site(body, content_type=header)).get("/")
        banner, footer = ("[en banner]".encode(codec), "[en footer]".encode(codec))
        assert banner in answer.data and footer in answer.data
        assert answer.data.replace(banner, b"").replace(footer, b"") == data


def test_a_page_that_names_no_charset_gets_only_ascii() -> None:
    injected = Injected()
    wrap(site(content_type="text/html"), injected=injected).get("/")
    assert injected.asked[0]["charset"] == "us-ascii"


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
            noted(environ).locale = locale
        return site(PAGE.replace("<html lang='en'>", tag), content_language=header)(environ, start_response)

    wrap(app, injected=injected).get("/", headers={"Accept-Language": "ja"})
    assert injected.asked[0]["lang"] == lang


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
        notes = noted(environ)
        assert notes.changed
        notes.placed = frozenset({"footer"})
        yield PAGE[70:].encode()

    assert wrap(late).get("/").text == CHANGED.replace("[en footer]", "")


def test_one_log_line_for_each_cause(caplog: pytest.LogCaptureFixture) -> None:
    client = wrap(site(content_type="text/html; charset=klingon"))
    with caplog.at_level(logging.WARNING, "compliance"):
        for _ in range(3):
            client.get("/")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "klingon" in caplog.text


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


def test_a_page_that_reads_the_decision_while_it_streams_varies() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        noted(environ).personal = True
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


class Addressed(Injected):
    """Lets the middleware remember, as the elements of a site do."""

    def address(self, environ: dict[str, Any]) -> Any:
        return environ["HTTP_HOST"]

    def hints(self, environ: dict[str, Any], nonces: Nonces) -> str:
        return f"<https://{environ['HTTP_HOST']}/ours.css>; rel=preload"


HEADS: list[tuple[str, dict[str, str]]] = [
    ("200 OK", {}),
    ("200 OK", {"etag": '"1"'}),
    ("200 OK", {"etag": '"2"', "last_modified": "Thu, 01 Jan 2015 00:00:00 GMT"}),
    ("404 Not Found", {}),
    ("200 OK", {"content_language": "fr"}),
    ("200 OK", {"content_type": "text/html"}),
    ("200 OK", {"cache_control": "private"}),
    ("200 OK", {"cache_control": "no-transform"}),
    ("200 OK", {"content_length": str(len(PAGE)), "x_served_by": "one"}),
    ("200 OK", {"content_length": str(len(PAGE)), "x_served_by": "two", "set_cookie": "a=1"}),
    ("200 OK", {"content_security_policy": "style-src 'nonce-abc'"}),
    ("200 OK", {"content_type": "application/json"}),
]


@given(asked=st.lists(st.tuples(st.integers(0, len(HEADS) - 1), st.booleans(), st.booleans()), max_size=8))
def test_what_is_remembered_of_an_answer_holds_only_for_one_like_it(asked: list[tuple[int, bool, bool]]) -> None:
    turn: list[Callable[..., Any]] = []
    client = wrap(lambda environ, start_response: turn[-1](environ, start_response), injected=Addressed())
    for number, decided, elsewhere in asked * 2:
        turn.append(site(status=HEADS[number][0], **HEADS[number][1]))
        headers = {"Host": "b.example" if elsewhere else "a.example", "Cookie": "decided" if decided else "none"}
        known = client.get("/", headers=headers)
        fresh = wrap(turn[-1], injected=Addressed()).get("/", headers=headers)
        assert (known.status, known.text, list(known.headers)) == (fresh.status, fresh.text, list(fresh.headers))


def test_a_page_in_many_languages_is_remembered_in_the_last_of_them() -> None:
    turn: list[str] = []
    injected = Addressed()
    client = wrap(
        lambda *asked: site(PAGE.replace(" lang='en'", ""), content_language=turn[-1])(*asked), injected=injected
    )
    for number in (*range(40), *range(35, 40)):
        turn.append(f"x-{number}")
        assert f"[x-{number} banner]" in client.get("/").text
    assert len(injected.asked) == 40
