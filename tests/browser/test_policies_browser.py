"""On pages whose policy or base stands in the way, the dialog opens, is styled, and sends what a reader writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from flask import Flask, Response
from sqlalchemy import select

from compliance import Compliance
from compliance.store.tables import message
from support.browser import Browser, Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page

BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
DIALOG = "dialog.compliance-dialog"
BASE = '<base href="https://cdn.example.net/assets/" target="_blank">'
STRICT = "script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-def'; object-src 'none'; base-uri https:"
CLOSED = (
    "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-def'; connect-src 'self'; worker-src 'self';"
    " form-action 'self'; frame-src 'self'"
)
VIDEO = '<iframe width=480 height=320 src="https://www.youtube.com/embed/1"></iframe>'


class Site:
    """A wrapped page with a *policy* and a *head* of its own, and what it keeps."""

    def __init__(self, settings: dict[str, Any], folder: Path, policy: str, head: str) -> None:
        self.app = app = Flask("site", instance_path=str(folder))
        app.config["SECRET_KEY"] = "a key of sixteen bytes"
        body = f"<!doctype html><html lang=en><head>{head}<title>News</title></head><body>{VIDEO}</body></html>"
        headers = {"Content-Security-Policy": policy} if policy else {}
        app.add_url_rule("/articles/1", "page", lambda: Response(body, headers=headers))
        app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
        settings["consent"] = {"mode": "opt-in"}
        Compliance(app, settings=settings)

    def states(self) -> list[str]:
        with self.app.extensions["compliance"].database.reading() as connection:
            return list(connection.scalars(select(message.c.state).order_by(message.c.id)))


@pytest.fixture
def visit(
    settings: dict[str, Any], tmp_path: Path, open_page: Callable[..., Page]
) -> Iterator[Callable[[str, str], tuple[Site, Page]]]:
    """Open the page with a policy and a head; it may ask no other host for anything."""
    asked: list[str] = []

    @contextmanager
    def visit(policy: str, head: str) -> Iterator[tuple[Site, Page]]:
        site = Site(settings, tmp_path, policy, head)
        with serving(site.app) as url:
            page = open_page("about:blank")
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{url}/articles/1")
            yield site, page
            assert [address for address in asked if not address.startswith((url, "data:"))] == []

    yield visit


STYLED = "node => [...node.getRootNode().querySelectorAll('link')].map(({ sheet }) => !!sheet)"


def assert_styled(node: Any, count: int) -> None:
    """Wait for all *count* stylesheets of the frame or the dialog that *node* is in."""
    deadline = monotonic() + 60
    while (styled := node.evaluate(STYLED)) != [True] * count:
        assert monotonic() < deadline, styled
        node.page.wait_for_timeout(10)


@pytest.mark.parametrize(
    ("policy", "base"), [("", BASE), (STRICT, BASE), (CLOSED, "")], ids=["base", "strict-dynamic", "closed"]
)
def test_the_dialog_opens_and_sends(visit: Any, policy: str, base: str) -> None:
    with visit(policy, base) as (site, page):
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("button", name="Load once")).to_be_visible()
        assert_styled(frame.locator("body"), 1)

        page.locator(FOOTER).get_by_role("link", name="Leaving a message").click()
        dialog = page.locator(DIALOG)
        expect(dialog).to_be_visible()
        assert_styled(dialog, 2)
        dialog.locator("form[data-styles] .compliance-buttons button").click()
        dialog.get_by_role("link", name="Please write your message.").click()
        dialog.get_by_label("Your message").fill("The year in the third paragraph is wrong.")
        dialog.locator("form[data-styles] .compliance-buttons button").click()
        expect(dialog.get_by_text("Please keep this number and this code")).to_be_visible(timeout=60_000)
        assert site.states() == ["received"]
        links = {tuple(link.evaluate("link => [link.host, link.target]")) for link in dialog.get_by_role("link").all()}
        assert links == {(page.evaluate("location.host"), "_self")}
        dialog.get_by_role("button", name="Close").click()

        page.locator(FOOTER).get_by_role("link", name="Cookie settings").click()
        dialog.get_by_label("Analytics").check()
        with page.expect_navigation():
            dialog.get_by_role("button", name="Save choices").click()
        assert page.url.partition("#")[0].endswith("/articles/1")
        expect(page.locator(BANNER)).to_be_hidden()


def test_where_no_form_may_be_sent_the_choice_is_made_on_a_page(
    settings: dict[str, Any], tmp_path: Path, chromium: Browser
) -> None:
    site = Site(settings, tmp_path, "form-action 'none'", "")
    with serving(site.app) as url, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{url}/articles/1")
        page.locator(FOOTER).get_by_role("link", name="Cookie settings").click()
        with page.expect_navigation():
            page.locator(DIALOG).get_by_role("button", name="Save choices").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cookie settings")
        page.locator("main").get_by_role("button", name="I Agree").first.click()
        page.goto(f"{url}/articles/1")
        expect(page.locator(BANNER)).to_be_hidden()
