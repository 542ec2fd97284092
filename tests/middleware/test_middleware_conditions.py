"""Validators and conditions: what caches are told of changed pages, and what they ask with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response, request, send_file
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance.middleware import Middleware
from compliance.notes import noted
from support.wsgi_site import CHANGED, PAGE, Injected, Reader, Source, site, wrap

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
    client = wrap(site(cache_control='public, private="Set-Cookie"', vary="Accept-Encoding, Cookie-Consent"))
    answers = [client.get("/", headers=headers) for headers in ({}, {"Cookie": "decided"}, {"Accept-Language": "zh"})]
    assert {(answer.text, str(answer.headers)) for answer in answers} == {(CHANGED, str(answers[0].headers))}


@pytest.mark.parametrize(("tag", "changed"), [('"x"', '"x-c0123456789u"'), ('W/"x"', 'W/"x-c0123456789u"')])
def test_entity_tags_get_a_suffix_and_weak_stays_weak(tag: str, changed: str) -> None:
    assert wrap(site(etag=tag)).get("/").headers["ETag"] == changed


def test_what_is_no_entity_tag_is_dropped_from_a_changed_page() -> None:
    assert "ETag" not in wrap(site(etag="x")).get("/").headers


class Conditional:
    """A Flask site with its own logic of validators; counts how often it is asked."""

    def __init__(
        self,
        body: str = PAGE,
        mimetype: str = "text/html",
        *,
        etag: bool = True,
        cache_control: str = "public",
        exempt: bool = False,
    ) -> None:
        app = Flask(__name__)
        self.wsgi_app = app.wsgi_app
        self.requests = 0

        @app.route("/", methods=["GET", "PUT"])
        @app.get("/page.png", endpoint="image")
        def page() -> Response:
            self.requests += 1
            if exempt:
                noted(request.environ).exempt = True
            response = Response(body, mimetype=mimetype, headers={"Cache-Control": cache_control})
            response.last_modified = datetime(2025, 1, 1, tzinfo=UTC)
            if etag:
                response.set_etag("x")
            if request.method == "PUT":
                matches = request.if_match.contains("x")
                return Response("changed" if matches else "not changed", 200 if matches else 412)
            return response.make_conditional(request, accept_ranges=True, complete_length=len(body))


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
    answer = wrap(Conditional().wsgi_app).get("/", headers={"If-None-Match": sent, "Cookie": cookie})
    assert answer.status_code == status
    assert answer.headers["ETag"].removeprefix("W/") == '"x-c0123456789u"'


@pytest.mark.parametrize(
    ("since", "status"),
    [("Fri, 02 Jan 2026 03:04:04 GMT", 200), ("Fri, 02 Jan 2026 03:04:05 GMT", 304), ("nonsense", 200)],
)
def test_pages_from_before_a_change_of_ours_are_sent_again(since: str, status: int) -> None:
    answer = wrap(Conditional(etag=False).wsgi_app).get("/", headers={"If-Modified-Since": since})
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


@pytest.mark.parametrize(("cookie", "letter"), [("", "b"), ("decided", "d")])
def test_a_private_page_is_kept_by_the_reader_it_was_made_for(cookie: str, letter: str) -> None:
    client = wrap(Conditional(cache_control="private").wsgi_app)
    answer = client.get("/", headers={"Cookie": cookie})
    tag = answer.headers["ETag"]
    assert tag == f'"x-c0123456789{letter}"'
    again = client.get("/", headers={"Cookie": cookie, "If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (304, tag)
    other = client.get("/", headers={"Cookie": "" if cookie else "decided", "If-None-Match": tag})
    assert other.status_code == 200


def test_a_reader_is_not_looked_at_where_no_private_page_is_asked_for() -> None:
    injected = Injected()
    injected.decided = lambda environ: pytest.fail("looked at")  # type: ignore[method-assign]
    client = wrap(Conditional().wsgi_app, injected=injected)
    assert client.get("/", headers={"If-None-Match": '"x-c0123456789u", "y"'}).status_code == 304


NAVIGATION = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Dest": "document"}


def test_a_copy_from_before_the_installation_is_replaced() -> None:
    site = Conditional()
    answer = wrap(site.wsgi_app).get("/", headers={"If-None-Match": '"x"', **NAVIGATION})
    assert (answer.status_code, answer.text, answer.headers["ETag"]) == (200, CHANGED, '"x-c0123456789u"')
    assert answer.headers["Content-Length"] == str(len(CHANGED))


@pytest.mark.parametrize(
    ("site", "path", "headers"),
    [
        (Conditional("<p>fragment</p>"), "/", NAVIGATION),
        (Conditional(exempt=True), "/", NAVIGATION),
        (Conditional("{}", "application/json"), "/", NAVIGATION),
        (Conditional("png", "image/png"), "/page.png", NAVIGATION),
        (Conditional("{}", "application/json"), "/", {"Accept": "*/*"}),
        (Conditional("png", "image/png"), "/", {"Accept": "image/*", "Sec-Fetch-Dest": "image"}),
    ],
)
@pytest.mark.parametrize(
    "condition", [{"If-None-Match": '"x"'}, {"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"}]
)
def test_what_does_not_change_keeps_its_304(
    site: Conditional, path: str, headers: dict[str, str], condition: dict[str, str]
) -> None:
    bare, wrapped = (
        client.get(path, headers=headers | condition) for client in (Reader(site.wsgi_app), wrap(site.wsgi_app))
    )
    assert wrapped.status_code == 304
    assert list(wrapped.headers) == list(bare.headers)


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/page.png", {}), ("/", {"Sec-Fetch-Dest": "image"}), ("/", {"If-None-Match": '"x"', "Sec-Fetch-Dest": "empty"})],
)
def test_what_is_no_page_is_made_once(path: str, headers: dict[str, str]) -> None:
    site = Conditional("png", "image/png")
    condition = {"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"}
    assert wrap(site.wsgi_app).get(path, headers=condition | headers).status_code == 304
    assert site.requests == 1


def test_head_of_an_old_copy_tells_that_the_page_changed() -> None:
    client = wrap(Conditional(etag=False).wsgi_app)
    answer = client.head("/", headers={"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"


def test_both_bodies_are_closed_where_a_page_is_made_twice() -> None:
    sources: list[Source] = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        old = "HTTP_IF_MODIFIED_SINCE" in environ
        sources.append(Source() if old else Source(PAGE[:50].encode(), PAGE[50:].encode()))
        start_response("304 Not Modified" if old else "200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return sources[-1]

    answer = wrap(app).get("/", headers={"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"})
    assert answer.text == CHANGED
    assert [source.closed for source in sources] == [1, 1]


def test_a_site_that_fails_the_second_time_is_closed_too() -> None:
    sources: list[Source] = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        old = "HTTP_IF_MODIFIED_SINCE" in environ
        sources.append(Source() if old else Source(OSError("theirs")))
        start_response("304 Not Modified" if old else "200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return sources[-1]

    with pytest.raises(OSError, match="theirs"):
        wrap(app).get("/", headers={"If-Modified-Since": "Thu, 02 Jan 2025 00:00:00 GMT"})
    assert [source.closed for source in sources] == [1, 1]


@pytest.mark.parametrize("letter", ["u", "b", "d"])
def test_if_match_finds_the_page_whatever_was_added_to_it(letter: str) -> None:
    client = wrap(Conditional().wsgi_app)
    answers = [client.put("/", headers={"If-Match": tag}) for tag in (f'"x-c0123456789{letter}"', '"y"', '"x"')]
    assert [answer.status_code for answer in answers] == [200, 412, 200]


@pytest.mark.parametrize(
    "condition",
    [
        {"If-Range": '"x-c0123456789u"'},
        {"If-Range": "Fri, 02 Jan 2026 03:04:05 GMT", "Accept": "text/html"},
    ],
)
def test_a_changed_page_is_never_completed_from_the_sites(condition: dict[str, str]) -> None:
    answer = wrap(Conditional().wsgi_app).get("/", headers={"Range": "bytes=40-", **condition})
    assert (answer.status_code, answer.text) == (200, CHANGED)


def test_if_match_of_a_range_does_not_match_a_changed_page() -> None:
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        seen.append(environ["HTTP_IF_MATCH"])
        start_response("412 Precondition Failed", [("Content-Type", "text/plain")])
        return []

    wrap(app).get("/", headers={"Range": "bytes=40-", "If-Match": '"x-c0123456789u"'})
    assert seen == ['"x-c0123456789u"']


def test_a_304_tells_the_date_that_the_page_has() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("304 Not Modified", [("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")])
        return []

    answer = wrap(app).get("/", headers={"If-Modified-Since": "Fri, 02 Jan 2026 03:04:05 GMT"})
    assert answer.headers["Last-Modified"] == "Fri, 02 Jan 2026 03:04:05 GMT"


@given(
    st.text(st.characters(codec="latin-1"), max_size=200),
    st.sampled_from(["none-match", "match", "modified-since", "range"]),
)
def test_no_condition_makes_an_error(value: str, name: str) -> None:
    environ = EnvironBuilder(headers={"Range": "bytes=0-9"}).get_environ()
    environ[f"HTTP_IF_{name.replace('-', '_').upper()}"] = value
    _, status, _ = run_wsgi_app(Middleware(Conditional().wsgi_app, Injected(), raise_errors=lambda: True), environ)
    assert status[:3] in ("200", "206", "304", "412")
