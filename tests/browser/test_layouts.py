"""The boxes of a page with our elements and without, whatever the layout of its body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from support.browser import Browser, Page, serving
from support.browser import chromium as chromium
from support.host import SETTINGS
from support.layouts import PAGES, SHEETS, SHELLS

WIDTHS = (1440, 768, 390)
EVERY = list(PAGES | SHELLS)
# Layouts that lose their shape yet: the footer is one more box in a row, a grid or a window.
LOST = {
    "flex row",
    "flex column reversed",
    "flex, spread over the window",
    "centred card",
    "grid, placed in the middle",
    "grid with named areas",
    "grid of rows as high as the window",
    "inline grid",
    "inline block",
    "table",
    "table of the window",
    "every child a step from the last",
    "first and last child",
    "grid root",
    "sticky footer",
    "sticky footer of old",
    "right to left",
    "bootstrap sign-in",
    "bootstrap cover",
    "bootstrap sticky footer",
    "tailwind",
    "shell: column of the window",
    "shell: flex row",
}
OURS = "[data-compliance], [data-compliance] *"
# Where every element of the page stands; asked again, some frames long, until it is as expected.
END = f"""() => Math.max(...[...document.querySelectorAll("body :not({OURS})")]
    .map(node => node.getBoundingClientRect().bottom))"""
BOXES = f"""async expected => {{
    let found;
    for (let frame = 0; frame < 10; frame++) {{
        found = [...document.querySelectorAll("body :not({OURS})")].map(node => {{
            const box = node.getBoundingClientRect();
            const parts = [node.nodeName, box.x + scrollX, box.y + scrollY, box.width, box.height];
            return parts.map(part => part.toFixed?.(1) ?? part).join(" ");
        }});
        if (!expected || String(found) === String(expected)) break;
        await new Promise(done => requestAnimationFrame(done));
    }}
    return found;
}}"""


def create_site(*, wrapped: bool) -> Flask:
    app = Flask("site")
    app.config["SECRET_KEY"] = "a key of the tests"
    pages = list((PAGES | SHELLS).values())
    app.add_url_rule("/<int:number>", "page", lambda number: pages[number])
    for path, css in SHEETS.items():
        app.add_url_rule(path, path, lambda css=css: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    if wrapped:
        Compliance(app, settings=SETTINGS)
    return app


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[str, str]]:
    """The addresses of all layouts without us, and with us."""
    with ExitStack() as stack:
        bare, wrapped = (stack.enter_context(serving(create_site(wrapped=wrapped))) for wrapped in (False, True))
        yield bare, wrapped


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """One window for all: opening one takes longer than what is measured in it."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def measured(page: Page, url: str, expected: list[Any] | None = None) -> list[Any]:
    """The boxes at *url* in all widths."""
    found: list[Any] = []
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(url)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found.append(page.evaluate(BOXES, expected[len(found)] if expected else None))
    return found


def changes(bare: list[Any], wrapped: list[Any]) -> list[str]:
    """What differs, by width: few words, for most boxes follow one that moved."""
    return [
        f"{width}: {one} -> {other}"
        for width, ones, others in zip(WIDTHS, bare, wrapped, strict=True)
        for one, other in [pair for pair in zip(ones, others, strict=True) if pair[0] != pair[1]][:3]
    ]


@pytest.mark.parametrize(
    "layout",
    [pytest.param(name, marks=pytest.mark.xfail(strict=True) if name in LOST else ()) for name in EVERY],
)
def test_the_page_keeps_its_boxes(page: Page, sites: tuple[str, str], layout: str) -> None:
    bare, wrapped = (f"{site}/{EVERY.index(layout)}" for site in sites)
    before = measured(page, bare)
    assert changes(before, measured(page, wrapped, before)) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("layout", ["floats that nothing clears", "columns", "grid of columns", "portal of floats"])
def test_the_footer_stands_below_everything(page: Page, sites: tuple[str, str], layout: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{sites[1]}/{EVERY.index(layout)}")
    footer = page.locator("[data-compliance=footer]").bounding_box()
    assert footer is not None
    assert footer["y"] >= page.evaluate(END) - 0.5
