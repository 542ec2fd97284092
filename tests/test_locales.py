"""A site in many languages: which of them a page gets, and what a reader of a language without legal texts gets."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance
from compliance.i18n import translator
from compliance.paths import TRANSLATIONS
from support.host import PAGE, SETTINGS, create_app

ASSETS = Path(__file__).parents[1] / "assets"
LANGUAGES = sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def site() -> FlaskClient:
    """A site in every language that there is, English first, with a page in any language under `/in/<tag>`."""
    host, settings = create_app(), deepcopy(SETTINGS)
    host.add_url_rule("/in/<tag>", "in", lambda tag: PAGE.format(lang=tag))
    settings["site"]["languages"] = ["en", *(language for language in LANGUAGES if language != "en")]
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"]}
    Compliance(host, settings=settings)
    return host.test_client()


def part(html: str, selector: str) -> Tag:
    found = BeautifulSoup(html, "html.parser").select_one(selector)
    assert found
    return found


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        *((language.replace("_", "-"),) * 2 for language in LANGUAGES),
        *((tag, "zh-TW") for tag in ("zh-Hant", "zh-hant-hk", "zh-HK", "zh-MO", "zh-Hant-CN")),
        *((tag, "zh-CN") for tag in ("zh", "zh-Hans", "zh-Hans-HK", "zh-SG", "zh-MY")),
        ("en-GB", "en"),
        ("ja-JP", "ja"),
        ("fr-CA", "fr"),
        ("eo", "en"),
    ],
)
def test_page_gets_the_nearest_language(site: FlaskClient, tag: str, lang: str) -> None:
    banner = part(site.get(f"/in/{tag}").text, "[data-compliance=banner]")
    assert banner["lang"] == lang
    assert part(str(banner), "[value=reject]").text == translator(lang.replace("-", "_")).markup("Decline")


def test_page_gets_no_language_that_the_site_does_not_have(client: FlaskClient) -> None:
    client.application.add_url_rule("/de", "german", lambda: PAGE.format(lang="de"))
    assert part(client.get("/de").text, "[data-compliance=banner]")["lang"] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_legal_text_in_another_language_says_so(site: FlaskClient, language: str) -> None:
    said = translator(language).markup
    html = site.get(f"/compliance/legal/privacy?lang={language}").text
    article = part(html, "article")
    text = language if language in ("en", "zh_CN") else "zh_CN" if language == "zh_TW" else "en"
    assert (article["lang"], article["dir"]) == (text.replace("_", "-"), "ltr")
    assert (said("This document is not available in your language yet.") in html) is (text != language)
    if text != language:
        assert part(html, "h1").text == said("Privacy Policy")


@pytest.mark.parametrize("language", LANGUAGES)
def test_footer_is_in_one_language(site: FlaskClient, language: str) -> None:
    said = translator(language).markup
    links = part(site.get(f"/in/{language.replace('_', '-')}").text, "footer nav").select("a")
    assert [link.text for link in links][2:] == [
        said(name)
        for name in (
            "Rules for Children’s Personal Information",
            "Terms of Use",
            "About Us",
            "Contact Us",
            "Cookie settings",
        )
    ]


def test_text_for_another_country_is_no_other_language(host: Flask, settings: dict[str, Any]) -> None:
    settings["site"]["languages"] = ["en_GB"]
    settings["site"]["slogan"] = "New Era"
    Compliance(host, settings=settings)
    assert "not available in your language" not in host.test_client().get("/compliance/legal/privacy").text


# Right to left

PHYSICAL = r"""(?x)
    (?<![\w-]) (?: (?:(?:scroll-)?(?:margin|padding)|inset|border)-(?:left|right) [\w-]* | left | right ) \s* :
  | (?<![\w-]) (?: text-align|float|clear ) : \s* (?: left|right ) (?![\w-])
"""
#: Four values in the order of the clock: the second and the last are sides.
CLOCKWISE = r"(?<![\w-])(?:margin|padding|inset|border-width):\s*(\S+) (\S+) (\S+) (\S+?)\s*[;}]"


@pytest.mark.parametrize("path", sorted(ASSETS.rglob("*.css")), ids=lambda path: path.name)
def test_stylesheets_know_start_and_end_alone(path: Path) -> None:
    css = path.read_text(encoding="utf-8")
    assert re.findall(PHYSICAL, css) == []
    assert [sides.group() for sides in re.finditer(CLOCKWISE, css) if sides[2] != sides[4]] == []


@pytest.mark.parametrize(
    "path", ["/in/ar", "/compliance/report?lang=ar", "/compliance/message?lang=ar", "/compliance/consent?lang=ar"]
)
def test_arabic_runs_from_right_to_left_and_its_numbers_stand_apart(site: FlaskClient, path: str) -> None:
    soup = BeautifulSoup(site.get(path).text, "html.parser")
    roots = soup.select("[data-compliance][lang]:not([data-compliance=assets])")
    roots += [soup.html] if path != "/in/ar" and soup.html else []
    assert [(root["lang"], root["dir"]) for root in roots] == [("ar", "rtl")] * len(roots)
    assert len(roots) > 3
    numbers = soup.find_all(string=re.compile(r"67158993|20009753|50120220004|@ichongqing"))
    assert len(numbers) > 3
    assert [number for number in numbers if not number.find_parent("bdi")] == []
