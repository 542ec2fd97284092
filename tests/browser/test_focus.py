"""Nothing hides behind the banner: no link that has the focus, and no end of a page, however a site is laid out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_frameworks import BANNER, create_site

from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import FRAMEWORKS

LAYOUTS = {
    **FRAMEWORKS,
    "scroller": "html,body{height:100%;margin:0}html{overflow:hidden}body{overflow:auto}",
    "inner scroller": "main{height:20rem;overflow:auto}",
    "full height": "html,body{height:100%;margin:0}",
    "sticky footer": "body{display:flex;flex-direction:column;min-height:100vh;margin:0}main{flex:1}",
    "sticky header": "html{scroll-behavior:smooth}body>header{position:sticky;top:0;background:#fff}",
    "fixed footer": "body>footer{position:fixed;inset:auto 0 0;z-index:1030;background:#ccc}",
    "fixed header": "body{padding-top:8rem}body>header{position:fixed;inset:0 0 auto;height:7rem;background:#ccc}",
}
# How much of the element that has the focus a reader sees: nine points of it, with nothing of others above them.
SHARE = """async () => {
    const node = document.activeElement;
    for (let before; before !== (before = node.getBoundingClientRect().top); )
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const boxes = [...node.getClientRects()];
    let seen = 0;
    for (const box of boxes)
        for (const x of [.1, .5, .9])
            for (const y of [.1, .5, .9]) {
                const top = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
                seen += !!top && (node.contains(top) || top.contains(node));
            }
    return [node.textContent.trim() || node.tagName, node.closest("[data-compliance]")?.dataset.compliance ?? "", seen];
}"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_tab_reaches_everything_and_nothing_that_has_the_focus_is_hidden(
    settings: dict[str, Any], open_page: Callable[..., Page], layout: str, width: int, height: int
) -> None:
    with serving(create_site(settings, LAYOUTS[layout])) as url:
        page = open_page(url, viewport={"width": width, "height": height}, reduced_motion="reduce")
        walk: list[list[Any]] = []
        while not walk or walk[-1][0] != "Leaving a message":
            page.keyboard.press("Tab")
            walk.append(page.evaluate(SHARE))
            assert len(walk) < 100, walk
        assert [text for text, _, seen in walk if not seen] == []
        assert [where for _, where, _ in walk[:5]] == ["banner"] * 4 + [""]
        assert sum(where == "" for _, where, _ in walk) >= 43
        assert "+86-23-67158993" in [text for text, _, _ in walk]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_end_of_the_page_is_never_covered(
    settings: dict[str, Any], open_page: Callable[..., Page], layout: str, width: int, height: int
) -> None:
    with serving(create_site(settings, LAYOUTS[layout])) as url:
        page = open_page(url, viewport={"width": width, "height": height})
        page.evaluate(
            "for (const box of document.querySelectorAll('html, body')) box.scrollTo({ top: 1e6, behavior: 'instant' })"
        )
        expect(page.locator(BANNER)).to_be_visible()
        ends = page.evaluate(
            """() => ["licences] > *", "report] a[href^=tel]", "message] a"].map(part => {
                const [banner, node] = ["banner]", part].map(
                    name => [...document.querySelectorAll("[data-compliance=" + name)].at(-1)
                );
                return node.getBoundingClientRect().bottom <= banner.getBoundingClientRect().top;
            })"""
        )
        assert ends == [True] * 3
