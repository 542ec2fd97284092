"""Whoever a page's browser asks is named, however the page has it asked; and whoever keeps something."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from flask import Flask, Response

from compliance.audit.behaviour import Act, Behaviour
from compliance.audit.browser import Browser, Visit
from compliance.audit.checks.observed import observed
from compliance.audit.collected import Collected
from compliance.audit.readers import Reader
from compliance.audit.recipients import Conduct, Recipient
from compliance.audit.site import Context, SiteFacts
from compliance.page.trackers import Catalogue
from support.browser import serving
from support.recorder import Recorder

CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
PAGE = """<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title><body><p>新闻</p>
<style>@font-face { font-family: x; src: url(https://font.test/f.woff2) }
p { font-family: x; background: url(https://style.test/b.png) }</style>
<script>new Worker("/worker.js"); navigator.serviceWorker.register("/service.js");
new WebSocket("wss://socket.test/s"); new EventSource("https://events.test/e");</script>
<iframe src="https://frame.test/f"></iframe><link rel=prefetch href="https://prefetch.test/p.js">
<video src="https://video.test/v.mp4" preload=auto></video><img alt="" srcset="https://set.test/a.png 1x">
<object data="https://object.test/o.svg" type="image/svg+xml"></object>"""
FRAME = b"""<script>localStorage.setItem("third", "8f14e45fceea167a5a36dedd4bea2543");
document.cookie = "mine=1; SameSite=None; Secure"; fetch("https://inner.test/x", {mode: "no-cors"})</script>"""
SCRIPTS = {
    "worker": "fetch('https://worker.test/x', {mode: 'no-cors'})",
    "service": "oninstall = event => event.waitUntil(fetch('https://service.test/x', {mode: 'no-cors'}))",
}


@pytest.mark.browser
def test_every_host_that_is_asked_is_named(tmp_path: Path) -> None:
    app = Flask("met")
    app.add_url_rule("/", "page", lambda: PAGE)
    app.add_url_rule("/<name>.js", "script", lambda name: Response(SCRIPTS[name], mimetype="text/javascript"))
    collected = Collected(CONTEXT)
    with Recorder(tmp_path).running() as recorder, serving(app) as site:
        headers = {"Content-Type": "text/html", "Set-Cookie": "framed=1; SameSite=None; Secure"}
        recorder.replies["frame.test/f"] = lambda _: (200, headers, FRAME)
        rules = f"MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1"
        with Browser(["--ignore-certificate-errors", f"--host-resolver-rules={rules}"]) as browser:
            ((_, visit),) = browser.visits([(f"{site}/", "home")], CONTEXT)
            assert isinstance(visit, Visit)
            for sighting in visit.sightings:
                collected.add(sighting)
        asked = recorder.hosts
    named = {one.host: one for one in collected.recipients(SiteFacts())}
    assert len(asked) == 12 and set(named) == asked
    # A frame of others led to it, not the page.
    assert named["inner.test"].through == ("https://frame.test/f",)
    kept = {(one.store.value, one.name, one.host, one.third, one.header) for one in collected.stored(SiteFacts())}
    assert kept == {
        ("cookie", "framed", "frame.test", True, True),
        ("cookie", "mine", "frame.test", True, False),
        ("localStorage", "third", "frame.test", True, False),
        ("service worker", "/", "127.0.0.1", False, False),
    }


UNASKED, AGREED, REFUSED = (frozenset({reader}) for reader in Reader)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        (Recipient(host="a.test", conduct=frozenset({Conduct.COOKIE}), readers=UNASKED), ["C508"]),
        (Recipient(host="a.test", conduct=frozenset({Conduct.COOKIE}), readers=REFUSED), ["C596"]),
        (Recipient(host="a.test", conduct=frozenset({Conduct.COOKIE}), readers=AGREED), []),
        (Recipient(host="a.test", conduct=frozenset({Conduct.BEACON}), readers=AGREED, named=False), ["C310"]),
        # A host that serves, one that a list knows and one that the settings name are judged otherwise.
        (Recipient(host="a.test", readers=UNASKED, named=False), []),
        (Recipient(host="a.test", conduct=frozenset({Conduct.COOKIE}), readers=UNASKED, provider={"en": "A"}), []),
        (Recipient(host="a.test", conduct=frozenset({Conduct.COOKIE}), readers=UNASKED, declared=True), []),
    ],
)
def test_hosts_that_no_list_knows_are_judged_by_what_they_do(recipient: Recipient, expected: list[str]) -> None:
    found = list(observed([recipient], [], CONTEXT))
    assert [one.rule.id for one in found] == expected
    assert all("a.test" in one.seen(language) and one.remedy(language) for one in found for language in ("en", "zh_CN"))


@pytest.mark.parametrize(
    ("act", "readers", "expected"),
    [
        (Act.CANVAS, UNASKED, ["C597"]),
        (Act.WEBGL, REFUSED, ["C597"]),
        (Act.FONTS, AGREED, []),
        (Act.RECORDING, UNASKED, ["C598"]),
        (Act.RECORDING, AGREED, []),
        # These are nobody's to agree to with a banner.
        (Act.KEYS, AGREED, ["C599"]),
        (Act.FIELDS, AGREED, ["C509"]),
        (Act.CACHE, AGREED, ["C510"]),
    ],
)
def test_what_scripts_do_is_held_to_the_rules(act: Act, readers: frozenset[Reader], expected: list[str]) -> None:
    done = Behaviour(act=act, script="https://a.test/s.js", line=7, to="https://b.test/c", readers=readers)
    found = list(observed([], [done], CONTEXT))
    assert [one.rule.id for one in found] == expected
    assert all(one.seen(language) and one.remedy(language) for one in found for language in ("en", "zh_CN"))
