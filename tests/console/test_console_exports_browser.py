"""Chromium: a supervisor exports a month, and an auditor finds it in the audit log and verifies that."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance.staff import Role
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.desk import PASSWORD, Office
from support.desk import office as office

pytestmark = pytest.mark.browser


@pytest.fixture
def as_role(office: Office, open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Open a page of the console, signed in as somebody of a role."""
    with serving(office.app) as address:

        def as_role(role: Role, path: str, **options: Any) -> Page:
            cookie = office.of(role).client.get_cookie("compliance_console")
            assert cookie
            page = open_page(f"{address}/static/console.css", **options)
            page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
            page.goto(f"{address}{path}")
            return page

        yield as_role


def test_a_month_is_exported_and_an_auditor_finds_that_and_verifies_it(
    office: Office, as_role: Callable[..., Page], tmp_path: Path
) -> None:
    number = office.send("第三段不实。", days=30, name="王芳", contact="wang@example.org")
    office.send("今天")
    page = as_role(Role.SUPERVISOR, "/messages?lang=en")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("link", name="October 2026").click()
    expect(page.get_by_text("1 case fits.")).to_be_visible()
    page.get_by_label("For whom, and why").fill("For the archive")
    office.wait(minutes=11)
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_download() as awaited:
        page.get_by_role("button", name="Go on").click()
    assert awaited.value.suggested_filename == "cases-2026-10-01-2026-10-31.csv"
    awaited.value.save_as(tmp_path / "cases.csv")
    text = (tmp_path / "cases.csv").read_text("utf-8-sig")
    assert [row["Receipt number"] for row in csv.DictReader(text.splitlines())] == [number]
    assert "王芳" not in text and "wang@example.org" not in text

    page = as_role(Role.AUDITOR, "/trail?lang=en")
    page.get_by_label("Did what").select_option(label="exported cases")
    page.get_by_role("button", name="Show").click()
    row = page.locator("tbody tr")
    for words in ("supervisor", "from: 2026-10-01", "to: 2026-10-31", "rows: 1", "reason: For the archive"):
        expect(row).to_contain_text(words)
    page.get_by_role("button", name="Verify the audit log").click()
    expect(page.locator("main")).to_contain_text("Every row is as it was written.")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    as_role: Callable[..., Page], width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    viewport = {"width": width, "height": 900}
    page = as_role(Role.SUPERVISOR, "/messages/export?lang=zh_CN&urgent=1", viewport=viewport, color_scheme=scheme)
    assert axe.Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
