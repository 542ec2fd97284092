"""Chromium: what waits is counted anew on pages that stay open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compliance.staff import Role
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.desk import Office
from support.desk import office as office

pytestmark = pytest.mark.browser


@pytest.fixture
def open_at(office: Office, open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Open a page of the console as a handler, in a browser whose clock the test moves on."""
    cookie = office.of(Role.HANDLER).client.get_cookie("compliance_console")
    assert cookie
    told: list[str] = []
    with serving(office.app) as address:

        def open_at(path: str, **options: Any) -> Page:
            page = open_page(f"{address}/static/console.css", **options)
            page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
            page.clock.install()
            page.on("console", lambda message: told.append(message.text))
            page.goto(f"{address}{path}")
            return page

        yield open_at
    assert [text for text in told if "oobError" in text] == []


def counted(page: Page, due: int) -> None:
    """Wait until the page tells how many are due today, and will ask again."""
    expect(page.locator(f"#waiting[data-count='{due}']:not(.htmx-added, .htmx-settling)")).to_have_count(1)


def test_counts_tab_and_menu_follow_what_comes_in(office: Office, open_at: Callable[..., Page]) -> None:
    page = open_at("/?lang=en")
    title = page.title()
    card, told = page.locator("#count-overdue"), page.locator("#told")
    counted(page, 0)
    office.send("late", days=30)
    page.clock.fast_forward("01:01")
    expect(card).to_have_text("1")
    expect(page.get_by_role("link", name="Messages 1 due today")).to_be_visible()
    expect(page).to_have_title(f"(1) {title}")
    expect(told).to_contain_text("Overdue: 1.")
    expect(told.locator(".notice")).to_have_count(0)  # said, not shown


def test_counts_stand_beside_the_menu_of_every_page_and_are_not_said_on_arrival(
    office: Office, open_at: Callable[..., Page]
) -> None:
    number = office.send("late", days=30)
    page = open_at(f"/cases/{number}?lang=en")
    counted(page, 1)
    assert page.locator("#told").inner_text() == ""


def test_nothing_is_asked_for_while_nobody_looks(office: Office, open_at: Callable[..., Page]) -> None:
    page = open_at("/?lang=en")
    counted(page, 0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    page.clock.fast_forward("05:00")
    page.evaluate("delete document.hidden")
    office.send("late", days=30)
    with page.expect_request("**/counts**"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#count-overdue")).to_have_text("1")
    assert len(asked) == 1


def test_who_is_signed_out_is_told_so_and_keeps_what_they_wrote(office: Office, open_at: Callable[..., Page]) -> None:
    page = open_at(f"/cases/{office.send()}?lang=en")
    counted(page, 0)
    page.get_by_label("What the sender reads").fill("Dear reader")
    office.wait(hours=2)
    page.clock.fast_forward("01:01")
    expect(page.get_by_text("You are signed out")).to_be_visible()
    expect(page.get_by_label("What the sender reads")).to_have_value("Dear reader")
    expect(page.locator("#waiting")).to_have_count(0)
    page.locator("#told a").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "next=/cases/" in page.url


def test_a_console_that_is_gone_is_told_and_asked_again(office: Office, open_at: Callable[..., Page]) -> None:
    page = open_at("/?lang=en")
    counted(page, 0)
    page.route("**/counts**", lambda route: route.abort())
    page.clock.fast_forward("01:01")
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    page.unroute("**/counts**")
    page.clock.fast_forward("01:01")
    expect(page.get_by_text("cannot be reached")).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_axe_finds_nothing_where_counts_stand(
    office: Office, open_at: Callable[..., Page], width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    office.send("late", days=30)
    for language in ("zh_CN", "en"):
        page = open_at(f"/?lang={language}", viewport={"width": width, "height": 900}, color_scheme=scheme)
        counted(page, 1)
        assert axe.Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
