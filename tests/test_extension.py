from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Blueprint, Flask, render_template_string
from flask.testing import FlaskClient
from flask.views import View

from compliance import Compliance, SettingsError
from compliance.consent import COOKIE

MARK = 'data-compliance="footer"'
PAGE = "<!doctype html><html lang=en><title>News</title><body><h1>News</h1></body></html>"


def state(app: Flask) -> tuple[object, ...]:
    """Everything that setting an application up may change."""
    return (
        app.wsgi_app,
        dict(app.extensions),
        dict(app.blueprints),
        list(map(str, app.url_map.iter_rules())),
        app.cli.list_commands(app.test_cli_runner().get_default_prog_name),  # type: ignore[arg-type]
        sorted(app.jinja_env.globals),
    )


def test_one_instance_serves_several_applications(settings: dict[str, Any]) -> None:
    compliance = Compliance(settings=settings)
    for name in ("one", "two"):
        app = Flask(name)
        app.config.update(SECRET_KEY=name, TESTING=True)
        app.add_url_rule("/", "home", lambda: PAGE)
        compliance.init_app(app)
        assert MARK in app.test_client().get("/").text


def test_applications_of_one_process_are_apart(settings: dict[str, Any]) -> None:
    clients = []
    for name, prefix in (("one", "/compliance"), ("two", "/legal-notice")):
        app = Flask(name)
        app.config.update(SECRET_KEY=name, TESTING=True)
        app.add_url_rule("/", "home", lambda: PAGE)
        site = settings["site"] | {"name": name, "prefix": prefix}
        Compliance(app, settings=settings | {"site": site})
        clients.append(app.test_client())
    one, two = clients
    assert 'action="/legal-notice/consent#' in two.get("/").text
    cookie = one.post("/compliance/consent", data={"choice": "accept"}).headers["Set-Cookie"].split(";")[0]
    as_script = {"Accept": "application/json", "Cookie": cookie}
    assert one.get("/compliance/record", headers=as_script).status_code == 200
    assert two.get("/legal-notice/record", headers=as_script).status_code == 404


def test_second_call_is_an_error(app: Flask, settings: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="'host' already"):
        Compliance(app, settings=settings)
    assert app.test_client().get("/").text.count(MARK) == 1


@pytest.mark.parametrize("missing", ["key", "name", "both"])
def test_wrong_settings_are_told_together_and_leave_the_application_alone(
    host: Flask, settings: dict[str, Any], missing: str
) -> None:
    if missing != "key":
        del settings["site"]["name"]
    if missing != "name":
        host.config["SECRET_KEY"] = None
    before = state(host)
    with pytest.raises(SettingsError) as caught:
        Compliance(host, settings=settings)
    keys = {problem.key for problem in caught.value.problems}
    expected = {"key": {"SECRET_KEY"}, "name": {"site.name"}, "both": {"site.name", "SECRET_KEY"}}[missing]
    assert {part for key in keys for part in expected if part in key} == expected
    told = "".join(traceback.format_exception(caught.value))
    assert [told.count(str(problem)) for problem in caught.value.problems] == [1] * len(caught.value.problems)
    assert state(host) == before


def test_categories_that_fit_in_no_cookie_are_named(host: Flask, settings: dict[str, Any]) -> None:
    categories = {f"category_number_{number}": {"name": str(number)} for number in range(20)}
    settings["consent"] = {"mode": "opt-in", "categories": categories}
    with pytest.raises(SettingsError) as caught:
        Compliance(host, settings=settings)
    assert [problem.key for problem in caught.value.problems] == ["consent.categories"]


def test_name_that_the_host_uses_leaves_the_application_alone(host: Flask, settings: dict[str, Any]) -> None:
    host.register_blueprint(Blueprint("compliance", __name__))
    before = state(host)
    with pytest.raises(SettingsError, match='"compliance"'):
        Compliance(host, settings=settings)
    assert state(host) == before


def test_settings_come_from_the_configuration(host: Flask, settings: dict[str, Any]) -> None:
    host.config["COMPLIANCE_SETTINGS"] = settings
    Compliance(host)
    assert MARK in host.test_client().get("/").text


def test_without_settings_the_places_looked_at_are_named(
    host: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    host.root_path = str(tmp_path)
    with pytest.raises(SettingsError, match="COMPLIANCE_SETTINGS"):
        Compliance(host)


# Consent in views


def test_consent_outside_a_request_is_an_error(app: Flask, settings: dict[str, Any]) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        _ = Compliance().consent


def test_consent_in_an_application_that_was_not_set_up_is_an_error(host: Flask) -> None:
    with host.test_request_context(), pytest.raises(RuntimeError, match="init_app"):
        _ = Compliance().consent


@pytest.mark.parametrize(
    ("choice", "headers", "allowed"),
    [
        (None, {}, "False False"),
        ("accept", {}, "True True"),
        ("reject", {}, "False False"),
        ("accept", {"Sec-GPC": "1"}, "True True"),
    ],
)
def test_view_asks_for_consent(
    host: Flask, settings: dict[str, Any], choice: str | None, headers: dict[str, str], allowed: str
) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"]}
    compliance = Compliance(host, settings=settings)
    host.add_url_rule("/ask", "ask", lambda: f"{compliance.consent.given} {compliance.consent.allows('analytics')}")
    client = host.test_client()
    if choice:
        client.post("/compliance/consent", data={"choice": choice})
    assert client.get("/ask", headers=headers).text == allowed


def test_global_privacy_control_refuses_until_the_reader_decides(host: Flask, settings: dict[str, Any]) -> None:
    settings["consent"] = {"mode": "opt-out", "categories": ["analytics"]}
    compliance = Compliance(host, settings=settings)
    host.add_url_rule("/ask", "ask", lambda: str(compliance.consent.allows("analytics")))
    client = host.test_client()
    assert (client.get("/ask").text, client.get("/ask", headers={"Sec-GPC": "1"}).text) == ("True", "False")


def test_page_that_asked_is_not_shared_between_readers(host: Flask, settings: dict[str, Any]) -> None:
    compliance = Compliance(host, settings=settings)
    host.add_url_rule("/ask", "ask", lambda: f"{PAGE}{compliance.consent.given}")
    client = host.test_client()
    assert client.get("/ask").vary.as_set() == {"cookie", "sec-gpc"}
    assert client.get("/").vary.as_set() == set()


def test_keys_are_rotated(settings: dict[str, Any]) -> None:
    cookies = {}
    for key, fallbacks in (("old", None), ("new", ["old"]), ("newer", ["new"])):
        app = Flask("host")
        app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=fallbacks, TESTING=True)
        Compliance(app, settings=settings)
        client = app.test_client(use_cookies=False)
        answer = client.post("/compliance/consent", data={"choice": "accept"})
        held = {
            other: client.get("/compliance/record", headers={"Cookie": cookie}).status_code
            for other, cookie in cookies.items()
        }
        cookies[key] = answer.headers["Set-Cookie"].split(";")[0]
        assert cookies[key].startswith(f"{COOKIE}=")
    assert held == {"old": 404, "new": 200}


# Exempt views


def test_exempt_view_is_left_alone(host: Flask, settings: dict[str, Any]) -> None:
    compliance = Compliance(settings=settings)

    @host.route("/inner")
    @compliance.exempt
    def inner() -> str:
        return PAGE

    class Page(View):
        decorators = [compliance.exempt]

        def dispatch_request(self) -> str:
            return PAGE

    blueprint = compliance.exempt(Blueprint("bare", __name__, url_prefix="/bare"))
    nested = Blueprint("nested", __name__)
    nested.add_url_rule("/", "page", lambda: PAGE)
    blueprint.register_blueprint(nested)
    host.add_url_rule("/class", view_func=Page.as_view("class"))
    host.register_blueprint(blueprint)
    compliance.init_app(host)
    client = host.test_client()
    for path in ("/inner", "/class", "/bare/"):
        assert client.get(path).text == PAGE
    assert MARK in client.get("/").text


# Errors


@pytest.mark.parametrize("path", ["/nowhere", "/fails"])
def test_error_pages_are_pages(host: Flask, settings: dict[str, Any], path: str) -> None:
    host.testing = False
    host.add_url_rule("/fails", "fails", lambda: 1 / 0)
    Compliance(host, settings=settings)
    response = host.test_client().get(path)
    assert response.status_code == (404 if path == "/nowhere" else 500)
    assert MARK in response.text


@pytest.mark.parametrize("broken", ["footer.html", "banner.html"])
@pytest.mark.parametrize("strict", [True, False])
def test_our_own_fault_leaves_the_page_as_the_host_made_it(
    host: Flask,
    settings: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    broken: str,
    strict: bool,
) -> None:
    (tmp_path / "compliance").mkdir()
    (tmp_path / "compliance" / broken).write_text("{{ 1 / 0 }}")
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    Compliance(host, settings=settings)
    host.testing = strict
    if strict:
        with pytest.raises(ZeroDivisionError):
            host.test_client().get("/")
    else:
        with caplog.at_level(logging.ERROR):
            page = host.test_client().get("/").text
        assert "<h1>News</h1>" in page
        assert "data-compliance" not in page
        assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)


def test_fault_in_an_element_placed_by_hand_leaves_its_place_empty(
    host: Flask, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "compliance").mkdir()
    (tmp_path / "compliance" / "report.html").write_text("{{ 1 / 0 }}")
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    Compliance(host, settings=settings)
    host.testing = False
    with host.test_request_context():
        assert host.jinja_env.from_string("[{{ compliance_report() }}]").render() == "[]"
    assert "'report'" in caplog.text


# Workers


def test_threads_share_an_application(client: FlaskClient) -> None:
    app = client.application
    with ThreadPoolExecutor(8) as pool:
        pages = set(pool.map(lambda path: app.test_client().get(path).text, ["/", "/zh"] * 40))
    assert len(pages) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this machine has no fork")
def test_forked_worker_answers_as_its_parent_does(client: FlaskClient) -> None:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(client.get("/zh").data)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        page = pipe.read()
    os.waitpid(child, 0)
    assert page == client.get("/zh").data


@pytest.mark.slow
def test_green_threads_share_an_application(settings: dict[str, Any]) -> None:
    script = Path(__file__).parent / "hosts" / "green.py"
    run = subprocess.run([sys.executable, script, json.dumps(settings)], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr, run.returncode) == ("1 True\n", "", 0)


def test_a_page_keeps_its_elements_after_a_render_that_failed(host: Flask, settings: dict[str, Any]) -> None:
    base = "<!doctype html><html lang=en><body>{{ compliance_banner() }}%s{{ compliance_footer() }}</body></html>"

    @host.get("/twice")
    def twice() -> str:
        render_template_string(base % "thrown away")
        return render_template_string(base % "kept")

    Compliance(host, settings=settings)
    page = BeautifulSoup(host.test_client().get("/twice").data, "html.parser")
    assert len(page.select("section[data-compliance=banner]")) == 1
    assert len(page.select("footer[data-compliance=footer]")) == 1


@pytest.mark.parametrize(("key", "warned"), [("k", True), (b"x" * 15, True), ("x" * 16, False), ("长" * 6, False)])
def test_a_key_that_can_be_guessed_is_warned_of(
    key: str | bytes, warned: bool, host: Flask, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    host.config["SECRET_KEY"] = key
    Compliance(host, settings=settings)
    assert ("SECRET_KEY" in caplog.text) == warned
