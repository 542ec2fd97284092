"""Long tokens, deep nesting, odd characters: nothing is lost, and what is kept meanwhile is bounded."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import pytest

from compliance.page.injection import Markup, Memory, Stream, inject
from compliance.page.injection.stream import TOKEN
from compliance.page.trackers import Catalogue, Gate
from support.wsgi_site import site, wrap

HEAD = b'<div data-compliance="banner">Cookies</div>'
FOOT = b'<footer data-compliance="footer">Licences</footer>'
START = b"<!doctype html><html lang=en><head><title>a</title></head><body>"
END = b"<p>End</p></body></html>"
GATE = Gate(Catalogue(), frozenset({"analytics"}))
TRACKER = b"<img src=//hm.baidu.com/a.gif>"

MIB = 1024 * 1024
LONG = [
    b"<script>var data = '" + b"a" * 2 * MIB + b"'</script>",
    b"<img alt=a src='data:image/png;base64," + b"a" * 2 * MIB + b"'>",
    b"<pre>" + b"line\n" * (MIB // 2) + b"</pre>",
    b"<table><tr><td><pre>" + b"line\n" * (MIB // 2) + b"</pre></table>",
    b"<!-- " + b"a - b " * (MIB // 3) + b" -->",
    b"<style>p{background:url(data:," + b"a" * 2 * MIB + b")}</style>",
    b"<textarea>" + b"<p>" * MIB + b"</textarea>",
    b"<p title='" + b"> " * MIB + b"'>a</p>",
    b"text " * (MIB // 2),
]


def pieces(page: bytes, size: int) -> Iterable[bytes]:
    return (page[at : at + size] for at in range(0, len(page), size))


@pytest.mark.parametrize("token", LONG, ids=lambda token: token[:12].decode())
@pytest.mark.parametrize(
    "frame", [(START, END), (b"<!doctype html><head><title>a</title>", b"<body><p>End</p></body>")]
)
def test_a_long_token_costs_neither_banner_nor_footer(token: bytes, frame: tuple[bytes, bytes]) -> None:
    page = token.join(frame)
    stream = Stream(lambda opening, start: Markup(head=HEAD, foot=FOOT))
    out = b"".join([*(stream.feed(piece) for piece in pieces(page, 65_521)), stream.close()])
    assert (out.count(HEAD), out.count(FOOT)) == (1, 1)
    assert out.replace(HEAD, b"").replace(FOOT, b"") == page
    assert out.index(FOOT) > page.index(b"End")
    assert not stream.bare


def test_what_is_too_long_is_told_with_the_path_of_the_page(caplog: pytest.LogCaptureFixture) -> None:
    token = b"<!-- " + b"a" * (TOKEN + 2 * MIB) + b" -->"

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return pieces(START + token + END, MIB)

    client = wrap(app)
    with caplog.at_level(logging.WARNING, "compliance"):
        answers = [client.get("/report/2026").data for _ in range(2)]
    assert [(answer.count(b"[en banner]"), answer.count(b"[en footer]")) for answer in answers] == [(1, 0), (1, 0)]
    assert [record.getMessage() for record in caplog.records if "/report/2026" in record.getMessage()] == [
        "the page '/report/2026' lacks the banner or the footer: no place in it is safe for them"
    ]


@pytest.mark.parametrize(
    "body", [b"<p\0>a", b"<x\0>a", b"<table><x\0>a", b"<a><x\0>", b"<p a\0=b>a", b"<x\xff>", b"</p\0>"]
)
@pytest.mark.parametrize("end", [b"", b"</body></html>"])
def test_a_nul_in_a_name_costs_nothing(body: bytes, end: bytes) -> None:
    page = START + body + end
    changed = inject(page, HEAD, FOOT)
    assert (changed.count(HEAD), changed.count(FOOT)) == (1, 1)


@pytest.mark.parametrize(
    "unit", [b"<noscript>", b"<iframe/srcdoc=", b"<svg><title>", b"<math><mi>", b"<table>", b"<object>"]
)
@pytest.mark.slow
def test_deep_nesting_is_read_to_its_end(unit: bytes) -> None:
    page = START + unit * 20_000 + TRACKER
    assert len(GATE.whole(page)) >= len(page)
    assert len(inject(page, HEAD, FOOT)) >= len(page)


@pytest.mark.parametrize("kind", ["held", "nonce"])
def test_memory_counts_what_it_keeps_of_a_page(kind: str) -> None:
    memory = Memory(size=MIB)
    asked = bytearray()
    for number in range(40):
        page = START + b"<p>" * (1_000 + number) + END
        for reader in range(40):
            own = b"%d-%d " % (number, reader) + b"a" * 20_000
            asked += own
            if kind == "held":
                memory.page(page).noted(str(reader), lambda *_: True, lambda page, own=own: page + own)
            else:
                known = memory.page(page)
                known.keep(reader, known, b"<!--%s-->" % own, b"")
    assert len(asked) > 20 * MIB
    entries = memory._entries.values()
    results = itemgetter(2, 4)  # what stands before and after the body's own
    kept = pickle.dumps(
        [(one.page, one._notes, [*map(results, one._results.values())], [*one._places]) for one in entries]
    )
    assert MIB / 2 < len(kept) <= MIB


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 a", "308 b"])
def test_a_redirect_stays_as_it_is(status: str) -> None:
    body = (START + END).decode()
    assert wrap(site(body, status=status, location="/new")).get("/").text == body
    # Without an address the browser shows it.
    assert "[en banner]" in wrap(site(body, status=status)).get("/").text
    assert "[en banner]" in wrap(site(body, status="300 Multiple Choices", location="/new")).get("/").text


AMP = [
    "<html amp lang=en>",
    "<html ⚡ lang=en>",
    "<html lang=en AMP>",
    "<html ⚡4ads>",
    "<html amp4email>",
    '<html amp="">',
]
NO_AMP = ["<html lang=en>", "<html data-amp lang=en>", "<html class=amp lang=en>", "<html lang='en' title=' amp '>"]


@pytest.mark.parametrize("tag", AMP)
@pytest.mark.parametrize("size", [0, 7, 5_000])
def test_an_amp_page_stays_as_it_is_and_is_told(tag: str, size: int, caplog: pytest.LogCaptureFixture) -> None:
    page = f"<!doctype html><!-- <html> -->{tag}<head><meta charset=utf-8><body><p>a</p></body></html>".encode()

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return pieces(page, size) if size else [page]

    with caplog.at_level(logging.WARNING, "compliance"):
        assert wrap(app).get("/").data == page
    assert "AMP" in caplog.text


@pytest.mark.parametrize("tag", NO_AMP)
def test_a_page_that_only_names_amp_is_a_page(tag: str) -> None:
    assert (
        "banner]" in wrap(site(f"<!doctype html>{tag}<head><title>a</title><body><p>a</p></body></html>")).get("/").text
    )
