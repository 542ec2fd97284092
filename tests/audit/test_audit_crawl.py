"""Pages as an audit finds them: in a folder, in an application, on a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request

from compliance.audit import Report
from compliance.audit.application import Application
from compliance.audit.crawl import Crawl, canonical
from compliance.audit.folder import Folder
from compliance.audit.page import Page
from compliance.audit.runner import Audit
from compliance.audit.site import Context, Fact, SiteFacts
from compliance.audit.targets import Response as Came
from compliance.audit.targets import TargetError
from compliance.audit.website import AGENT, Website
from compliance.page.trackers import Catalogue

CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 24))


def told(page: Page, context: Context) -> Iterator[Any]:
    """A check that tells of every page what it read, and of one in two what is the same."""
    yield Fact("text", page.text)
    yield page.found("C001", excerpt=page.text[:20])
    if "same" in page.text:
        yield page.found("C001", excerpt="the same")
        yield page.found("C001", excerpt="the same")


def audit(target: Any, **options: Any) -> Report:
    work = Audit(target, CONTEXT, checks=[told], conclusions=[], **options)
    list(work)
    return work.report(now=datetime(2026, 11, 24, tzinfo=UTC))


def urls(report: Report) -> list[str]:
    return [page.url for page in report.pages]


def files(folder: Path, pages: dict[str, str]) -> Path:
    for name, markup in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markup, encoding="utf-8")
    return folder


def test_folder_is_read_whole_and_in_order_whatever_the_number_of_processes(tmp_path: Path) -> None:
    pages = {f"news/{number:03}.html": f"<p>{number} same" for number in range(90)}
    files(tmp_path, {**pages, "index.html": "<p>home", "a.SHTML": "<p>a", "no.txt": "no", ".git/x.html": "no"})
    one, two = audit(Folder(tmp_path), jobs=1), audit(Folder(tmp_path), jobs=3)
    assert urls(one) == urls(two) == ["a.SHTML", "index.html", *sorted(pages)]
    assert one.findings == two.findings
    assert urls(one) == urls(one)  # again
    assert [len(urls(audit(Folder(tmp_path), limit=50, jobs=jobs))) for jobs in (1, 2)] == [50, 50]
    assert "50" in (audit(Folder(tmp_path), limit=50).limit or "")


def test_what_pages_share_is_told_once(tmp_path: Path) -> None:
    files(tmp_path, {f"{number}.html": f"<p>{number} same" for number in range(7)})
    shared = [finding for finding in audit(Folder(tmp_path)).findings if finding.excerpt == "the same"]
    assert [(one.page, one.pages, one.also) for one in shared] == [("0.html", 7, ("1.html", "2.html", "3.html"))]
    known = shared[0].fingerprint
    (tmp_path / "0.html").unlink()
    shared = [finding for finding in audit(Folder(tmp_path)).findings if finding.excerpt == "the same"]
    assert (shared[0].page, shared[0].fingerprint) == ("1.html", known)


def test_frames_are_part_of_the_page(tmp_path: Path) -> None:
    files(
        tmp_path,
        {
            "index.html": "<frameset><frame src='top.html'><frame src='/in/foot.html'><frame src='//other.example/x'>"
            "<frame src='../secret.html'></frameset><noframes>no</noframes>",
            "top.html": "<p>Head",
            "in/foot.html": "<div class=footer>京ICP备2024077296号-1 <a href=x.html>x</a></div>"
            "<iframe src=foot.html></iframe>",
        },
    )
    read = Folder(tmp_path / "index.html")
    site = SiteFacts()
    work = Audit(
        read, CONTEXT, checks=[told], conclusions=[lambda found, context: site.__dict__.update(found.__dict__) or ()]
    )
    list(work)
    work.report(now=datetime.now(UTC))
    (text,) = site.values("text")
    assert text == "Head 京ICP备2024077296号-1 x"


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_folder_without_pages_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TargetError, match=name):
        Folder(tmp_path / name)


def test_a_check_that_fails_names_the_page(tmp_path: Path) -> None:
    def broken(page: Page, context: Context) -> Iterator[Any]:
        yield 1 / 0

    files(tmp_path, {"index.html": "x"})
    with pytest.raises(ZeroDivisionError) as raised:
        list(Audit(Folder(tmp_path), CONTEXT, checks=[broken]))
    assert "index.html" in raised.value.__notes__[0]


def application() -> Flask:
    """A site with what sites have: pages that lead around, away, nowhere and on for ever."""
    app = Flask("site")
    leads = (
        "<a href=/a>a</a><a href='/a#part'>a</a><a href=moved>m</a><a href=gone>g</a><a href=broken>b</a>"
        "<a href=/photo.jpg>p</a><a href=data>d</a><a href='https://other.example/'>o</a><a href=away>w</a>"
        "<a href='mailto:a@b.example'>m</a><a href='calendar/1'>c</a><a href='list?page=1'>l</a><a href='新闻 1'>n</a>"
        "<a href=door>d</a><a href=/compliance/receipt/1>r</a>"
    )

    def moved() -> Any:
        answer = redirect("/a?from=moved")
        answer.set_cookie("seen", "1")
        return answer

    def calendar(day: int) -> str:
        return f"day {day} <a href='/calendar/{day + 1}'>next</a>"

    def listing() -> str:
        page = int(request.args["page"])
        return f"list {page} <a href='?page={page + 1}&order=x'>next</a>"

    for path, view in {
        "/": lambda: f"home {leads}",
        "/a": lambda: f"a {request.args.get('from', '')} <a href='/b'>b</a>",
        "/b": lambda: "b <a href=/>home</a>",
        "/moved": moved,
        "/door": lambda: "<meta http-equiv='refresh' content='0; url=behind'>",
        "/behind": lambda: "behind <meta http-equiv='refresh' content='3;url=/behind'>",
        "/away": lambda: redirect("https://other.example/"),
        "/gone": lambda: abort(410),
        "/broken": lambda: 1 / 0,
        "/data": lambda: {"a": 1},
        "/calendar/<int:day>": calendar,
        "/list": listing,
        "/新闻 1": lambda: "news",
    }.items():
        app.add_url_rule(path, path, view)
    return app


def test_application_is_crawled_in_this_process() -> None:
    report = audit(Application(application().wsgi_app, "https://news.example"), limit=200)
    read = urls(report)
    home = "https://news.example/"
    assert read[0] == home and report.ours
    assert {home + "a", home + "b", home + "a?from=moved", home + "%E6%96%B0%E9%97%BB%201"} <= set(read)
    assert {url.partition("?")[0] for url in read if "calendar" not in url} == {
        home + part for part in ("", "a", "b", "behind", "list", "%E6%96%B0%E9%97%BB%201")
    }
    unread = {one.url.removeprefix(home): one.reason for one in report.unread.first}
    # What ours answer to a receipt that there is not is no news of the site.
    assert unread.keys() == {"gone", "broken", "data", "away"}
    assert (unread["gone"], unread["data"]) == ("answers 410", "is no page, but application/json")
    assert "500" in unread["broken"] or "ZeroDivisionError" in unread["broken"]
    assert "https://other.example/" in unread["away"]
    # What goes on for ever ends: queries by their number, chains of pages by the clicks that lead there.
    assert sum("list" in url for url in read) == 20
    assert sum("calendar" in url for url in read) == 30
    assert "clicks" in (report.limit or "")


def test_application_under_a_mount_point_leads_to_no_other() -> None:
    def app(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/html")])
        return [
            f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} <a href=/news/x>x</a><a href=/newsroom>y</a>".encode()
        ]

    report = audit(Application(app, "https://news.example/news"))
    assert [finding.excerpt for finding in report.findings] == ["/news / xy", "/news /x xy"]


class Site_(BaseHTTPRequestHandler):
    """Serves what `pages` holds, and remembers who asked for what."""

    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"]))
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def serving(pages: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    whole = {
        path: page if isinstance(page, tuple) else (200, {}, page.encode() if isinstance(page, str) else page)
        for path, page in pages.items()
    }
    asked: list[tuple[str, str]] = []
    handler = type("Handler", (Site_,), {"pages": whole, "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_server_is_asked_politely_and_within_the_site() -> None:
    pages = {
        "/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: flask-compliance\nDisallow: /secret*x\n"),
        "/": "<a href=/1>1</a><a href=/2>2</a><a href=/secret/x>s</a><a href=/big.pdf>p</a><a href=/png>i</a>"
        "<iframe src=/foot></iframe><a href=/loop>l</a>",
        "/1": "<p>1</p><iframe src=/foot></iframe>",
        "/2": (200, {"Set-Cookie": "a=1"}, b"<p>2</p><iframe src=/foot></iframe>"),
        "/foot": "<p>foot</p>",
        "/png": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
        "/loop": (302, {"Location": "/loop"}, b""),
    }
    with serving(pages) as (address, asked):
        reports = [
            audit(Website(address, delay=0, connections=connections), connections=connections) for connections in (1, 4)
        ]
    assert urls(reports[0]) == urls(reports[1]) == [f"{address}/{path}" for path in ("", "1", "2", "foot")]
    assert [finding.excerpt for finding in reports[0].findings] == ["12spi l foot", "1 foot", "2 foot", "foot"]
    assert {path for path, _ in asked} == {"/robots.txt", "/", "/1", "/2", "/foot", "/png", "/loop"}
    assert {agent.partition(" ")[0] for _, agent in asked} == {AGENT}
    reasons = {one.url.removeprefix(address): one.reason for one in reports[0].unread.first}
    assert reasons.keys() == {"/secret/x", "/png", "/loop"}
    assert "robots.txt" in reasons["/secret/x"]


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ({"/": (500, {}, b"")}, "500"),
        ({"/": (302, {"Location": "https://other.example/"}, b"")}, "https://other.example/"),
        ({"/": "", "/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /")}, "robots.txt"),
        ({"/": "", "/robots.txt": (503, {}, b"")}, "robots.txt"),
    ],
)
def test_server_that_cannot_be_read_is_named_with_the_reason(pages: dict[str, Any], told: str) -> None:
    with serving(pages) as (address, _), pytest.raises(TargetError, match=told) as raised:
        audit(Website(address, delay=0, connections=1))
    assert address in str(raised.value)


def test_address_that_nobody_answers_is_named() -> None:
    with serving({}) as (address, _):
        pass
    with pytest.raises(TargetError, match=address):
        audit(Website(address, delay=0, connections=1))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://News.example:443/a b?q=中#x", "https://news.example/a%20b?q=%E4%B8%AD"),
        ("http://新闻.example", "http://xn--efvy88h.example/"),
        ("http://a.example\\b%20c", "http://a.example/b%20c"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://[bad", ""),
        ("javascript:void(0)", ""),
        ("http://a.example:port/", ""),
    ],
)
def test_addresses_are_asked_for_in_one_form(written: str, asked: str) -> None:
    assert canonical(written) == asked


def test_paths_that_grow_for_ever_are_left_alone() -> None:
    crawl = Crawl(lambda url: Came(url=url), "http://a.example/", limit=100, connections=1)
    crawl.add([f"http://a.example{path}" for path in ("/a/a/a/x", "/a/b/a/b/a/b", "/x" * 30, "/ok/a/b")], depth=1)
    assert [visit.url for visit in crawl] == ["http://a.example/", "http://a.example/ok/a/b"]


def test_www_is_the_same_site_and_a_page_is_read_once() -> None:
    crawl = Crawl(lambda url: Came(url=url), "https://www.a.example/", limit=100, connections=2)
    crawl.add(
        ["http://a.example/x", "https://www.a.example/x", "https://b.a.example/", "https://a.example:8443/"], depth=1
    )
    assert [visit.url for visit in crawl] == ["https://www.a.example/", "http://a.example/x"]


def test_response_headers_of_a_flask_page_reach_the_checks() -> None:
    def cookies(page: Page, context: Context) -> Iterator[Any]:
        yield Fact("cookies", " ".join(page.headers.all("set-cookie")))

    app = application()
    app.add_url_rule("/two", "two", lambda: Response("x", headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]))
    site: list[SiteFacts] = []
    work = Audit(
        Application(app.wsgi_app, "https://news.example"), CONTEXT, limit=8,
        checks=[cookies], conclusions=[lambda found, context: site.append(found) or ()],
    )  # fmt: skip
    list(work)
    work.report(now=datetime.now(UTC))
    assert any("seen=1" in value for value in site[0].values("cookies"))


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("index.html", True),
        ("a/one.html", True),
        ("a/../index.html", True),
        ("../secret.html", False),
        ("a/../../secret.html", False),
        ("leads.html", False),
        ("out/secret.html", False),
        ("a/within.html", True),
    ],
)
def test_folder_is_never_left(tmp_path: Path, url: str, read: bool) -> None:
    site = tmp_path / "site"
    (site / "a").mkdir(parents=True)
    for path in (site / "index.html", site / "a/one.html", tmp_path / "other/secret.html", tmp_path / "secret.html"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("<p>text")
    (site / "leads.html").symlink_to(tmp_path / "secret.html")
    (site / "out").symlink_to(tmp_path / "other")
    (site / "a/within.html").symlink_to(site / "index.html")
    response = Folder(site).fetch(url)
    assert (response.content == b"<p>text", response.failure is None) == (read, read)


def test_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    files(tmp_path, {"index.html": "<p>home"})
    os.mkfifo(tmp_path / "pipe.html")
    report = audit(Folder(tmp_path))
    assert (urls(report), [one.url for one in report.unread.first]) == (["index.html"], ["pipe.html"])
