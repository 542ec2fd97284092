"""Every page of the console asked for by every role, and by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from compliance.console import access
from compliance.console.access import access_of
from compliance.staff import ALLOWED, Permission, Role, Stage, may
from support.desk import Office, heading
from support.desk import office as office

#: What is put into the places of an address; nothing is of such a name.
NOWHERE = {
    **{"name": "nobody", "key_hash": "0" * 64, "number": "R-20261124-000000-7", "place": 1, "row": 1, "year": 2026},
    **dict.fromkeys(("batch", "identity"), UUID(int=0)),
}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def asked(app: Flask, rule: Rule) -> str:
    values = {name: NOWHERE.get(name, "nothing") for name in rule.arguments}
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def test_every_page_says_what_it_needs(office: Office) -> None:
    for name, view in office.app.view_functions.items():
        assert access_of(view) is not None, f"{name} has no decorator of compliance.console.access"


def test_page_that_says_nothing_is_closed(office: Office) -> None:
    office.app.add_url_rule("/forgotten", view_func=lambda: "open")
    for browser in (office.browser(), office.of(Role.ADMINISTRATOR)):
        assert browser.get("/forgotten").status_code == 403


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_gets_what_the_table_says_and_nothing_else(office: Office, role: Role | None) -> None:
    for rule, method in rules(office.app):
        needs = access_of(office.app.view_functions[rule.endpoint])
        assert needs is not None
        browser = office.browser() if role is None else office.of(role)
        path = asked(office.app, rule)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert answer.status_code < 500, path
        if needs.permission is None:
            continue
        if role is None:
            assert answer.location.startswith("/sign-in"), path
        elif Stage.FULL not in needs.stages:
            assert answer.location == "/", path
        else:
            assert (b"Your role does not allow this" in answer.data) is not may(role, needs.permission), path


@pytest.mark.parametrize("stage", [Stage.PASSWORD, Stage.SET_UP])
def test_half_a_sign_in_opens_nothing(office: Office, stage: Stage) -> None:
    account = office.add("li.ming", Role.ADMINISTRATOR)
    for rule, method in rules(office.app):
        needs = access_of(office.app.view_functions[rule.endpoint])
        assert needs is not None
        if needs.permission is None or stage in needs.stages:
            continue
        browser, path = office.of(account, stage=stage), asked(office.app, rule)
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert (answer.status_code, answer.location) == (303, "/sign-in/code" if stage is Stage.PASSWORD else "/set-up")


def test_forms_need_the_token_of_the_session(office: Office) -> None:
    for rule, method in rules(office.app):
        needs = access_of(office.app.view_functions[rule.endpoint])
        assert needs is not None
        if method == "POST":
            stage = min(needs.stages, default=Stage.FULL)
            browser = office.of(office.known(Role.ADMINISTRATOR), stage=stage)
            office.wait(minutes=11 * needs.fresh)  # before anything is to be confirmed, too
            answer = browser.post(asked(office.app, rule), token=False)
            assert answer.status_code == 400 and "too old" in answer.text, rule.rule


def test_refusal_stands_in_the_trail(office: Office) -> None:
    browser = office.of(Role.VIEWER)
    assert browser.get("/accounts").status_code == 403
    (act,) = office.trail()
    assert (act.action, act.actor, act.about) == ("refused", "viewer", "/accounts")


@pytest.mark.parametrize("role", Role)
def test_menu_shows_what_one_may_open(office: Office, role: Role) -> None:
    browser = office.of(role)
    page = browser.get("/").text
    for path, permission in (("/accounts", Permission.MANAGE_STAFF), ("/trail", Permission.READ_ACTS)):
        assert (f'href="{path}"' in page) is (permission in ALLOWED[role])


def test_disabled_account_is_out_at_once(office: Office) -> None:
    office.add("boss", Role.ADMINISTRATOR)
    account = office.add("li.ming")
    browser = office.of(account)
    assert browser.get("/").status_code == 200
    office.console.accounts.disable("li.ming", now=office.now)
    assert browser.get("/").status_code == 303


# What needs a fresh proof of who one is


def test_form_waits_for_the_password_and_keeps_what_was_filled_in(office: Office) -> None:
    browser = office.of(Role.ADMINISTRATOR)
    office.wait(minutes=11)
    form = {"name": "wang", "role": "viewer", "full_name": "<Wang>"}
    held = browser.post("/accounts", form)
    assert (held.status_code, heading(held)) == (403, "Is it you?")
    assert '<input type="hidden" name="full_name" value="&lt;Wang&gt;">' in held.text
    assert browser.post("/accounts", {**form, access.CONFIRMATION: "wrong"}).status_code == 403
    assert [account.name for account in office.console.accounts.all()] == ["administrator"]
    done = browser.post("/accounts", {**form, access.CONFIRMATION: "seven dry pears"})
    assert (done.status_code, heading(done)) == (200, "Password of wang")
    assert browser.post("/accounts", {"name": "zhao", "role": "viewer"}).status_code == 200  # it is remembered
    assert office.actions() == ["confirmation_failed", "account_added", "account_added"]


def test_page_waits_for_the_password_and_is_shown_then(office: Office) -> None:
    browser = office.of(Role.VIEWER)
    office.wait(minutes=11)
    held = browser.get("/account/password")
    assert held.status_code == 403 and 'action="/account/confirm?next=/account/password"' in held.text
    assert browser.post("/account/confirm?next=/account/password", {access.CONFIRMATION: "x"}).status_code == 403
    good = browser.post("/account/confirm?next=/account/password", {access.CONFIRMATION: "seven dry pears"})
    assert good.location == "/account/password"
    assert heading(browser.get("/account/password")) == "A password of your own"


# Pages that say what did not work


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/trail?since=yesterday", 400, "cannot be read"),
        ("GET", "/trail?before=1e9", 400, "cannot be read"),
        ("GET", "/trail?before=99999999999999999999", 400, "cannot be read"),
        ("GET", "/trail?action=nothing", 400, "cannot be read"),
        ("GET", "/nothing", 404, "nothing at this address"),
        ("GET", "/accounts/nobody", 404, "nothing at this address"),
        ("GET", "/accounts/%00", 400, "cannot be read"),
        ("GET", "/sign-out", 405, "no such request"),
        ("PUT", "/accounts", 405, "no such request"),
    ],
)
def test_refusals_are_pages_in_words(office: Office, method: str, path: str, status: int, words: str) -> None:
    browser = office.of(Role.ADMINISTRATOR)
    answer = browser.client.open(path, method=method)
    assert (answer.status_code, heading(answer)) == (status, "That did not work")
    assert words in answer.text
    assert (status == 405) is ("Allow" in answer.headers)


def test_a_form_of_ten_megabytes_is_refused(office: Office) -> None:
    browser = office.of(Role.ADMINISTRATOR)
    answer = browser.post("/accounts", {"full_name": "x" * 10_000_000})
    assert answer.status_code == 413 and "more than the console takes" in answer.text


def test_fault_of_ours_is_a_page_too(office: Office) -> None:
    office.app.add_url_rule("/fault", view_func=access.anybody(lambda: 1 // 0))
    answer = office.browser().get("/fault")
    assert answer.status_code == 500 and "its log says which" in answer.text


def test_answers_carry_the_policies(office: Office) -> None:
    browser = office.of(Role.ADMINISTRATOR)
    for path in ("/", "/sign-in", "/nothing", "/accounts", "/trail"):
        answer = browser.get(path, base_url="http://localhost")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for mark in ("<style", " style=", "onclick", "<script>", "javascript:"):
            assert mark not in answer.text


def test_static_files_are_kept_for_ever_under_their_hash(office: Office) -> None:
    browser = office.browser()
    address = browser.get("/sign-in").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    answer = browser.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
    assert browser.get("/static/../application.py").status_code == 404
