"""The boxes of a page with our elements and without, whatever the layout of its body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from support.browser import Browser, Page, serving
from support.browser import chromium as chromium
from support.browser import start_firefox as start_firefox
from support.host import SETTINGS
from support.layouts import PAGES, SHEETS, SHELLS

WIDTHS = (1440, 768, 390)
EVERY = list(PAGES | SHELLS)
OURS = "[data-compliance], [data-compliance] *"
# Where every element of the page stands, what of its firsts and lasts is ours, and by how much the footer overlaps the
# page; looked at again, some frames long, until all is as expected.
LOOK = f"""async ([expected, shell]) => {{
    const theirs = () => [...document.querySelectorAll("html, body, body *:not({OURS})")].filter(
        node => node !== document.documentElement);
    const lowest = node => {{
        const {{ overflowY, position }} = getComputedStyle(node);
        if (position === "fixed" || node.matches("{OURS}")) return 0;
        const inner = overflowY === "visible" || node === document.body ? [...node.children].map(lowest) : [];
        return Math.max(node === document.body ? 0 : node.getBoundingClientRect().bottom, ...inner);
    }};
    let boxes, ours, gap;
    for (let frame = 0; frame < 60; frame++) {{
        boxes = theirs().map(node => {{
            const box = node.getBoundingClientRect();
            const parts = [node.nodeName, box.x + scrollX, box.y + scrollY, box.width, box.height];
            return parts.map(part => part.toFixed?.(1) ?? part).join(" ");
        }});
        if (!expected) break;
        const has = name => document.querySelector(`${{name}}:not([data-compliance] *)`);
        const first = ["a", "form", "button"].filter(has).map(name => document.querySelector(name));
        const {{ firstElementChild, lastElementChild }} = document.body;
        /* A body that scrolls by itself has its end inside, and the footer there. */
        const window = getComputedStyle(document.documentElement).overflowY === "hidden";
        ours = [...first, firstElementChild, window ? null : lastElementChild].filter(node => node?.matches("{OURS}"))
            .map(node => node.outerHTML.slice(0, 50));
        const footer = document.querySelector("[data-compliance=footer]");
        const under = footer.getBoundingClientRect();
        gap = shell ? Number(!!footer.offsetHeight) : lowest(document.body) - under.top;
        const root = getComputedStyle(document.documentElement);
        const room = parseFloat(root.width);
        if (!shell && footer.parentNode !== document.body && under.width < room) gap = under.width;
        if (String(boxes) === String(expected) && gap < 1) break;
        await new Promise(done => requestAnimationFrame(done));
    }}
    return {{ boxes, ours, gap }};
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


def looked(page: Page, url: str, *, expected: list[Any] | None = None, shell: bool = False) -> list[Any]:
    """What is found at *url* in each width."""
    found: list[Any] = []
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(url)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        boxes = expected[len(found)]["boxes"] if expected else None
        found.append(page.evaluate(LOOK, [boxes, shell]))
    return found


def check(page: Page, sites: tuple[str, str], layout: str) -> None:
    bare, wrapped = (f"{site}/{EVERY.index(layout)}" for site in sites)
    before = looked(page, bare)
    after = looked(page, wrapped, expected=before, shell=layout in SHELLS)
    for width, one, other in zip(WIDTHS, before, after, strict=True):
        moved = [pair for pair in zip(one["boxes"], other["boxes"], strict=True) if pair[0] != pair[1]]
        assert moved[:3] == [], (layout, width)
        assert other["gap"] < 1, (layout, width)
        assert other["ours"] == [], (layout, width)


@pytest.mark.parametrize("layout", EVERY)
def test_the_page_keeps_its_boxes_and_the_footer_stands_below(page: Page, sites: tuple[str, str], layout: str) -> None:
    check(page, sites, layout)


def test_firefox_keeps_them_too(start_firefox: Callable[..., Browser], sites: tuple[str, str]) -> None:
    # Scroll bars that take no room: a page that filled the window can be scrolled with a footer below it.
    page = start_firefox(**{"ui.useOverlayScrollbars": 1}).new_page()
    for layout in EVERY[2::9]:
        check(page, sites, layout)
