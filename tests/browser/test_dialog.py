"""The dialog over a site's page: its looks, the way in and out by keys, and room above a keyboard on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_frameworks import BANNER, DRESSED, FOOTER, SAME, STYLES, create_site, different
from test_frameworks import bare as bare

from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import FRAMEWORKS

DIALOG = "dialog.compliance-dialog"


def open_dialog(page: Page, name: str) -> Any:
    page.locator(FOOTER).get_by_role("link", name=name).click()
    dialog = page.locator(DIALOG)
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "bare"])
def test_it_looks_as_on_a_bare_page(
    settings: dict[str, Any], open_page: Callable[..., Page], bare: list[dict[str, str]], framework: str
) -> None:
    def measure(name: str) -> list[dict[str, str]]:
        with serving(create_site(settings, FRAMEWORKS[name] + SAME)) as url:
            page = open_page(url)
            page.wait_for_function(DRESSED)
            open_dialog(page, "Leaving a message").evaluate("dialog => dialog.querySelector('[name=page]').remove()")
            page.evaluate("document.activeElement.shadowRoot?.activeElement.blur()")
            return page.eval_on_selector_all(f"{DIALOG}, {DIALOG} *:not(option)", STYLES)

    if not bare:
        bare.extend(measure("bare"))
    assert len(bare) > 40
    assert different(bare, measure(framework)) == []


@pytest.mark.parametrize("name", ["Cookie settings", "Leaving a message"])
@pytest.mark.parametrize("framework", ["bootstrap", "pico", "unset"])
def test_every_way_out_gives_the_focus_back(
    settings: dict[str, Any], open_page: Callable[..., Page], framework: str, name: str
) -> None:
    with serving(create_site(settings, FRAMEWORKS[framework])) as url:
        page = open_page(url, viewport={"width": 1440, "height": 900})
        link = page.locator(FOOTER).get_by_role("link", name=name)
        dialog = page.locator(DIALOG)
        for leave in (
            lambda: page.keyboard.press("Escape"),
            lambda: page.mouse.click(8, 8),
            lambda: dialog.get_by_role("button", name="Close").click(),
        ):
            link.focus()
            page.keyboard.press("Enter")
            expect(dialog.get_by_role("heading").first).to_be_focused()
            leave()
            expect(dialog).to_be_hidden()
            expect(link).to_be_focused()


# What a keyboard on the screen does to a page where it covers it, which no browser without a screen can show.
KEYBOARD = """() => {
    for (const [name, value] of Object.entries({ height: innerHeight - 320, offsetTop: 0 }))
        Object.defineProperty(visualViewport, name, { value });
    visualViewport.dispatchEvent(new Event("resize"));
}"""


def test_a_keyboard_on_the_screen_covers_no_field(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    with serving(create_site(settings, FRAMEWORKS["bootstrap"])) as url:
        page = open_page(url, viewport={"width": 390, "height": 740}, has_touch=True, is_mobile=True)
        dialog = open_dialog(page, "Leaving a message")
        dialog.get_by_label("Your message").focus()
        page.evaluate(KEYBOARD)
        for field in ("Your message", "Name", "Address of the page"):
            dialog.get_by_label(field).focus()
            box = dialog.get_by_label(field).bounding_box()
            assert box["y"] >= 0 and box["y"] + min(box["height"], 300) <= 740 - 320, field
        send = dialog.locator(".compliance-buttons button").last
        send.focus()
        assert send.bounding_box()["y"] + send.bounding_box()["height"] <= 740 - 320


@pytest.mark.parametrize("height", [480, 620])
def test_in_a_window_that_a_keyboard_shrinks_the_banner_covers_no_field_of_the_page(
    settings: dict[str, Any], open_page: Callable[..., Page], height: int
) -> None:
    with serving(create_site(settings, FRAMEWORKS["bootstrap"])) as url:
        page = open_page(url, viewport={"width": 390, "height": 844}, is_mobile=True, reduced_motion="reduce")
        page.locator("main textarea").focus()
        page.set_viewport_size({"width": 390, "height": height})
        # What browsers of telephones do once the keyboard is up; Chromium without a screen has none.
        page.locator("main textarea").evaluate("field => field.scrollIntoView({ block: 'nearest' })")
        field, banner = page.locator("main textarea").bounding_box(), page.locator(BANNER).bounding_box()
        assert field["y"] >= 0 and field["y"] + field["height"] <= height
        assert field["y"] + field["height"] <= banner["y"] or banner["y"] + banner["height"] <= field["y"]
