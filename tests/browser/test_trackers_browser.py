"""What a reader's browser asks of others: nothing before a yes, what was agreed to after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from compliance.consent import COOKIE
from support.browser import (
    ENGINE,
    Browser,
    BrowserContext,
    Page,
    Playwright,
    Request,
    expect,
    keeps_pages,
    launched,
    serving,
)
from support.recorder import Recorder
from support.vendors import SCRIPTS, VENDORS
from support.vendors import page as vendors_page

CATEGORIES = ["functional", "analytics", "advertising", "social"]
BANNER = "[data-compliance=banner]"
HOSTS = {host for vendor in VENDORS for host in vendor.hosts}
# What a site with these vendors allows, and nothing more for us.
# Where Chromium itself goes.
ITS_OWN = ("accounts.google.com", "update.googleapis.com", "clients2.google.com", "optimizationguide-pa.googleapis.com")
# A page that is loaded and has nothing more to do. One in the background is never drawn: nothing waits for that.
IDLE = """async () => {
  if (document.readyState !== "complete") await new Promise(done => addEventListener("load", done));
  for (let i = 0; i < 2; i++) await new Promise(done => requestIdleCallback(done, { timeout: 500 }));
}"""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' http: https:; img-src 'self' http: https:;"
    " style-src 'self' 'unsafe-inline' http: https:; frame-src http: https:; connect-src 'self' http: https: ws: wss:;"
    " media-src http: https:; object-src http: https:"
)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with Recorder(tmp_path_factory.mktemp("certificates")).running() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, recorder: Recorder, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A browser for which every host is the recorder."""
    none = ", ".join(f"MAP {host} ~NOTFOUND" for host in ITS_OWN)
    rules = f"--host-resolver-rules={none}, MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1"
    program = getattr(request, "param", ENGINE)
    with launched(playwright, program, "--ignore-certificate-errors", rules) as browser:
        yield browser


class Reader:
    """Somebody with a browser of their own on a site."""

    def __init__(self, context: BrowserContext, recorder: Recorder, url: str) -> None:
        self.context = context
        self.recorder = recorder
        self.url = url
        self.errors: list[str] = []
        #: What was asked for and not answered yet.
        self.flying: list[Request] = []
        context.on("request", lambda request: self.flying.append(request))
        context.on("requestfinished", lambda request: self.flying.remove(request))
        context.on("requestfailed", lambda request: self.flying.remove(request))
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.url + path)
        return self.page

    def decide(self, label: str) -> None:
        """Press a button of the banner."""
        with self.page.expect_response(lambda response: response.request.method == "POST"):
            self.page.get_by_role("button", name=label).click()

    def choose(self, *categories: str) -> None:
        """Decide on the preference page."""
        self.open("/compliance/consent")
        for box in self.page.get_by_role("checkbox").all():
            box.set_checked(box.get_attribute("value") in categories)
        self.page.get_by_role("button", name="Save choices").click()
        self.page.wait_for_url(f"{self.url}/compliance/consent")

    def asked(self, *expected: str, page: Page | None = None) -> set[str]:
        """Return the hosts that were asked since the last time: wait for those *expected*, and for what else comes."""
        page = page or self.page
        deadline = monotonic() + 30
        while not self.recorder.hosts.issuperset(expected) and monotonic() < deadline:
            page.wait_for_timeout(10)
        while True:
            while self.flying and monotonic() < deadline:
                page.wait_for_timeout(10)
            page.evaluate(IDLE)
            if not self.flying or monotonic() > deadline:
                break
        if "/compliance/" not in page.url:  # our own pages let nobody else be asked
            page.evaluate("fetch('http://sentinel.test/').then(answer => answer.text())")
        hosts = self.recorder.hosts - {"sentinel.test"}
        self.recorder.asked.clear()
        return hosts


@pytest.fixture
def visit(chromium: Browser, recorder: Recorder) -> Iterator[Callable[..., Reader]]:
    """Serve a site and bring it a reader; at the end no page may have failed."""
    readers: list[Reader] = []
    with ExitStack() as stack:

        def visit(site: Any, **options: Any) -> Reader:
            url = stack.enter_context(serving(site))
            context = chromium.new_context(**options)
            stack.callback(context.close)
            readers.append(Reader(context, recorder, url))
            return readers[-1]

        recorder.asked.clear()
        recorder.scripts = dict(SCRIPTS)
        yield visit
    assert [reader.errors for reader in readers] == [[]] * len(readers)


def create_site(
    settings: dict[str, Any], html: str, scripts: dict[str, str] | None = None, policy: str = POLICY, **consent: Any
) -> Flask:
    """A site with a page at `/`, and *scripts* at the addresses that they go by, all of it under *policy*."""
    settings["consent"] = {"mode": "opt-in", "categories": CATEGORIES, **consent}
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"
    app.add_url_rule("/", "home", lambda: html)
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    for path, script in (scripts or {}).items():
        app.add_url_rule(path, path, lambda script=script: Response(script, mimetype="text/javascript"))

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    Compliance(app, settings=settings)
    return app


def until(page: Page, expression: str) -> Any:
    """Wait until *expression* is true, on a page whose policy lets nobody evaluate text."""
    deadline = monotonic() + 30
    while not (value := page.evaluate(expression)):
        assert monotonic() < deadline, expression
        page.wait_for_timeout(10)
    return value


def hosts(*categories: str) -> set[str]:
    return {host for vendor in VENDORS if vendor.category in categories for host in vendor.hosts}


def in_cache(site: Flask) -> Callable[..., Any]:
    """A cache in front of *site* that gives every reader the page that the first one got."""
    kept = site.test_client().get("/")

    def cache(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/" and environ["REQUEST_METHOD"] == "GET":
            return Response(kept.data, headers=dict(kept.headers))(environ, start_response)
        return site(environ, start_response)

    return cache


# Before a yes, after it, after it was taken back


@pytest.mark.parametrize("tag", ["<script defer src=/own.js></script>", "<script type=module src=/own.js></script>"])
def test_what_a_script_adds_that_waits_for_the_end_of_the_page_is_held(
    settings: dict[str, Any], visit: Callable[..., Reader], tag: str
) -> None:
    own = """new Image().src = "//hm.baidu.com/hm.gif"; navigator.sendBeacon("//www.google-analytics.com/collect");
        document.body.insertAdjacentHTML("beforeend", "<img src=//hm.baidu.com/a.gif>"); window.done = true;"""
    html = f"<!doctype html><html lang=en><head><title>News</title>{tag}</head><body><h1>News</h1></body></html>"
    reader = visit(create_site(settings, html, {"/own.js": own}))
    page = reader.open()
    assert page.evaluate("window.done")
    # What holds it stands last here, and blocks nothing before.
    assert page.eval_on_selector("script[data-policy]", "script => script.async")
    assert reader.asked() == set()
    reader.decide("I Agree")
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}


@pytest.mark.parametrize("through", [lambda site: site, in_cache], ids=["site", "cache"])
def test_others_are_asked_between_a_yes_and_its_withdrawal_only(
    settings: dict[str, Any], visit: Callable[..., Reader], through: Callable[[Flask], Any]
) -> None:
    reader = visit(through(create_site(settings, vendors_page())))
    page = reader.open()
    assert reader.asked() == set()
    page.reload()
    assert reader.asked() == set()
    reader.decide("I Agree")
    assert reader.asked(*hosts(*CATEGORIES)) == hosts(*CATEGORIES)
    page.reload()
    assert reader.asked(*hosts(*CATEGORIES)) == hosts(*CATEGORIES)
    reader.open("/compliance/consent")
    page.get_by_role("button", name="Withdraw").first.click()
    page.wait_for_url("**/consent")
    assert reader.asked() == set()
    reader.open()
    assert reader.asked() == set()


@pytest.mark.parametrize(
    "chosen", [[], ["analytics"], ["advertising"], ["social"], ["functional"], ["analytics", "social"]]
)
def test_exactly_what_was_chosen_is_asked(
    settings: dict[str, Any], visit: Callable[..., Reader], chosen: list[str]
) -> None:
    reader = visit(create_site(settings, vendors_page()))
    reader.choose(*chosen)
    assert reader.asked() == set()
    reader.open()
    assert reader.asked(*hosts(*chosen)) == hosts(*chosen)


def test_declining_asks_nobody(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page()))
    page = reader.open()
    reader.decide("Decline")
    assert reader.asked() == set()
    page.reload()
    assert reader.asked() == set()
    expect(page.locator(BANNER)).to_be_hidden()


def test_every_snippet_runs_once(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page()))
    page = reader.open()
    reader.decide("I Agree")
    reader.asked(*hosts(*CATEGORIES))
    assert page.evaluate("[window.la, [...dataLayer].filter(entry => entry[0] === 'config').length]") == [1, 1]
    assert page.evaluate("[fbq.queue.length, _paq.length]") == [2, 4]
    ran = page.evaluate("window.ran.map(address => address.split('?')[0])")
    assert sorted(ran) == sorted(set(ran))
    assert page.locator("#cnzz_stat_icon_1234567").inner_text() == "CNZZ"
    expect(page.locator("h1")).to_have_text("News")


def test_another_tab_runs_and_stops_with_the_first(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page()))
    reader.open()
    other = reader.tab()
    other.goto(reader.url)
    assert reader.asked(page=other) == set()
    other.bring_to_front()
    reader.page.bring_to_front()
    reader.decide("I Agree")
    reader.asked(*hosts(*CATEGORIES))
    shown(other)
    assert reader.asked(*hosts(*CATEGORIES), page=other) == hosts(*CATEGORIES)
    reader.open("/compliance/consent")
    reader.page.get_by_role("button", name="Withdraw").first.click()
    reader.page.wait_for_url("**/consent")
    reader.asked()
    with other.expect_navigation():
        shown(other)
    assert reader.asked(page=other) == set()


def shown(page: Page) -> None:
    """Tell *page* what a browser tells a tab that comes to the front."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@keeps_pages
def test_a_page_from_the_back_forward_cache_follows_the_choice(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    reader = visit(create_site(settings, vendors_page()))
    page = reader.open()
    page.evaluate("window.same = true")
    reader.choose("analytics")
    page.evaluate("void setTimeout(() => history.go(-2))")  # the answer comes before the page goes
    page.wait_for_url(f"{reader.url}/", wait_until="commit")
    until(page, "window.same")
    assert reader.asked(*hosts("analytics")) == hosts("analytics")


def test_the_choice_is_made_over_the_page(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page()))
    page = reader.open()
    here = page.url
    page.get_by_role("link", name="Cookie settings").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Cookie settings")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Cookie settings")).to_be_focused()
    page.get_by_role("link", name="Cookie settings").click()
    dialog.get_by_role("checkbox", name="Analytics").check()
    assert reader.asked() == set()
    with page.expect_navigation():
        dialog.get_by_role("button", name="Save choices").click()
    assert page.url == here
    assert reader.asked(*hosts("analytics")) == hosts("analytics")


# Opting out, and the browser's own signal


def test_opting_out_stops_what_runs(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(), mode="opt-out"))
    page = reader.open()
    assert reader.asked(*hosts(*CATEGORIES)) == hosts(*CATEGORIES)
    with page.expect_navigation():
        reader.decide("Decline")
    assert reader.asked() == set()


def test_a_refusal_of_an_earlier_policy_holds_until_the_next_decision(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    site = create_site(settings, vendors_page(), mode="opt-out")
    reader = visit(site)
    decisions = site.extensions["compliance"].decisions
    refusal = decisions.decide("reject", (), policy="earlier", now=datetime.now(UTC))
    reader.context.add_cookies([{"name": COOKIE, "value": decisions.sign(refusal), "url": reader.url}])
    page = reader.open()
    assert page.get_by_role("button", name="Decline").is_visible()
    assert reader.asked() == set()
    reader.decide("I Agree")
    assert reader.asked(*hosts(*CATEGORIES)) == hosts(*CATEGORIES)


SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"


def test_the_browsers_signal_is_a_refusal_until_a_yes(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(), mode="opt-out"), extra_http_headers={"Sec-GPC": "1"})
    reader.context.add_init_script(SIGNAL)
    reader.open()
    assert reader.asked() == set()
    reader.decide("I Agree")
    assert reader.asked(*hosts(*CATEGORIES)) == hosts(*CATEGORIES)


def test_nothing_is_held_where_browsing_on_is_agreement(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, "<!doctype html><script src=//hm.baidu.com/hm.js></script>", mode="notice"))
    page = reader.open()
    assert page.locator("script[src*=guard]").count() == 0


def test_going_back_after_a_withdrawal_asks_nobody(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    site = create_site(settings, vendors_page())
    reader = visit(site)
    page = reader.open()
    page.evaluate("addEventListener('unload', () => {})")
    reader.decide("I Agree")
    reader.asked(*hosts(*CATEGORIES))
    reader.open("/compliance/consent")
    page.get_by_role("button", name="Withdraw").first.click()
    page.wait_for_url("**/consent")
    reader.asked()
    page.evaluate("void setTimeout(() => history.go(-2))")  # the answer comes before the page goes
    page.wait_for_url(f"{reader.url}/")
    assert reader.asked() == set()


# What the release keeps

# Scripts of every kind, all of one tracker: comments name it where the address does not.
MIXED = """<!doctype html><html lang=en><head><title>Order</title>
<script>window.order = ["page"]</script>
<script src=//hm.baidu.com/first.js></script>
<script>/* hm.baidu.com */ void document; order.push("after first")</script>
<script defer src=//hm.baidu.com/defer.js></script>
<script type=module src=//hm.baidu.com/module.js></script>
<script type=module>/* hm.baidu.com */ void document; order.push("inline module")</script>
<script src=//hm.baidu.com/broken.js></script>
</head><body><h1>Order</h1>
<script src=//hm.baidu.com/writer.js></script>
<script>/* hm.baidu.com */ void document;
order.push("after writer " + document.querySelectorAll("#written b").length)</script>
<script defer>/* hm.baidu.com */ void document; order.push("inline defer")</script>
<script>/* hm.baidu.com */
document.write("<i id=inline></i><scr" + "ipt src=//hm.baidu.com/nested.js></scr" + "ipt>");
document.write("<p id=pa"); document.writeln("rts>", "in parts</p>");
order.push("inline writer " + !!document.getElementById("inline"))</script>
<script>/* hm.baidu.com */ void document;
order.push("after inline writer " + document.getElementById("parts").textContent)</script>
<script defer src=//hm.baidu.com/last.js></script>
</body></html>"""
MIXED_SCRIPTS = {
    "first": "order.push('first')",
    "defer": "order.push('defer ' + document.currentScript.defer)",
    "module": "order.push('module')",
    "broken": "order.push('broken'); throw new Error('as it was')",
    "writer": (
        "document.write('<div id=written><b>1</b>', '<b>2</b></div><scr' + 'ipt src=//hm.baidu.com/written.js></scr'"
        " + 'ipt>'); order.push('writer')"
    ),
    "written": "order.push('written'); document.write('<scr' + 'ipt>order.push(\"third\")</scr' + 'ipt>')",
    "nested": "order.push('nested')",
    "last": "order.push('last')",
}
DONE = "window.order.includes('last') && order"


@pytest.mark.parametrize("stored", [False, True])
def test_scripts_run_in_the_order_that_the_parser_gives_them(
    settings: dict[str, Any], visit: Callable[..., Reader], recorder: Recorder, stored: bool
) -> None:
    recorder.scripts |= {f"hm.baidu.com/{name}.js": script for name, script in MIXED_SCRIPTS.items()}
    free = visit(create_site(settings, MIXED, mode="notice"))
    order = until(free.open(), DONE)
    held = visit(create_site(settings, MIXED))
    page = held.open()
    assert page.evaluate("order") == ["page"]
    held.decide("I Agree")
    if stored:
        page.reload()
    assert until(page, DONE) == order
    assert len(order) == 16 and order[-1] == "last"
    parts = "[...document.querySelectorAll('#written b, #inline, #parts, h1')].map(part => part.id || part.tagName)"
    assert page.evaluate(parts) == free.page.evaluate(parts)
    assert free.errors == held.errors[: len(free.errors)] == ["as it was"]
    free.errors.clear()
    held.errors.clear()


KEPT = """<script nonce=abc id=one class=two async crossorigin=anonymous referrerpolicy=origin
 integrity="sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" fetchpriority=low data-own=1
 src=https://hm.baidu.com/hm.js></script>
<script nonce=abc>/* hm.baidu.com */ window.inline = document.currentScript.nonce</script>"""


def test_attributes_stay_and_a_nonce_still_counts(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    policy = "default-src 'self'; script-src 'self' 'nonce-abc'"
    reader = visit(create_site(settings, f"<!doctype html><html><body>{KEPT}</body></html>", policy=policy))
    page = reader.open()
    with page.expect_request("https://hm.baidu.com/hm.js") as asked:
        reader.decide("I Agree")
    until(page, "window.inline === 'abc'")
    script = page.locator("#one")
    names = ("class", "crossorigin", "referrerpolicy", "integrity", "fetchpriority", "data-own", "src", "async", "type")
    assert [script.get_attribute(name) for name in names] == [
        *("two", "anonymous", "origin", "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "low", "1"),
        *("https://hm.baidu.com/hm.js", "", None),
    ]
    # The content is not what was signed: integrity counts, too.
    asked.value.response()
    assert page.evaluate("window.ran") is None
    assert page.locator("[data-compliance-hold]").count() == 0


MARKED = """<!doctype html><html><body>
<script type="text/plain" data-category="analytics">(window.ran ??= []).push("analytics")</script>
<script type="text/plain" data-cookiecategory="social">(window.ran ??= []).push("social")</script>
<script type="text/plain" data-category="analytics" src="https://other.test/own.js"></script>
<script type="text/template" data-category="analytics">(window.ran ??= []).push("template")</script>
<script type="text/plain">(window.ran ??= []).push("text")</script>
</body></html>"""


def test_marks_of_other_tools_are_understood(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, MARKED))
    reader.choose("analytics")
    page = reader.open()
    assert reader.asked("other.test") == {"other.test"}
    until(page, "ran.length > 1")
    assert page.evaluate("ran") == ["analytics", "other.test/own.js"]


MEANT = """<!doctype html><html><body>
<script type="text/plain" data-category="analytics" data-src="/a.js"></script>
<script type="text/plain" data-category="analytics" data-type="module">order.push(`module ${import.meta.url}`)</script>
<script type="text/plain" data-category="analytics" data-type="module" data-src="/b.js"></script>
<script type="text/plain" data-type="application/javascript" data-name="x" data-src="//hm.baidu.com/c.js"></script>
<script type="text/plain" data-cookieconsent="statistics" data-src="/d.js"></script>
<script type="text/plain" data-category="statistics" data-cmplz-src="/e.js" class="cmplz-script"></script>
<script type="text/plain" data-iub-purposes="4" class="_iub_cs_activate" data-suppressedsrc="/f.js"></script>
<script type="text/plain" data-cookieconsent="marketing" data-src="/g.js"></script>
</body></html>"""


def test_addresses_and_types_that_other_tools_keep_are_given_back(
    settings: dict[str, Any], visit: Callable[..., Reader], recorder: Recorder
) -> None:
    files = {f"/{name}.js": f"(window.order ??= []).push('{name}')" for name in "adefg"}
    files["/b.js"] = "export {}; order.push('b')"
    recorder.scripts["hm.baidu.com/c.js"] = "order.push('c')"
    reader = visit(create_site(settings, MEANT, files))
    reader.choose("analytics")
    page = reader.open()
    until(page, "window.order?.length === 7")
    assert page.evaluate("order.map(name => name.split(' ')[0]).sort()") == ["a", "b", "c", "d", "e", "f", "module"]


LATE = """
    const say = (name) => (window.said ??= []).push(name);
    say(`script ${document.currentScript.src.split("/").pop()}`);
    const gone = () => say("removed");
    document.addEventListener("DOMContentLoaded", gone);
    document.removeEventListener("DOMContentLoaded", gone);
    addEventListener("pageshow", (event) => say(`shown ${event.persisted} ${event.type}`));
    addEventListener("load", function (event) {
        say(`load ${this === window && event.currentTarget === window && event.target === document}`);
    });
    window.onload = () => say("onload");
    document.addEventListener("DOMContentLoaded", {
        handleEvent(event) {
            say(`content ${event.target === document}`);
            addEventListener("load", () => say("load from content"));
        },
    });
    document.addEventListener("readystatechange", () => say(document.readyState));
    addEventListener("hashchange", () => say("hash"));
"""


def test_what_a_released_script_waits_for_comes_to_it(
    settings: dict[str, Any], visit: Callable[..., Reader], recorder: Recorder
) -> None:
    recorder.scripts["hm.baidu.com/late.js"] = LATE
    recorder.scripts["hm.baidu.com/soon.js"] = (
        "document.addEventListener('DOMContentLoaded', () => (window.said ??= []).push('soon'))"
    )
    html = "<!doctype html><html><body><script src=//hm.baidu.com/late.js></script><b>End</b>"
    own = "<script>window.own = 0; addEventListener('load', () => own++)</script>"
    reader = visit(create_site(settings, f"{html}<script async src=//hm.baidu.com/soon.js></script>{own}"))
    page = reader.open()
    page.wait_for_load_state("load")
    reader.decide("I Agree")
    until(page, "window.said?.includes('soon') && said.length > 7")
    said = [word for word in page.evaluate("said") if word != "soon"]
    assert said == [
        "script late.js",
        "complete",
        "content true",
        "load true",
        "onload",
        "load from content",
        "shown false pageshow",
    ]
    # What the page itself waited for came once.
    assert page.evaluate("own") == 1


# What page scripts add later

GIF = "https://hm.baidu.com/hm.gif"
WAYS = {
    "script": "document.head.append(Object.assign(document.createElement('script'), { src: '//hm.baidu.com/a.js' }))",
    "script inserted before its address": (
        "const s = document.createElement('script'); document.head.append(s); s.setAttribute('src', '//hm.baidu.com/a')"
    ),
    "script in capitals": (
        "const s = document.createElement('SCRIPT'); s.setAttribute('SRC', 'HTTPS://HM.BAIDU.COM/a');"
        "document.head.append(s)"
    ),
    "module": (
        "document.head.append(Object.assign(document.createElement('script'), "
        "{ type: 'module', src: 'https://hm.baidu.com/a.js' }))"
    ),
    "pixel": f"new Image().src = '{GIF}'",
    "pixel in sizes": f"const i = new Image(); i.srcset = '{GIF} 1x, /own.gif 2x'",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://hm.baidu.com/' }))",
    "style": (
        "document.head.append(Object.assign(document.createElement('link'), "
        "{ rel: 'stylesheet', href: 'https://hm.baidu.com/a.css' }))"
    ),
    "preload": (
        "document.head.append(Object.assign(document.createElement('link'), "
        "{ rel: 'preload', as: 'script', href: 'https://hm.baidu.com/a.js' }))"
    ),
    "markup": f"document.body.insertAdjacentHTML('beforeend', '<p><img src={GIF}></p>')",
    "inner markup": f"document.querySelector('h1 + p').innerHTML = '<img src={GIF}>'",
    "outer markup": f"document.querySelector('h1 + p').outerHTML = '<p><img srcset={GIF}></p>'",
    "fragment": (
        "document.body.append(document.createRange().createContextualFragment("
        "'<script src=//hm.baidu.com/a.js></scr' + 'ipt>'))"
    ),
    "parser": (
        f"document.body.append(new DOMParser().parseFromString('<img src={GIF}>', 'text/html').querySelector('img'))"
    ),
    "shadow": (
        "document.body.append(document.createElement('div'));"
        f"document.body.lastChild.attachShadow({{ mode: 'open' }}).innerHTML = '<img src={GIF}>'"
    ),
    "template": (
        f"const t = document.createElement('template'); t.innerHTML = '<img src={GIF}>';document.body.append(t.content)"
    ),
    "namespace": (
        "const i = document.createElement('img'); i.setAttributeNS(null, 'src', '//hm.baidu.com/a.gif');"
        "document.body.append(i)"
    ),
    "drawing": (
        "const space = 'http://www.w3.org/2000/svg', s = document.createElementNS(space, 'svg'),"
        " i = document.createElementNS(space, 'image');"
        "i.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', '//hm.baidu.com/a.gif');"
        "i.setAttribute('width', 9); i.setAttribute('height', 9); s.append(i); document.body.append(s)"
    ),
    "drawing in markup": (
        "document.body.insertAdjacentHTML('beforeend',"
        " '<svg><image width=9 height=9 xlink:href=\"//hm.baidu.com/a.gif\"></image></svg>')"
    ),
    "attribute": (
        "const a = document.createAttribute('src'); a.value = '//hm.baidu.com/a.gif';"
        "const i = new Image(); i.setAttributeNode(a); document.body.append(i)"
    ),
    "button": (
        "document.body.append(Object.assign(document.createElement('input'),"
        " { type: 'image', src: '//hm.baidu.com/a.gif' }))"
    ),
    "poster": (
        "document.body.append(Object.assign(document.createElement('video'), { poster: '//hm.baidu.com/a.gif' }))"
    ),
    "film": "document.body.append(Object.assign(document.createElement('video'), { src: '//hm.baidu.com/a.mp4' }))",
    "sound in markup": "document.querySelector('h1 + p').innerHTML = '<audio src=//hm.baidu.com/a.mp3></audio>'",
    "object": "document.body.append(Object.assign(document.createElement('object'), { data: '//hm.baidu.com/a' }))",
    "unsafe markup": f"document.querySelector('h1 + p').setHTMLUnsafe('<img src={GIF}>')",
    "unsafe document": (f"document.body.append(Document.parseHTMLUnsafe('<img src={GIF}>').querySelector('img'))"),
    "markup of several kinds": (
        "document.querySelector('h1 + p').innerHTML ="
        f" `<!-- <img src={GIF}> --><style>a {{ content: '<img src={GIF}>' }}</style><IMG\nALT='a > b' SRC = '{GIF}'>`"
    ),
    "written": "document.write('<script src=//hm.baidu.com/a.js></scr' + 'ipt>')",
    "written line": "document.writeln(unescape('%3Cscript src=//hm.baidu.com/a.js%3E%3C/script%3E'))",
}
SENT = {
    "fetch": "fetch('https://hm.baidu.com/a').then(answer => answer.text(), () => {})",
    "fetch of a request": "fetch(new Request('https://hm.baidu.com/a')).then(answer => answer.text(), () => {})",
    "fetch of an address": "fetch(new URL('https://hm.baidu.com/a')).then(answer => answer.text(), () => {})",
    "beacon": "navigator.sendBeacon('https://hm.baidu.com/a')",
    "events": "new EventSource('https://hm.baidu.com/a')",
    "request": "const x = new XMLHttpRequest(); x.open('GET', 'https://hm.baidu.com/a'); x.send()",
}


def added(script: str) -> tuple[str, dict[str, str]]:
    """A page that does *script* in a file of its own, where the server does not see it."""
    html = "<!doctype html><html><body><h1>News</h1><p>Text</p><script src=/site.js></script><b>End</b></body></html>"
    return html, {"/site.js": f"{{ {script} }}"}


@pytest.mark.parametrize("way", WAYS)
def test_what_scripts_add_waits_for_the_yes(settings: dict[str, Any], visit: Callable[..., Reader], way: str) -> None:
    reader = visit(create_site(settings, *added(WAYS[way])))
    page = reader.open()
    assert reader.asked() == set()
    expect(page.locator("b")).to_have_text("End")
    if way == "shadow":
        return  # the page's own scripts look for it there
    reader.decide("I Agree")
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}


@pytest.mark.parametrize("way", WAYS | SENT)
def test_what_scripts_add_after_the_yes_is_theirs(
    settings: dict[str, Any], visit: Callable[..., Reader], way: str
) -> None:
    reader = visit(create_site(settings, *added((WAYS | SENT)[way])))
    reader.choose("analytics")
    reader.open()
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}


@pytest.mark.parametrize("way", SENT)
def test_what_scripts_send_before_the_yes_fails(
    settings: dict[str, Any], visit: Callable[..., Reader], way: str
) -> None:
    reader = visit(create_site(settings, *added(SENT[way])))
    reader.open()
    assert reader.asked() == set()


@pytest.mark.parametrize("kind", ["WebSocket", "Worker", "SharedWorker", "Audio"])
def test_what_connects_before_the_yes_fails(settings: dict[str, Any], visit: Callable[..., Reader], kind: str) -> None:
    script = f"try {{ new {kind}('https://hm.baidu.com/a') }} catch (error) {{ window.failed = error.name }}"
    reader = visit(create_site(settings, *added(script)))
    page = reader.open()
    assert reader.asked() == set()
    # What leads elsewhere is made as ever.
    assert page.evaluate("new Audio() instanceof Audio && new WebSocket('ws://127.0.0.1:9') instanceof WebSocket")


RAW = """a > b { content: "&amp; //hm.baidu.com/a" } /* <img src=//hm.baidu.com/b> */"""
DATA = '{"@type": "VideoObject", "embedUrl": "https://www.youtube.com/embed/a?b=1&c=2", "n": "1 > 0 && 2 < 3"}'
FEED = "<rss><item><link>//hm.baidu.com/a</link><media:thumbnail xmlns:media='m' url='//hm.baidu.com/b'/></item></rss>"
ATOM = "<feed><entry><link href='//hm.baidu.com/a'/></entry></feed>"
PIECES = f"""
    const make = (name, more) => Object.assign(document.createElement(name), more);
    const said = window.said = [];
    const style = make("style"), script = make("script", {{ type: "text/plain" }});
    const data = make("script", {{ type: "application/ld+json" }});
    style.innerHTML = {RAW!r};
    script.innerHTML = {RAW!r};
    data.innerHTML = {DATA!r};
    document.head.append(style, script, data);
    said.push(style.textContent, script.textContent, data.textContent);
    const run = make("script");
    run.innerHTML = "window.sum = 1 < 2 && '//hm.baidu.com/a?b=1&amp;c=2'";
    document.head.append(run);
    const area = make("div");
    area.innerHTML = `<textarea>\n<img src="//hm.baidu.com/a.gif"></textarea><a href="//hm.baidu.com/a?b&c">a</a>`;
    said.push(area.firstChild.value, area.innerHTML);
    for (const type of ["text/xml", "application/xml", "image/svg+xml"])
        said.push(...[{FEED!r}, {ATOM!r}].map(feed => new DOMParser().parseFromString(feed, type).querySelector("link")
            .outerHTML));
"""


def test_raw_text_and_feeds_stay_to_the_byte(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    bare = visit(create_site(settings, *added(PIECES), mode="notice")).open()
    held = visit(create_site(settings, *added(PIECES))).open()
    read = "[...said, window.sum]"
    assert held.evaluate(read) == bare.evaluate(read)
    assert held.evaluate(read)[:3] == [RAW, RAW, DATA]
    assert held.evaluate("said.slice(-2)") == ["<link>//hm.baidu.com/a</link>", '<link href="//hm.baidu.com/a"/>']


TRUSTED = """
    const policy = trustedTypes.createPolicy("site", { createHTML: text => text });
    const p = document.querySelector("h1 + p");
    p.innerHTML = policy.createHTML("<a href=https://www.youtube.com/a>a</a><img src=//hm.baidu.com/a.gif alt=b>");
"""


def test_what_a_page_trusts_stays_trusted(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, *added(TRUSTED), policy="require-trusted-types-for 'script'"))
    page = reader.open()
    assert reader.asked() == set()
    expect(page.locator("h1 + p a")).to_have_attribute("href", "https://www.youtube.com/a")
    assert page.locator("h1 + p img").get_attribute("data-compliance-hold") == "analytics"


def test_scripts_set_what_is_nobodys_tracker(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    script = f"""
        const image = new Image();
        image.src = "{GIF}";
        image.src = "/own.gif";
        image.setAttribute("srcset", "https://other.test/a.gif 1x");
        document.querySelector("h1 + p").innerHTML = "<a href='{GIF}'>a</a><img src=/own.gif>";
        document.body.append(image);
    """
    reader = visit(create_site(settings, *added(script)))
    page = reader.open()
    assert reader.asked("other.test") == {"other.test"}
    assert page.evaluate("[...document.querySelectorAll('img')].map(image => image.getAttribute('src'))") == [
        "/own.gif",
        "/own.gif",
    ]
    assert page.locator("h1 + p").inner_html() == f'<a href="{GIF}">a</a><img src="/own.gif">'
    reader.decide("I Agree")
    assert reader.asked() == set()


# Frames


FRAMES = """<!doctype html><html lang="LANG"><body><h1>News</h1><a id=before href="#after">Before</a>
<div style="position:relative;padding-top:50%"><iframe id=video title=Video allowfullscreen
 style="position:absolute;inset:0;width:100%;height:100%;border:0" src="https://www.youtube.com/embed/a"></iframe></div>
<iframe id=ad title=Ad width=400 height=200 src="https://ad.doubleclick.net/ad"></iframe>
<iframe id=map title=Map width=400 height=300 src="https://api.map.baidu.com/marker"></iframe>
<img id=picture alt="A map" width=300 height=200 src="https://api.map.baidu.com/staticimage">
<p><img id=fluid alt="A map" width=600 height=600 style="max-width:50%;height:auto" src="https://api.map.baidu.com/i"></p>
<iframe id=tiny width=1 height=1 src="https://api.map.baidu.com/pixel"></iframe>
<a id=after href="#before">After</a></body></html>"""
SHIFT = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.shift += entry.value))
        .observe({ type: "layout-shift", buffered: true });
"""
BOXES = """[...document.querySelectorAll('iframe, img')].map(node => {
    const { x, y, width, height } = node.getBoundingClientRect();
    return [node.id, x, y, width, height];
})"""


def create_frames(settings: dict[str, Any], lang: str = "en", **consent: Any) -> Flask:
    return create_site(settings, FRAMES.replace("LANG", lang), **consent)


def test_a_held_frame_keeps_its_box_and_nothing_moves(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    free = visit(create_frames(settings, mode="notice"))
    free.page.add_init_script(SHIFT)
    boxes = free.open().evaluate(BOXES)
    held = visit(create_frames(settings))
    held.page.add_init_script(SHIFT)
    page = held.open()
    expect(page.frame_locator("#map").get_by_role("button", name="Load once")).to_be_visible()
    assert page.evaluate(BOXES) == boxes
    held.recorder.asked.clear()
    held.decide("I Agree")
    assert held.asked(*(all_of := {"api.map.baidu.com", "www.youtube.com", "ad.doubleclick.net"})) == all_of
    assert page.evaluate(BOXES) == boxes
    assert page.evaluate("shift") == 0


@pytest.mark.parametrize(
    ("lang", "once", "always"),
    [("en", "Load once", "Always allow: Functional"), ("zh-CN", "仅加载这一次", "始终允许：功能")],
)
def test_a_frame_loads_once_or_always_in_the_language_of_the_page(
    settings: dict[str, Any], visit: Callable[..., Reader], lang: str, once: str, always: str
) -> None:
    reader = visit(create_frames(settings, lang))
    page = reader.open()
    frame = page.frame_locator("#map")
    expect(frame.locator(":root")).to_have_attribute("lang", lang)
    expect(frame.get_by_text("api.map.baidu.com")).to_be_visible()
    assert [button.inner_text() for button in frame.get_by_role("button").all()] == [once, always]
    expect(frame.get_by_text({"en": "fetch videos, maps", "zh-CN": "地图"}[lang]).last).to_be_visible()
    # An advertisement may be seen once; nobody is asked here whether all may follow them.
    expect(page.frame_locator("#ad").get_by_role("button")).to_have_text([once])
    frame.get_by_role("button", name=once).click()
    assert reader.asked("api.map.baidu.com") == {"api.map.baidu.com"}
    expect(page.locator("#map")).to_be_focused()
    assert page.evaluate("document.cookie") == ""
    page.reload()
    assert reader.asked() == set()
    with page.expect_response(lambda response: response.request.method == "POST"):
        frame.get_by_role("button", name=always).click()
    told = {"api.map.baidu.com", "www.youtube.com"}
    assert reader.asked(*told) == told
    page.reload()
    assert reader.asked(*told) == told
    expect(page.frame_locator("#ad").get_by_role("button").first).to_be_visible()
    expect(page.locator(BANNER)).to_be_hidden()


def test_always_keeps_what_was_allowed_before(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_frames(settings))
    reader.choose("analytics", "advertising")
    page = reader.open()
    with page.expect_response(lambda response: response.request.method == "POST") as posted:
        page.frame_locator("#map").get_by_role("button", name="Always allow: Functional").click()
    assert "choice=custom" in (sent := posted.value.request.post_data)
    assert [name for name in CATEGORIES if f"category={name}" in sent] == ["functional", "analytics", "advertising"]


def test_a_held_frame_is_reached_and_read_without_a_mouse(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    reader = visit(create_frames(settings))
    page = reader.open()
    reader.decide("Decline")
    expect(page.frame_locator("#map").get_by_role("button", name="Load once")).to_be_visible()
    page.focus("#before")
    walk = []
    while "After" not in walk:
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.id")
        place = page.frame_locator(f"#{focused}") if focused in ("video", "ad", "map") else page
        # A frame without anything to see is passed through, as frames are.
        walk.append("" if focused == "tiny" else place.locator(":focus").inner_text())
    held = ["Load once", "Always allow: Functional", "Load once", "Load once", "Always allow: Functional"]
    assert walk == [*held, "", "After"]
    for key in ("Shift+Tab", "Shift+Tab", "Shift+Tab", "Enter"):
        page.keyboard.press(key)
    assert reader.asked("api.map.baidu.com") == {"api.map.baidu.com"}


def test_a_frame_that_a_script_adds_says_what_it_waits_for(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    script = (
        "const frame = document.createElement('iframe'); frame.width = 400; frame.height = 300; frame.id = 'map';"
        "frame.src = 'https://api.map.baidu.com/'; document.body.append(frame)"
    )
    reader = visit(create_site(settings, *added(script)))
    page = reader.open()
    page.frame_locator("#map").get_by_role("button", name="Load once").click()
    assert reader.asked("api.map.baidu.com") == {"api.map.baidu.com"}


# Google's signals, cookies, weight


def signals(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate(
        "[...(window.dataLayer ?? [])].filter(entry => entry[0] === 'consent').map(entry => [...entry].slice(1))"
    )
    return [[how, *sorted(name for name, value in state.items() if value == "granted")] for how, state in found]


GRANTED = ["ad_personalization", "ad_storage", "ad_user_data"]


def test_googles_tags_are_told_before_they_load_and_after_the_choice(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    google = tuple(vendor for vendor in VENDORS if vendor.name == "Google Analytics")
    reader = visit(create_site(settings, vendors_page(google)))
    page = reader.open()
    reader.asked()
    assert signals(page) == [["default"]]
    reader.choose("analytics")
    reader.open()
    assert reader.asked("www.googletagmanager.com") == {"www.googletagmanager.com"}
    assert signals(page) == [["default"], ["update", "analytics_storage"]]
    # Before everything else, and before the tag itself ran.
    # Before the tag itself ran, and the default before all that the page says to it.
    before = [entry.split()[0] for entry in until(page, "window.before")]
    assert before == ["consent", "js", "config", "consent"] or before == ["consent", "consent", "js", "config"]
    other = reader.tab()
    other.goto(f"{reader.url}/compliance/consent")
    other.get_by_role("button", name="I Agree").first.click()
    other.wait_for_url("**/consent")
    shown(page)
    assert until(page, "dataLayer.filter(entry => entry[0] === 'consent').length > 2")
    assert signals(page)[2] == [
        "update",
        *GRANTED,
        "analytics_storage",
        "functionality_storage",
        "personalization_storage",
    ]


def test_a_page_without_googles_tags_is_told_nothing(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(VENDORS[:1])))
    page = reader.open()
    reader.decide("I Agree")
    reader.asked("hm.baidu.com")
    assert page.evaluate("typeof dataLayer") == "undefined"


def test_cookies_go_with_the_consent_to_them(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(VENDORS[:1])))
    page = reader.open()
    reader.decide("I Agree")
    reader.asked("hm.baidu.com")
    for name in ("Hm_lvt_0123", "Hm_lpvt_0123", "session", "Hm"):
        page.evaluate(f"document.cookie = '{name}=1; path=/'")
    page.reload()
    reader.asked("hm.baidu.com")
    names = "document.cookie.split('; ').map(pair => pair.split('=')[0]).sort()"
    assert page.evaluate(names) == ["Hm", "Hm_lpvt_0123", "Hm_lvt_0123", "compliance_consent", "session"]
    reader.choose("social")
    reader.open()
    until(page, f"!{names}.includes('Hm_lvt_0123')")
    assert page.evaluate(names) == ["Hm", "compliance_consent", "session"]


NAMES = "document.cookie.split('; ').map(pair => pair.split('=')[0]).filter(name => name).sort()"


@pytest.mark.parametrize("place", ["banner", "page"])
def test_cookies_go_with_the_click(settings: dict[str, Any], visit: Callable[..., Reader], place: str) -> None:
    """All that trackers set on the site's own host, those for servers only too; nothing that the site calls its own."""
    reader = visit(create_site(settings, "<!doctype html><html><body><h1>News</h1></body></html>"))
    page = reader.open()
    theirs = [*(f"_pk_id.{number}.ab" for number in range(25)), *(f"Hm_lvt_{number}" for number in range(24))]
    ours = ["JSESSIONID", "_ga_session", "uid", "v"]
    cookies = [
        {"name": name, "value": "1", "url": reader.url, "httpOnly": place == "page" or number % 2 == 0}
        for number, name in enumerate([*theirs, *ours])
    ]
    reader.context.add_cookies(cookies)
    if place == "banner":
        reader.decide("Decline")
        expect(page.get_by_role("status")).to_be_visible()
    else:
        reader.open("/compliance/consent")
        page.get_by_role("button", name="Decline").first.click()
        expect(page.get_by_text("You declined optional cookies.")).to_be_visible()
    kept = {cookie["name"] for cookie in reader.context.cookies()}
    assert kept == {*ours, "compliance_consent"}


def test_a_browser_that_keeps_nothing_is_told_and_the_choice_holds_for_the_page(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    reader = visit(create_site(settings, vendors_page(VENDORS[:1])))
    blocked = "Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => {} })"
    reader.context.add_init_script(blocked)
    page = reader.open()
    reader.decide("I Agree")
    expect(page.get_by_role("status")).to_contain_text("counts on this page only")
    expect(page.locator(BANNER)).to_be_hidden()
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}
    shown(page)
    expect(page.locator(BANNER)).to_be_hidden()
    page.reload()
    expect(page.locator(BANNER)).to_be_visible()


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        ({"mode": "notice"}, {"mode": "opt-in"}, True),
        ({"mode": "notice", "categories": CATEGORIES}, {"mode": "opt-in"}, True),
        ({"mode": "opt-in", "categories": ["analytics"]}, {"mode": "opt-in"}, True),
        ({"mode": "opt-in"}, {"mode": "opt-in", "categories": ["analytics"]}, False),
        ({"mode": "opt-out"}, {"mode": "opt-in"}, False),
    ],
)
def test_what_was_not_asked_then_is_asked_now(
    settings: dict[str, Any], visit: Callable[..., Reader], before: Any, after: Any, again: bool
) -> None:
    html = vendors_page(VENDORS[:1])
    sites = []
    for consent in (before, after):
        site = Flask("site")
        site.config["SECRET_KEY"] = "key"
        site.add_url_rule("/", "home", lambda: html)
        Compliance(site, settings=settings | {"consent": consent})
        sites.append(site)
    value = sites[0].test_client().post("/compliance/consent", data={"choice": "accept"}).headers["Set-Cookie"]
    reader = visit(sites[1])
    cookie = value.partition("=")[2].partition(";")[0]
    reader.context.add_cookies([{"name": COOKIE, "value": cookie, "url": reader.url}])
    page = reader.open()
    expect(page.locator(BANNER)).to_be_visible(visible=again)
    assert reader.asked(*[] if again else ["hm.baidu.com"]) == (set() if again else {"hm.baidu.com"})


def test_of_two_cookies_the_refusal_counts_until_the_next_decision(
    settings: dict[str, Any], visit: Callable[..., Reader]
) -> None:
    site = create_site(settings, vendors_page(VENDORS[:1]))
    reader = visit(site)
    values = [
        site.test_client().post("/compliance/consent", data={"choice": choice}).headers["Set-Cookie"].split(";")[0]
        for choice in ("accept", "reject")
    ]
    for value, path in zip(values, ("/", "/compliance"), strict=True):
        cookie = {"name": COOKIE, "value": value.partition("=")[2], "domain": "127.0.0.1", "path": path}
        reader.context.add_cookies([cookie])
    reader.open("/compliance/consent")
    expect(reader.page.get_by_text("You declined optional cookies.")).to_be_visible()
    reader.page.get_by_role("button", name="I Agree").first.click()
    expect(reader.page.get_by_text("You agreed").first).to_be_visible()
    assert len([one for one in reader.context.cookies() if one["name"] == COOKIE]) == 1


def test_readers_load_what_they_need(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(VENDORS[:1])))
    page, loaded = reader.page, set[str]()

    def note(request: Any) -> None:
        if "/compliance/static/" in request.url:
            loaded.add(re.sub(r"\.[0-9a-f]{10}\.", ".", request.url.rpartition("/")[2]))

    page.on("request", note)
    reader.open()
    assert reader.asked() == set()
    # Somebody who has not decided, on a page that holds a script.
    every = {"compliance.css", "compliance.js", "guard.js", "place.js", "clothes.js"}
    assert loaded == every
    reader.decide("I Agree")
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}
    released = {"release.js", "replay.js", "restore.js"}
    assert loaded == every | {"note.js"} | released
    # What somebody refuses may have left a cookie.
    loaded.clear()
    reader.choose("social")
    page.evaluate("document.cookie = 'Hm_lvt_0123=1; path=/'")
    loaded.clear()
    reader.open()
    until(page, "!document.cookie.includes('Hm_lvt_0123')")
    assert "cookies.js" in loaded and "release.js" not in loaded


def test_a_page_put_anew_is_guarded_once(settings: dict[str, Any], visit: Callable[..., Reader]) -> None:
    reader = visit(create_site(settings, vendors_page(VENDORS[:1])))
    page = reader.open()
    page.evaluate("void (window.set = Element.prototype.setAttribute)")
    page.evaluate(
        """async () => {
            const text = await (await fetch("/")).text();
            document.body.replaceWith(new DOMParser().parseFromString(text, "text/html").body);
            for (const old of document.body.querySelectorAll("script[src]")) {
                const script = document.createElement("script");
                for (const { name, value } of old.attributes) script.setAttribute(name, value);
                old.replaceWith(script);
            }
        }"""
    )
    assert reader.asked() == set()
    assert page.evaluate("set === Element.prototype.setAttribute")
    reader.decide("I Agree")
    assert reader.asked("hm.baidu.com") == {"hm.baidu.com"}
