"""Trackers are held on every page that the middleware changes, however it travels."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from compliance import Compliance, engine
from compliance.page.injection import Markup
from compliance.page.trackers import Catalogue, Gate
from compliance.settings import load
from support.wsgi_site import CODINGS, Injected, site, wrap

ALL = frozenset({"functional", "analytics", "advertising", "social"})
CATALOGUE = Catalogue()
HEAD = '<!doctype html><html lang="en"><head><title>新闻 News</title>'
HM = '<script src="//hm.baidu.com/hm.js"></script>'
HM_HELD = (
    '<script data-compliance-hold="analytics" type="text/plain" data-compliance-src="//hm.baidu.com/hm.js"></script>'
)
VIDEO = "<iframe src=//www.youtube.com/embed/x></iframe>"
VIDEO_HELD = '<iframe data-compliance-hold="functional" data-compliance-src=//www.youtube.com/embed/x></iframe>'
BODY = "</head><body><p>重庆 Two rivers.</p>"
PAGE = f"{HEAD}{HM}{BODY}{VIDEO}</body></html>"
HELD = f"{HEAD}{HM_HELD}</head><body>[en banner]<p>重庆 Two rivers.</p>{VIDEO_HELD}[en footer]</body></html>"


class Gated(Injected):
    """Holds what the cookie ``allows`` does not name on private pages, and everything on others."""

    def gate(self, environ: dict[str, Any], *, private: bool) -> Gate | None:
        allowed = environ.get("HTTP_COOKIE", "").partition("allows=")[2].split(".") if private else []
        held = ALL - set(allowed)
        return Gate(CATALOGUE, held) if held else None


def in_pieces(body: bytes, cuts: Iterable[int]) -> Callable[[], Iterable[bytes]]:
    places = sorted({0, len(body), *(cut % len(body) for cut in cuts)})
    return lambda: iter([body[start:end] for start, end in zip(places, places[1:], strict=False)])


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "gbk", "gb18030", "iso-2022-jp"])
def test_trackers_are_held_in_every_charset(charset: str) -> None:
    page = PAGE.replace("新闻", "日本").replace("重庆", "東京") if charset == "iso-2022-jp" else PAGE
    answer = wrap(site(page.encode(charset), content_type=f"text/html; charset={charset}"), injected=Gated()).get("/")
    assert HM_HELD in answer.data.decode(charset)
    assert VIDEO_HELD in answer.data.decode(charset)


@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.sampled_from(["", *CODINGS]),
    st.sampled_from(["utf-8", "utf-16", "gbk"]),
)
def test_a_page_in_pieces_is_held_as_the_whole_one(cuts: list[int], coding: str, charset: str) -> None:
    body = PAGE.encode(charset)
    pack, unpack = CODINGS[coding] if coding else (bytes, bytes)
    fields = {"content_type": f"text/html; charset={charset}", "content_encoding": coding}
    answer = wrap(site(in_pieces(pack(body), cuts), **fields), injected=Gated()).get("/")
    assert unpack(answer.data).decode(charset) == HELD


def test_a_page_that_comes_again_is_held_again() -> None:
    client = wrap(site(PAGE), injected=Gated())
    assert [client.get("/").text for _ in range(3)] == [HELD] * 3


@pytest.mark.parametrize("streamed", [False, True])
def test_a_page_with_nothing_to_add_is_held_all_the_same(streamed: bool) -> None:
    class Nothing(Gated):
        def markup(self, **_: object) -> Markup:  # type: ignore[override]
            return Markup(head=b"", foot=b"")

    body = in_pieces(PAGE.encode(), range(0, 400, 7)) if streamed else PAGE
    held = HELD.replace("[en banner]", "").replace("[en footer]", "")
    assert wrap(site(body), injected=Nothing()).get("/").text == held


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("page", [f"<p>A fragment</p>{HM}", f"<!doctype html><frameset><frame></frameset>{HM}"])
def test_what_is_left_alone_is_not_held(page: str, streamed: bool) -> None:
    body = in_pieces(page.encode(), range(0, 400, 7)) if streamed else page
    assert wrap(site(body), injected=Gated()).get("/").text == page


@pytest.mark.parametrize("streamed", [False, True])
def test_a_private_page_holds_what_this_reader_has_not_allowed(streamed: bool) -> None:
    body = in_pieces(PAGE.encode(), range(0, 400, 7)) if streamed else PAGE
    client = wrap(site(body, cache_control="private"), injected=Gated())
    analytics = client.get("/", headers={"Cookie": "allows=analytics"}).text
    assert HM in analytics and VIDEO_HELD in analytics
    everything = client.get("/", headers={"Cookie": f"allows={'.'.join(ALL)}"}).text
    assert HM in everything and VIDEO in everything
    assert client.get("/").text == HELD


@pytest.mark.slow
def test_a_private_copy_is_not_modified_only_for_a_reader_who_allows_the_same() -> None:
    client = wrap(site(PAGE, etag='"x"', cache_control="private"), injected=Gated())
    tags = {
        allows: client.get("/", headers={"Cookie": f"allows={allows}"}).headers["ETag"] for allows in ("", "social")
    }
    assert len(set(tags.values())) == 2

    def site_is_asked(cookie: str, tag: str) -> str:
        seen: list[str] = []

        def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
            seen.append(environ.get("HTTP_IF_NONE_MATCH", ""))
            start_response("304 Not Modified", [("ETag", '"x"')])
            return []

        wrap(app, injected=Gated()).get("/", headers={"Cookie": cookie, "If-None-Match": tag})
        return seen[0]

    assert site_is_asked("allows=social", tags["social"]) == '"x"'
    assert site_is_asked("allows=", tags["social"]) == tags["social"]


@pytest.mark.parametrize("at", range(0, 6))
def test_a_fault_of_the_gate_loses_nothing(
    at: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from compliance.page.html.tokens import Reader

    calls = []
    read = Reader.read

    def failing(self: Reader, data: bytes, *, final: bool = False) -> bytes:
        calls.append(data)
        if len(calls) == at + 1:
            self._data += data
            raise RuntimeError("ours")
        return read(self, data, final=final)

    monkeypatch.setattr(Reader, "read", failing)
    client = wrap(site(in_pieces(PAGE.encode(), [100, 180, 230, 280])), raises=False, injected=Gated())
    with caplog.at_level(logging.ERROR, "compliance"):
        text = client.get("/").text
    plain = text.replace(HM_HELD, HM).replace(VIDEO_HELD, VIDEO)
    assert plain.replace("[en banner]", "").replace("[en footer]", "") == PAGE
    assert len(calls) > at and "RuntimeError: ours" in caplog.text


# In an application


def application(settings: dict[str, Any], **consent: Any) -> FlaskClient:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", TESTING=True)
    headers = {"/": {}, "/private": {"Cache-Control": "private", "ETag": '"x"'}}
    for path, fields in headers.items():
        app.add_url_rule(path, path, lambda fields=fields: Response(PAGE, headers=fields))
    Compliance(app, settings={**settings, "consent": {**settings.get("consent", {}), **consent}})
    return app.test_client()


def held(page: str) -> list[str]:
    return re.findall(r'data-compliance-hold="(\w+)"', page)


OPTIONAL = ["analytics", "functional"]


@pytest.mark.parametrize(("mode", "found"), [("notice", []), ("opt-in", OPTIONAL), ("opt-out", OPTIONAL)])
def test_the_mode_says_whether_anything_is_held(settings: dict[str, Any], mode: str, found: list[str]) -> None:
    client = application(settings, mode=mode, categories=OPTIONAL)
    assert held(client.get("/").text) == found


def test_every_reader_gets_the_same_bytes(settings: dict[str, Any]) -> None:
    client = application(settings, mode="opt-in", categories=OPTIONAL)
    before = client.get("/")
    client.post("/compliance/consent", data={"choice": "accept"}, headers={"Sec-Fetch-Site": "same-origin"})
    after = client.get("/", headers={"Sec-GPC": "1"})
    assert before.data == after.data
    assert "Vary" not in after.headers


@pytest.mark.parametrize(
    ("mode", "choice", "gpc", "found"),
    [
        ("opt-in", None, False, OPTIONAL),
        ("opt-in", {"choice": "accept"}, True, []),
        ("opt-in", {"choice": "reject"}, False, OPTIONAL),
        ("opt-in", {"choice": "custom", "category": "analytics"}, False, ["functional"]),
        ("opt-out", None, False, []),
        ("opt-out", None, True, OPTIONAL),
        ("opt-out", {"choice": "reject"}, False, OPTIONAL),
    ],
)
def test_a_private_page_follows_the_decision(
    settings: dict[str, Any], mode: str, choice: dict[str, str] | None, gpc: bool, found: list[str]
) -> None:
    client = application(settings, mode=mode, categories=OPTIONAL)
    if choice:
        client.post("/compliance/consent", data=choice, headers={"Sec-Fetch-Site": "same-origin"})
    assert held(client.get("/private", headers={"Sec-GPC": "1"} if gpc else {}).text) == found


def test_a_category_that_nobody_is_asked_about_is_never_allowed(settings: dict[str, Any]) -> None:
    client = application(settings, mode="opt-out", categories=["analytics"])
    assert held(client.get("/private").text) == ["functional"]


def test_a_changed_decision_gets_the_page_anew(settings: dict[str, Any]) -> None:
    client = application(settings, mode="opt-in", categories=OPTIONAL)
    choose = {"headers": {"Sec-Fetch-Site": "same-origin"}}
    client.post("/compliance/consent", data={"choice": "accept"}, **choose)  # type: ignore[arg-type]
    tag = client.get("/private").headers["ETag"]
    client.post("/compliance/consent", data={"choice": "custom", "category": "analytics"}, **choose)  # type: ignore[arg-type]
    answer = client.get("/private", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers["ETag"] != tag) == (200, True)


def test_own_trackers_are_held_and_known_ones_let_through(settings: dict[str, Any]) -> None:
    own = [
        {"host": "www.youtube.com", "category": "necessary"},
        {"host": "hm.baidu.com", "path": "/hm.js", "category": "functional"},
    ]
    plain = application(settings, mode="opt-in", categories=OPTIONAL)
    changed = application(settings, mode="opt-in", categories=OPTIONAL, trackers=own)
    assert held(changed.get("/").text) == ["functional"]
    tags = {client.get("/private").headers["ETag"] for client in (plain, changed)}
    assert len(tags) == 2


def test_the_file_of_the_catalogue_dates_the_pages(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = datetime(2100, 1, 1, tzinfo=UTC)
    catalogue = tmp_path / "catalogue.csv"
    catalogue.touch()
    os.utime(catalogue, (newest.timestamp(), newest.timestamp()))
    monkeypatch.setattr(engine, "DATA", catalogue)
    monkeypatch.setattr(engine, "_packaged", engine._packaged.__wrapped__)
    assert engine._changed(load(settings), []) == newest


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("host", "held"),
    [
        ("www.ichongqing.info", ["/stat.js"]),
        ("m.ichongqing.info", ["/count.js"]),
        ("A.M.ichongqing.info:8000", ["/count.js"]),
        ("en.ichongqing.info", []),
        ("v.qq.com", ["/stat.js", "/count.js"]),
        ("..", []),
    ],
)
def test_a_relative_address_leads_to_the_host_that_is_asked(
    host: str, held: list[str], private: bool, settings: dict[str, Any]
) -> None:
    """The catalogue knows all of v.qq.com; the others are listed by the site."""
    own = [("www.ichongqing.info", "/stat.js"), ("m.ichongqing.info", "/count.js")]
    trackers = [{"host": name, "path": path, "category": "analytics"} for name, path in own]
    settings["consent"] = {"mode": "opt-in", "trackers": trackers}
    app = Flask("site")
    app.secret_key = "a key of the tests"
    Compliance(app, settings=settings)
    control = {"Cache-Control": "private"} if private else {}
    scripts = "<script src=/stat.js></script><script src=/count.js></script>"
    app.add_url_rule("/", "home", lambda: Response(f"{HEAD}{scripts}{BODY}", headers=control))
    page = app.test_client().get("/", headers={"Host": host}).text
    assert re.findall('data-compliance-src="?([^" >]*)', page) == held
