"""The forms as readers fill them in: over the page and on pages of their own, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import Page, expect, serving
from browser import chromium as chromium
from browser import open_page as open_page
from conftest import create_app
from flask import Flask, Response
from sqlalchemy import select

from compliance import Compliance
from compliance.store.tables import message

POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'"
DIALOG = "dialog.compliance-dialog"


class Site:
    """A running site: its address, and what it has kept."""

    def __init__(self, url: str, app: Flask) -> None:
        self.url = url
        self.app = app

    @property
    def kept(self) -> list[Any]:
        with self.app.extensions["compliance"].box.database.reading() as connection:
            return list(connection.execute(select(message)))


@pytest.fixture
def site(settings: dict[str, Any]) -> Iterator[Site]:
    """A news site under a strict policy, in English at `/`, in Chinese at `/zh`."""
    app = create_app()
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    settings["consent"]["position"] = "flow"
    Compliance(app, settings=settings)
    with serving(app) as url:
        yield Site(url, app)


def open_form(page: Page, name: str = "Leaving a message") -> Any:
    """Open a form of the footer over the page."""
    page.locator("[data-compliance=footer]").get_by_role("link", name=name).click()
    dialog = page.locator(DIALOG)
    expect(dialog).to_be_visible()
    return dialog


# Over the page


def test_message_is_sent_from_the_page_it_is_about(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    expect(dialog.get_by_label("Address of the page")).to_have_value(f"{site.url}/")
    dialog.get_by_label("Your message").fill("The year in the third paragraph is wrong.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("Please keep this number and this code")).to_be_visible()
    [kept] = site.kept
    expect(dialog.get_by_text(kept.number)).to_be_visible()
    # The widget's proof was taken: nobody has to look whether a person wrote this.
    assert (kept.state, kept.page_title) == ("received", "News")
    assert page.url == f"{site.url}/"


def test_nothing_of_the_form_is_loaded_before_it_is_opened(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    assert not [url for url in loaded if "form." in url or "altcha" in url or "challenge" in url]
    dialog = open_form(page)
    assert not [url for url in loaded if "altcha" in url or "challenge" in url]
    with page.expect_request("**/challenge/message"):
        dialog.get_by_label("Your message").focus()


# Without JavaScript


def test_without_javascript_a_message_waits_for_an_editor(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/zh", java_script_enabled=False)
    page.locator("[data-compliance=footer]").get_by_role("link", name="留言").click()
    expect(page.get_by_label("网页地址")).to_have_value(f"{site.url}/zh")
    page.get_by_label("留言内容").fill("第三段的年份有误。")
    page.get_by_role("button", name="提交").click()
    [kept] = site.kept
    expect(page).to_have_url(f"{site.url}/compliance/receipt/{kept.number}?lang=zh-CN")
    expect(page.get_by_text(kept.number)).to_be_visible()
    assert kept.state == "quarantined"
