"""Signing in at a provider of identities, which these tests start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from compliance.console import Provider
from compliance.staff import Role
from support.desk import PASSWORD, Browser, Office, hash_quickly, heading
from support.identities import CLIENT, OTHER, SECRET, Identities

BACK = "/sign-in/provider/back"


@pytest.fixture(scope="module")
def started() -> Iterator[Identities]:
    with Identities().serving() as identities:
        yield identities


@pytest.fixture
def identities(started: Identities) -> Identities:
    """The provider, telling the truth."""
    address = started.address
    fresh = Identities()
    started.claims, started.lies, started.key, started.address = fresh.claims, {}, fresh.key, address
    return started


@pytest.fixture
def office(tmp_path: Path, identities: Identities, monkeypatch: pytest.MonkeyPatch) -> Office:
    hash_quickly(monkeypatch)
    provider = Provider(issuer=identities.address, client_id=CLIENT, client_secret=SECRET, name="News ID")
    office = Office(tmp_path, provider=provider)
    office.console.accounts.add("li.ming@example.org", Role.VIEWER, elsewhere=True, now=office.now)
    return office


def sent_back(browser: Browser, path: str = "/sign-in/provider") -> str:
    """Go to the provider; return where it sends the browser."""
    answer = browser.get(path)
    assert answer.status_code == 302
    to = requests.get(answer.location, allow_redirects=False, timeout=10).headers["Location"]
    return to.removeprefix("http://localhost")


def signed_in(browser: Browser, path: str = "/sign-in/provider") -> TestResponse:
    return browser.get(sent_back(browser, path))


def test_account_elsewhere_lets_in_and_leads_to_what_was_asked_for(office: Office, identities: Identities) -> None:
    browser = office.browser()
    assert "Sign in with News ID" in browser.get("/sign-in?next=/account").text
    answer = signed_in(browser, "/sign-in/provider?next=/account")
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "You sign in elsewhere" in browser.get("/account").text
    asked = identities.asked[-1]
    assert asked["code_challenge_method"] == "S256" and asked["nonce"] and "openid" in asked["scope"]
    assert [(act.action, act.actor) for act in office.trail()] == [("signed_in", "li.ming@example.org")]


def test_account_is_theirs_who_first_came_whatever_they_are_called_later(
    office: Office, identities: Identities
) -> None:
    assert signed_in(office.browser()).status_code == 303
    identities.claims["email"] = "li.ming.married@example.org"
    assert signed_in(office.browser()).status_code == 303
    identities.claims |= {"sub": "2", "email": "li.ming@example.org"}  # somebody else, who has the address now
    answer = signed_in(office.browser())
    assert answer.status_code == 401 and "no account of the console is yours" in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "wang@example.org"},
        {"email": None},
        {"email": ["li.ming@example.org"]},
    ],
    ids=str,
)
def test_strangers_are_not_let_in(office: Office, identities: Identities, claims: dict[str, Any]) -> None:
    identities.claims |= claims
    browser = office.browser()
    answer = signed_in(browser)
    assert answer.status_code == 401 and "no account of the console is yours" in answer.text
    assert browser.get("/").status_code == 303
    assert office.actions() == ["sign_in_failed"]


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"exp": 1_000_000_000},
        {"nonce": "another"},
        {"sub": None},
    ],
    ids=str,
)
def test_token_that_says_what_is_not_so_is_not_believed(
    office: Office, identities: Identities, lies: dict[str, Any]
) -> None:
    identities.lies = lies
    browser = office.browser()
    answer = signed_in(browser)
    assert answer.status_code == 401 and "did not say who you are" in answer.text
    assert browser.get("/").status_code == 303


def test_token_of_another_key_is_not_believed(office: Office, identities: Identities) -> None:
    identities.key = OTHER
    assert signed_in(office.browser()).status_code == 401


def test_what_is_meant_for_one_browser_is_of_no_use_to_another(office: Office) -> None:
    path = sent_back(office.browser())
    assert office.browser().get(path).status_code == 401


@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=x", "?code=x&state=y", "?state=" + "z" * 5000])
def test_odd_answers_are_refused_in_words(office: Office, query: str) -> None:
    browser = office.browser()
    sent_back(browser)
    answer = browser.get(BACK + query)
    assert (answer.status_code, heading(answer)) == (401, "That did not work")


def test_answer_is_good_once(office: Office) -> None:
    browser = office.browser()
    path = sent_back(browser)
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 401


def test_disabled_account_is_not_let_in(office: Office) -> None:
    assert signed_in(office.browser()).status_code == 303
    office.console.accounts.disable("li.ming@example.org", now=office.now)
    assert signed_in(office.browser()).status_code == 401


def test_account_elsewhere_has_no_password(office: Office) -> None:
    browser = office.browser()
    for password in ("", PASSWORD):
        assert browser.sign_in("li.ming@example.org", password).status_code == 401
    signed_in(browser, "/sign-in/provider?again=yes")
    for path in ("/account/password", "/account/telephone"):
        assert browser.get(path).status_code == 404
    assert browser.post("/account/recovery-codes").status_code == 404


def test_account_with_a_password_is_not_theirs_who_come_from_elsewhere(office: Office, identities: Identities) -> None:
    office.add("wang@example.org", Role.ADMINISTRATOR)
    identities.claims["email"] = "wang@example.org"
    assert signed_in(office.browser()).status_code == 401


def test_fresh_proof_is_asked_for_at_the_provider(office: Office, identities: Identities) -> None:
    office.console.accounts.set_role("li.ming@example.org", Role.ADMINISTRATOR)
    browser = office.browser()
    signed_in(browser)
    office.wait(minutes=11)
    held = browser.post(
        "/accounts", {"name": "wang", "role": "viewer"}, headers={"Referer": "http://localhost/accounts"}
    )
    assert held.status_code == 403 and "/sign-in/provider?again=yes&amp;next=/accounts" in held.text
    assert signed_in(browser, "/sign-in/provider?again=yes&next=/accounts").location == "/accounts"
    assert (identities.asked[-1]["prompt"], identities.asked[-1]["max_age"]) == ("login", "0")
    assert browser.post("/accounts", {"name": "wang", "role": "viewer"}).status_code == 200


@pytest.mark.parametrize("ago", [None, 3600], ids=["untold", "an hour ago"])
def test_who_sits_down_at_an_open_session_proves_nothing_at_the_provider(
    office: Office, identities: Identities, ago: int | None
) -> None:
    """The provider knows the browser, and lets in without a question whoever does not have it ask one."""
    office.console.accounts.set_role("li.ming@example.org", Role.ADMINISTRATOR)
    identities.claims |= {"auth_time": int(time.time()) - ago} if ago else {}
    browser = office.browser()
    assert signed_in(browser).status_code == 303
    assert browser.get("/accounts").status_code == 200
    assert browser.post("/accounts", {"name": "wang", "role": "administrator"}).status_code == 403
    away = browser.get("/sign-in/provider?again=yes").location
    stripped = away.replace("&prompt=login", "").replace("&max_age=0", "")
    to = requests.get(stripped, allow_redirects=False, timeout=10).headers["Location"]
    answer = browser.get(to.removeprefix("http://localhost"))
    assert answer.status_code == 401 and "did not ask anew who you are" in answer.text
    assert browser.post("/accounts", {"name": "wang", "role": "administrator"}).status_code == 403
    assert office.actions()[-1] == "confirmation_failed"


def test_provider_that_is_away_is_told(tmp_path: Path) -> None:
    provider = Provider(issuer="http://127.0.0.1:9", client_id=CLIENT, client_secret=SECRET, name="News ID")
    answer = Office(tmp_path, provider=provider).browser().get("/sign-in/provider")
    assert answer.status_code == 503 and "News ID does not answer now" in answer.text


def test_provider_that_calls_itself_otherwise_is_not_believed(tmp_path: Path, identities: Identities) -> None:
    named = identities.address.replace("127.0.0.1", "localhost")
    office = Office(tmp_path, provider=Provider(issuer=named, client_id=CLIENT, client_secret=SECRET, name="News ID"))
    office.console.accounts.add("li.ming@example.org", Role.VIEWER, elsewhere=True, now=office.now)
    assert signed_in(office.browser()).status_code == 401


def test_account_elsewhere_is_added_in_the_console(office: Office, identities: Identities) -> None:
    browser = office.of(Role.ADMINISTRATOR)
    answer = browser.post("/accounts", {"name": "wang@example.org", "role": "viewer", "elsewhere": "yes"})
    assert answer.location == "/accounts" and "once the provider" in browser.get("/accounts").text
    identities.claims |= {"sub": "3", "email": "Wang@Example.org"}
    assert signed_in(office.browser()).status_code == 303


def test_many_beginnings_fit_into_a_cookie(office: Office) -> None:
    browser = office.browser()
    for _ in range(9):
        path = sent_back(browser)
    with browser.client.session_transaction() as session:
        assert len([name for name in session if name.startswith("_state_")]) == 1
    assert browser.get(path).status_code == 303


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    browser = Office(tmp_path).browser()
    assert browser.get("/sign-in/provider").status_code == browser.get(BACK).status_code == 404
    assert "Or with a name" not in browser.get("/sign-in").text
