"""The console in Chromium: with and without scripts, on a telephone and a desk, in both languages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from compliance.staff import Account, Role, Stage
from support.browser import Browser, serving
from support.browser import chromium as chromium
from support.desk import PASSWORD, Office, hash_quickly

WIDTHS = (360, 1440)


class Served:
    """An office whose console is there to be opened."""

    def __init__(self, office: Office, address: str) -> None:
        self.office = office
        self.address = address

    def cookie(self, account: Account, language: str, stage: Stage = Stage.FULL) -> Any:
        """What a browser has in which *account* signed in."""
        app, now = self.office.app, self.office.now
        key = self.office.console.sessions.begin(account, stage, agent="Chrome/1 (Linux)", network="", now=now)
        signed = app.session_interface.get_signing_serializer(app).dumps({"language": language, "_user_id": key})
        return {"name": "compliance_console", "value": signed, "url": self.address}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    hash_quickly(monkeypatch)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    office = Office(tmp_path)
    office.now = datetime.now(UTC)
    with serving(office.app) as address:
        yield Served(office, address)
    office.console.store.database.close()


def test_one_signs_in_with_the_keyboard_and_without_scripts(served: Served, chromium: Browser) -> None:
    served.office.add("li.ming")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.address}/account")
    page.keyboard.press("Tab")  # to the content
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("li.ming")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code")
    page.keyboard.type(served.office.code())  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    assert page.get_by_role("heading", level=1).inner_text() == "My account"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    context.close()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_found_in_order_by_axe_and_fit_any_screen(
    served: Served, chromium: Browser, language: str, scheme: str
) -> None:
    office = served.office
    boss, new = office.add("li.ming", Role.ADMINISTRATOR, full_name="李明"), office.add("wang", second_factor=None)
    office.of(Role.VIEWER).get("/accounts")  # a line in the audit log
    stages = {"/set-up": (new, Stage.SET_UP), "/sign-in/code": (boss, Stage.PASSWORD)}
    paths = ("/", "/account", "/account/password", "/accounts", "/accounts/wang", "/trail", "/nothing", *stages)
    for path in paths:
        context = chromium.new_context(color_scheme=scheme)
        context.add_cookies(
            [served.cookie(stages.get(path, (boss,))[0], language, stages.get(path, (0, Stage.FULL))[1])]
        )
        page, said = context.new_page(), []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto(served.address + path)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert [text for text in said if "404" not in text] == [], path
        context.close()
