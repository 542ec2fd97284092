"""The boxes of a page with our elements and without, whatever the layout of its body, in two browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from support.browser import Browser, serving
from support.browser import chromium as chromium
from support.browser import start_firefox as start_firefox
from support.host import SETTINGS
from support.layouts import PAGES, SHEETS, SHELLS

# Each layout by its name, its number and whether it has no end.
EVERY = [(name, number, name in SHELLS) for number, name in enumerate(PAGES | SHELLS)]
# Each layout in two frames of one window, without us and with us; both grow narrower together. What moved, what of the
# page's firsts and lasts is ours, by how much the footer overlaps the page or what is fixed on it, and how much shifted
# in view before; looked at again, some frames long, until all is as expected.
TABLE = """
const OURS = "[data-compliance], [data-compliance] *";
const frame = () => new Promise(done => requestAnimationFrame(done));
const theirs = ({ document, scrollX, scrollY }) =>
    [...document.querySelectorAll(`body, body *:not(${OURS})`)].map(node => {
        const box = node.getBoundingClientRect();
        const parts = [node.nodeName, box.x + scrollX, box.y + scrollY, box.width, box.height];
        return parts.map(part => part.toFixed?.(1) ?? part).join(" ");
    });
const lowest = (window, node) => {
    const { overflowY, position } = window.getComputedStyle(node);
    const body = node === window.document.body;
    if (position === "fixed" || node.matches(OURS)) return 0;
    const inner = overflowY === "visible" || body ? [...node.children].map(child => lowest(window, child)) : [];
    return Math.max(body ? 0 : node.getBoundingClientRect().bottom, ...inner);
};
/* Whether something fixed on the page lies over the words of *footer*, once one has scrolled to the end. */
const covered = (window, footer) => {
    const { document, innerHeight } = window;
    window.scrollTo(0, document.documentElement.scrollHeight);
    document.querySelector("[data-compliance=banner]").style.visibility = "hidden";
    const over = [...footer.querySelectorAll("a")].map(node => node.getBoundingClientRect())
        .filter(({ top, bottom }) => top >= 0 && bottom <= innerHeight)
        .filter(({ x, y, width, height }) => ![0.2, 0.5, 0.8].every(share =>
            document.elementFromPoint(x + width * share, y + height / 2)?.closest("[data-compliance]"))).length;
    document.querySelector("[data-compliance=banner]").style.visibility = "";
    window.scrollTo(0, 0);
    return over;
};
const faults = (bare, window, shell) => {
    const { document } = window;
    const boxes = theirs(window), found = [];
    theirs(bare).forEach((box, at) => box === boxes[at] || found.push(`${box} is ${boxes[at]}`));
    found.splice(3);
    const has = name => document.querySelector(`${name}:not([data-compliance] *)`);
    const { body, documentElement: root } = document;
    const { firstElementChild, lastElementChild } = body;
    /* A body that scrolls by itself has its end inside, and the footer there. */
    const inside = window.getComputedStyle(root).overflowY === "hidden";
    const first = ["a", "form", "button"].filter(has).map(name => document.querySelector(name));
    for (const node of [...first, firstElementChild, inside ? null : lastElementChild])
        /* A stylesheet that cannot be moved without loading it again stays. */
        if (node?.matches(OURS) && (node.moveBefore || node.dataset.compliance !== "assets"))
            found.push(`ours: ${node.outerHTML.slice(0, 50)}`);
    const footer = document.querySelector("[data-compliance=footer]");
    if (shell && footer.offsetHeight) found.push("the footer shows");
    if (shell) return found;
    const under = footer.getBoundingClientRect();
    const overlap = lowest(window, body) - under.top;
    if (overlap >= 1) found.push(`the footer overlaps by ${overlap}`);
    if (!inside) {
        const { marginLeft, marginRight } = window.getComputedStyle(footer);
        const width = under.width + parseFloat(marginLeft) + parseFloat(marginRight);
        if (width < parseFloat(window.getComputedStyle(root).width) - 1) found.push(`the footer is ${width} wide`);
    }
    const hidden = covered(window, footer);
    if (hidden) found.push(`${hidden} links of the footer are covered`);
    return found;
};
const shifts = window => {
    if (!window.PerformanceObserver.supportedEntryTypes.includes("layout-shift")) return 0;
    const observer = new window.PerformanceObserver(() => {});
    observer.observe({ type: "layout-shift", buffered: true });
    return observer.takeRecords().reduce((sum, { value }) => sum + value, 0);
};
/* On a busy machine a page may be painted before its own stylesheet or its end is there, and shifts by itself, with us
   and without: ours to blame is a shift that comes each time, and that the bare page never has. */
const look = async (layout, number, shell, own = [], times = 8) => {
    const frames = ["bare", "wrapped"].map(kind => {
        const node = document.createElement("iframe");
        node.src = `/${kind}/${number}`;
        node.style.cssText = "position: absolute; inset: 0; border: 0; width: 1440px; height: 900px";
        return node;
    });
    await Promise.all(frames.map(node => new Promise(done => { node.onload = done; document.body.append(node); })));
    const [bare, wrapped] = frames.map(node => node.contentWindow);
    const told = [];
    for (const width of [1440, 768, 390]) {
        for (const node of frames) node.style.width = `${width}px`;
        let found;
        for (let round = 0; round < 60 && (round < 2 || found.length); round++) {
            await frame();
            found = faults(bare, wrapped, shell);
        }
        told.push(...found.map(fault => `${width}: ${fault}`));
        if (width > 1000) {
            own.push(shifts(bare));
            const shift = shifts(wrapped);
            if (shift && !own.includes(shift)) {
                if (times === 1) told.push(`shifted by ${shift}`);
                else {
                    for (const node of frames) node.remove();
                    return look(layout, number, shell, own, times - 1);
                }
            }
        }
    }
    for (const node of frames) node.remove();
    return told;
};
const table = async left => {
    const all = {};
    const work = async () => {
        for (let next; next = left.shift();) {
            const told = await look(...next);
            if (told.length) all[next[0]] = told;
        }
    };
    await Promise.all([1, 2, 3, 4].map(work));
    return all;
};
"""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a page that looks at all layouts, each of which is there without us and with us."""
    app = Flask("site")
    app.config["SECRET_KEY"] = "a key of the tests"
    compliance = Compliance(app, settings=SETTINGS)
    pages = list((PAGES | SHELLS).values())
    bare: Callable[..., Any] = compliance.exempt(lambda number: pages[number])
    table: Callable[..., Any] = compliance.exempt(
        lambda: f"<!doctype html><title>Table</title><body><script>{TABLE}</script>"
    )
    app.add_url_rule("/", "table", table)
    app.add_url_rule("/bare/<int:number>", "bare", bare)
    app.add_url_rule("/wrapped/<int:number>", "wrapped", lambda number: pages[number])
    for path, css in SHEETS.items():
        app.add_url_rule(path, path, lambda css=css: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    with serving(app) as url:
        yield url


def test_pages_keep_their_boxes_and_the_footer_stands_below(chromium: Browser, site: str) -> None:
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(site)
    assert page.evaluate("table", EVERY) == {}


def test_firefox_keeps_them_too(start_firefox: Callable[..., Browser], site: str) -> None:
    # Scroll bars that take no room: a page that filled the window can be scrolled with a footer below it.
    page = start_firefox(**{"ui.useOverlayScrollbars": 1}).new_page(viewport={"width": 1440, "height": 900})
    page.goto(site)
    assert page.evaluate("table", EVERY) == {}
