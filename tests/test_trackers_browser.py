"""What a reader's browser asks of others: nothing before a yes, what was agreed to after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import CHROMIUM, Browser, BrowserContext, Page, serving, sync_api
from flask import Flask, Response
from recorder import Recorder
from vendors import SCRIPTS, VENDORS
from vendors import page as vendors_page

from compliance import Compliance
from compliance.trackers import Catalogue, Gate

CATEGORIES = ["functional", "analytics", "advertising", "social"]
BANNER = "[data-compliance=banner]"
HOSTS = {host for vendor in VENDORS for host in vendor.hosts}
# What a site with these vendors allows, and nothing more for us.
# Where Chromium itself goes.
ITS_OWN = ("accounts.google.com", "update.googleapis.com", "clients2.google.com", "optimizationguide-pa.googleapis.com")
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' http: https:; img-src 'self' http: https:;"
    " frame-src http: https:; connect-src 'self' http: https:"
)


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with Recorder(tmp_path_factory.mktemp("certificates")).running() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def chromium(recorder: Recorder) -> Iterator[Browser]:
    """A browser for which every host is the recorder."""
    none = ", ".join(f"MAP {host} ~NOTFOUND" for host in ITS_OWN)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-dev-shm-usage", "--ignore-certificate-errors"),
                f"--host-resolver-rules={none}, MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1",
            ],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, recorder: Recorder) -> Iterator[BrowserContext]:
    recorder.asked.clear()
    recorder.scripts = dict(SCRIPTS)
    context = chromium.new_context()
    yield context
    context.close()


def create_site(settings: dict[str, Any], html: str, **consent: Any) -> Flask:
    settings["consent"] = {"mode": "opt-in", "categories": CATEGORIES, **consent}
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"
    gate = Gate(Catalogue(), frozenset(CATEGORIES))
    app.add_url_rule("/", "home", lambda: gate.whole(html.encode()))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    Compliance(app, settings=settings)
    return app


def settle(page: Page, recorder: Recorder) -> set[str]:
    """Wait until the page has asked for all it wants; return the hosts that it asked."""
    page.wait_for_load_state("networkidle")
    with page.expect_response("**/sentinel.test/**"):
        page.evaluate("void fetch('http://sentinel.test/', { mode: 'no-cors' })")
    return recorder.hosts - {"sentinel.test"}


def decide(page: Page, label: str) -> None:
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name=label).click()


def choose(page: Page, url: str, *categories: str) -> None:
    """Decide on the preference page."""
    page.goto(f"{url}/compliance/consent")
    for box in page.get_by_role("checkbox").all():
        box.set_checked(box.get_attribute("value") in categories)
    page.get_by_role("button", name="Save choices").click()


def test_nothing_is_asked_of_anybody_before_a_yes(
    settings: dict[str, Any], context: BrowserContext, recorder: Recorder
) -> None:
    with serving(create_site(settings, vendors_page())) as url:
        page = context.new_page()
        page.goto(url)
        assert settle(page, recorder) == set()


def test_everything_runs_after_a_yes(settings: dict[str, Any], context: BrowserContext, recorder: Recorder) -> None:
    with serving(create_site(settings, vendors_page())) as url:
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: print(m.text))
        page.goto(url)
        decide(page, "I Agree")
        assert settle(page, recorder) == HOSTS
        assert errors == [], recorder.asked
        assert page.locator("h1").count() == 1
