"""The boxes of a page with our elements and without, whatever the layout of its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from compliance import Compliance
from support.browser import Page, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page

_WORDS = "<p>" + "The city opened a bridge, and everybody came to walk over it. " * 12 + "</p>"
#: Bodies by what is odd about them: their style and what stands in them.
BODIES = {
    "floats that nothing clears": (
        ".n{float:left;width:30%}.m{float:right;width:60%}",
        f"<div class=n>{_WORDS}</div><div class=m>{_WORDS * 3}</div>",
    ),
    "columns": ("body{column-count:3}", _WORDS * 6),
    "a grid of columns": (
        "body{display:grid;grid-template-columns:12em 1fr 8em}",
        f"<nav>{_WORDS}</nav><main>{_WORDS}</main><aside>{_WORDS}</aside>",
    ),
}
_BOXES = """() => [...document.querySelectorAll("body *:not([data-compliance], [data-compliance] *)")].map(node => {
    const box = node.getBoundingClientRect();
    const parts = [node.nodeName, box.x, box.y + scrollY, box.width, box.height];
    return parts.map(part => part.toFixed?.(1) ?? part).join(" ");
})"""
_END = """() => Math.max(...[...document.querySelectorAll("body *:not([data-compliance], [data-compliance] *)")]
    .map(node => node.getBoundingClientRect().bottom))"""


def create_site(settings: dict[str, Any], kind: str, *, wrapped: bool) -> Flask:
    style, body = BODIES[kind]
    app = Flask("site")
    app.config["SECRET_KEY"] = "a key of the tests"
    page = f"<!doctype html><html lang=en><title>t</title><style>{style}</style><body>{body}</body></html>"
    app.add_url_rule("/", "home", lambda: page)
    if wrapped:
        Compliance(app, settings=settings)
    return app


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("kind", BODIES)
def test_the_footer_stands_below_everything_and_moves_nothing(
    settings: dict[str, Any], open_page: Callable[..., Page], kind: str, width: int
) -> None:
    found = {}
    for wrapped in (False, True):
        with serving(create_site(settings, kind, wrapped=wrapped)) as url:
            page = open_page(url)
            page.set_viewport_size({"width": width, "height": 900})
            found[wrapped] = page.evaluate(_BOXES)
            if wrapped:
                footer = page.locator("[data-compliance=footer]").bounding_box()
                assert footer is not None
                assert footer["y"] >= page.evaluate(_END) - 0.5
    assert found[True] == found[False]
