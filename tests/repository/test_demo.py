from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from compliance import Compliance
from demo import create_app, illustrations
from demo.articles import CONTENT, read_articles
from demo.news import LANGUAGES

ROOT = Path(__file__).parents[2]
ARTICLE = "/articles/consuls-general-two-sessions"
PREFIX = {"en": "", "zh": "/zh"}
LOCALE = {"en": "en", "zh": "zh-CN"}
#: What of the demo is not the site: an article that prints what we give it, the console beside it, what that shows.
OURS = ("article.html", "console.py", "decisions.py")


Get = Callable[..., TestResponse]


@pytest.fixture
def get() -> Get:
    app = create_app()
    app.testing = True
    return partial(app.test_client().get, buffered=True)  # buffered: files are closed


def soup(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.data, "html.parser", from_encoding="utf-8")


def addresses(prefix: str) -> list[str]:
    return [
        f"{prefix}/",
        *(f"{prefix}/articles/{slug}" for slug in read_articles("en")),
        f"{prefix}/tags/rivers",
        f"{prefix}/search?q=a",
        f"{prefix}/archive",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_tells_its_language_and_leads_to_its_twin(get: Get, language: str) -> None:
    other = "zh" if language == "en" else "en"
    for address in addresses(PREFIX[language]):
        page = soup(get(address))
        assert page.html["lang"] == LOCALE[language], address
        twin = soup(get(page.select_one("a.other")["href"]))
        assert twin.html["lang"] == LOCALE[other], address
        assert twin.select_one("a.other")["href"] == address


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_and_picture_of_every_page_is_there(get: Get, language: str) -> None:
    seen = set()
    for address in addresses(PREFIX[language]):
        for node in soup(get(address)).select("[href], [src], [action]"):
            target = node.get("href") or node.get("src") or node.get("action")
            if not target.startswith("#"):
                seen.add(target)
    assert all(target.startswith("/") for target in seen), "something is fetched from elsewhere"
    assert {target: get(target).status_code for target in seen} == dict.fromkeys(seen, 200)


def test_pages_obey_the_policy_that_they_send(get: Get) -> None:
    for address in (*addresses(""), *addresses("/zh"), "/nothing", "/archive/hill-city.html"):
        response = get(address)
        assert response.headers["Content-Security-Policy"] == "default-src 'self'"
        page = soup(response)
        assert not page.select("style, script, [style]"), address
        assert not [name for node in page.find_all() for name in node.attrs if name.startswith("on")], address


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("/tags/rivers", "Articles on Rivers"),
        ("/zh/tags/rivers", "栏目文章：江河"),
        ("/search?q=river", "Articles found for river"),
        ("/zh/search?q=江", "搜索结果：江"),
        ("/zh/archive", "往期"),
    ],
)
def test_headings_are_spaced_as_their_language_is(get: Get, address: str, heading: str) -> None:
    assert soup(get(address)).h1.text == heading


@pytest.mark.parametrize(
    ("language", "byline", "heads"),
    [
        ("en", "By YAN DENG|Jan 14,2023", ["Hungary", "Belarus", "Japan"]),
        ("zh", "作者 YAN DENG|2023年1月14日", ["匈牙利", "白俄罗斯", "日本"]),
    ],
)
def test_article_carries_byline_subheads_captions_and_credits(
    get: Get, language: str, byline: str, heads: list[str]
) -> None:
    article = soup(get(PREFIX[language] + ARTICLE)).article
    assert article.select_one(".byline").text == byline
    assert [head.text[: len(start)] for head, start in zip(article.select(".prose h2"), heads, strict=True)] == heads
    assert len(article.select("figure")) == 4
    gap = {"en": ". (", "zh": "。（"}[language]
    assert all(gap in figure.figcaption.text for figure in article.select("figure"))
    assert all(figure.img["alt"] and figure.figcaption.text for figure in article.select("figure"))
    assert len(article.select(".credits span")) == 3


@pytest.mark.parametrize("prefix", PREFIX.values())
def test_facts_of_the_article_are_the_reported_ones(get: Get, prefix: str) -> None:
    text = soup(get(prefix + ARTICLE)).article.text
    for fact in ("Gergely Kadar", "Dmitry Yemelyanov", "Takada Mari", "48.5%", "17", "2022", "2023"):
        assert fact in text or (fact == "17" and "Seventeen" in text), fact


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/search?q=TRIPE", ["nine-squares-one-pot"]),
        ("/zh/search?q=毛肚", ["nine-squares-one-pot"]),
        ("/search?q=nowhere-to-be-found", []),
        ("/search?q=", []),
        ("/search?q=<b>", []),  # markup is not text
        ("/tags/food", ["nine-squares-one-pot"]),
    ],
)
def test_lists_show_the_articles_asked_for(get: Get, address: str, found: list[str]) -> None:
    cards = soup(get(address)).select(".cards :is(h2, h3) a")
    assert [card["href"].rsplit("/", 1)[1] for card in cards] == found


def test_search_word_is_shown_as_text(get: Get) -> None:
    response = get('/search?q="><script>alert(1)</script>')
    assert b"<script>" not in response.data


@pytest.mark.parametrize(
    ("address", "locale"),
    [
        ("/nothing", "en"),
        ("/zh/nothing", "zh-CN"),
        ("/zhongxian", "en"),
        ("/zh/tags/none", "zh-CN"),
        (ARTICLE + "x", "en"),
    ],
)
def test_missing_page_is_answered_in_the_language_of_its_address(get: Get, address: str, locale: str) -> None:
    response = get(address)
    page = soup(response)
    assert (response.status_code, page.html["lang"]) == (404, locale)
    assert page.select_one("main a")["href"] == ("/zh/" if locale == "zh-CN" else "/")


def test_old_page_goes_out_in_gbk_and_says_so_itself(get: Get) -> None:
    response = get("/archive/hill-city.html")
    assert response.headers["Content-Type"] == "text/html"
    assert "山城小记" in response.data.decode("gbk")
    assert b"charset=gb2312" in response.data
    with pytest.raises(UnicodeDecodeError):
        response.data.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_feed_lists_every_article(get: Get, language: str) -> None:
    response = get(PREFIX[language] + "/feed.xml")
    assert response.mimetype == "application/rss+xml"
    channel = ElementTree.fromstring(response.data)[0]
    links = [item.findtext("link") for item in channel.iter("item")]
    assert links == [f"http://localhost{PREFIX[language]}/articles/{slug}" for slug in read_articles(language)]
    assert channel.findtext("item/pubDate") == "Sat, 14 Jan 2023 00:00:00 +0000"


def test_unchanged_page_is_not_sent_again(get: Get) -> None:
    first = get(ARTICLE)
    again = get(ARTICLE, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_texts_have_the_same_keys_in_both_languages() -> None:
    texts = tomllib.loads((CONTENT / "texts.toml").read_text(encoding="utf-8"))
    assert texts["en"].keys() == texts["zh"].keys()
    assert texts["en"]["tags"].keys() == texts["zh"]["tags"].keys()


@pytest.mark.parametrize("scene", illustrations.SCENES, ids=lambda scene: scene.__name__)
def test_pictures_are_those_that_the_script_draws(scene: illustrations.Scene) -> None:
    drawn = (illustrations.FOLDER / f"{scene.__name__}.svg").read_text(encoding="utf-8")
    assert illustrations.draw(scene) == drawn
    ElementTree.fromstring(drawn)


def test_site_knows_nothing_of_compliance_but_what_its_articles_print() -> None:
    for path in (ROOT / "demo").rglob("*"):
        if path.suffix in {".py", ".html", ".toml", ".css", ".xml"} and path.name not in OURS:
            assert b"compliance" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("prefix", "words"), [("", ["Correction of", "AI-generated"]), ("/zh", ["更正", "人工智能生成"])]
)
def test_articles_print_what_the_law_wants_where_the_functions_are(
    prefix: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_SETTINGS", str(ROOT / "compliance.toml"))
    app = create_app()
    app.secret_key, app.instance_path = "0123456789abcdef", str(tmp_path)
    Compliance(app)
    corrected, generated = (
        soup(app.test_client().get(f"{prefix}/articles/{slug}", buffered=True)).article
        for slug in ("where-two-rivers-meet", "nine-squares-one-pot")
    )
    assert words[0] in corrected.select_one(".compliance-correction").text
    assert words[1] in generated.select_one(".compliance-ai-label").text
    assert len(generated.select(".compliance-credits span")) == 3 and not generated.select(".credits")
