"""Banner and footer on pages that have no end, that stand in a frame, and that are put anew by their scripts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from compliance import Compliance
from compliance.licences import KINDS
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import PACKAGES
from support.layouts import SHELLS

BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
ENTRANCE = "[data-compliance=entrance] button"
PHONE = {"width": 390, "height": 844}
ARTICLE = "<p id=own>The bridge is open. <a href='#more'>More</a></p>" * 40


def create_site(settings: dict[str, Any], pages: dict[str, str]) -> Flask:
    app = Flask("site")
    app.config["SECRET_KEY"] = "a key of the tests"
    for path, page in pages.items():
        app.add_url_rule(path, path, lambda page=page: page)
    Compliance(app, settings=settings)
    return app


def page_of(body: str, attributes: str = "") -> str:
    return (
        "<!doctype html><html lang=en><head><meta name=viewport content='width=device-width'><title>t</title></head>"
        f"<body {attributes}>{body}</body></html>"
    )


# Pages without an end


@pytest.mark.parametrize("layout", SHELLS)
def test_an_application_has_an_entrance_that_opens_the_footer(
    settings: dict[str, Any], open_page: Callable[..., Page], layout: str
) -> None:
    with serving(create_site(settings, {"/": SHELLS[layout]})) as url:
        page = open_page(url, viewport=PHONE)
        entrance = page.locator(ENTRANCE)
        expect(entrance).to_have_text("渝ICP备20009753号-2")
        expect(page.locator(FOOTER)).to_be_hidden()
        # It covers nothing that one uses.
        assert page.evaluate(
            """button => {
                const { x, y, width, height } = button.getBoundingClientRect();
                const under = document.elementsFromPoint(x + width / 2, y + height / 2);
                return under[0] === button && !under.some(node => node.matches("a, input, form button"));
            }""",
            entrance.element_handle(),
        )
        entrance.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("New Era, New Journey")).to_be_in_viewport()
        expect(page.locator("a[href^=tel]")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(page.locator(FOOTER)).to_be_hidden()
        expect(entrance).to_be_focused()


def test_a_dialog_that_locks_the_page_takes_no_footer_away(
    settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    with serving(create_site(settings, {"/": page_of(ARTICLE)})) as url:
        page = open_page(url)
        page.evaluate("document.body.style.overflow = 'hidden'")
        page.evaluate("new Promise(done => setTimeout(done, 200))")
        expect(page.locator(FOOTER)).to_be_visible()
        expect(page.locator(ENTRANCE)).to_have_count(0)


# Pages that their scripts put anew


SWAPS = {
    "markup": "document.body.innerHTML = '<main>New</main>'",
    "body": "document.body.replaceWith(new DOMParser().parseFromString('<main>New</main>', 'text/html').body)",
    "whole page": """fetch("/").then(answer => answer.text()).then(text => document.body.replaceWith(
        new DOMParser().parseFromString(text.replace("<body", "<body id=new"), "text/html").body))""",
    "whole page in a part": """fetch("/").then(answer => answer.text()).then(text => {
        document.querySelector("main").innerHTML = text; document.body.id = "new"; })""",
    "document": """(() => { const root = document.createElement("html");
        root.append(document.createElement("head"), document.createElement("body"));
        root.lang = "en"; root.lastChild.append("New"); document.documentElement.replaceWith(root); })()""",
}


@pytest.mark.parametrize("swap", SWAPS)
def test_banner_and_footer_come_back_once(settings: dict[str, Any], open_page: Callable[..., Page], swap: str) -> None:
    with serving(create_site(settings, {"/": page_of(f"<main>{ARTICLE}</main>")})) as url:
        page = open_page(url)
        expect(page.locator(BANNER)).to_be_visible()
        page.evaluate(SWAPS[swap])
        if "whole" in swap:
            page.wait_for_selector("#new")
        for element in (BANNER, FOOTER):
            expect(page.locator(element)).to_have_count(1)
            expect(page.locator(element)).to_be_visible()
        assert page.locator(BANNER).evaluate("node => getComputedStyle(node).position") == "fixed"
        page.get_by_role("button", name="I Agree").click()
        expect(page.locator(BANNER)).to_be_hidden()
        expect(page.locator(FOOTER)).to_be_visible()


# React as npm has it, in the build that complains of everything, deferred as the scripts of its frameworks are.
REACT = """import { createElement as h, useState } from "react"; import { hydrateRoot } from "react-dom/client";
const App = () => { const [times, count] = useState(0);
    return h("main", null, h("button", { onClick: () => count(times + 1) }, "Read ", times)); };
const Page = () => h("html", { lang: "en", suppressHydrationWarning: true },
    h("head", null, h("title", null, "t")), h("body", null, h(App)));
window.complaints = [];
console.error = console.warn = onerror = (...words) => complaints.push(words.join(" "));
const root = document.querySelector("#root");
hydrateRoot(root ?? document, h(root ? App : Page), { onRecoverableError: console.error });"""


@pytest.fixture(scope="module")
def react() -> str:
    command = [PACKAGES / ".bin" / "esbuild", "--bundle", '--define:process.env.NODE_ENV="development"']
    built = subprocess.run(command, input=REACT, cwd=PACKAGES.parent, stdout=subprocess.PIPE, check=True, text=True)
    return f"<script type=module>{built.stdout}</script>"


@pytest.mark.parametrize("tag", ["<div id=root>{}</div>", "{}"], ids=["part", "document"])
def test_react_finds_what_the_server_sent(
    settings: dict[str, Any], open_page: Callable[..., Page], react: str, tag: str
) -> None:
    body = tag.format("<main><button>Read <!-- -->0</button></main>")
    # React takes what it finds in a head for its own.
    sent = f"<!doctype html><html lang=en><head><title>t</title>{react}</head><body>{body}</body></html>"
    with serving(create_site(settings, {"/": sent})) as url:
        page = open_page(url)
        page.get_by_role("button", name="Read 0").click()
        expect(page.get_by_role("button", name="Read 1")).to_be_visible()
        for element in (BANNER, FOOTER):
            expect(page.locator(element)).to_have_count(1)
            expect(page.locator(element)).to_be_visible()
        assert page.evaluate("complaints") == []


# Frames


def test_in_a_frame_of_the_site_nothing_of_ours_shows_and_choices_cross(
    settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"]}
    pages = {"/": page_of("<p>Top</p><iframe src=/inner width=500 height=400></iframe>"), "/inner": page_of(ARTICLE)}
    with serving(create_site(settings, pages)) as url:
        page = open_page(url)
        frame = page.frame_locator("iframe")
        expect(frame.locator("#own").first).to_be_visible()
        expect(frame.locator(BANNER)).to_be_hidden()
        expect(frame.locator(FOOTER)).to_be_hidden()
        expect(page.locator(BANNER)).to_be_visible()
        inner = page.frames[1]
        inner.evaluate("window.heard = 0; addEventListener('compliance', ({ detail }) => { window.heard = detail; })")
        page.get_by_role("button", name="I Agree").click()
        expect(page.locator(BANNER)).to_be_hidden()
        inner.wait_for_function("window.heard && window.heard.analytics === true")


def test_a_choice_in_a_frame_is_heard_outside(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"]}
    pages = {"/": page_of("<p>Top</p><iframe src=/inner width=500 height=400></iframe>"), "/inner": page_of(ARTICLE)}
    with serving(create_site(settings, pages)) as url:
        page = open_page(url)
        expect(page.locator(BANNER)).to_be_visible()
        # Such as a held video in it that is let go: the banner's own form, hidden there, sends the choice.
        page.frames[1].evaluate(
            f"""() => {{ const form = document.querySelector("{BANNER} form");
            form.requestSubmit(form.querySelector("[value=reject]")); }}"""
        )
        expect(page.locator(BANNER)).to_be_hidden()


# Phones


@pytest.mark.parametrize(("lang", "mode"), [("en", "notice"), ("en", "opt-in"), ("zh-CN", "opt-in")])
def test_a_telephone_has_room_for_the_page(
    settings: dict[str, Any], open_page: Callable[..., Page], lang: str, mode: str
) -> None:
    kinds = ("icp", "public_security", "news", "audio_visual", "telecom", "culture", "tv_production", "publications")
    settings["licences"] = {kind: KINDS[kind].examples[0] for kind in kinds}
    settings["consent"] = {"mode": mode}
    with serving(create_site(settings, {"/": page_of(ARTICLE).replace("lang=en", f"lang={lang}")})) as url:
        page = open_page(url, viewport=PHONE)
        banner, footer = page.locator(BANNER), page.locator(FOOTER)
        assert banner.bounding_box()["height"] <= 0.25 * PHONE["height"]
        page.get_by_role("button").first.click()
        expect(banner).to_be_hidden()
        assert footer.bounding_box()["height"] <= 0.45 * PHONE["height"]
        named = page.locator("[data-compliance=licences] > span")
        assert [bool(title) for title in named.evaluate_all("all => all.map(node => node.title)")] == [lang == "en"] * 8
