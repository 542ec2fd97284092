"""What stands on a site's pages in every size, scheme and medium, and in the colours of the site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import render_template_string
from test_browser import CONTRAST
from test_frameworks import BANNER, FOOTER, create_site

from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.frameworks import FRAMEWORKS

DIALOG = "dialog.compliance-dialog"
# A theme as docs/theming.md describes it; the elements of a dialog are in a shadow tree and inherit it.
THEME = """:root { --compliance-background: rgb(255, 253, 248); --compliance-text: rgb(59, 31, 18);
    --compliance-line: rgb(139, 111, 98); --compliance-radius: 0px; --compliance-scheme: light; }"""
# WCAG 2.2, 1.4.12
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-block-end: 2em !important; }"""
CUT = """nodes => nodes.filter(node => {
    const box = node.getBoundingClientRect();
    return box.width && (box.left < 0 || box.right > innerWidth + 1 || node.scrollWidth > node.clientWidth + 1)
        && getComputedStyle(node).display !== "inline";
}).map(node => node.outerHTML.slice(0, 80))"""
ALL = f"{BANNER}, {BANNER} *, {FOOTER}, {FOOTER} *"


def open_dialog(page: Page, name: str = "Cookie settings") -> None:
    page.locator(FOOTER).get_by_role("link", name=name).click()
    expect(page.locator(DIALOG)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sites_colours_are_everywhere(
    settings: dict[str, Any], open_page: Callable[..., Page], scheme: str
) -> None:
    with serving(create_site(settings, FRAMEWORKS["pico"] + THEME)) as url:
        page = open_page(url, color_scheme=scheme)
        open_dialog(page)
        for place in (BANNER, FOOTER, DIALOG):
            look = page.eval_on_selector(
                place,
                """node => { const style = getComputedStyle(node);
                return [style.backgroundColor, style.color, style.borderTopColor, style.colorScheme]; }""",
            )
            assert look == ["rgb(255, 253, 248)", "rgb(59, 31, 18)", "rgb(139, 111, 98)", "light"], place
        for button in (f"{BANNER} button", f"{DIALOG} .compliance-buttons button"):
            look = page.eval_on_selector(
                button,
                """node => { const style = getComputedStyle(node);
                return [style.backgroundColor, style.color, style.borderRadius]; }""",
            )
            assert look == ["rgb(59, 31, 18)", "rgb(255, 253, 248)", "0px"], button


def ink(page: Page, button: Any) -> bool:
    """Whether the words of *button* show: without them it looks different."""
    worded = button.screenshot()
    button.evaluate("node => { node.textContent = '\\u00a0'; }")
    return bool(button.screenshot() != worded)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_borders_and_words(
    settings: dict[str, Any], open_page: Callable[..., Page], scheme: str
) -> None:
    with serving(create_site(settings, FRAMEWORKS["bootstrap"] + THEME)) as url:
        page = open_page(url, color_scheme=scheme, forced_colors="active")
        assert ink(page, page.locator(f"{BANNER} button").first)
        open_dialog(page)
        assert ink(page, page.locator(f"{DIALOG} .compliance-buttons button").first)
        assert ink(page, page.locator(f"{DIALOG} .compliance-close"))
        for place in (BANNER, f"{BANNER} button", FOOTER, DIALOG, f"{DIALOG} .compliance-close"):
            line, ground = page.eval_on_selector(
                place, "node => [getComputedStyle(node).borderTopColor, getComputedStyle(node).backgroundColor]"
            )
            width = page.eval_on_selector(place, "node => parseFloat(getComputedStyle(node).borderTopWidth)")
            assert line != ground and width >= 1, place


def test_paper_has_the_footer_and_nothing_to_click(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    css = FRAMEWORKS["bulma"]
    with serving(create_site(settings, css)) as url:
        page = open_page(url, color_scheme="dark")
        frame = '<iframe data-compliance-hold="advertising" width=200 height=200></iframe>'
        page.evaluate(f"document.querySelector('main').insertAdjacentHTML('beforeend', '{frame}')")
        open_dialog(page)
        page.emulate_media(media="print")
        for gone in (BANNER, DIALOG, "iframe"):
            expect(page.locator(gone)).to_be_hidden()
        for part in ("slogan", "telephone"):
            expect(page.locator(FOOTER)).to_contain_text({"slogan": "New Era", "telephone": "+86-23-67158993"}[part])
        expect(page.get_by_text("渝ICP备20009753号-2")).to_be_visible()
        colours = page.eval_on_selector(
            FOOTER, "node => [getComputedStyle(node).color, getComputedStyle(node).colorScheme]"
        )
        assert colours == ["rgb(0, 0, 0)", "light"]  # white words on white paper would be none
        room = page.eval_on_selector(FOOTER, "node => parseFloat(getComputedStyle(node).paddingBottom)")
        assert room <= 32


@pytest.mark.parametrize("path", ["/", "/zh"])
@pytest.mark.parametrize("css", ["", SPACING, "html{font-size:200%}", SPACING + "html{font-size:200%}"])
def test_every_window_and_text_size_fits(
    settings: dict[str, Any], open_page: Callable[..., Page], path: str, css: str
) -> None:
    settings["licences"].update(public_security="渝公网安备50010402001494号", audio_visual="0110516")
    with serving(create_site(settings, css)) as url:
        page = open_page(url + path)
        for width, height in ((320, 256), (320, 640), (390, 844), (768, 1024), (1440, 900), (3840, 2160)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.eval_on_selector_all(ALL, CUT) == [], (width, height)
            accept, reject = page.eval_on_selector_all(
                f"{BANNER} button", "all => all.map(node => [node.offsetWidth, node.offsetHeight])"
            )
            assert min(accept) >= 44 and all(abs(a - b) <= 1 for a, b in zip(accept, reject, strict=True))
            banner = page.locator(BANNER).bounding_box()
            fixed = page.eval_on_selector(BANNER, "node => getComputedStyle(node).position") == "fixed"
            assert fixed is (height >= 600)
            assert not fixed or banner["height"] <= height / 2 + 1


def test_nothing_moves_by_itself(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    with serving(create_site(settings, FRAMEWORKS["bootstrap"])) as url:
        page = open_page(url, reduced_motion="reduce")
        open_dialog(page)
        moving = """nodes => nodes.filter(node => {
            const { animationName, transitionDuration } = getComputedStyle(node);
            return animationName !== "none" || transitionDuration !== "0s";
        }).length"""
        assert page.eval_on_selector_all(f"{ALL}, {DIALOG}, {DIALOG} *", moving) == 0
        assert page.evaluate("document.getAnimations().length") == 0


# Pages by what they paint: their rules, and the ground that ours are to have, where it is the page's own.
PAINTED = {
    "dark": ("body{background:#111;color:#eee}a{color:#8cf}", "rgb(17, 17, 17)"),
    "dark root": ("html{background:#0b1020}body{color:#fff}", "rgb(11, 16, 32)"),
    "tinted": ("body{background:#fdf6e3;color:#433422;font-family:monospace}a{color:#5a1a00}", "rgb(253, 246, 227)"),
    "pale words": ("body{background:#fff;color:#999}a{color:#9cf}", "rgb(255, 255, 255)"),
    "a ground in the middle": ("body{background:#888;color:#fff}", None),
    "red": ("body{background:#e00;color:#ff0}", None),
    "a wrapper": ("body{margin:0}main{background:#123;color:#def;padding:1em}", "rgb(17, 34, 51)"),
    "a picture": ("body{background:linear-gradient(#203,#001);color:#fff}", None),
    "other spaces": ("body{background:oklch(20% .05 260);color:oklch(95% 0 0)}", None),
}
DRESSED = f"""() => ["{BANNER}", "{FOOTER}"].map(name => {{
    const {{ backgroundColor, fontFamily }} = getComputedStyle(document.querySelector(name));
    return [backgroundColor, fontFamily];
}})"""


@pytest.mark.parametrize("kind", PAINTED)
def test_ours_wear_what_the_page_paints(settings: dict[str, Any], open_page: Callable[..., Page], kind: str) -> None:
    css, ground = PAINTED[kind]
    with serving(create_site(settings, css)) as url:
        page = open_page(url)
        words = f"[...document.querySelectorAll('{BANNER} :is(h2, p, a, button), {FOOTER} :is(p, a)')]"
        page.wait_for_function(f"Math.min(...({CONTRAST})({words})) >= 7")
        assert page.evaluate(f"{words}.length") > 15
        font = page.evaluate("getComputedStyle(document.body).fontFamily")
        for worn, family in page.evaluate(DRESSED):
            assert ground is None or worn == ground
            assert family == font


def test_a_page_that_goes_dark_takes_ours_along(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    css = "body{background:#fff;color:#000}.night{background:#111;color:#eee}"
    with serving(create_site(settings, css)) as url:
        page = open_page(url)
        for change, ground in (("add", "rgb(17, 17, 17)"), ("remove", "rgb(255, 255, 255)")):
            page.evaluate(f"document.body.classList.{change}('night')")
            page.wait_for_function(f"({DRESSED})().every(([ground]) => ground === '{ground}')")


@pytest.mark.parametrize("place", ["html", "body"])
def test_what_the_site_says_counts_for_more(
    settings: dict[str, Any], open_page: Callable[..., Page], place: str
) -> None:
    css = f"body{{background:#111;color:#eee}}{place}{{--compliance-background:#fffdf8;--compliance-text:#3b1f12}}"
    with serving(create_site(settings, css)) as url:
        page = open_page(url)
        page.wait_for_function(f"({DRESSED})().every(([ground]) => ground === 'rgb(255, 253, 248)')")
        for element in (BANNER, FOOTER):
            assert page.eval_on_selector(element, "node => getComputedStyle(node).color") == "rgb(59, 31, 18)"


def test_what_stands_inside_of_the_page_wears_what_is_said_there(
    settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    site = create_site(settings, "body{background:#111}a{color:rgb(9, 255, 9)}.box{--compliance-link:rgb(1, 2, 3)}")
    head = "<!doctype html><link rel=stylesheet href=/site.css>"
    page = f"{head}<main><a href=/>News</a><div%s>{{{{ compliance_report() }}}}</div></main>"
    for name, box in (("box", " class=box"), ("plain", "")):
        site.add_url_rule(f"/{name}", name, lambda box=box: render_template_string(page % box))
    with serving(site) as url:
        worn = f"""() => ["[data-compliance=report]", "{FOOTER}"].map(name =>
            getComputedStyle(document.querySelector(name)).getPropertyValue("--compliance-%s"))"""
        for name, link in (("box", "rgb(1, 2, 3)"), ("plain", "rgb(9, 255, 9)")):
            shown = open_page(f"{url}/{name}")
            shown.wait_for_function(f"({worn % 'background'})().every(ground => ground === 'rgb(17, 17, 17)')")
            assert shown.evaluate(worn % "link") == [link, "rgb(9, 255, 9)"]


def test_what_ours_wear_is_theirs_alone(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    with serving(create_site(settings, PAINTED["dark"][0])) as url:
        page = open_page(url)
        page.wait_for_function(f"({DRESSED})().every(([ground]) => ground === 'rgb(17, 17, 17)')")
        said = """() => ["background", "text", "font", "scheme", "link"].filter(name =>
            getComputedStyle(document.documentElement).getPropertyValue(`--compliance-${name}`))"""
        assert page.evaluate(said) == []


def test_without_javascript_the_footer_lies_on_the_page(
    settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    with serving(create_site(settings, PAINTED["dark"][0])) as url:
        page = open_page(url, java_script_enabled=False)
        look = page.eval_on_selector(
            FOOTER, "node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
        )
        assert look == ["rgba(0, 0, 0, 0)", "rgb(238, 238, 238)"]
