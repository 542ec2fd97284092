"""Versions of legal documents as readers meet them: what changed, what is to come, who is asked again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from compliance import Compliance
from compliance.deadlines import day
from compliance.documents import Library
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.browser import serving
from support.examples import examples

FRONT = "---\ntitle: {title}\nversion: {version}\neffective: {effective}\nmaterial: {material}\n---\n"
TODAY = day(datetime.now(UTC))
#: Versions of the privacy statement: one of the past, the one in force, one to come.
TEXTS = {
    "1": (-400, "## Logs\n\nWe keep logs for six months.\n\n## Rights\n\nWrite to us."),
    "2": (-30, "## Logs\n\nWe keep logs for twelve months.\n\n## Rights\n\nWrite to us."),
    "3": (+30, "## Logs\n\nWe keep logs for two years.\n\n## Rights\n\nWrite to us.\n\n## Children\n\nAsk a parent."),
}
CHINESE = {
    "1": (-400, "## 日志\n\n日志保存六个月。"),
    "2": (-30, "## 日志\n\n日志保存十二个月。"),
}
Wrap = Callable[..., FlaskClient]


@pytest.fixture
def wrap(host: Flask, settings: dict[str, Any], tmp_path: Path) -> Wrap:
    """Wrap the host with documents of its own: *versions* of them, those of them *material* that ask again."""

    def wrap(*versions: str, material: str = "123", **consent: Any) -> FlaskClient:
        for language, title, texts in (("en", "Privacy statement", TEXTS), ("zh_CN", "隐私政策", CHINESE)):
            (tmp_path / language).mkdir()
            for version, (days, text) in texts.items():
                if version in (versions or texts):
                    path = tmp_path / language / f"privacy.{version}.md"
                    fields = {"effective": TODAY + timedelta(days=days), "material": str(version in material).lower()}
                    path.write_text(FRONT.format(title=title, version=version, **fields) + text, encoding="utf-8")
        settings["legal"] = {"directory": str(tmp_path)}
        settings["consent"] = {"mode": "opt-in", "categories": ["analytics"], **consent}
        Compliance(host, settings=settings)
        return host.test_client()

    return wrap


def soup(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == status
    return BeautifulSoup(response.text, "html.parser")


def words(node: Tag | None) -> str:
    assert node is not None
    return " ".join(node.get_text(" ").split())


def leads(page: BeautifulSoup, part: str) -> list[str]:
    return [str(link["href"]) for link in page.select("a[href]") if part in str(link["href"])]


# The page of what changed


@pytest.mark.parametrize(
    ("lang", "removed", "added"), [("en", ["six"], ["twelve"]), ("zh-CN", ["六"], ["十二"])], ids=["en", "zh"]
)
def test_page_marks_what_was_removed_and_added(wrap: Wrap, lang: str, removed: list[str], added: list[str]) -> None:
    page = soup(wrap(), f"/compliance/legal/privacy/1/2?lang={lang}")
    passage = page.select_one("[data-kind=changed]")
    assert passage is not None
    for aloud in passage.select(".compliance-aloud"):
        assert words(aloud)  # said to those who hear the page
        aloud.decompose()
    assert [words(mark) for mark in passage.select("del")] == removed
    assert [words(mark) for mark in passage.select("ins")] == added
    assert passage.find_parent(lang=True)["lang"] == lang  # type: ignore[index]  # the page itself has one
    assert [words(heading) for heading in page.select(".compliance-changes h2")] == ["Logs" if lang == "en" else "日志"]


def test_versions_may_be_named_in_any_order(wrap: Wrap) -> None:
    client = wrap()
    one, other = (soup(client, f"/compliance/legal/privacy/{path}").main for path in ("1/2", "2/1"))
    assert one == other


def test_page_may_be_cached_like_the_documents(wrap: Wrap) -> None:
    client = wrap()
    first = client.get("/compliance/legal/privacy/1/2")
    assert first.cache_control.public and "Set-Cookie" not in first.headers
    again = client.get("/compliance/legal/privacy/1/2", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["privacy/1/9", "privacy/1/1", "nothing/1/2", "privacy/1/..%2f2", "privacy/1/2/3"])
def test_comparison_with_what_is_not_there_is_404(wrap: Wrap, path: str) -> None:
    soup(wrap(), f"/compliance/legal/{path}", 404)


def test_page_has_no_inline_script_or_style(wrap: Wrap) -> None:
    page = wrap().get("/compliance/legal/privacy/1/3").text
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=", page)


def test_text_of_a_document_stays_text(wrap: Wrap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, "2", (-30, "## <b>Logs\n\n<script>alert(1)</script> six months."))
    page = soup(wrap(), "/compliance/legal/privacy/1/2")
    assert page.main is not None
    assert not page.main.select("script, b") and "<script>alert(1)</script>" in page.main.get_text()


# What pages say of themselves to programs

SITE = "https://www.ichongqing.info/compliance/legal"


def told(page: BeautifulSoup) -> dict[str, Any]:
    block = page.select_one("script[type='application/ld+json']")
    assert block is not None
    return dict(json.loads(block.get_text()))


def test_page_describes_itself_in_the_words_of_schema_org(wrap: Wrap) -> None:
    client = wrap()
    said = told(soup(client, "/compliance/legal/privacy?lang=zh-CN"))
    published, modified = (TODAY + timedelta(days=days) for days in (-400, -30))
    assert said["@context"] == "https://schema.org" and said["@type"] == "WebPage"
    assert {name: said[name] for name in ("name", "url", "inLanguage", "version", "description")} == {
        "name": "隐私政策",
        "url": f"{SITE}/privacy?lang=zh-CN",
        "inLanguage": "zh-CN",
        "version": "2",
        "description": "日志保存十二个月。",
    }
    assert (said["datePublished"], said["dateModified"]) == (published.isoformat(), modified.isoformat())
    assert said["isPartOf"] == {"@type": "WebSite", "name": "iChongqing", "url": "https://www.ichongqing.info"}
    publisher = said["publisher"]
    assert publisher["@type"] == "Organization" and publisher["url"] == "https://www.ichongqing.info"
    assert publisher["legalName"] == "Chongqing International Communication Center"
    assert {point.get("telephone") for point in publisher["contactPoint"]} == {None, "+86-23-67158993"}
    assert "datePublished" not in told(soup(client, "/compliance/legal/privacy/3"))


@pytest.mark.parametrize(("name", "kind"), [("about", "AboutPage"), ("contact", "ContactPage"), ("terms", "WebPage")])
def test_pages_about_the_site_say_so(client: FlaskClient, name: str, kind: str) -> None:
    assert told(soup(client, f"/compliance/legal/{name}"))["@type"] == kind


@given(words=st.text(min_size=1, max_size=40))
@example("</script><script>alert(1)</script>")
@example("<!--<script>")
@example("]]>&lt;/script&gt;\\u003c/script>\u2028")
@bounded(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_title_ends_the_block_that_it_is_told_in(client: FlaskClient, words: str) -> None:
    state = client.application.extensions["compliance"]
    document = replace(state.documents.get("terms", "en"), title=words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "documents", Library([document], ["en"]))
        text = client.get("/compliance/legal/terms").text
    # As browsers read it: to the next end tag, in which nothing is a character reference.
    block = re.search(r'<script type="application/ld\+json">(.*?)</script', text, re.DOTALL | re.IGNORECASE)
    assert block is not None and "<" not in block[1]
    assert json.loads(block[1])["name"] == words


def test_every_version_has_an_address_for_ever_and_one_page_stands_for_each_text(wrap: Wrap) -> None:
    client = wrap()

    def links(path: str) -> dict[str, list[str]]:
        page = soup(client, f"/compliance/legal/privacy{path}")
        return {rel: [str(link["href"]) for link in page.select(f"[rel={rel}]")] for rel in ("canonical", "bookmark")}

    today = {"canonical": [f"{SITE}/privacy?lang=en"], "bookmark": ["/compliance/legal/privacy/2?lang=en"]}
    earlier = {"canonical": [f"{SITE}/privacy/1?lang=zh-CN"], "bookmark": ["/compliance/legal/privacy/1?lang=zh-CN"]}
    assert links("") == links("?lang=en") == links("/2?lang=en") == today
    assert links("/1?lang=zh-CN") == earlier
    # What there is in English alone is named in English, whoever reads it.
    assert links("/3?lang=zh-CN")["canonical"] == [f"{SITE}/privacy/3?lang=en"]


@pytest.mark.parametrize(
    ("path", "languages"), [("", ["en", "zh-CN"]), ("/1", ["en", "zh-CN"]), ("/3", ["en"])], ids=["today", "1", "3"]
)
def test_page_names_its_translations(wrap: Wrap, path: str, languages: list[str]) -> None:
    page = soup(wrap(), f"/compliance/legal/privacy{path}")
    alternates = {str(link["hreflang"]): str(link["href"]) for link in page.select("link[rel=alternate]")}
    assert alternates == {
        **{language: f"{SITE}/privacy{path}?lang={language}" for language in languages},
        "x-default": f"{SITE}/privacy{path}",
    }
    shown = [words(item) for item in page.select(".compliance-languages li")]
    assert shown == (["English", "简体中文"] if len(languages) > 1 else [])


@pytest.mark.parametrize(
    ("path", "robots"),
    [
        ("legal/privacy", None),
        ("legal/privacy/1", None),
        ("legal/privacy/1/2", "noindex"),
        *((path, "noindex") for path in ("consent", "message", "report", "legal/nothing")),
        *((path, "noindex, nofollow, noarchive") for path in ("case", "receipt/R-20261124-7K3M9Q-4")),
    ],
)
def test_search_engines_find_the_documents_alone(wrap: Wrap, path: str, robots: str | None) -> None:
    assert wrap().get(f"/compliance/{path}").headers.get("X-Robots-Tag") == robots


@pytest.mark.parametrize(("path", "shared"), [("consent", "same-origin"), ("static/pages.css", "cross-origin")])
def test_pages_are_for_no_other_site_but_a_copy_of_one_finds_its_styles(wrap: Wrap, path: str, shared: str) -> None:
    client = wrap()
    for scheme, opener in (("http", None), ("https", "same-origin")):
        headers = client.get(f"/compliance/{path}", base_url=f"{scheme}://localhost").headers
        assert headers["Cross-Origin-Resource-Policy"] == shared
        assert headers.get("Cross-Origin-Opener-Policy") == opener


# Versions to come


def test_coming_version_can_be_read_and_says_so(wrap: Wrap) -> None:
    client = wrap()
    page = soup(client, "/compliance/legal/privacy/3")
    assert "This version is not in force yet." in words(page.main) and "two years" in words(page.article)
    today = soup(client, "/compliance/legal/privacy")
    assert "twelve months" in words(today.article) and "A new version takes effect on" in words(today.main)
    assert {"/compliance/legal/privacy/3?lang=en", "/compliance/legal/privacy/2/3?lang=en"} <= set(
        leads(today, "privacy")
    )
    assert "To come" in words(soup(client, "/compliance/legal/privacy/2/3").main)


def test_document_of_the_future_is_read_at_its_address_only(wrap: Wrap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHINESE, "3", (+30, "## 日志\n\n日志保存两年。"))
    client = wrap("3")
    soup(client, "/compliance/legal/privacy", 404)
    page = soup(client, "/compliance/legal/privacy/3")
    assert "not in force yet" in words(page.main) and "Read the one" not in words(page.main)


def test_history_lists_every_version_with_what_changed_in_it(wrap: Wrap) -> None:
    history = soup(wrap(), "/compliance/legal/privacy?lang=en").select_one(".compliance-versions")
    assert history is not None
    assert [
        str(link["href"]).partition("?")[0].removeprefix("/compliance/legal/privacy/") for link in history("a")
    ] == [
        *("3", "2/3", "2", "1/2", "1"),
    ]


# Asking again


def links_of_banner(client: FlaskClient, path: str = "/") -> list[str]:
    banner = soup(client, path).find(attrs={"data-compliance": "banner"})
    assert isinstance(banner, Tag)
    return [str(link["href"]).partition("?")[0] for link in banner.select("p a")]


@pytest.mark.parametrize("path", ["/", "/zh"])
def test_banner_leads_every_reader_to_what_changed(wrap: Wrap, path: str) -> None:
    assert links_of_banner(wrap(), path) == ["/compliance/legal/privacy/1/2"]


@pytest.mark.parametrize(("versions", "material"), [(("1",), "1"), (("2", "3"), "23"), (("1", "2"), "1"), ((), "")])
def test_banner_speaks_of_no_change_where_nobody_is_asked_again(
    wrap: Wrap, versions: tuple[str, ...], material: str
) -> None:
    assert links_of_banner(wrap(*versions, material=material)) == []


def test_reader_who_decided_on_an_earlier_version_is_told_what_changed_since(wrap: Wrap) -> None:
    client = wrap()
    decisions = client.application.extensions["compliance"].decisions
    made = decisions.decide("accept", [], policy="1+2026.1", now=datetime.now(UTC))
    client.set_cookie("compliance_consent", decisions.sign(made))
    page = soup(client, "/compliance/consent")
    assert "please choose again" in words(page.main) and "I Agree" in words(page.main)
    assert leads(page, "/legal/privacy/") == ["/compliance/legal/privacy/1/2?lang=en"]
    assert not page.select("[name=category][checked]")


def test_reader_who_decided_on_this_version_is_not_asked(wrap: Wrap) -> None:
    client = wrap()
    client.post("/compliance/consent", data={"choice": "reject"})
    page = soup(client, "/compliance/consent")
    assert "please choose again" not in words(page.main) and "You declined" in words(page.main)


# In a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["legal/privacy/1/3", "legal/privacy/3", "legal/privacy?lang=zh-CN", "consent"])
def test_axe_finds_nothing(wrap: Wrap, open_page: Any, path: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    with serving(wrap().application) as address:
        page = open_page(f"{address}/compliance/{path}", color_scheme=scheme)
        found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 1440])
def test_what_changed_fits_narrow_and_wide_windows(wrap: Wrap, open_page: Any, width: int) -> None:
    with serving(wrap().application) as address:
        page = open_page(f"{address}/compliance/legal/privacy/1/3", viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        line = "node => getComputedStyle(node).textDecorationLine"
        assert page.locator("[data-kind] del").first.evaluate(line) == "line-through"
        assert page.locator("[data-kind] ins").first.evaluate(line) == "underline"
