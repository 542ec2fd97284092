"""Signing in at DingTalk, WeCom and Feishu, for each of which these tests start a stand-in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import requests
from werkzeug.test import TestResponse

from compliance.console import Provider
from compliance.staff import ProviderError, Role
from support.desk import Browser, Office, hash_quickly, heading
from support.workplaces import AGENT, CLIENT, ORGANIZATION, SECRET, Workplaces

PEOPLE: dict[str, dict[str, Any]] = {
    "dingtalk": {"corpId": ORGANIZATION, "unionId": "U1"},
    "wecom": {"userid": "Li.Ming"},
    "feishu": {"union_id": "on_1", "user_id": "li.ming", "tenant_key": ORGANIZATION},
}
OTHERS: dict[str, dict[str, Any]] = {
    "dingtalk": {"unionId": "U2"},
    "wecom": {"userid": "wang"},
    "feishu": {"union_id": "on_2", "user_id": "wang"},
}
OUTSIDE: dict[str, dict[str, Any]] = {
    "dingtalk": {"corpId": "corp2", "unionId": "U1"},
    "wecom": {"openid": "o", "external_userid": "e"},
    "feishu": {"union_id": "on_1", "user_id": "li.ming", "tenant_key": "corp2"},
}
#: Where each is asked last who it is.
LAST = {
    "dingtalk": "/v1.0/contact/users/me",
    "wecom": "/cgi-bin/auth/getuserinfo",
    "feishu": "/open-apis/authen/v1/user_info",
}


@pytest.fixture(scope="module")
def started() -> Iterator[Workplaces]:
    with Workplaces().serving() as workplaces:
        yield workplaces


@pytest.fixture(params=PEOPLE)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def workplaces(started: Workplaces, kind: str) -> Workplaces:
    """The service, telling the truth."""
    started.be(**PEOPLE[kind])
    return started


@pytest.fixture
def open_office(
    tmp_path: Path, kind: str, workplaces: Workplaces, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Office]:
    hash_quickly(monkeypatch)

    def open_office(**changes: Any) -> Office:
        described = {
            **{"kind": kind, "issuer": workplaces.address, "name": "Newsroom", "client_id": CLIENT},
            **{"client_secret": SECRET, "agent": AGENT, "organization": ORGANIZATION},
        }
        return Office(tmp_path, provider=Provider(**{**described, **changes}))

    return open_office


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    office = open_office()
    office.console.accounts.add("li.ming", Role.SUPERVISOR, elsewhere=True, now=office.now)
    return office


def sent_back(browser: Browser, path: str = "/sign-in/provider") -> str:
    """Go to the service; return where it sends the browser."""
    away = browser.get(path).location
    to = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
    return to.removeprefix("http://localhost")


def come_back(browser: Browser) -> TestResponse:
    return browser.get(sent_back(browser))


def link(office: Office) -> None:
    """Link the account to who the service says that one is, by the code that they are shown."""
    page = come_back(office.browser()).text
    if "Give the administrator this code" in page:
        office.console.accounts.link("li.ming", page.partition('<code class="copied">')[2].partition("<")[0])


def set_up(office: Office, browser: Browser) -> tuple[pyotp.TOTP, TestResponse]:
    """Sign in for the first time; return the telephone, and what comes once it is set up."""
    link(office)
    assert come_back(browser).location == "/set-up"
    page = browser.get("/set-up").text
    telephone = pyotp.TOTP(page.partition('<code class="copied">')[2].partition("<")[0])
    assert browser.post("/set-up/telephone", {"code": telephone.at(office.now)}).status_code == 200
    return telephone, browser.get("/set-up")


def test_who_is_known_there_sets_up_a_telephone_and_is_in(office: Office) -> None:
    browser = office.browser()
    assert "Sign in with Newsroom" in browser.get("/sign-in").text
    assert set_up(office, browser)[1].location == "/"
    assert browser.get("/messages").status_code == 200
    assert office.actions()[-2:] == ["second_factor_set", "signed_in"]


def test_service_stands_for_the_password_and_not_for_the_telephone(office: Office) -> None:
    telephone, _ = set_up(office, office.browser())
    office.wait(minutes=1)
    browser = office.browser()
    away = browser.get("/sign-in/provider?next=/account").location
    to = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
    assert browser.get(to.removeprefix("http://localhost")).location == "/sign-in/code"
    assert browser.get("/messages").location == "/sign-in/code"
    assert browser.post("/sign-in/code", {"code": "000000"}).status_code == 401
    assert browser.post("/sign-in/code", {"code": telephone.at(office.now)}).location == "/account"
    page = browser.get("/account").text
    assert "You sign in elsewhere" in page and "Change the password" not in page and "Set up another" in page


def test_fresh_proof_is_the_code_of_the_telephone(office: Office) -> None:
    browser = office.browser()
    telephone, _ = set_up(office, browser)
    office.wait(minutes=11)
    form = {"since": "2026-11-01", "until": "2026-11-30", "state": "all", "reason": "For the archive"}
    held = browser.post("/messages/export", form)
    assert heading(held) == "Is it you?" and "the code of your telephone" in held.text
    assert browser.post("/messages/export", {**form, "confirmation": "000000"}).status_code == 403
    assert browser.post("/messages/export", {**form, "confirmation": telephone.at(office.now)}).mimetype == "text/csv"


def test_account_is_one_persons_whatever_others_are_called(office: Office, workplaces: Workplaces, kind: str) -> None:
    set_up(office, office.browser())
    workplaces.person |= OTHERS[kind]
    answer = come_back(office.browser())
    assert answer.status_code == 401 and "no account of the console is yours" in answer.text


def test_name_at_a_service_that_gives_names_waits_for_its_owner(office: Office, kind: str) -> None:
    answer = come_back(office.browser())
    assert answer.status_code == (401 if kind == "dingtalk" else 303)


def test_strangers_of_another_organisation_are_told_so(office: Office, workplaces: Workplaces, kind: str) -> None:
    link(office)
    workplaces.person = OUTSIDE[kind]
    answer = come_back(office.browser())
    assert answer.status_code == 401 and "of another organisation" in answer.text
    assert office.actions()[-1] == "sign_in_failed"


def test_disabled_account_is_not_let_in(office: Office) -> None:
    set_up(office, office.browser())
    office.console.accounts.disable("li.ming", now=office.now)
    answer = come_back(office.browser())
    assert answer.status_code == 401 and "Give the administrator" not in answer.text


@pytest.mark.parametrize("query", ["", "?code=x&authCode=x", "?error=access_denied", "?code=x&authCode=x&state=y"])
def test_odd_ways_back_are_refused_in_words(office: Office, workplaces: Workplaces, query: str) -> None:
    browser = office.browser()
    sent_back(browser)
    before = len(workplaces.asked)
    answer = browser.get("/sign-in/provider/back" + query)
    assert (answer.status_code, heading(answer)) == (401, "That did not work")
    assert len(workplaces.asked) == before  # nothing is asked of the service for it


def test_answer_is_good_once_and_for_one_browser(office: Office) -> None:
    link(office)
    browser = office.browser()
    path = sent_back(browser)
    assert office.browser().get(path).status_code == 401
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 401


def test_code_of_another_is_refused_by_the_service(office: Office, kind: str) -> None:
    """A state that is one's own with a code that is not: with Feishu it is the challenge that does not fit."""
    link(office)
    other, browser = sent_back(office.browser()), office.browser()
    mine = sent_back(browser)
    name = "authCode" if kind == "dingtalk" else "code"
    stolen, state = (part.partition("=")[2] for part in (other.partition("?")[2].split("&")[0], mine.split("&")[1]))
    answer = browser.get(f"/sign-in/provider/back?{name}={stolen}&state={state}")
    assert answer.status_code == (401 if kind == "feishu" else 303)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"errcode": 40029, "code": "40029", "errmsg": "invalid code"}, 200, 401),
        ({"code": 20004, "errcode": 20004, "error": "expired"}, 400, 401),
        ({}, 200, 401),
        ([], 200, 401),
        ("<html>", 200, 401),
        ("[" * 60_000, 200, 401),
        ('{"unionId": "' + "x" * 200_000 + '"}', 200, 401),
        ({"unionId": 7, "userid": 7, "data": {"union_id": 7, "tenant_key": ORGANIZATION}}, 200, 401),
        ({"errmsg": "busy"}, 503, 503),
        ("", 429, 503),
        ("", 302, 401),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_a_service_answers_oddly_lets_nobody_in(
    office: Office, workplaces: Workplaces, kind: str, body: Any, status: int, told: int
) -> None:
    link(office)
    workplaces.odd[LAST[kind]] = (body if isinstance(body, dict | str) else "[]", status)
    browser = office.browser()
    answer = come_back(browser)
    assert answer.status_code == told
    assert browser.get("/").status_code == 303


def test_service_that_is_away_is_told_and_nothing_secret_is_logged(
    open_office: Callable[..., Office], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Workplaces().serving() as service:
        browser = open_office(issuer=service.address).browser()
        path = sent_back(browser)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get(path)
    assert answer.status_code == 503 and "Newsroom does not answer now" in answer.text
    assert "nobody was let in" in caplog.text
    assert SECRET not in caplog.text and "code0" not in caplog.text


@pytest.mark.parametrize("kind", ["wecom"], indirect=True)
def test_token_of_the_application_is_asked_for_once_and_anew_where_it_is_refused(
    office: Office, workplaces: Workplaces
) -> None:
    def tokens() -> int:
        return sum(path == "/cgi-bin/gettoken" for path, _ in workplaces.asked)

    come_back(office.browser())
    come_back(office.browser())
    assert tokens() == 1
    workplaces.tokens += 1  # the service has given out another one since
    assert come_back(office.browser()).status_code == 303
    assert tokens() == 2


@pytest.mark.parametrize("kind", ["feishu"], indirect=True)
def test_user_id_is_no_name_where_the_tenant_is_not_told(open_office: Callable[..., Office]) -> None:
    office = open_office(organization="")
    office.console.accounts.add("li.ming", Role.VIEWER, elsewhere=True, now=office.now)
    assert come_back(office.browser()).status_code == 401


@pytest.mark.parametrize("kind", ["dingtalk", "wecom", "feishu", "oidc", "saml"], indirect=False)
def test_provider_without_what_it_needs_is_none(kind: str) -> None:
    with pytest.raises(ProviderError, match="needs|give one of"):
        Provider(kind=kind, name="Newsroom", client_id=CLIENT, client_secret="")


def test_administrator_is_told_how_an_account_elsewhere_is_called(office: Office) -> None:
    page = office.of(Role.ADMINISTRATOR).get("/accounts").text
    assert "Signs in with Newsroom" in page and "flask compliance staff link" in page
