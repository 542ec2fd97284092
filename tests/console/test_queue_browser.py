"""Chromium: an editor takes what five people reported about one page, decides, and all five see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance
from compliance.staff import Role
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.desk import Office
from support.host import SETTINGS, create_app

pytestmark = pytest.mark.browser

REASON = "经核实，该文章第三段的数字有误，现已更正。"


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """The site, which shares nothing with the console but what is kept."""
    settings = deepcopy(SETTINGS)
    settings["storage"] = {"url": f"sqlite:///{tmp_path / 'compliance.db'}"}
    settings["messages"] = {"challenge": "none"}
    settings["limits"] = {"enabled": False}
    app = create_app()
    app.config["SECRET_KEY"] = "a key of the tests"  # that of the console
    Compliance(app, settings=settings)
    return app


@pytest.fixture
def office(site: Flask, tmp_path: Path) -> Office:
    return Office(tmp_path, site.extensions["compliance"].settings)


@pytest.fixture
def at_work(office: Office, open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Open a page of the console, signed in as a handler."""
    browser = office.of(Role.HANDLER)
    cookie = browser.client.get_cookie("compliance_console")
    assert cookie
    with serving(office.app) as address:

        def at_work(path: str, **options: Any) -> Page:
            page = open_page(f"{address}/static/console.css", **options)
            page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
            page.goto(f"{address}{path}")
            return page

        yield at_work


def report(client: FlaskClient, body: str) -> dict[str, str]:
    form = {"category": "rumour", "page": "/news/1", "body": body, "truth": "on", "contact": "wang@example.org"}
    response = client.post("/compliance/report", json=form, headers={"Accept": "application/json"})
    assert response.status_code == 201, response.text
    return dict(response.json or {})


def receipt(client: FlaskClient, number: str, code: str) -> str:
    return client.post(f"/compliance/receipt/{number}", data={"code": code}, follow_redirects=True).text


def test_an_editor_decides_on_five_reports_of_one_page_and_all_five_see_it(
    site: Flask, office: Office, at_work: Callable[..., Page]
):
    client = site.test_client()
    sent = [report(client, f"第三段的数字不实，第 {place} 次。") for place in range(5)]
    page = at_work("/messages?lang=en&group=1")
    expect(page.locator(".case")).to_contain_text("5 cases")
    page.locator(".case a").first.click()
    page.get_by_label("Choose all on this page").check()
    page.get_by_label("With those that are chosen").select_option(label="Answer: action was taken")
    page.get_by_role("button", name="Look at what that does").click()
    page.get_by_label("What each sender reads").fill(REASON)
    page.get_by_role("button", name="Do it with 5 cases").click()
    expect(page.get_by_role("status").filter(has_text="Changed: 5 of 5 cases.")).to_be_visible()
    expect(page.get_by_role("button", name="Take it back for 5 cases")).to_be_visible()
    for one in sent:
        text = receipt(site.test_client(), one["receipt"], one["code"])
        assert REASON in text and "wang@example.org" not in text
    assert office.actions().count("case_answered") == 5


def test_a_draft_is_kept_while_it_is_written_and_keys_lead_on(
    site: Flask, office: Office, at_work: Callable[..., Page]
):
    client = site.test_client()
    numbers = [report(client, body)["receipt"] for body in ("第一条不实。", "第二条不实。")]
    page = at_work("/messages?lang=en")
    for key in "jjkjx":
        page.keyboard.press(key)
    expect(page.locator(".pick input").nth(1)).to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Close the sheet").click()
    page.locator("[data-case] .first a").nth(1).focus()
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(numbers[1]))
    page.keyboard.press("r")
    page.keyboard.type("Dear reader, j k")
    expect(page.get_by_text("The draft is kept.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("What the sender reads")).to_have_value("Dear reader, j k")


def test_everything_works_without_a_script(site: Flask, office: Office, at_work: Callable[..., Page]):
    number = report(site.test_client(), "不实。")["receipt"]
    page = at_work("/messages?lang=en", java_script_enabled=False)
    page.get_by_role("link", name="Choose all on this page").click()
    page.get_by_role("button", name="Look at what that does").click()
    page.get_by_role("button", name="Do it with 1 case").click()
    page.get_by_role("link", name=number).click()
    page.get_by_label("Do what").select_option(label="Ask the sender something")
    page.get_by_label("What the sender reads").fill("Which paragraph?")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".facts")).to_contain_text("Waiting for the sender")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    site: Flask, at_work: Callable[..., Page], width: int, scheme: str
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    number = report(site.test_client(), "不实。" * 300)["receipt"]
    viewport = {"width": width, "height": 900}
    page = at_work("/messages?lang=zh_CN", viewport=viewport, color_scheme=scheme)
    root = page.url.split("/messages")[0]
    for path in ("/messages", "/messages?group=1", f"/cases/{number}", "/messages/replies", "/messages/keys"):
        page.goto(f"{root}{path}")
        assert axe.Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
