"""Pages swapped in by Turbo and htmx, prerendered pages, pages under a policy and without the script."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask, Response, request
from werkzeug.wrappers import Request

from compliance import Compliance
from support.browser import CHROMIUM, Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import PACKAGES

BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
SWAPPERS = {"turbo": "@hotwired/turbo/dist/turbo.es2017-umd.js", "htmx": "htmx.org/dist/htmx.min.js"}
COUNTED = '<script type="text/plain" data-category="analytics">window.counted = (window.counted ?? 0) + 1</script>'
# Turbo would show what it kept of a page first, and run its scripts for that, too.
HEAD = "<script src=/library.js></script><meta name=turbo-cache-control content=no-preview>"
PAGE = (
    "<!doctype html><html lang=en><head><title>{title}</title>{head}</head><body hx-boost:inherited=true>"
    "<main><h1>{title}</h1><a href=/>Home</a> <a href=/two>Second</a></main>{tail}</body></html>"
)


def create_site(settings: dict[str, Any], head: str = "", *, library: str = "", policy: str = "") -> Flask:
    """Two pages that lead to each other; the second one counts its readers."""
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"
    for path, title, tail in (("/", "First page", ""), ("/two", "Second page", COUNTED)):
        app.add_url_rule(path, path, PAGE.format(title=title, head=head, tail=tail).__str__)
    code = (PACKAGES / library).read_text(encoding="utf-8") if library else ""
    app.add_url_rule("/library.js", "library", lambda: Response(code, mimetype="text/javascript"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))

    @app.after_request
    def secure(response: Response) -> Response:
        if policy:
            response.headers["Content-Security-Policy"] = policy
        return response

    settings["consent"] = {"mode": "opt-in", "categories": ["analytics", "advertising"]}
    Compliance(app, settings=settings)
    return app


@pytest.mark.parametrize("swapper", SWAPPERS)
def test_banner_and_footer_work_on_pages_that_are_swapped_in(
    settings: dict[str, Any], open_page: Callable[..., Page], swapper: str
) -> None:
    with serving(create_site(settings, HEAD, library=SWAPPERS[swapper])) as url:
        page = open_page(url)
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
        page.evaluate("window.same = true")

        def follow(name: str, title: str) -> None:
            page.get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", name=title)).to_be_visible()

        for name, title in (("Second", "Second page"), ("Home", "First page")) * 2:
            follow(name, title)
            expect(page.locator(BANNER)).to_be_visible()
        assert page.evaluate("[window.same, window.counted]") == [True, None]
        page.get_by_role("button", name="I Agree").click()
        expect(page.get_by_role("status")).to_contain_text("Your choice has been saved.")
        expect(page.locator(BANNER)).to_be_hidden()
        follow("Second", "Second page")
        page.wait_for_function("window.counted")
        expect(page.locator(BANNER)).to_have_count(1)
        expect(page.locator(BANNER)).to_be_hidden()
        page.locator(FOOTER).get_by_role("link", name="Leaving a message").click()
        expect(page.get_by_label("Your message")).to_be_visible()
        expect(page.locator("dialog.compliance-dialog")).to_have_count(1)
        assert page.evaluate("[window.same, window.counted]") == [True, 1]
        assert len(posts) == 1


# Nothing is prerendered in a browser that a driver holds: the pages click and tell for themselves.
PRERENDER = """<script type=speculationrules>{"prerender": [{"urls": ["/two"], "eagerness": "immediate"}]}</script>
<script>
const shown = () => document.querySelector("[data-compliance=banner]")?.checkVisibility() ?? false;
const tell = what => fetch(`/told?${what} ${document.prerendering} ${shown()}`);
addEventListener("load", async () => {
    if (location.pathname === "/two") {
        document.addEventListener("prerenderingchange", () => requestAnimationFrame(() => tell("activated")));
        while (!shown()) await new Promise(done => setTimeout(done, 20));
        return tell("loaded");
    }
    await fetch("/loaded");
    document.querySelector("[data-compliance=banner] [value=reject]").click();
    new MutationObserver(() => {
        if (document.querySelector("[data-compliance=note]")) location.href = "/two";
    }).observe(document.documentElement, { childList: true, subtree: true });
});
</script>"""


@pytest.mark.browser
def test_prerendered_page_decides_nothing_and_knows_what_was_decided_when_it_is_shown(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    site, loaded, told = create_site(settings, PRERENDER), Event(), Queue[str]()
    decided: list[str] = []

    inside = site.wsgi_app

    def noting(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "POST":  # which no hook of the site sees
            sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            decided.append(Request({**environ, "wsgi.input": BytesIO(sent)}).form["choice"])
            environ["wsgi.input"] = BytesIO(sent)
        return inside(environ, start_response)

    site.wsgi_app = noting  # type: ignore[method-assign]

    @site.get("/told")
    def tell() -> str:
        told.put(unquote(request.query_string.decode()))
        loaded.set()
        return ""

    @site.get("/loaded")
    def wait() -> str:
        loaded.wait(60)
        return ""

    with serving(site) as url:
        options = ("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run")
        command = [CHROMIUM, *options, f"--user-data-dir={tmp_path}", f"{url}/"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as browser:
            try:
                assert told.get(timeout=60) == "loaded true true"
                assert told.get(timeout=60) == "activated false false"
            finally:
                os.killpg(browser.pid, signal.SIGKILL)
    assert decided == ["reject"]


SELF = "default-src 'self'"


@pytest.mark.parametrize("where", ["header", "meta"])
def test_a_policy_of_the_site_is_obeyed(settings: dict[str, Any], open_page: Callable[..., Page], where: str) -> None:
    meta = f'<meta http-equiv=Content-Security-Policy content="{SELF}">' if where == "meta" else ""
    with serving(create_site(settings, meta, policy=SELF if where == "header" else "")) as url:
        page = open_page(url)
        page.get_by_role("button", name="Decline").click()
        expect(page.get_by_role("status")).to_be_visible()
        page.locator(FOOTER).get_by_role("link", name="Leaving a message").click()
        expect(page.get_by_label("Your message")).to_be_visible()


def test_where_the_script_does_not_arrive_the_footer_leads_to_the_choice(
    settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    with serving(create_site(settings)) as url:
        page = open_page("about:blank")
        page.route("**/compliance/static/**/*.js", lambda route: route.abort())
        page.goto(url)
        page.locator(FOOTER).get_by_role("link", name="Cookie settings").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        with page.expect_navigation():
            page.locator("main button[value=reject]:not([data-compliance] *)").first.click()
        page.unroute_all()
        page.goto(url)
        expect(page.locator(FOOTER)).to_be_visible()
        expect(page.locator(BANNER)).to_be_hidden()
