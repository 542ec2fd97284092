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
    {"host": "stats.example.org", "category": "advertising", "provider": {"en": "Counter", "zh_CN": "计数器"}}
    | {"country": "US", "purpose": "Counts <all>.", "policy": "https://stats.example.org/p", "cookies": ["_c"]}
    | {"contact": {"en": "Box 1", "zh_CN": "信箱1"}, "method": "By a script.", "information": "pages read"},
    {"host": "captcha.example.org", "category": "necessary", "country": "CN"},
]
CONSENT = {
    "mode": "opt-in",
    "categories": ["analytics", "advertising", "social"],
    "cookies": COOKIES,
    "trackers": TRACKERS,
}


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
        ("analytics", "zh-CN", ["对方自行处理所接收的信息。"]),
        ("necessary", "en", ["compliance_consent", "Keeps a form.", "captcha.example.org", "In mainland China."]),
        (
            "analytics",
            "en",
            ["_pk_id*", "Set by Matomo.", "13 months", "Baidu Tongji", "hm.baidu.com"],
        ),
        ("advertising", "en", ["Counter", "Counts <all>.", "Outside mainland China (United States): your information"]),
        (
            "advertising",
            "en",
            ["your information goes there.", "_c", "Counts <all>. By a script. Information: pages read."],
        ),
        ("advertising", "en", ["Contact: Box 1"]),
        ("analytics", "zh-CN", ["百度统计", "境内。", "信息接收方"]),
        ("advertising", "zh-CN", ["计数器", "境外（美国），您的信息将传输至境外。", "联系方式：信箱1"]),
        ("social", "en", ["At present the site names no cookie and no recipient here."]),
        ("social", "zh-CN", ["本类别目前没有登记 Cookie，也没有登记信息接收方。"]),
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
        data={"choice": choice} | ({"category": "social"} if choice == "custom" else {}),
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


# Names that trackers set on their own domains, and such as a site may choose itself.
NOT_THEIRS = """
    uid v JSESSIONID ID UID PID SUB Apache player ts d mc PREF fr xs loc SM cna cf_clearance __cf_bm
    _ga_session mp_basket amp_theme AMP_state zg_user um_role _i_18n _cb_theme recsPerPage _tb_width
    intercom-open ajs_theme taboola_menu twk_theme CNZZDATAx session remember_token csrftoken XSRF-TOKEN
    compliance_receipt compliance_other
"""


@pytest.mark.parametrize(
    ("mode", "choices"), [("notice", ["accept", "withdraw"]), ("opt-in", ["accept", "reject", "withdraw", "custom"])]
)
@pytest.mark.slow
def test_cookies_of_the_site_stay(settings: dict[str, Any], mode: str, choices: list[str]) -> None:
    app = create_app()
    Compliance(app, settings=settings | {"consent": {"mode": mode}})
    names = "; ".join(f"{name}=1" for name in NOT_THEIRS.split())
    for choice in choices:
        assert expired(app.test_client(use_cookies=False), choice, names) == set()


@pytest.mark.parametrize("key", ["SESSION_COOKIE_NAME", "REMEMBER_COOKIE_NAME", "JWT_ACCESS_COOKIE_NAME"])
@pytest.mark.parametrize("name", ["_ga", "uid", "_pk_id.1.ab", "Hm_lvt_0"])
def test_what_the_application_calls_its_own_stays_whatever_it_is_called(app: Flask, key: str, name: str) -> None:
    app.config[key] = name
    assert expired(app.test_client(use_cookies=False), "reject", f"{name}=1; _gid=2") == {
        ("_gid", domain) for domain in (None, "www.news.example", "news.example")
    }


def test_what_the_settings_name_goes_and_stays_as_they_say(settings: dict[str, Any]) -> None:
    purpose = "Counts."
    cookies = [
        {"name": "uid", "category": "analytics", "purpose": purpose},
        {"name": "_gid", "category": "necessary", "purpose": purpose},
    ]
    trackers = [
        {"host": "stats.example.org", "category": "analytics", "cookies": ["v", "st_*"], "entrusted": True},
        {"host": "hm.baidu.com", "category": "necessary"},
    ]
    app = create_app()
    Compliance(app, settings=settings | {"consent": {"mode": "opt-in", "cookies": cookies, "trackers": trackers}})
    sent = "uid=1; _gid=2; v=3; st_a=4; Hm_lvt_0=5; _fbp=6; d=7"
    assert {name for name, _ in expired(app.test_client(use_cookies=False), "reject", sent)} == {
        "uid",
        "v",
        "st_a",
        "_fbp",
    }


def followed(
    app: Flask, sent: str, headers: dict[str, str], host: str = "www.news.example"
) -> tuple[list[Any], set[str]]:
    """The answers up to the page that a refusal leads back to, and what a browser still holds then."""
    client = app.test_client()
    for pair in sent.split("; "):
        client.set_cookie(*pair.split("=", 1), domain=host, origin_only=True, httponly=True)
    answers = [
        client.post("/compliance/consent", data={"choice": "reject"}, headers=headers, base_url=f"http://{host}")
    ]
    while "/consent/kept" in answers[-1].headers.get("Location", ""):
        answers.append(client.get(answers[-1].headers["Location"], headers=headers, base_url=f"http://{host}"))
    return answers, {cookie.key for cookie in client._cookies.values()} - {"compliance_consent"}


@pytest.mark.parametrize("count", [1, 6, 7, 49, 100])
@pytest.mark.parametrize(("headers", "status"), [({}, 303), ({"Accept": "application/json"}, 204)])
def test_all_cookies_go_with_one_click_in_answers_that_a_proxy_takes(
    app: Flask, count: int, headers: dict[str, str], status: int
) -> None:
    sent = "; ".join([*(f"_pk_id.{number}.ab=1" for number in range(count)), "mine=2"])
    answers, left = followed(app, sent, headers)
    assert left == {"mine"}
    assert answers[-1].status_code == status and len(answers) <= 19
    assert all(len(str(answer.headers)) < 4096 for answer in answers)
    assert all("no-store" in answer.headers["Cache-Control"] for answer in answers)


def test_more_cookies_than_redirections_still_lead_back(app: Flask) -> None:
    answers, _ = followed(app, "; ".join(f"_pk_id.{number}.ab=1" for number in range(600)), {})
    assert len(answers) <= 19 and answers[-1].headers["Location"] == "/"


def test_a_link_elsewhere_takes_nothing_and_leads_nowhere(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    answer = client.get("/compliance/consent/kept?next=//evil.example/&after=", headers={"Cookie": ALL})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (400, False)
    answer = client.get("/compliance/consent/kept?next=/a%23b&after=", headers={"Cookie": ALL})
    assert answer.headers["Location"] == "/a#compliance-unsaved" and "Set-Cookie" not in answer.headers


def test_a_browser_without_scripts_that_keeps_nothing_is_told(app: Flask) -> None:
    browser = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
    for kept, fragment in ((True, ""), (False, "#compliance-unsaved")):
        client = app.test_client(use_cookies=kept)
        answer = client.post("/compliance/consent", data={"choice": "accept", "next": "/news"}, headers=browser)
        answer = client.get(answer.headers["Location"], headers=browser)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/news{fragment}")


def where(answer: Any, name: str = "compliance_consent") -> dict[tuple[str | None, str], bool]:
    """The domains and paths that an answer sets cookie *name* for, and whether it is kept there."""
    lines = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}=")]
    parts = [dict(part.partition("=")[::2] for part in line.split("; ")) for line in lines]
    return {(part.get("Domain"), part["Path"]): part["Max-Age"] != "0" for part in parts}


@pytest.mark.parametrize(
    ("domain", "host", "kept"),
    [
        (None, "www.news.example", None),
        ("news.example", "www.news.example", "news.example"),
        ("news.example", "en.news.example", "news.example"),
        ("news.example", "news.example", "news.example"),
        ("www.news.example", "www.news.example", "www.news.example"),
        ("news.example", "other.example", None),
        ("news.example", "fakenews.example", None),
        ("news.example", "127.0.0.1", None),
    ],
)
def test_choice_is_kept_for_the_domain_of_the_settings(
    settings: dict[str, Any], domain: str | None, host: str, kept: str | None
) -> None:
    settings["site"] = settings["site"] | {"url": "https://www.news.example"}
    app = create_app()
    Compliance(app, settings=settings | {"consent": {"mode": "opt-in"} | ({"cookie_domain": domain} if domain else {})})
    client = app.test_client(use_cookies=False)

    def ask(path: str, choice: str, cookie: str) -> Any:
        url = f"http://{host}"
        return client.post(path, data={"choice": choice}, headers={"Cookie": cookie}, base_url=url)

    first = ask("/compliance/consent", "accept", "")
    assert where(first) == {(kept, "/"): True}
    value = next(line for line in first.headers.getlist("Set-Cookie") if "Max-Age=0" not in line).split(";")[0]
    # A decision anew takes the place of every other, wherever it was kept; erasing leaves none.
    again = where(ask("/compliance/consent", "reject", value))
    assert [place for place, stays in again.items() if stays] == [(kept, "/")]
    every = {
        (one, "/") for one in (None, "www.news.example", "news.example") if one is None or f".{host}".endswith(one)
    }
    assert again.keys() >= {place for place in every if not place[0] or f".{host}".endswith(f".{place[0]}")}
    erased = where(ask("/compliance/record", "erase", f"{value}; {value}"))
    assert not any(erased.values()) and erased.keys() >= again.keys() and (None, "/compliance") in erased


@pytest.mark.slow
def test_cookie_of_another_application_is_left_alone(app: Flask, settings: dict[str, Any]) -> None:
    theirs = "compliance_consent=eyJpZCI6ICJ4In0.aaaa.bbbb"
    answer = app.test_client(use_cookies=False).post(
        "/compliance/consent", data={"choice": "accept"}, headers={"Cookie": theirs}, base_url="http://www.news.example"
    )
    assert where(answer) == {(None, "/"): True}


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
