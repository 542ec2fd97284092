"""What stands on the pages of sites that are made with CSS frameworks: ours as on a bare page, theirs as without us."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from support.browser import Page, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import FRAMEWORKS, PAGE

OPT_IN = {"mode": "opt-in", "categories": ["analytics", "advertising"]}
BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
# It wears what the page paints.
DRESSED = f"getComputedStyle(document.querySelector('{FOOTER}')).getPropertyValue('--compliance-scheme')"
# The page's font, colours and width are taken: both pages have the same.
SAME = (
    "body{font-family:serif!important;margin:0!important;background:#fff!important;color:#000!important}"
    "main a{color:#00e!important}"
)


def create_site(settings: dict[str, Any], css: str, *, wrapped: bool = True) -> Flask:
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"
    app.add_url_rule("/", "home", lambda: PAGE.format(lang="en"))
    app.add_url_rule("/zh", "chinese", lambda: PAGE.format(lang="zh-CN"))
    app.add_url_rule("/site.css", "css", lambda: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    if wrapped:
        settings["consent"] = dict(OPT_IN)
        Compliance(app, settings=settings)
    return app


# Every property that a browser computes, of the element and of what CSS puts before and after it.
STYLES = """async nodes => {
    /* The room for the banner is made as soon as its height is known. */
    for (let frame = 0; frame < 3; frame++) await new Promise(done => requestAnimationFrame(done));
    return nodes.map((node, place) => {
        const found = { "": `${place} ${node.outerHTML.slice(0, 60)}` };
        for (const part of ["", "::before", "::after"]) {
            const style = getComputedStyle(node, part || null);
            if (part && style.content === "none") continue;
            for (const name of style) found[part + name] = style[name];
        }
        return found;
    });
}"""


def different(styles: list[dict[str, str]], others: list[dict[str, str]]) -> list[str]:
    """Name what differs, in words that a reader of the failure can search for."""
    assert len(styles) == len(others)
    return [
        f"{one['']}: {name} is {other.get(name)}, not {one.get(name)}"
        for one, other in zip(styles, others, strict=True)
        for name in one.keys() | other.keys()
        if name and one.get(name) != other.get(name)
    ]


@pytest.fixture(scope="module")
def bare() -> list[dict[str, str]]:
    """What ours look like on a bare page, once measured."""
    return []


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "bare"])
def test_ours_look_as_on_a_bare_page(
    settings: dict[str, Any], open_page: Callable[..., Page], bare: list[dict[str, str]], framework: str
) -> None:
    def measure(name: str) -> list[dict[str, str]]:
        with serving(create_site(settings, FRAMEWORKS[name] + SAME)) as url:
            page = open_page(url)
            page.wait_for_function(DRESSED)
            return page.eval_on_selector_all(f"{BANNER}, {BANNER} *, {FOOTER}, {FOOTER} *", STYLES)

    if not bare:
        bare.extend(measure("bare"))
    assert len(bare) > 30
    assert different(bare, measure(framework)) == []


# Room for the fixed banner is made at the end of the page, which is higher for it; and the banner is read first.
OTHERS = "[data-compliance], [data-compliance] *, article:nth-of-type(n + 3), article:nth-of-type(n + 3) *"
THEIRS = f":root, body, body *:not({OTHERS})"
ROOM = re.compile(
    r"^\d+ <(html|body).*: ((scroll-)?(padding-b|block-size|height|perspective-origin|transform-origin)|reading-flow)"
)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_theirs_look_as_without_us(settings: dict[str, Any], open_page: Callable[..., Page], framework: str) -> None:
    looks = []
    for wrapped in (True, False):
        with serving(create_site(settings, FRAMEWORKS[framework], wrapped=wrapped)) as url:
            looks.append(open_page(url).eval_on_selector_all(THEIRS, STYLES))
    assert len(looks[0]) > 40
    assert [line for line in different(*looks) if not ROOM.match(line)] == []
