"""A reader's whole life on the demo, as one journey: in Chromium with and without JavaScript, in Firefox and in WebKit.

Firefox without JavaScript cannot be driven: what the driver asks of a page is answered by a promise that never settles.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from compliance import Compliance
from compliance.store.tables import message
from demo import create_app
from support.browser import Browser, Page, expect, serving
from support.browser import chromium as chromium
from support.browser import start_firefox as start_firefox
from support.webkit import Window, webkit

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = "/articles/consuls-general-two-sessions"
BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
WRONG = "The year in the third paragraph is wrong."


@pytest.fixture
def site(tmp_path: Path) -> Flask:
    """The demo with the settings that it is served with, but for cookies that a reader can decline."""
    app = create_app()
    app.secret_key, app.instance_path = "key", str(tmp_path)
    settings = tomllib.loads((ROOT / "compliance.toml").read_text(encoding="utf-8"))
    settings["consent"] |= {"mode": "opt-in", "categories": ["analytics", "advertising"]}
    settings["articles"]["corrections"] = str(ROOT / settings["articles"]["corrections"])
    Compliance(app, settings=settings)
    return app


class Reader:
    """One who reads the site in a window; what they open may be a dialog over the page, or a page."""

    def __init__(self, page: Page, url: str, *, scripts: bool) -> None:
        self.page = page
        self.url = url
        self.scripts = scripts

    def open(self, name: str) -> Any:
        """Follow a link of the footer; return where the form stands."""
        self.page.goto(self.url + ARTICLE)
        self.page.locator(FOOTER).get_by_role("link", name=name).click()
        place = self.page.locator("dialog.compliance-dialog" if self.scripts else "main")
        expect(place.get_by_role("heading", level=1)).to_be_visible()
        return place

    def sends(self, place: Any) -> tuple[str, str]:
        """Send the form in *place*; return the number and the code that the receipt shows."""
        place.locator("form[data-styles] .compliance-buttons button").click()
        expect(place.get_by_text("Please keep this number and this code")).to_be_visible()
        number, code = place.locator(".compliance-copied").all_inner_texts()
        return number, code


def live(reader: Reader) -> list[str]:
    """Arrive, read, decline, change, withdraw, write, report, look up; return the numbers of both receipts."""
    page = reader.page
    page.goto(reader.url + ARTICLE)
    banner = page.locator(BANNER)
    expect(banner).to_be_visible()
    expect(page.get_by_text("渝ICP备20009753号-2")).to_be_visible()
    banner.get_by_role("link", name="Our Privacy Statement & Cookie Policy").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Privacy")
    page.goto(reader.url + ARTICLE)

    banner.get_by_role("button", name="Decline").click()
    expect(page.locator("#compliance-saved, [data-compliance=note]")).to_be_visible()
    page.goto(reader.url + "/zh/")
    if reader.scripts:
        expect(banner).to_be_hidden()

    place = reader.open("Cookie settings")
    expect(place.get_by_text("You declined optional cookies.")).to_be_visible()
    place.get_by_label("Analytics").check()
    with page.expect_navigation():
        place.get_by_role("button", name="Save choices").click()
    place = reader.open("Cookie settings")
    expect(place.get_by_text("You made a choice of your own.")).to_be_visible()
    expect(place.get_by_label("Analytics")).to_be_checked()
    with page.expect_navigation():
        place.get_by_role("button", name="Withdraw consent").first.click()
    place = reader.open("Cookie settings")
    expect(place.get_by_text("You withdrew your consent.")).to_be_visible()
    expect(place.get_by_label("Analytics")).not_to_be_checked()

    place = reader.open("Leaving a message")
    expect(place.get_by_label("Address of the page")).to_have_value(reader.url + ARTICLE)
    place.get_by_label("Your message").fill(WRONG)
    number, code = reader.sends(place)

    place = reader.open("Report illegal information online")
    place.get_by_label("Category").select_option("Rumours")
    place.get_by_label("What is wrong with it").fill("The flood that it tells of did not happen.")
    place.get_by_label("What I report is true").check()
    reported, _ = reader.sends(place)

    page.context.clear_cookies(name="compliance_receipt")
    page.goto(f"{reader.url}/compliance/receipt/{number}")
    page.get_by_label("Receipt number").fill(number)
    page.get_by_label("Code").fill(code.lower())
    page.get_by_role("button", name="Show").click()
    page.get_by_text("What you sent").click()
    expect(page.get_by_text(WRONG)).to_be_visible()
    return [number, reported]


def check(site: Flask, browser: Browser, *, scripts: bool, **options: Any) -> None:
    """Live in *browser*."""
    with serving(site) as url, browser.new_context(**options) as context:
        numbers = live(Reader(context.new_page(), url, scripts=scripts))
    hold(site, numbers, scripts=scripts)


def hold(site: Flask, numbers: list[str], *, scripts: bool) -> None:
    """Hold what the *site* keeps to what the reader did, who was given these *numbers*."""
    state = site.extensions["compliance"]
    assert state.recorder.settle()
    assert [link.said["method"] for link in state.ledger.links()] == ["reject", "custom", "withdraw"]
    with state.database.reading() as connection:
        kept = list(connection.execute(select(message).order_by(message.c.id)))
    assert [row.number for row in kept] == numbers
    # A proof of work needs a script; else an editor looks first.
    assert {row.state for row in kept} == {"received" if scripts else "quarantined"}


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_a_life_in_chromium(site: Flask, chromium: Browser, scripts: bool) -> None:
    check(site, chromium, scripts=scripts, java_script_enabled=scripts)


def test_a_life_in_firefox(site: Flask, start_firefox: Callable[..., Browser]) -> None:
    check(site, start_firefox(), scripts=True)


DIALOG = "dialog.compliance-dialog"


def live_in(window: Window, url: str) -> list[str]:
    """The same life, told to WebDriver."""

    def open_form(name: str) -> None:
        window.goto(url + ARTICLE)
        window.click("link", name, within=FOOTER)
        window.find("button", "Close", within=DIALOG)

    def decide(button: str, said: str) -> None:
        """Decide in the dialog, which loads the page anew; open it again and find the decision said."""
        window.run("window.old = true")
        window.click("button", button, within=DIALOG)
        window.wait("!window.old && document.readyState === 'complete'")
        open_form("Cookie settings")
        window.find("text", said, within=DIALOG)

    def send(number: str) -> list[str]:
        window.click("button", number, within=DIALOG)
        window.find("text", "Please keep this number and this code", within=DIALOG)
        return window.run(
            "return [...document.querySelector('[data-compliance=dialog]').shadowRoot"
            ".querySelectorAll('.compliance-copied')].map(({ innerText }) => innerText)"
        )

    window.goto(url + ARTICLE)
    window.find("text", "渝ICP备20009753号-2")
    window.click("link", "Our Privacy Statement & Cookie Policy", within=BANNER)
    window.find("heading", "Privacy")
    window.goto(url + ARTICLE)
    window.click("button", "Decline", within=BANNER)
    window.wait("document.querySelector('[data-compliance=note]')")
    window.goto(url + "/zh/")
    window.find("link", "Cookie 设置", within=FOOTER)
    assert window.look("button", "不同意", within=BANNER) is None

    open_form("Cookie settings")
    window.find("text", "You declined optional cookies.", within=DIALOG)
    window.click("field", "Analytics", within=DIALOG)
    decide("Save choices", "You made a choice of your own.")
    assert window.value("Analytics", within=DIALOG)
    decide("Withdraw consent", "You withdrew your consent.")
    assert not window.value("Analytics", within=DIALOG)

    open_form("Leaving a message")
    assert window.value("Address of the page", within=DIALOG) == url + ARTICLE
    window.type("Your message", WRONG, within=DIALOG)
    number, code = send("Send")
    open_form("Report illegal information online")
    window.type("Category", "Rumours", within=DIALOG)
    window.type("What is wrong with it", "The flood that it tells of did not happen.", within=DIALOG)
    window.click("field", "What I report is true", within=DIALOG)
    reported, _ = send("Send the report")

    window.goto(f"{url}/compliance/receipt/{number}")
    window.forget("compliance_receipt")  # it is for these pages alone
    window.goto(f"{url}/compliance/receipt/{number}")
    window.type("Receipt number", number)
    window.type("Code", code.lower())
    window.click("button", "Show")
    window.click("text", "What you sent")
    window.find("text", WRONG)
    return [number, reported]


def test_a_life_in_webkit(site: Flask) -> None:
    with serving(site) as url, webkit() as window:
        numbers = live_in(window, url)
    hold(site, numbers, scripts=True)
