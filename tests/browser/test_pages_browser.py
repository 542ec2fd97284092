"""Our own pages in every state, as readers without sight, mouse, room or colour meet them, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from compliance import Compliance
from compliance.cases import State
from compliance.deadlines import day
from compliance.messages import Box, CaseError
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import SETTINGS, create_app

sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

FRONT = "---\ntitle: {title}\nversion: {version}\neffective: {effective}\nmaterial: true\n---\n"
TEXT = (
    """{word} [x](https://example.org/)

## One {version}

{word}

### Part

| a | b | c | d | e |
|---|---|---|---|---|
| {word} | {word} | `compliance_receipt` | {word} | {word} |

#### Detail

- {word}

## Two

"""
    + "{word}\n\n" * 12
)
WORDS = {"en": "Personal information is handled with care.", "zh_CN": "我们依法处理个人信息，并采取安全措施加以保护。"}
CONSENT = {
    "mode": "opt-in",
    "position": "flow",
    "categories": ["analytics"],
    "cookies": [{"name": "_pk_id*", "category": "analytics", "provider": "Matomo", "purpose": "Counts."}],
    "trackers": [{"host": "stats.example.org", "category": "analytics", "country": "US", "policy": "https://e.org/p"}],
}
#: From narrowest to widest: the wall of 400 % zoom, a telephone, a desk, a wall of screens.
WIDTHS = (320, 768, 1440, 3840)


class Site:
    """A running site: its address, what it has kept, and whether it limits senders."""

    def __init__(self, url: str, box: Box) -> None:
        self.url = url
        self.box = box


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, today = tmp_path_factory.mktemp("legal"), day(datetime.now(UTC))
    for language, word in WORDS.items():
        (folder / language).mkdir()
        for version, days in (("1", -400), ("2", -300), ("3", -200), ("4", -100), ("5", -10), ("6", 30)):
            front = FRONT.format(title="Privacy", version=version, effective=today + timedelta(days))
            text = front + TEXT.format(word=word, version=version)
            (folder / language / f"privacy.{version}.md").write_text(text, encoding="utf-8")
    settings = deepcopy(SETTINGS)
    settings["site"]["languages"] = ["en", "zh_CN", "ar"]
    settings |= {"legal": {"directory": str(folder)}, "consent": CONSENT, "messages": {"challenge": "none"}}
    app = create_app()
    app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
    Compliance(app, settings=settings)
    with serving(app) as url:
        yield Site(url, app.extensions["compliance"].box)


def at(path: str) -> Callable[[Page, Site, str], None]:
    """A state that is an address."""

    def go(page: Page, site: Site, lang: str) -> None:
        page.goto(f"{site.url}/compliance/{path}?lang={lang}")

    return go


def decided(*choices: str, path: str = "consent") -> Callable[[Page, Site, str], None]:
    """A state after some decisions."""

    def go(page: Page, site: Site, lang: str) -> None:
        at("consent")(page, site, lang)
        for choice in choices:
            with page.expect_navigation():
                page.locator(f"button[value={choice}]").first.click()
        at(path)(page, site, lang)

    return go


def gpc(page: Page, site: Site, lang: str) -> None:
    page.set_extra_http_headers({"Sec-GPC": "1"})
    at("consent")(page, site, lang)
    page.set_extra_http_headers({})


def refused_form(page: Page, site: Site, lang: str) -> None:
    at("report")(page, site, lang)
    page.locator(".compliance-form .compliance-buttons button").click()
    expect(page.locator(".compliance-failed").first).to_be_focused()


def sent(page: Page, site: Site, lang: str) -> str:
    at("message")(page, site, lang)
    page.locator("#compliance-body").fill(WORDS["en"])
    page.locator(".compliance-form .compliance-buttons button").click()
    page.locator(".compliance-receipt").wait_for()
    return page.locator(".compliance-receipt bdi").first.inner_text()


def closed(page: Page, site: Site, lang: str) -> None:
    sent(page, site, lang)
    with page.expect_navigation():
        page.locator("button[value=close]").click()


def answered(state: State) -> Callable[[Page, Site, str], None]:
    """A receipt whose editors did something; what was sent is unfolded."""

    def go(page: Page, site: Site, lang: str) -> None:
        number = sent(page, site, lang)
        with suppress(CaseError):  # what was written in no time waits in quarantine
            site.box.cases.move(number, State.RECEIVED, now=datetime.now(UTC))
        site.box.cases.move(number, state, text=WORDS["en"], now=datetime.now(UTC))
        page.reload()
        page.locator(".compliance-sent summary").click()

    return go


def wrong_code(page: Page, site: Site, lang: str) -> None:
    at("case")(page, site, lang)
    page.locator("#compliance-number").fill("R-20261124-7K3M9Q-4")
    page.locator("#compliance-code").fill("0000-0000-0000-0000")
    with page.expect_navigation():
        page.locator(".compliance-form button").click()


def foreign(page: Page, site: Site, lang: str) -> None:
    """A form of another site is refused with 403."""
    page.goto(f"data:text/html,<form method=post action='{site.url}/compliance/consent?lang={lang}'><button>x</button>")
    with page.expect_navigation():
        page.locator("button").click()


STATES: dict[str, Callable[[Page, Site, str], Any]] = {
    "in force": at("legal/privacy"),
    "earlier": at("legal/privacy/1"),
    "to come": at("legal/privacy/6"),
    "changes": at("legal/privacy/1/6"),
    "built-in": at("legal/contact"),
    "undecided": at("consent"),
    "refused by the browser": gpc,
    "agreed": decided("accept"),
    "withdrawn": decided("accept", "withdraw"),
    "record": decided("accept", path="record"),
    "message": at("message"),
    "report": at("report"),
    "errors": refused_form,
    "receipt": sent,
    "closed": closed,
    "asked": answered(State.WAITING_SENDER),
    "resolved": answered(State.RESOLVED_ACTION),
    "find": at("case"),
    "not found": wrong_code,
    "404": at("legal/nothing"),
    "403": foreign,
}

LOOK = """() => {
  const seen = (node) => node.checkVisibility({visibilityProperty: true}) && node.getBoundingClientRect().width > 1;
  const small = (selector, least) => [...document.querySelectorAll(selector)].filter(seen).filter((node) => {
    const {width, height} = node.getBoundingClientRect();
    return Math.min(width, height) < least - .01;
  }).map((node) => node.outerHTML);
  return {
    lang: document.documentElement.lang,
    dir: document.documentElement.dir,
    title: document.title.includes(document.querySelector("h1").textContent.trim().slice(0, 5)),
    landmarks: ["main", "header a", "[data-compliance=footer] section[aria-label]"].filter(
      (selector) => document.querySelectorAll(selector).length !== 1),
    small: small("main button, main summary, main .compliance-ways a, main .compliance-choice, main select", 44),
    ids: [...document.querySelectorAll("[id]")].map(({id}) => id).filter((id, place, all) => all.indexOf(id) !== place),
  };
}"""
#: axe looks at the size of targets only where it is told to; links inside of a sentence are excepted (WCAG 2.5.8).
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}


@pytest.mark.parametrize("lang", ["en", "zh-CN", "ar"])
def test_every_page_in_every_state_is_for_everybody(site: Site, open_page: Any, lang: str) -> None:
    axe = sync_playwright.Axe()
    page = open_page(f"{site.url}/compliance/case", reduced_motion="reduce")
    wrong: dict[str, Any] = {}
    for name, reach in STATES.items():
        page.context.clear_cookies()
        page.set_viewport_size({"width": 1280, "height": 800})
        reach(page, site, lang)
        found = {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in _run(axe, page, EVERYTHING)}
        page.emulate_media(color_scheme="dark")
        found |= {f"dark {rule['id']}": rule["nodes"] for rule in _run(axe, page, COLOURS)}
        page.emulate_media(color_scheme="light")
        looks = page.evaluate(LOOK)
        expected = {"lang": lang, "dir": "rtl" if lang == "ar" else "ltr", "title": True}
        found |= {key: value for key, value in looks.items() if value != expected.get(key, [])}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 256 if width == 320 else 800})
            if (whole := page.evaluate("document.documentElement.scrollWidth")) > width:
                found[f"wider than {width}"] = whole
        if found:
            wrong[name] = found
    assert wrong == {}


def _run(axe: Any, page: Page, options: dict[str, Any]) -> list[Any]:
    return list(axe.run(page, options=options).response["violations"])


def test_a_message_is_written_and_followed_without_a_mouse(site: Site, open_page: Any) -> None:
    page = open_page(f"{site.url}/compliance/message?lang=en")
    page.get_by_role("button", name="Decline").press("Enter")  # the banner, which is another test's
    where = "document.activeElement.name || document.activeElement.textContent.trim()"

    def tab_to(name: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate(where) == name:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"{name} cannot be reached")

    tab_to("kind")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "correction"
    tab_to("page")
    page.keyboard.type("/elsewhere")
    tab_to("Send")  # with the message left out
    page.keyboard.press("Enter")
    summary = page.locator(".compliance-failed:not([hidden])")
    expect(summary).to_be_focused()
    tab_to("Please write your message.")
    page.keyboard.press("Enter")
    assert page.evaluate(where) == "body"
    expect(page.get_by_label("Your message")).to_have_accessible_description("Please write your message.")
    page.keyboard.type("The year is wrong.")
    tab_to("Send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Receipt")
    tab_to("What you sent")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The year is wrong.")).to_be_visible()


def test_contents_stand_beside_the_text_or_fold_up(site: Site, open_page: Any) -> None:
    page = open_page(f"{site.url}/compliance/legal/privacy?lang=en", viewport={"width": 1440, "height": 700})
    nav, article = page.get_by_role("navigation", name="Contents"), page.get_by_role("article")
    assert nav.get_by_role("listitem").count() == 4 and nav.locator("ul ul ul").count() == 1
    assert nav.bounding_box()["x"] + nav.bounding_box()["width"] <= article.bounding_box()["x"]
    nav.get_by_role("link", name="Two").click()
    expect(page.get_by_role("heading", name="Two")).to_be_in_viewport()
    expect(nav.get_by_role("link", name="One 5")).to_be_in_viewport()
    link = page.get_by_role("link", name="Link to this section: Two")
    link.focus()
    assert link.evaluate("node => getComputedStyle(node).opacity") == "1"
    page.set_viewport_size({"width": 360, "height": 700})
    expect(nav.get_by_role("link", name="Two")).to_be_hidden()
    nav.get_by_text("Contents").last.click()
    expect(nav.get_by_role("link", name="Two")).to_be_visible()


def test_reader_s_own_colours_leave_every_button_a_word(site: Site, open_page: Any) -> None:
    page = open_page(f"{site.url}/compliance/consent?lang=en", forced_colors="active")
    plate = page.evaluate("""() => {
      const probe = document.body.appendChild(document.createElement("p"));
      probe.style.color = "Canvas";
      return getComputedStyle(probe).color;
    }""")
    for path in ("consent", "message"):  # the banner is on the second
        page.goto(f"{site.url}/compliance/{path}?lang=en")
        colours = page.evaluate("[...document.querySelectorAll('button')].map((node) => getComputedStyle(node).color)")
        assert colours and plate not in colours


@pytest.mark.parametrize("name", ["in force", "changes", "receipt"])
def test_paper_is_white_and_has_the_text_alone(site: Site, open_page: Any, name: str) -> None:
    page = open_page(f"{site.url}/compliance/case", color_scheme="dark")
    STATES[name](page, site, "en")
    page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert page.evaluate(f"[{style}.backgroundColor, {style}.color]") == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    for gone in (".compliance-header", "button", "[data-compliance=banner]", "nav[aria-labelledby=contents]", "form"):
        for part in page.locator(gone).all():
            expect(part).to_be_hidden()
    if name == "in force":
        expect(page.get_by_text("https://www.ichongqing.info/compliance/legal/privacy/5?lang=en")).to_be_visible()
        after = "getComputedStyle(document.querySelector('article a[rel]'), '::after').content"
        assert "https://example.org/" in page.evaluate(after).replace('" "', "")
    if name == "receipt":
        expect(page.locator(".compliance-qr")).to_be_visible()
