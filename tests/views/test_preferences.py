"""The preference page: what a reader learns before choosing, and that choosing is equally easy either way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from compliance import Compliance
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.browser import serving
from support.host import SETTINGS, create_app

COOKIES = [
    {"name": "session", "purpose": {"en": "Keeps a form.", "zh_CN": "保存表单内容。"}},
    {"name": "_pk_id*", "category": "analytics", "provider": "Matomo", "purpose": "Counts.", "lifetime": "13 months"},
]
TRACKERS = [
    {"host": "hm.baidu.com", "category": "analytics"},
    {"host": "stats.example.org", "category": "analytics", "provider": {"en": "Counter", "zh_CN": "计数器"}}
    | {"country": "US", "purpose": "Counts <all>.", "policy": "https://stats.example.org/p", "cookies": ["_c"]},
    {"host": "captcha.example.org", "category": "necessary", "country": "CN"},
]
CONSENT = {"mode": "opt-in", "categories": ["analytics", "social"], "cookies": COOKIES, "trackers": TRACKERS}


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"consent": CONSENT}


def part(client: Any, category: str, lang: str) -> str:
    page = BeautifulSoup(client.get(f"/compliance/consent?lang={lang}").text, "html.parser")
    heading = page.find(id=category)
    section = heading and heading.find_parent(class_="compliance-category")
    assert isinstance(section, Tag)
    return " ".join(section.get_text(" ").split())


@pytest.mark.parametrize(
    ("category", "lang", "said"),
    [
        ("necessary", "en", ["compliance_consent", "Keeps a form.", "captcha.example.org", "In mainland China."]),
        (
            "analytics",
            "en",
            ["_pk_id*", "Set by Matomo.", "13 months", "Baidu Tongji", "hm.baidu.com", "Counts <all>."],
        ),
        ("analytics", "en", ["Counter", "Outside mainland China (United States): your information goes there.", "_c"]),
        ("analytics", "zh-CN", ["百度统计", "境内。", "计数器", "境外（美国），您的信息将传输至境外。", "信息接收方"]),
        ("social", "en", ["At present the site names no cookie and no recipient here."]),
        ("social", "zh-CN", ["本网站目前未列明此类 Cookie 或者信息接收方。"]),
    ],
)
def test_every_category_lists_its_cookies_and_who_receives_what(
    client: Any, category: str, lang: str, said: list[str]
) -> None:
    text = part(client, category, lang)
    assert [words for words in said if words not in text] == []


def test_page_says_whose_list_it_is(client: Any) -> None:
    page = client.get("/compliance/consent").text
    assert "has declared" in page and "Other trackers that are recognised by their addresses" in page


def test_statement_of_a_recipient_does_not_learn_where_the_reader_came_from(client: Any) -> None:
    link = BeautifulSoup(client.get("/compliance/consent").text, "html.parser").select_one('[href$="example.org/p"]')
    assert link is not None and link["rel"] == ["noopener", "noreferrer"]


def expired(client: Any, choice: str, cookies: str, host: str = "www.news.example") -> set[tuple[str, str | None]]:
    """The cookies that a decision takes away, each with its domain."""
    answer = client.post(
        "/compliance/consent",
        data={"choice": choice, "category": "social"},
        headers={"Cookie": cookies},
        base_url=f"http://{host}",
    )
    assert answer.status_code == 303
    found = set()
    for line in answer.headers.getlist("Set-Cookie"):
        attributes = dict(part.partition("=")[::2] for part in line.split("; "))
        if attributes.get("Max-Age") == "0":
            assert attributes["Path"] == "/"
            found.add((line.partition("=")[0], attributes.get("Domain")))
    return found


ALL = "_pk_id.1.ab=1; session=2; theirs=3; Hm_lvt_0=4"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("accept", set()),
        ("reject", {"_pk_id.1.ab", "Hm_lvt_0"}),
        ("withdraw", {"_pk_id.1.ab", "Hm_lvt_0"}),
        ("custom", {"_pk_id.1.ab", "Hm_lvt_0"}),
    ],
)
def test_decision_takes_away_the_cookies_that_it_does_not_allow(app: Flask, choice: str, names: set[str]) -> None:
    domains = {None, "www.news.example", "news.example"}
    assert expired(app.test_client(use_cookies=False), choice, ALL) == {
        (name, one) for name in names for one in domains
    }


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
def test_host_without_hosts_above_it_names_no_domain(app: Flask, address: str) -> None:
    assert {domain for _, domain in expired(app.test_client(use_cookies=False), "reject", ALL, address)} == {None}


@pytest.mark.parametrize(
    "cookies",
    ["; ".join(f"_pk_id{number}=1" for number in range(500)), "_pk_id\xe9=1", '_pk_id"<>=1', "_pk_id\t=1; =; ;;"],
)
def test_cookies_without_end_or_sense_do_no_harm(app: Flask, cookies: str) -> None:
    found = expired(app.test_client(use_cookies=False), "reject", cookies)
    assert len(found) <= 20 and all(name.isascii() for name, _ in found)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    app = create_app()
    Compliance(app, settings=SETTINGS | {"consent": CONSENT})
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("width", [320, 1440])
@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_refusing_and_withdrawing_is_as_easy_as_agreeing(site: str, open_page: Any, width: int, scripts: bool) -> None:
    size = {"width": width, "height": 800}
    page = open_page(f"{site}/compliance/consent", viewport=size, java_script_enabled=scripts)

    def first(name: str) -> Any:
        return page.get_by_role("button", name=name).first

    for other, said in (
        ("Decline", "You declined optional cookies."),
        ("Withdraw consent", "You withdrew your consent."),
    ):
        agree, refuse = first("I Agree"), first(other)
        boxes = agree.bounding_box(), refuse.bounding_box()
        assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
        assert boxes[1]["height"] >= 44
        if scripts:
            colours = "node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
            assert agree.evaluate(colours) == refuse.evaluate(colours)
        refuse.click()
        page.get_by_text(said).wait_for()
        first("I Agree").click()
        page.get_by_text("You agreed.").wait_for()


def test_enter_saves_what_is_ticked(site: str, open_page: Any) -> None:
    page = open_page(f"{site}/compliance/consent", java_script_enabled=False)
    page.get_by_role("checkbox", name="Analytics").check()
    page.get_by_role("checkbox", name="Analytics").press("Enter")
    page.get_by_text("You made a choice of your own.").wait_for()
    assert page.get_by_role("checkbox", name="Analytics").is_checked()
    assert not page.get_by_role("checkbox", name="Social media").is_checked()
