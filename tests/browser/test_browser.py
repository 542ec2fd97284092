"""What readers see and do, in a real browser: Debian's Chromium, driven by Playwright, on a server of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from compliance.licences import KINDS
from support.browser import Page, expect, keeps_pages, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page

BANNER = "[data-compliance=banner]"
FOOTER = "[data-compliance=footer]"
NOTE = "[data-compliance=note]"
OPT_IN = {"mode": "opt-in", "categories": ["analytics", "advertising"]}
WIDTHS = [(360, 740), (768, 1024), (1440, 900)]
# Resets and frameworks in miniature: what Bootstrap, Bulma, Pico, Tailwind's preflight and worse do to bare elements.
HOSTS = {
    "plain": "main{max-width:40rem;margin:auto}",
    "unset": "*{all:unset}html,body,main,p,h1,footer{display:block}head,style,script{display:none}",
    "preflight": (
        "*,::before,::after{box-sizing:border-box;border:0 solid;margin:0;padding:0}"
        "a{color:inherit;text-decoration:inherit}button,[type=submit]{background:transparent;color:inherit;border-radius:0;font:inherit}"
        "h2{font:inherit}"
    ),
    "classless": (
        "html{font-size:62.5%}body{font-size:11px;line-height:3;text-align:right;letter-spacing:.3em;font-weight:800}"
        "button,[type=submit]:not(.x){width:100%;margin-bottom:2rem;background:hotpink;text-transform:uppercase}"
        "section{padding:3rem;margin:5rem;background:#eee}body>footer{padding:5rem;background:#222;color:#fff}"
        "a::after{content:' \\2197'}a:not(.x){color:#0a0;font-size:30px}h2{color:red;font-size:4rem}p{line-height:4}"
    ),
    "full height": "html,body{height:100%;margin:0}",
    "scroller": "html,body{height:100%;margin:0}html{overflow:hidden}body{overflow:auto}",
}
TEXT = "<p>" + "Chongqing opens a line over the river. <a href='#news'>More</a> " * 10 + "</p>"


def create_site(settings: dict[str, Any], css: str = HOSTS["plain"]) -> Flask:
    """A news page under the strictest usual policy, in English at `/` and Chinese at `/zh`."""
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"

    def page(lang: str) -> str:
        return (
            f"<!doctype html><html lang={lang}><meta name=viewport content='width=device-width'><title>News</title>"
            f"<link rel=stylesheet href=/site.css><body><nav><a id=skip href='#news'>Skip</a></nav>"
            f"<main id=news><h1>News</h1>{TEXT * 8}</main></body></html>"
        )

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        return response

    app.add_url_rule("/", "home", lambda: page("en"))
    app.add_url_rule("/zh", "chinese", lambda: page("zh-CN"))
    app.add_url_rule("/site.css", "css", lambda: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    Compliance(app, settings=settings)
    return app


@pytest.fixture
def notice(settings: dict[str, Any]) -> Iterator[str]:
    """The model page's site: one button."""
    settings["consent"] = {"mode": "notice"}
    with serving(create_site(settings)) as url:
        yield url


@pytest.fixture
def opt_in(settings: dict[str, Any]) -> Iterator[str]:
    """A site with optional cookies: two buttons."""
    settings["consent"] = dict(OPT_IN)
    with serving(create_site(settings)) as url:
        yield url


def decision(page: Page) -> str | None:
    return next((c["value"] for c in page.context.cookies() if c["name"] == "compliance_consent"), None)


def posted(page: Page, click: Callable[[], None]) -> Any:
    """Do *click* and return the answer that the consent endpoint gave to it."""
    with page.expect_response(lambda response: response.request.method == "POST") as caught:
        click()
    return caught.value


def seen(page: Page, selector: str) -> list[bool]:
    """Tell for each match whether a reader sees its middle, with nothing above it."""
    return page.eval_on_selector_all(
        selector,
        """nodes => nodes.map(node => {
            const box = [...node.getClientRects()].at(-1);
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return !!top && (node.contains(top) || top.contains(node)) && box.bottom <= innerHeight;
        })""",
    )


@pytest.mark.parametrize(("path", "label"), [("/", "I Agree"), ("/zh", "我同意")])
def test_agreeing_hides_the_banner_at_once_and_for_good(
    notice: str, open_page: Callable[..., Page], path: str, label: str
) -> None:
    page = open_page(notice + path)
    page.evaluate("window.same = true")
    expect(page.locator(BANNER)).to_be_visible()
    answer = posted(page, page.get_by_role("button", name=label).click)
    assert answer.status == 204
    expect(page.locator(BANNER)).to_be_hidden()
    assert decision(page)
    assert page.evaluate("window.same")  # the reader stayed on the page
    page.reload()
    expect(page.locator(BANNER)).to_be_hidden()
    expect(page.locator(FOOTER)).to_be_visible()


@pytest.mark.parametrize(("path", "label"), [("/", "I Agree"), ("/zh", "我同意")])
def test_agreeing_without_javascript_comes_back_to_the_page(
    notice: str, open_page: Callable[..., Page], path: str, label: str
) -> None:
    page = open_page(notice + path, java_script_enabled=False)
    page.get_by_role("button", name=label).click()
    page.wait_for_load_state()
    assert page.url == f"{notice}{path}#compliance-saved"
    assert decision(page)


SAVED = "#compliance-saved"


@pytest.mark.parametrize(("width", "height"), [(360, 740), (320, 256), (1440, 900)])
def test_without_javascript_the_page_says_once_that_the_choice_is_saved(
    opt_in: str, open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page(opt_in, java_script_enabled=False, viewport={"width": width, "height": height})
    expect(page.locator(SAVED)).to_be_hidden()
    page.get_by_role("button", name="I Agree").click()
    expect(page.locator(SAVED)).to_be_in_viewport()
    assert page.locator(BANNER).inner_text().strip() == page.locator(SAVED).inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.goto(opt_in)
    expect(page.locator(SAVED)).to_be_hidden()
    expect(page.get_by_role("button", name="I Agree")).to_be_visible()


def test_without_javascript_no_refusal_says_that_it_is_saved(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(opt_in, java_script_enabled=False)
    page.eval_on_selector(f"{BANNER} [name=policy]", "field => field.value = 'older'")
    page.get_by_role("button", name="I Agree").click()
    expect(page.get_by_role("alert")).to_contain_text("Our policies have changed")
    expect(page.get_by_role("button", name="I Agree")).to_be_visible()
    expect(page.locator(SAVED)).to_have_count(0)


def test_with_javascript_an_address_passed_on_says_nothing(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{opt_in}/#compliance-saved")
    expect(page.get_by_role("button", name="I Agree")).to_be_visible()
    expect(page.locator(SAVED)).to_have_count(0)


def test_declining_without_javascript_reaches_the_server(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(opt_in, java_script_enabled=False)
    page.get_by_role("button", name="Decline").click()
    page.goto(f"{opt_in}/compliance/consent")
    expect(page.get_by_text("You declined optional cookies.")).to_be_visible()


FRAMES = f"""
    window.painted = 0;
    const frame = () => {{
        const banner = document.querySelector("{BANNER}");
        if (banner && banner.offsetHeight && getComputedStyle(banner).visibility === "visible") window.painted++;
        requestAnimationFrame(frame);
    }};
    requestAnimationFrame(frame);
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.shift += entry.value))
        .observe({{ type: "layout-shift", buffered: true }});
"""


def test_reader_who_decided_never_sees_the_banner_painted(notice: str, open_page: Callable[..., Page]) -> None:
    page = open_page(notice, script=FRAMES)
    assert page.evaluate("window.painted") > 0
    posted(page, page.get_by_role("button", name="I Agree").click)
    for _ in range(3):
        page.reload()
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("[window.painted, window.shift]") == [0, 0]


def test_banner_moves_nothing(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(opt_in, script=FRAMES)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.shift") == 0


def test_half_a_banner_is_not_painted(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    settings["consent"] = dict(OPT_IN)
    site, rest = create_site(settings), Event()
    whole = site.test_client().get("/").data
    cut = whole.index(b"<button name") + 3

    def chunks() -> Iterator[bytes]:
        yield whole[:cut]
        rest.wait(10)
        yield whole[cut:]

    def slow(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/slow":
            return site(environ, start_response)
        return Response(chunks(), mimetype="text/html")(environ, start_response)

    with serving(slow) as url:
        page = open_page(f"{url}/compliance/legal/about")
        page.goto(f"{url}/slow", wait_until="commit")
        page.wait_for_selector("template[data-compliance]", state="attached")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        expect(page.locator(BANNER)).to_have_count(0)
        rest.set()
        expect(page.locator(BANNER)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("css", HOSTS)
@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_end_of_the_page_is_never_covered(
    settings: dict[str, Any], open_page: Callable[..., Page], css: str, width: int, height: int, javascript: bool
) -> None:
    settings["consent"] = dict(OPT_IN)
    with serving(create_site(settings, HOSTS[css])) as url:
        page = open_page(url, viewport={"width": width, "height": height}, java_script_enabled=javascript)
        page.evaluate("for (const box of [document.documentElement, document.body]) box.scrollTo(0, 1e6)")
        expect(page.locator(BANNER)).to_be_visible()
        for part in ("licences] a", "licences] bdi", "message] a"):
            assert all(seen(page, f"[data-compliance={part}")), part
        telephone = "[data-compliance=report] a[href^=tel]"  # a footer may be higher than a telephone's screen
        page.eval_on_selector(telephone, "link => link.scrollIntoView({ block: 'nearest' })")
        assert seen(page, telephone) == [True]


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_tab_reaches_the_buttons_first_and_no_focused_link_is_hidden(
    opt_in: str, open_page: Callable[..., Page], width: int, height: int
) -> None:
    page = open_page(opt_in, viewport={"width": width, "height": height})
    walk = []
    while "Leaving a message" not in walk:
        page.keyboard.press("Tab")
        walk.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert seen(page, ":focus") == [True], walk
    assert walk[:6] == [
        "I Agree",
        "Decline",
        "Our Privacy Statement & Cookie Policy",
        "Manage preferences",
        "Skip",
        "More",
    ]


def test_after_the_choice_a_note_tells_of_it_and_tab_goes_on_with_the_page(
    opt_in: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(opt_in)
    page.keyboard.press("Tab")
    posted(page, lambda: page.keyboard.press("Enter"))
    note = page.get_by_role("status")
    expect(note).to_be_focused()
    expect(note).to_contain_text("Your choice has been saved.")
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    expect(page.locator(NOTE)).to_have_count(0)


def test_banner_and_note_are_not_printed_and_the_footer_is(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(opt_in)
    page.emulate_media(media="print")
    expect(page.locator(BANNER)).to_be_hidden()
    expect(page.get_by_text("渝ICP备20009753号-2")).to_be_visible()


CONTRAST = r"""nodes => nodes.map(node => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const paint = colour => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([...rgb]) => rgb.slice(0, 3).map(part => part / 255)
        .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0);
    let ground = node;
    while (/^rgba.*, 0\)$/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentNode;
    const [high, low] = [getComputedStyle(node).color, getComputedStyle(ground).backgroundColor]
        .map(paint).map(light).sort((a, b) => b - a);
    return (high + .05) / (low + .05);
})"""


@pytest.mark.parametrize("forced", ["none", "active"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("css", ["plain", "classless"])
@pytest.mark.parametrize("follows", [False, True])
def test_texts_stand_out_in_every_scheme(
    settings: dict[str, Any], open_page: Callable[..., Page], css: str, follows: bool, scheme: str, forced: str
) -> None:
    settings["consent"] = dict(OPT_IN)
    with serving(create_site(settings, HOSTS[css] + ":root{color-scheme:light dark}" * follows)) as url:
        page = open_page(url, color_scheme=scheme, forced_colors=forced)
        texts = page.eval_on_selector_all(f"{BANNER} :is(h2, p, a, button), {FOOTER} :is(p, a, small)", CONTRAST)
        assert len(texts) > 15 and min(texts) >= 4.5
        dark = page.eval_on_selector_all(f"{BANNER}, {FOOTER}", "nodes => nodes.map(n => getComputedStyle(n).color)")
        if forced == "none":
            assert set(dark) == {"rgb(255, 255, 255)" if follows and scheme == "dark" else "rgb(0, 0, 0)"}


LOOK = """nodes => nodes.map(node => {
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    return [node.tagName, box.width, box.height, ...[
        "color", "backgroundColor", "fontSize", "fontWeight", "fontStyle", "lineHeight", "letterSpacing", "textAlign",
        "textTransform", "textDecorationLine", "display", "margin", "padding", "borderWidth", "borderStyle",
        "borderColor", "borderRadius", "listStyle",
    ].map(name => style[name]), getComputedStyle(node, "::after").content];
})"""


@pytest.mark.parametrize("css", ["unset", "preflight", "classless"])
def test_css_of_the_site_does_not_reach_banner_and_footer(
    settings: dict[str, Any], open_page: Callable[..., Page], css: str
) -> None:
    settings["consent"] = dict(OPT_IN)
    looks = []
    for host in ("plain", css):
        rules = HOSTS[host] + "body{margin:0!important;font-family:serif!important}"
        with serving(create_site(settings, rules)) as url:
            page = open_page(url)
            looks.append(page.eval_on_selector_all(f"{BANNER}, {BANNER} *, {FOOTER}, {FOOTER} *", LOOK))
    for bare, styled in zip(*looks, strict=True):
        assert styled == bare


def test_our_css_does_not_reach_the_site(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    settings["consent"] = dict(OPT_IN)
    theirs = "body, body *:not([data-compliance], [data-compliance] *)"
    every = (
        f"() => [...document.querySelectorAll('{theirs}')]"
        + """.map(node => [...getComputedStyle(node)]
        .filter(name => !/size|height|origin|inset|^top|^bottom|^scroll-padding/.test(name))
        .map(name => `${name}: ${getComputedStyle(node)[name]}`).join("; "))"""
    )
    with serving(create_site(settings)) as url:
        page = open_page(url)
        with_ours = page.evaluate(every)
        page.eval_on_selector("link[data-compliance]", "link => link.disabled = true")
        assert page.evaluate(every) == with_ours


def test_buttons_are_equal_and_large(opt_in: str, open_page: Callable[..., Page]) -> None:
    for viewport in ({"width": 320, "height": 640}, {"width": 1440, "height": 900}):
        page = open_page(opt_in, viewport=viewport)
        accept, reject = page.eval_on_selector_all(f"{BANNER} button", LOOK)
        assert accept[3:] == reject[3:]
        assert abs(accept[1] - reject[1]) <= 1 and abs(accept[2] - reject[2]) <= 1
        assert min(page.eval_on_selector_all(f"{BANNER} :is(button, a)", "all => all.map(n => n.offsetHeight)")) >= 44


def test_declining_cannot_be_styled_down(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    settings["consent"] = dict(OPT_IN)
    rules = "[value=reject]{all:unset!important;opacity:.3!important;display:none!important;font-size:8px!important}"
    with serving(create_site(settings, rules)) as url:
        page = open_page(url)
        accept, reject = page.eval_on_selector_all(f"{BANNER} button", LOOK)
        assert accept[3:] == reject[3:] and reject[1] > 0
        assert page.eval_on_selector(f"{BANNER} [value=reject]", "node => getComputedStyle(node).opacity") == "1"


@pytest.mark.parametrize("path", ["/", "/zh"])
@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_button_alone_is_no_bar_across_the_window(
    notice: str, open_page: Callable[..., Page], path: str, width: int, height: int
) -> None:
    page = open_page(notice + path, viewport={"width": width, "height": height})
    assert page.locator(f"{BANNER} button").bounding_box()["width"] <= 10 * 16


def test_heading_of_the_banner_stands_off_its_text(notice: str, open_page: Callable[..., Page]) -> None:
    page = open_page(notice)
    heading, said = (page.locator(f"{BANNER} {part}").last.bounding_box() for part in ("h2", "p"))
    assert said["y"] - heading["y"] - heading["height"] >= 6


BROKEN = """nodes => nodes.flatMap(node => {
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT), range = document.createRange(), torn = [];
    while (texts.nextNode()) {
        const text = texts.currentNode, start = text.data.indexOf(":") + 1;
        if (!/\\d/.test(text.data)) continue;
        range.setStart(text, start);
        range.setEnd(text, text.data.length);
        if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) torn.push(text.data);
    }
    return torn;
})"""


@pytest.mark.parametrize("path", ["/", "/zh"])
@pytest.mark.parametrize("example", [0, -1])
def test_no_line_breaks_inside_the_number_of_a_licence(
    settings: dict[str, Any], open_page: Callable[..., Page], path: str, example: int
) -> None:
    settings["licences"] = {kind: KINDS[kind].examples[example] for kind in KINDS}
    with serving(create_site(settings)) as url:
        page = open_page(url + path, viewport={"width": 360, "height": 740})
        assert page.eval_on_selector_all("[data-compliance=licences] [lang=zh-CN]", BROKEN) == []
        page.set_viewport_size({"width": 320, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_at_400_percent_the_banner_stays_in_the_page_with_its_buttons_in_view(
    opt_in: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(opt_in, viewport={"width": 320, "height": 256})
    assert page.eval_on_selector(BANNER, "banner => getComputedStyle(banner).position") == "static"
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert seen(page, f"{BANNER} button") == [True, True]


RESTORED = "addEventListener('pageshow', event => window.restored = event.persisted)"


@keeps_pages
def test_page_from_the_back_forward_cache_hides_what_was_decided_since(
    opt_in: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(opt_in, script=RESTORED)
    page.goto(f"{opt_in}/compliance/consent")
    page.get_by_role("button", name="Decline").first.click()
    page.wait_for_load_state()
    page.evaluate("history.go(-2)")
    page.wait_for_function("location.pathname === '/' && window.restored")
    expect(page.locator(BANNER)).to_be_hidden()


@keeps_pages
def test_page_from_the_back_forward_cache_asks_again_where_the_cookie_is_gone(
    opt_in: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(opt_in, script=RESTORED)
    posted(page, page.get_by_role("button", name="I Agree").click)
    page.goto(f"{opt_in}/compliance/legal/about")
    page.context.clear_cookies()
    page.evaluate("history.go(-1)")
    page.wait_for_function("location.pathname === '/' && window.restored")
    expect(page.locator(BANNER)).to_be_visible()


def test_choice_in_another_tab_counts_here(opt_in: str, open_page: Callable[..., Page]) -> None:
    first = open_page(opt_in)
    second = first.context.new_page()
    second.goto(opt_in)
    posted(second, second.get_by_role("button", name="I Agree").click)
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator(BANNER)).to_be_hidden()


def test_offline_the_reader_keeps_the_page_and_the_question(opt_in: str, open_page: Callable[..., Page]) -> None:
    page = open_page(opt_in)
    page.context.set_offline(True)
    page.get_by_role("button", name="I Agree").click()
    expect(page.locator(BANNER)).to_be_visible()
    assert page.url == f"{opt_in}/" and decision(page) is None
    page.context.set_offline(False)
    posted(page, page.get_by_role("button", name="I Agree").click)
    expect(page.locator(BANNER)).to_be_hidden()


def test_refused_choice_is_sent_again_as_a_form_and_the_reason_is_shown(
    opt_in: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(opt_in)
    page.eval_on_selector(f"{BANNER} [name=policy]", "field => field.value = 'older'")
    page.get_by_role("button", name="I Agree").click()
    expect(page.get_by_role("alert")).to_contain_text("Our policies have changed")


def test_cookies_blocked_the_banner_still_closes(opt_in: str, open_page: Callable[..., Page]) -> None:
    blocked = """Object.defineProperty(Document.prototype, "cookie", {
        get() { throw new DOMException("blocked", "SecurityError"); } });"""
    page = open_page(opt_in, script=blocked)
    page.get_by_role("button", name="Decline").click()
    expect(page.locator(BANNER)).to_be_hidden()


def test_global_privacy_control_is_answered_in_words(opt_in: str, open_page: Callable[..., Page]) -> None:
    said = "Your browser sends the Global Privacy Control signal"
    expect(open_page(opt_in).get_by_text(said)).to_be_hidden()
    signal = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
    expect(open_page(opt_in, script=signal).get_by_text(said)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_preferences_are_chosen_changed_and_withdrawn(
    opt_in: str, open_page: Callable[..., Page], javascript: bool
) -> None:
    page = open_page(opt_in, java_script_enabled=javascript)
    link = page.locator(FOOTER).get_by_role("link", name="Cookie settings")
    if javascript:  # which opens it over the page, unless it is opened elsewhere
        page.goto(opt_in + str(link.get_attribute("href")))
    else:
        link.click()
    expect(page.locator(BANNER)).to_have_count(0)
    page.get_by_label("Analytics").check()
    page.get_by_role("button", name="Save choices").click()
    expect(page.get_by_label("Analytics")).to_be_checked()
    expect(page.get_by_label("Advertising")).not_to_be_checked()
    expect(page.get_by_text("You made a choice of your own.")).to_be_visible()
    page.get_by_role("button", name="Withdraw consent").first.click()
    expect(page.get_by_label("Analytics")).not_to_be_checked()
    expect(page.get_by_text("You withdrew your consent.")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("path", ["consent", "legal/privacy", "legal/cookies", "message", "report"])
def test_own_pages_fit_and_scroll_in_one_direction(
    opt_in: str, open_page: Callable[..., Page], path: str, width: int
) -> None:
    page = open_page(f"{opt_in}/compliance/{path}", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/zh", "/compliance/consent", "/compliance/legal/privacy", "/compliance/report"])
def test_axe_finds_nothing(opt_in: str, open_page: Callable[..., Page], path: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(opt_in + path, color_scheme=scheme)
    found = axe.Axe().run(page).response["violations"]
    assert json.dumps([(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]) == "[]"
