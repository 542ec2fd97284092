from __future__ import annotations

import html
import re
from pathlib import Path

import pyotp
import pytest
from argon2 import Type, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from compliance.staff import Role, Stage, passwords
from support.desk import PASSWORD, SECRET, Browser, Office, heading
from support.desk import office as office

NEW = "a pear tree in winter"


def test_password_and_code_let_in_and_lead_to_what_was_asked_for(office: Office) -> None:
    office.add("li.ming")
    browser = office.browser()
    asked = browser.get("/account")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/account")
    sent = browser.post(asked.location, {"name": " Li.Ming ", "password": PASSWORD})
    assert sent.location == "/sign-in/code"
    assert browser.get("/account").location == "/sign-in/code"  # the password alone opens nothing
    entered = browser.post("/sign-in/code", {"code": office.code()})
    assert (entered.status_code, entered.location) == (303, "/account")
    assert "li.ming" in browser.get("/account").text
    assert [(act.action, act.actor, act.role) for act in office.trail()] == [("signed_in", "li.ming", "handler")]


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
def test_nobody_is_led_elsewhere(office: Office, address: str) -> None:
    office.add("li.ming")
    browser = office.browser()
    browser.post("/sign-in", {"name": "li.ming", "password": PASSWORD}, query_string={"next": address})
    assert browser.post("/sign-in/code", {"code": office.code()}).location == "/"


@pytest.mark.parametrize(
    "query",
    [
        "state=accepted&state=closed",
        "endpoint=x",
        "_method=POST",
        "_scheme=javascript",
        "_external=1&_scheme=javascript&_anchor=x",
    ],
)
def test_other_language_leads_to_the_same_page(office: Office, query: str) -> None:
    answer = office.browser().get(f"/sign-in?lang=en&{query}")
    assert answer.status_code == 200
    assert [html.unescape(to) for to in re.findall(r'href="([^"]*)" lang="zh-CN"', answer.text)] == [
        f"/sign-in?{query}&lang=zh_CN"
    ]


def test_code_is_good_once(office: Office) -> None:
    office.add("li.ming")
    for good in (True, False):
        browser = office.browser()
        browser.sign_in("li.ming")
        assert (browser.post("/sign-in/code", {"code": office.code()}).status_code == 303) is good


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_clock_of_a_telephone_may_be_half_a_minute_off(office: Office, seconds: int, good: bool) -> None:
    office.add("li.ming")
    browser = office.browser()
    browser.sign_in("li.ming")
    code = pyotp.TOTP(SECRET).at(office.now.timestamp() + seconds)
    assert (browser.post("/sign-in/code", {"code": code}).status_code == 303) is good


def test_new_account_chooses_a_password_and_sets_up_a_telephone(office: Office) -> None:
    password = office.console.accounts.add("wang", Role.VIEWER, now=office.now)
    browser = office.browser()
    assert browser.sign_in("wang", password).location == "/set-up"
    assert browser.get("/").location == "/set-up"
    assert heading(browser.get("/set-up")) == "A password of your own"
    for wrong, again in (
        ("short", "short"),
        ("my name is wang", "my name is wang"),
        (password,) * 2,
        (NEW, "else" + NEW),
    ):
        assert browser.post("/set-up/password", {"password": wrong, "again": again}).status_code == 422
    assert browser.post("/set-up/password", {"password": NEW, "again": NEW}).location == "/set-up"
    secret = re.findall(r'<code class="copied">(\w+)</code>', browser.get("/set-up").text)[0]
    assert browser.post("/set-up/telephone", {"code": "000000"}).status_code == 422
    shown = browser.post("/set-up/telephone", {"code": pyotp.TOTP(secret).at(office.now)}).text
    recovery = re.findall(r"<li><code>([\w-]+)</code>", shown)
    assert len(set(recovery)) == 10
    assert browser.get("/set-up").location == "/"
    assert heading(browser.get("/")) == "Good day, wang"
    # A recovery code stands in for the telephone, once.
    for code, status in ((recovery[3].lower(), 303), (recovery[3], 401), (recovery[4].replace("-", " "), 303)):
        other = office.browser()
        other.sign_in("wang", NEW)
        assert other.post("/sign-in/code", {"code": code}).status_code == status
    assert office.actions() == [
        *("password_changed", "second_factor_set", "signed_in"),
        *("recovery_code_used", "signed_in", "sign_in_failed", "recovery_code_used", "signed_in"),
    ]


def test_wrong_names_passwords_and_disabled_accounts_look_alike(office: Office) -> None:
    office.add("li.ming")
    office.add("gone", disabled=office.now)
    answers = [
        office.browser().sign_in(name, password)
        for name, password in (("nobody", PASSWORD), ("li.ming", "wrong"), ("gone", PASSWORD))
    ]
    texts = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert {answer.status_code for answer in answers} == {401} and len(texts) == 1
    assert [(act.action, act.actor, act.about) for act in office.trail()] == [
        ("sign_in_failed", "", ""),
        ("sign_in_failed", "li.ming", "li.ming"),
        ("sign_in_failed", "gone", "gone"),
    ]


def test_delays_grow_and_end(office: Office) -> None:
    office.add("li.ming")
    browser = office.browser()
    waits = []
    for _ in range(9):
        answer = browser.sign_in("li.ming", "wrong")
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            office.wait(seconds=waits[-1])
            assert browser.sign_in("li.ming", "wrong").status_code == 401
    assert waits == [2, 3, 5, 9]
    assert browser.sign_in("li.ming").status_code == 429  # with the right password, too
    assert office.browser().sign_in("other", "wrong").status_code == 401  # nobody else waits
    office.wait(hours=2)
    assert browser.sign_in("li.ming").status_code == 303


def test_network_that_tries_many_names_waits(office: Office) -> None:
    browser = office.browser()
    statuses = [browser.sign_in(f"name{number}", "wrong").status_code for number in range(21)]
    assert statuses == [401] * 20 + [429]
    other = office.browser().sign_in("name1", "wrong", environ_base={"REMOTE_ADDR": "127.9.9.9"})
    assert other.status_code == 401


def test_codes_cannot_be_guessed_by_typing_the_password_again(office: Office) -> None:
    office.add("li.ming")
    statuses = []
    for _ in range(6):
        browser = office.browser()
        assert browser.sign_in("li.ming").status_code == 303
        statuses.append(browser.post("/sign-in/code", {"code": "000000"}).status_code)
    assert statuses == [401] * 5 + [429]


def test_sessions_end_by_themselves_and_by_hand(office: Office) -> None:
    account = office.add("li.ming")
    here, there = office.of(account), office.of(account)
    office.wait(minutes=50)
    assert here.get("/account").status_code == 200
    office.wait(minutes=50)
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 303)
    third = office.of(account)
    ends = re.findall(r"/account/sessions/\w{64}/end", here.get("/account").text)
    assert len(ends) == 1
    assert third.get("/account").status_code == 200
    assert here.post(ends[0]).status_code == 303
    assert third.get("/account").status_code == 303
    assert here.post(ends[0]).status_code == 404
    assert here.post("/sign-out").status_code == 303
    assert here.get("/account").status_code == 303
    for _ in range(13):
        office.wait(minutes=59)
        there.get("/account")
    assert there.get("/account").status_code == 303


def offered(browser: Browser, path: str) -> str:
    """The key that a page offers for a telephone."""
    return re.findall(r'<code class="copied">(\w+)</code>', browser.get(path).text)[0]


def test_key_that_one_was_offered_is_not_that_of_the_next_at_the_same_browser(office: Office) -> None:
    office.add("li.ming")
    office.add("zhao", second_factor=None)
    browser = office.browser()
    browser.sign_in("li.ming")
    browser.post("/sign-in/code", {"code": office.code()})
    seen = offered(browser, "/account/telephone")
    browser.post("/sign-out")
    browser.sign_in("zhao")
    assert offered(browser, "/set-up") != seen


def test_telephone_ends_all_sessions_that_have_not_shown_it(office: Office) -> None:
    """Who knew the password before there was a telephone is not let in by one of somebody else."""
    account = office.add("zhao", second_factor=None)
    other, browser = office.of(account, stage=Stage.SET_UP), office.of(account, stage=Stage.SET_UP)
    code = pyotp.TOTP(offered(browser, "/set-up")).at(office.now)
    assert browser.post("/set-up/telephone", {"code": code}).status_code == 200
    assert browser.get("/set-up").location == "/"
    assert other.get("/set-up").location == "/sign-in?next=/set-up"
    office.wait(minutes=1)
    code = pyotp.TOTP(offered(browser, "/account/telephone")).at(office.now)
    other = office.of(account)
    assert browser.post("/account/telephone", {"code": code}).status_code == 200
    assert browser.get("/account").status_code == 200
    assert other.get("/account").status_code == 303


def test_session_of_another_cannot_be_ended(office: Office) -> None:
    mine, other = office.of(office.add("li.ming")), office.add("wang")
    theirs = office.of(other)
    (session,) = office.console.sessions.of(other, now=office.now)
    assert mine.post(f"/account/sessions/{session.key_hash}/end").status_code == 404
    assert theirs.get("/account").status_code == 200


def test_signing_in_gives_another_key(office: Office) -> None:
    office.add("li.ming")
    browser = office.browser()
    keys = set()
    for path, form in (
        ("/sign-in", {"name": "li.ming", "password": PASSWORD}),
        ("/sign-in/code", {"code": office.code()}),
    ):
        browser.post(path, form)
        with browser.client.session_transaction() as session:
            keys.add(session["_user_id"])
    assert len(keys) == 2
    for key in keys:
        found = office.console.sessions.find(key, now=office.now)
        assert (found is not None) is (key == session["_user_id"])


def test_cookie_is_for_this_host_and_https_alone(office: Office) -> None:
    answer = office.browser().get("/sign-in", base_url="https://console.example.org")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-compliance_console=")
    assert set(cookie.split("; ")[1:]) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_on_this_machine_the_page_says_that_there_is_no_https(office: Office) -> None:
    answer = office.browser().get("/sign-in", base_url="http://127.0.0.1:8001")
    assert "without HTTPS" in answer.text
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("compliance_console=") and "Secure" not in cookie


@pytest.mark.parametrize(
    "options",
    [{"base_url": "http://console.example.org"}, {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}],
    ids=["name", "address"],
)
def test_plain_http_from_elsewhere_lets_nobody_in(office: Office, options: dict[str, object]) -> None:
    office.add("li.ming")
    for answer in (office.browser().get("/sign-in", **options), office.browser().sign_in("li.ming", **options)):
        assert answer.status_code == 403 and "plain HTTP" in answer.text
    assert office.trail() == []


def test_proxies_are_heard_where_there_are_some(tmp_path: Path) -> None:
    office = Office(tmp_path, proxies=1)
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    answer = office.browser().get("/sign-in", base_url="http://console.example.org", headers=headers)
    assert answer.status_code == 200 and "without HTTPS" not in answer.text
    assert (
        Office(tmp_path).browser().get("/sign-in", base_url="http://console.example.org", headers=headers).status_code
        == 403
    )


def test_store_away_is_told_and_signs_nobody_out(office: Office) -> None:
    browser = office.of(office.add("li.ming"))
    file = str(office.console.store.database.engine.url.database)
    office.console.store.database.close()
    with open(file, "r+b") as database:
        kept = database.read()
        database.seek(0)
        database.write(b"no database" * 10)
    for answer in (browser.get("/account"), browser.sign_in("li.ming")):
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert "database does not answer" in answer.text and "Set-Cookie" not in answer.headers
    office.console.store.database.close()
    with open(file, "r+b") as database:
        database.write(kept)
    assert browser.get("/account").status_code == 200


def test_passwords_are_hashed_as_the_library_recommends() -> None:
    assert extract_parameters(passwords.hashed(PASSWORD)) == RFC_9106_LOW_MEMORY
    assert RFC_9106_LOW_MEMORY.type is Type.ID
