"""Chromium: pages about figures and consent are for everybody, on a telephone and on a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from compliance.cases import Kind
from compliance.ledger import Entry
from compliance.messages import Submission
from compliance.staff import Role
from support.browser import Page, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.desk import Office
from support.desk import office as office

pytestmark = pytest.mark.browser


def fill(office: Office) -> None:
    store = office.console.store
    for day in range(3):
        then = office.now - timedelta(days=day)
        told = Submission(
            kind=Kind.REPORT, category="rumour", page="https://www.ichongqing.info/a", language="en", body="x"
        )
        store.box.intake.accept(told, key=None, proof=None, source=f"{day}", now=then)
        choices = {"analytics": bool(day)}
        where = {"policy": "1.0", "mode": "opt-in", "language": "zh_CN", "path": "/", "texts": {}}
        store.ledger.append([Entry(record=f"{day}", before=None, time=then, method="custom", choices=choices, **where)])


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (3840, "light")])
def test_axe_finds_nothing_charts_are_drawn_and_nothing_is_wider_than_the_screen(
    office: Office, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    fill(office)
    cookie = office.of(Role.SUPERVISOR).client.get_cookie("compliance_console")
    assert cookie
    with serving(office.app) as address:
        page = open_page(f"{address}/sign-in", viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
        for path in (
            "/consents?lang=zh_CN",
            "/consents/1",
            "/consents/choices",
            "/consents/texts",
            "/figures/2026",
            "/figures",
        ):
            page.goto(f"{address}{path}")
            assert axe.Axe().run(page).response["violations"] == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        for picture in page.get_by_role("img").all():
            picture.scroll_into_view_if_needed()
            picture.evaluate("one => one.decode()")
            assert f"theme={scheme}" in picture.evaluate("one => one.currentSrc") or scheme == "light"
        assert page.get_by_role("img").count() == 3
