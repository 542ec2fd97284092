"""What readers see on a phone in the languages that there are catalogues for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy

import pytest
from babel import Locale

from compliance import Compliance
from compliance.languages import tag
from compliance.paths import TRANSLATIONS
from support.browser import Page, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import SETTINGS, create_app

LANGUAGES = sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())
HOME = (
    "<!doctype html><html lang={lang} dir={dir}><meta name=viewport content='width=device-width'><title>News</title>"
    "<link rel=icon href=data:,><body><main><h1>News</h1></main></body></html>"
)
# What is wider than its box.
CUT = """() => [...document.querySelectorAll("html, button, a, h2, p")]
    .filter(node => node.clientWidth && node.scrollWidth > node.clientWidth)
    .map(node => `${node.tagName} ${node.innerText.slice(0, 60)}`)"""
# How far an event's text is from the line that the marks stand on.
INDENT = """item => {
    const [line, text] = [item, item.querySelector("strong")].map(node => node.getBoundingClientRect())
    return document.dir === "rtl" ? line.right - text.right : text.left - line.left
}"""

#: How much stands between the parts of an element that are not of it.
TORN = """node => [...node.getClientRects()].reduce(
  (rest, { width }) => rest - width, node.getBoundingClientRect().width)"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app, settings = create_app(), deepcopy(SETTINGS)
    for language in LANGUAGES:
        page = HOME.format(lang=tag(language), dir=Locale.parse(language).text_direction)
        app.add_url_rule(f"/{language}", language, page.__str__)
    settings["site"]["languages"] = LANGUAGES
    settings["consent"] = {"mode": "opt-in"}
    settings["messages"] = {"challenge": "none"}
    settings["limits"] = {"enabled": False}
    Compliance(app, settings=settings)
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("language", LANGUAGES)
def test_banner_and_footer_fit_a_phone(language: str, url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/{language}", viewport={"width": 360, "height": 740})
    banner = page.locator("[data-compliance=banner]")
    assert banner.evaluate("node => node.scrollHeight - node.clientHeight") == 0
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("language", ["ar", "en"])
def test_marks_of_a_receipt_stand_beside_the_text(language: str, url: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{url}/compliance/message?lang={language}", viewport={"width": 320, "height": 640})
    page.locator("[name=body]").fill("Text")
    page.locator(".compliance-form .compliance-buttons button").click()
    assert page.locator(".compliance-timeline li").first.evaluate(INDENT) > 16
    page.emulate_media(media="print")
    torn = page.locator(".compliance-printed time").evaluate(TORN)
    assert torn < 1, "the site's name stands within the date"
