"""A site in many languages: which of them a page gets, and what a reader of a language without legal texts gets."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import PAGE, SETTINGS, create_app
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance
from compliance.i18n import catalogue
from compliance.paths import TRANSLATIONS

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
    assert part(str(banner), "[value=reject]").text == catalogue(lang.replace("-", "_")).gettext("Decline")


def test_page_gets_no_language_that_the_site_does_not_have(client: FlaskClient) -> None:
    client.application.add_url_rule("/de", "german", lambda: PAGE.format(lang="de"))
    assert part(client.get("/de").text, "[data-compliance=banner]")["lang"] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_legal_text_in_another_language_says_so(site: FlaskClient, language: str) -> None:
    said = catalogue(language).gettext
    html = site.get(f"/compliance/legal/privacy?lang={language}").text
    article = part(html, "article")
    text = language if language in ("en", "zh_CN") else "zh_CN" if language == "zh_TW" else "en"
    assert (article["lang"], article["dir"]) == (text.replace("_", "-"), "ltr")
    assert (said("This document is not available in your language yet.") in html) is (text != language)
    if text != language:
        assert part(html, "h1").text == said("Privacy Policy")


@pytest.mark.parametrize("language", LANGUAGES)
def test_footer_is_in_one_language(site: FlaskClient, language: str) -> None:
    said = catalogue(language).gettext
    links = part(site.get(f"/in/{language.replace('_', '-')}").text, "footer nav").select("a")
    assert [link.text for link in links][2:] == [
        said(name) for name in ("Terms of Use", "About Us", "Contact Us", "Cookie settings")
    ]


def test_text_for_another_country_is_no_other_language(host: Flask, settings: dict[str, Any]) -> None:
    settings["site"]["languages"] = ["en_GB"]
    settings["site"]["slogan"] = "New Era"
    Compliance(host, settings=settings)
    assert "not available in your language" not in host.test_client().get("/compliance/legal/privacy").text
