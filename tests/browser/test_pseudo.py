"""Every page in a language whose messages are long: nothing is cut off, and no word is outside the catalogues."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment

from compliance import Compliance, i18n
from compliance.cases import Actor, Kind, State
from compliance.cli.deliver import plain_text
from compliance.deliveries.digests import Item
from compliance.deliveries.expiries import Ending
from compliance.licences import Licence
from compliance.paths import TEMPLATES
from compliance.views import pages
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import PAGE, SETTINGS, create_app
from support.pseudo import PSEUDO, outside, untranslated, write_catalogue

WIDTHS = (320, 360)
NAMES = {"name": "Ours", "operator": "Ours", "slogan": "Ours", "email": "ours@example.org"}
FRAME = '<iframe src="https://www.youtube.com/embed/1" width="280" height="400"></iframe>'
LEGAL = "---\ntitle: Ours\nversion: {0}\neffective: 20{0}-01-01\nmaterial: true\n---\n\n## Ours\n\nOurs {0}."

#: Each element of ours whose text is wider than the window or than what it stands in.
CUT = """() => {
  const ours = document.querySelector("main.compliance-page, dialog") ? "*" : "[data-compliance], [data-compliance] *"
  const found = []
  if (document.documentElement.scrollWidth > innerWidth) found.push(`page: ${document.documentElement.scrollWidth}`)
  const roots = [document, ...[...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)]
  for (const element of roots.flatMap((root) => [...root.querySelectorAll(root === document ? ours : "*")])) {
    if (!element.checkVisibility() || element.closest(".compliance-aloud, .compliance-trap, select, svg")) continue
    const style = getComputedStyle(element), scrolls = /auto|scroll/
    const hidden = (overflow, inner, outer) => !/visible|auto|scroll/.test(overflow) && inner > outer + 1
    if (element.textContent.trim() && !element.matches("input, textarea") &&
        (hidden(style.overflowX, element.scrollWidth, element.clientWidth) ||
         hidden(style.overflowY, element.scrollHeight, element.clientHeight))) found.push(`cut: ${element.outerHTML}`)
    for (const text of element.childNodes) {
      if (text.nodeType !== 3 || !text.data.trim()) continue
      const range = document.createRange()
      range.selectNodeContents(text)
      const box = element.closest("button, summary, dt, dd, label") ?? document.documentElement
      const { left, right } = box.getBoundingClientRect()
      for (const line of range.getClientRects())
        if (line.right > Math.min(right, innerWidth) + 1 || line.left < Math.max(left, 0) - 1)
          found.push(`wide: ${element.outerHTML}`)
    }
  }
  return [...new Set(found)].map((html) => html.slice(0, 300))
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site in the pseudo-language that has everything a page can show."""
    folder = tmp_path_factory.mktemp("translations")
    write_catalogue(folder)
    legal = tmp_path_factory.mktemp("legal")
    for language, name in ((PSEUDO, "privacy"), ("en", "ours"), ("en", "cookies")):
        (legal / language).mkdir(exist_ok=True)
        for year in ("24", "25", "99"):
            (legal / language / f"{name}.{year}.md").write_text(LEGAL.format(year), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(i18n.catalogues, "TRANSLATIONS", folder)
        i18n.translator.cache_clear()
        app, settings = create_app(), deepcopy(SETTINGS)
        app.add_url_rule("/page", "page", lambda: PAGE.format(lang=PSEUDO).replace("</h1>", f"</h1>{FRAME}"))
        settings["site"] |= {"languages": [PSEUDO], **NAMES}
        settings["legal"] = {"directory": str(legal)}
        settings["messages"] = {"challenge": "none"}
        settings["consent"] = {
            "mode": "opt-in",
            "categories": ["functional", "analytics", "advertising", "social"],
            "cookies": [
                {"name": "_ours", "category": "analytics", "provider": "Ours", "purpose": "Ours", "lifetime": "Ours"}
            ],
        }
        settings["licences"] |= {
            "telecom": "渝B2-20100001",
            "audio_visual": "0110516",
            "tv_production": "（京）字第00693号",
            "culture": "京网文〔2023〕1034-029号",
            "online_publishing": "(总)网出证(京)字第161号",
            "publications": "新出发滨字第0132号",
        }
        Compliance(app, settings=settings)
        yield app
        i18n.translator.cache_clear()


@pytest.fixture(scope="module")
def shown(site: Flask) -> dict[str, str]:
    """Every page as a reader without JavaScript gets it, by what they did."""
    reader, found = site.test_client(), {}

    def get(name: str, path: str, **options: Any) -> None:
        found[name] = reader.get(path, **options).text

    def post(name: str, path: str, follow: bool = True, **data: Any) -> None:
        found[name] = reader.post(path, data=data, follow_redirects=follow).text

    get("banner", "/page")
    get("undecided", "/compliance/consent")
    get("message", "/compliance/message")
    get("report", "/compliance/report")
    get("find", "/compliance/case")
    for document in ("privacy", "cookies", "ours", "terms"):
        get(document, f"/compliance/legal/{document}")
    for version in ("24", "25", "99"):
        get(f"privacy {version}", f"/compliance/legal/privacy/{version}")
    get("changes", "/compliance/legal/privacy/24/25")
    get("coming changes", "/compliance/legal/cookies/25/99")
    get("no document", "/compliance/legal/none")
    get("method", "/compliance/consent/", follow_redirects=True)
    post("choice", "/compliance/consent", policy="1", choice="none")
    post("old policy", "/compliance/consent", policy="1", choice="accept")
    policy = re.search(r'name="policy" value="([^"]+)"', found["undecided"])
    assert policy
    post("agreed", "/compliance/consent", policy=policy[1], choice="accept")
    get("decided", "/compliance/consent")
    get("record", "/compliance/record")
    post("wrong message", "/compliance/message", kind="correction", page="elsewhere:", contact="a@", subject="x" * 999)
    post(
        "wrong report",
        "/compliance/report",
        category="infringement",
        seen="x" * 999,
        excerpt="x" * 9999,
        page="https://b.example",
    )
    post("empty report", "/compliance/report")
    post("sent", "/compliance/message", kind="personal_information", category="access", subject="Ours", body="Ours")
    post("reported", "/compliance/report", category="rumour", page="/page", body="Ours", truth="on")
    post("not found", "/compliance/case", number="R-20261124-7K3M9Q-4", code="ABCD-EFGH-JKMN-PQRS")
    cases = site.extensions["compliance"].box.cases
    for state, moves in {
        "asked": [State.RECEIVED, State.IN_PROGRESS, State.WAITING_SENDER],
        "done": [State.RECEIVED, State.IN_PROGRESS, State.RESOLVED_ACTION],
    }.items():
        answer = reader.post("/compliance/message", data={"body": "Ours"}, headers={"Accept": "application/json"}).json
        for move in moves:
            cases.move(answer["receipt"], move, text="Ours", actor=Actor.EDITOR, now=datetime.now(UTC))
        post(state, "/compliance/case", number=answer["receipt"], code=answer["code"])
        post(f"{state}, wrong", f"/compliance/receipt/{answer['receipt']}", action="add", text="")
    return found


def test_no_word_of_a_page_is_outside_the_catalogues(shown: dict[str, str]) -> None:
    wrong = {name: words for name, html in shown.items() if (words := untranslated(html, ("Ours", "UTF-8")))}
    assert wrong == {}
    assert [name for name, html in shown.items() if "⟦" not in html] == []


def test_no_word_of_a_letter_or_a_reason_is_outside_the_catalogues(site: Flask) -> None:
    render = plain_text(site.extensions["compliance"].renderer.render)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    news = ("received", "added", "closed", "reopened", "soon", "overdue")
    item = Item(
        **{"number": "1", "kind": Kind.REPORT, "category": "business", "harm": "posing", "news": news},
        **{"urgent": True, "held_back": True, "due": now + timedelta(1)},
    )
    filed = Licence(kind="news", number="1", expires=now.date())
    digest = {"items": [item], "count": 3, "site": "1", "own_categories": {}}
    texts = [
        *(render("compliance/notices/digest.txt", PSEUDO, {**digest, "urgent": urgent}) for urgent in (0, 2)),
        *(
            render("compliance/notices/letter.txt", PSEUDO, {"happened": happened, "site": "1", "number": "2"})
            for happened in ("asked", "answered", "moved")
        ),
        render(
            "compliance/notices/expiry.txt",
            PSEUDO,
            {"site": "1", "licences": (), "endings": [Ending(licence=filed, days=days) for days in (2, -1)]},
        ),
        *(render("compliance/reason.txt", PSEUDO, {"reason": reason}) for reason in pages._STATUS),
        *(render("compliance/state.txt", PSEUDO, {"state": state}) for state in State),
    ]
    assert [words for text in texts if (words := outside(text))] == []
    assert [text for text in texts if "⟦" not in text] == []


@pytest.mark.parametrize("path", sorted((TEMPLATES / "compliance").rglob("*.*")), ids=lambda path: path.name)
def test_no_word_stands_in_a_template_by_itself(path: Path) -> None:
    """What only some case shows is found here: text between tags, and attributes that are no expression."""
    lexed = Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))
    text = "".join(value for _, kind, value in lexed if kind == "data")
    text = re.sub(r"<!doctype html>|<bdi>.*?</bdi>", "", text)
    said = re.sub(r'<[^>]*>|\b[\w-]+="[^"]*"', "", text) + " ".join(
        re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*)"', text)
    )
    assert [word for word in outside(said) if not re.match("[一-鿿]", word)] == []


def test_nothing_is_cut_off_on_a_narrow_telephone(
    site: Flask, shown: dict[str, str], open_page: Callable[..., Page]
) -> None:
    wrong = {}

    def serve(environ: Any, start: Any) -> Any:
        name = environ["PATH_INFO"].removeprefix("/shown/").encode("latin-1").decode()
        if name not in shown:
            return site(environ, start)
        start("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [shown[name].encode()]

    with serving(serve) as url:
        page = open_page(f"{url}/page")
        for name in shown:
            page.goto(f"{url}/shown/{name}")
            if name == "banner":
                expect(page.frame_locator("iframe").get_by_role("button").first).to_be_visible()
                assert page.frames[1].evaluate("document.documentElement.scrollWidth <= innerWidth")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 740})
                if found := page.evaluate(CUT):
                    wrong[name, width] = found
    assert wrong == {}


def test_dialogs_hold_long_words_and_no_other_ones(site: Flask, open_page: Callable[..., Page]) -> None:
    with serving(site) as url:
        page = open_page(f"{url}/page", viewport={"width": 320, "height": 740})
        page.locator("[data-compliance=banner] [value=reject]").click()
        expect(page.locator("[data-compliance=banner]")).to_be_hidden()
        for link in ("report", "message", "consent"):
            page.goto(f"{url}/page")
            page.locator(f"[data-compliance=footer] a[href*='/compliance/{link}'][data-form]").click()
            dialog = page.locator("dialog.compliance-dialog")
            expect(dialog.locator("h1")).to_be_visible()
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 740})
                assert page.evaluate(CUT) == []
            assert untranslated(f"<dialog>{dialog.evaluate('dialog => dialog.getHTML()')}</dialog>", ("Ours",)) == []


def test_arabic_fits_and_its_timeline_is_on_the_right(
    settings: dict[str, Any], host: Flask, open_page: Callable[..., Page]
) -> None:
    settings["site"]["languages"] = ["ar"]
    settings["site"]["slogan"] = "عصر جديد"
    settings["messages"] = {"challenge": "none"}
    Compliance(host, settings=settings)
    with serving(host) as url:
        page = open_page(f"{url}/compliance/message", viewport={"width": 360, "height": 740})
        page.locator("[name=body]").fill("هناك خطأ.")
        page.locator("main .compliance-form .compliance-buttons button").click()
        event = page.locator(".compliance-timeline li").first
        expect(event).to_be_visible()
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate(CUT) == []
            sides = event.evaluate("""event => {
              const dot = getComputedStyle(event, "::before"), box = event.getBoundingClientRect()
              const time = event.querySelector("time"), text = document.createRange()
              text.selectNodeContents(time)
              return [box.right - parseFloat(dot.right) - parseFloat(dot.width), text.getBoundingClientRect().right]
            }""")
            assert sides[0] >= sides[1], "the text stands beside its dot"
