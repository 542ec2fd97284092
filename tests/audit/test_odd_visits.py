"""Pages that a browser cannot open, or not as a page: each is told as unread with its reason, and the run goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from flask import Flask, Response, abort, redirect, request
from playwright.async_api import Page

from compliance.audit import website
from compliance.audit.browser import Browser, Visit, Witness, reading, visits
from compliance.audit.evidence import verify
from compliance.audit.readers import Reader
from compliance.audit.site import Context
from compliance.audit.targets import Reason, told
from compliance.cli import compliance
from compliance.page.trackers import Catalogue
from support.browser import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEAD = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title><body><p>新闻</p>"
PAGES = {
    "dialogs": f"{HEAD}<script>for (let i = 0; i < 3; i++) alert(i); onbeforeunload = () => 'stay';</script>",
    "asks": f"{HEAD}<script>navigator.geolocation.getCurrentPosition(alert); Notification.requestPermission()</script>",
    "popups": f"{HEAD}<script>open('/plain'); open('/plain')</script>",
    "plain": HEAD,
    "busy": f"{HEAD}<script>addEventListener('mousemove', () => {{ for (;;); }})</script>",
    "crash": HEAD,
    "leaves": f"{HEAD}<script>location = 'http://login.test/'</script>",
    "closes": f"{HEAD}<script>close()</script>",
    "eats": f"{HEAD}<script>onload = () => {{ for (const all = []; ;) all.push(new Array(1e6).fill({{}})); }}</script>",
}
# Why a page is not read, as a report in Chinese has it; nothing where it is read all the same.
EXPECTED = {
    "dialogs": "",
    "asks": "",
    "popups": "",
    "never": "未读完",
    "download": "下载",
    "circle": "无休止",
    "elsewhere": "其他网站",
    "gone": "410",
    "login": "401",
    "busy": "占用浏览器",
    "crash": "崩溃",
    "plain": "",
}


class Crashing(Witness):
    async def opened(self, page: Page, named: str, reader: Reader) -> None:
        if named == "crash":
            session = await page.context.new_cdp_session(page)
            await session.send("Page.crash")


@pytest.fixture
def site() -> Iterator[str]:
    app = Flask("odd")
    over = Event()
    app.add_url_rule("/<name>", "page", lambda name: PAGES.get(name) or abort(404))
    app.add_url_rule("/never", "never", lambda: Response(pieces(over), mimetype="text/html"))
    app.add_url_rule(
        "/download",
        "download",
        lambda: Response("bytes", headers={"Content-Disposition": "attachment", "Content-Type": "application/zip"}),
    )
    app.add_url_rule("/circle", "circle", lambda: redirect("/circle"))
    app.add_url_rule("/elsewhere", "elsewhere", lambda: redirect("http://login.test/"))
    app.add_url_rule("/gone", "gone", lambda: ("", 410))
    app.add_url_rule("/login", "login", lambda: ("", 401, {"WWW-Authenticate": "Basic"}))
    with serving(app) as url:
        yield url
        over.set()


def pieces(over: Event) -> Iterator[str]:
    yield HEAD
    while not over.wait(0.1):
        yield " "


def test_what_cannot_be_read_is_told_and_the_run_goes_on(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LOADED", 3_000)
    monkeypatch.setattr(visits, "_LONGEST", 15)
    context = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
    port = site.rpartition(":")[2]
    with Browser([f"--host-resolver-rules=MAP login.test 127.0.0.1:{port}"], parallel=4, witness=Crashing()) as browser:
        began = time.monotonic()
        found = dict(browser.visits([(f"{site}/{name}", name) for name in EXPECTED], context))
        assert time.monotonic() - began < 120
    reasons = {name: told(one, "zh_CN") if isinstance(one, Reason) else "" for name, one in found.items()}
    assert list(reasons) == list(EXPECTED)
    for name, expected in EXPECTED.items():
        assert (expected in reasons[name]) if expected else reasons[name] == "", (name, reasons[name])
    assert isinstance(found["plain"], Visit) and found["plain"].failure is None


# Why a page is not read where evidence is kept, as the report has it; nothing where it is read all the same.
MISSING = {
    "plain": "",
    "closes": "",
    "never": "未读完",
    "download": "不是网页",
    "circle": "跳转",
    "elsewhere": "其他网站",
    "login": "401",
    "leaves": "其他网站",
    "busy": "占用浏览器",
    "eats": "崩溃",
}


def test_evidence_is_whole_though_pages_cannot_be_read(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(website, "_LONGEST", 1)
    monkeypatch.setattr(visits, "_LONGEST", 15)
    addresses, bundle = tmp_path / "addresses", tmp_path / "evidence"
    addresses.write_text("\n".join(f"{site}/{name}" for name in MISSING))
    arguments = [
        *("check", f"{site}/plain", "--browser", "--urls", str(addresses), "--open", str(len(MISSING))),
        *("--evidence", str(bundle), "--language", "zh_CN", "--delay", "0.01"),
        f"--browser-argument=--host-resolver-rules=MAP login.test 127.0.0.1:{site.rpartition(':')[2]}",
        "--browser-argument=--js-flags=--max-old-space-size=64",
    ]
    result = CliRunner().invoke(compliance, arguments, catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert verify(bundle).problems == ()
    report = json.loads((bundle / "report.json").read_text(encoding="utf-8"))
    reasons = {one["url"].rpartition("/")[2]: one["reason"] for one in report["unread"]}
    assert set(reasons) == {name for name, reason in MISSING.items() if reason}
    assert {name: reason for name, reason in reasons.items() if MISSING[name] not in reason} == {}


def test_a_decision_on_its_way_is_waited_for() -> None:
    """What a reader sees after a yes is not what the page shows before the server has heard of it."""
    app = Flask("slow")
    again, early = Event(), Event()
    pressed = Event()

    def home() -> str:
        if pressed.is_set():
            again.set()
        button = "<button onclick=\"fetch('/decide', {method: 'POST'})\">同意</button>"
        return HEAD + ("" if request.cookies.get("choice") else f"<div role=dialog>本站使用 Cookie。{button}</div>")

    def decide() -> Response:
        pressed.set()
        if again.wait(2):  # the page was asked for again before this was answered
            early.set()
        answer = Response(status=204)
        answer.set_cookie("choice", "yes")
        return answer

    app.add_url_rule("/", "home", home)
    app.add_url_rule("/decide", "decide", decide, methods=["POST"])
    with serving(app) as url, Browser() as browser:
        (found,) = browser.visits([(f"{url}/", "/")], Context(catalogue=Catalogue(), today=date(2026, 11, 24)))
    assert isinstance(found[1], Visit) and found[1].failure is None
    assert pressed.is_set() and not early.is_set()
