"""Pages that a browser cannot open, or not as a page: each is told as unread with its reason, and the run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from threading import Event

import pytest
from flask import Flask, Response, redirect, request
from playwright.async_api import Page

from compliance.audit.browser import Browser, Visit, Witness, reading, visits
from compliance.audit.readers import Reader
from compliance.audit.site import Context
from compliance.audit.targets import Reason, told
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
    app.add_url_rule("/<name>", "page", lambda name: PAGES[name])
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
