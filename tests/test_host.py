"""Our addresses are answered by an application of our own, whatever the host does with its requests."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Blueprint, Flask, g, render_template_string, request, session, url_for
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client, TestResponse

from compliance import Compliance, SettingsError, consent_given, message_received
from hosts.walls import WALLS, Wall, login
from support.host import PAGE, SETTINGS, create_app

JSON = {"Accept": "application/json"}
MESSAGE = {"body": "The year in the third paragraph is wrong."}


@pytest.fixture(params=["before", "after"])
def wrap(request: pytest.FixtureRequest, host: Flask, settings: dict[str, Any]) -> Callable[[Wall], Flask]:
    """Put up a wall before us, or after us."""

    def wrap(wall: Wall) -> Flask:
        settings["messages"] = {"challenge": "none"}
        host.testing = False
        if request.param == "before":
            wall(host)
        Compliance(host, settings=settings)
        if request.param == "after":
            wall(host)
        return host

    return wrap


def answers(client: FlaskClient, **options: Any) -> list[TestResponse]:
    """What a reader does with us: the files of a page, a policy, a choice, the record of it, a message."""
    consent = client.get("/compliance/consent", **options)
    files = re.findall(r'(?:href|src)="(/compliance/static/[^"]*)"', consent.text)
    assert files
    return [
        consent,
        *(client.get(file, **options) for file in files),
        client.get("/compliance/legal/privacy", **options),
        client.post("/compliance/consent", data={"choice": "accept"}, **options),
        client.get("/compliance/record", headers=JSON, **options),
        client.post("/compliance/message", json=MESSAGE, headers=JSON, **options),
        client.get("/compliance/nothing", **options),
    ]


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.__name__)
def test_no_hook_of_the_host_comes_between_a_reader_and_us(wrap: Callable[[Wall], Flask], wall: Wall) -> None:
    found = answers(wrap(wall).test_client())
    first, *middle, missing = found
    assert first.status_code == 200
    assert [answer.status_code for answer in middle[-4:]] == [200, 303, 200, 201]
    assert {answer.status_code for answer in middle[:-4]} == {200}
    assert (missing.status_code, missing.mimetype) == (404, "text/html")
    cookies = {cookie.partition("=")[0] for answer in found for cookie in answer.headers.getlist("Set-Cookie")}
    assert cookies == {"compliance_consent", "compliance_receipt"}
    assert all(answer.headers["X-Content-Type-Options"] == "nosniff" for answer in found)


def test_the_wall_itself_still_stands(wrap: Callable[[Wall], Flask]) -> None:
    client = wrap(login).test_client()
    assert client.get("/").location == "/login"
    assert client.get("/compliance").location == "/login"  # not below our prefix
    assert 'data-compliance="banner"' in client.get("/login").text


def test_what_we_cannot_answer_is_told_by_us(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    app.register_error_handler(Exception, lambda error: "sorry")
    state = app.extensions["compliance"]
    monkeypatch.setattr(state, "documents", None)
    answer = app.test_client().get("/compliance/legal/privacy?lang=zh-CN")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert '<html lang="zh-CN"' in answer.text
    assert any(record.exc_info for record in caplog.records if "/compliance/legal/privacy" in record.getMessage())
    app.testing = True
    with pytest.raises(AttributeError):
        app.test_client().get("/compliance/legal/privacy")


# What stands around the host


FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "news.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/en",
    "Origin": "https://news.example",
}


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_proxy_says_counts_wherever_the_host_reads_it(
    host: Flask, settings: dict[str, Any], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fix() -> None:
        host.wsgi_app = ProxyFix(host.wsgi_app, x_for=1, x_host=1, x_proto=1, x_prefix=1)  # type: ignore[method-assign]

    if when == "before":
        fix()
    Compliance(host, settings=settings)
    if when == "after":
        fix()
    seen = []
    throttle = host.extensions["compliance"].throttle
    count = throttle.challenge
    monkeypatch.setattr(throttle, "challenge", lambda source: seen.append(source) or count(source))
    client = host.test_client()
    answer = client.post("/compliance/consent", data={"choice": "accept"}, headers=FORWARDED)
    assert (answer.status_code, answer.location) == (303, "/en/")
    assert "Secure" in answer.headers["Set-Cookie"]
    for address in ("203.0.113.9", "198.51.100.7"):
        client.get("/compliance/challenge/message", headers=FORWARDED | {"X-Forwarded-For": address})
    assert len(set(seen)) == 2
    page = client.get("/compliance/consent", headers=FORWARDED)
    assert 'href="/en/compliance/' in page.text
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("mount", ["/news", "/新闻"])
@pytest.mark.slow
def test_below_a_mount_point_our_addresses_are_below_it(app: Flask, mount: str) -> None:
    client = Client(DispatcherMiddleware(Flask("root"), {mount.encode().decode("latin-1"): app.wsgi_app}))
    page = client.get(f"{mount}/")
    file = re.search(r'href="([^"]*/compliance/static/[^"]*)"', page.text)
    assert file is not None
    assert client.get(file[1]).status_code == 200
    answer = client.post(f"{mount}/compliance/consent", data={"choice": "accept"})
    assert (answer.status_code, answer.location) == (303, f"{quote(mount)}/")
    assert client.get("/compliance/consent").status_code == 404


def test_a_middleware_that_takes_the_slash_off_paths_hides_none_of_our_addresses(
    host: Flask, settings: dict[str, Any]
) -> None:
    inner = host.wsgi_app

    def prefixed(environ: dict[str, Any], start_response: Any) -> Any:
        """A recipe that many sites have, with the root of the site for a prefix."""
        environ |= {"SCRIPT_NAME": "/", "PATH_INFO": environ["PATH_INFO"].removeprefix("/")}
        return inner(environ, start_response)

    host.wsgi_app = prefixed  # type: ignore[method-assign]
    Compliance(host, settings=settings)
    client = host.test_client()
    found = re.search(r'<script[^>]+src="([^"]+)"', client.get("/zh").text)
    assert found and client.get(found[1]).mimetype == "text/javascript"
    assert client.post("/compliance/consent", data={"choice": "accept"}).status_code == 303


def test_a_host_that_documents_its_views_finds_functions_behind_all_rules(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        assert inspect.isfunction(view) and view.__name__ and inspect.getfile(view)


def test_application_root_is_the_mount_point_of_tests(settings: dict[str, Any]) -> None:
    app = create_app(APPLICATION_ROOT="/news")
    Compliance(app, settings=settings)
    assert app.test_client().post("/compliance/consent", data={"choice": "accept"}).location == "/news/"
    with app.test_request_context():
        assert url_for("compliance.message") == "/news/compliance/message"


@pytest.mark.parametrize("named", ["www.example.org", "news.example.org"])
@pytest.mark.slow
def test_hosts_that_are_matched_all_have_our_pages(settings: dict[str, Any], named: str) -> None:
    app = Flask("host", host_matching=True, static_host="example.org")
    app.config.update(SECRET_KEY="key", TESTING=True)
    link = "<!doctype html><body>{{ url_for('compliance.legal', name='privacy') }}"
    for place, host in enumerate(("www.example.org", "news.example.org")):
        app.add_url_rule("/", f"home{place}", lambda: render_template_string(link), host=host)
    Compliance(app, settings=settings)
    client = app.test_client()
    assert "/compliance/legal/privacy" in client.get("/", base_url=f"https://{named}").text
    assert f"//{named}" not in client.get("/", base_url=f"https://{named}").text
    answer = client.post("/compliance/consent", base_url=f"https://{named}", data={"choice": "accept"})
    assert answer.status_code == 303


def test_subdomains_that_are_matched_all_have_our_pages(settings: dict[str, Any]) -> None:
    app = Flask("host", subdomain_matching=True)
    app.config.update(SECRET_KEY="key", TESTING=True, SERVER_NAME="example.org")
    app.add_url_rule("/", "home", lambda language: url_for("compliance.message", lang=language), subdomain="<language>")
    Compliance(app, settings=settings)
    client = app.test_client()
    link = client.get("/", base_url="https://en.example.org").text
    assert link == "https://en.example.org/compliance/message?lang=en"
    assert client.get("/compliance/message", base_url="https://en.example.org").status_code == 200


def test_a_request_made_by_hand_is_the_hosts(app: Flask) -> None:
    with app.test_request_context("/compliance/consent"):
        assert url_for("compliance.preferences") == "/compliance/consent"
        assert session == {}


def test_attributes_of_what_the_host_wrapped_itself_in_are_reached(host: Flask, settings: dict[str, Any]) -> None:
    class Prefixed:
        script_name = "/reader"

        def __init__(self, app: Any) -> None:
            self.app = app

        def __call__(self, *request: Any) -> Any:
            return self.app(*request)

    host.wsgi_app = Prefixed(host.wsgi_app)  # type: ignore[method-assign]
    Compliance(host, settings=settings)
    host.add_url_rule("/name", "name", lambda: host.wsgi_app.script_name)  # type: ignore[attr-defined]
    assert host.test_client().get("/name").text == "/reader"
    assert not hasattr(host.wsgi_app, "nothing")


# What the host has under our name


def own_page() -> str:
    return PAGE.format(lang="en")


def test_an_address_of_the_host_below_our_prefix_is_told_with_the_remedy(host: Flask, settings: dict[str, Any]) -> None:
    host.add_url_rule("/compliance/consent", "own_consent", own_page)
    with pytest.raises(SettingsError) as caught:
        Compliance(host, settings=settings)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == ("site.prefix", "'/compliance'")
    assert "/compliance/consent" in problem.remedy
    settings["site"]["prefix"] = "/legal-notice"
    Compliance(host, settings=settings)
    client = host.test_client()
    assert "News" in client.get("/compliance/consent").text
    assert client.get("/legal-notice/consent").status_code == 200


@pytest.mark.parametrize("path", ["/compliance", "/compliance/", "/compliance-report", "/<part>/consent"])
def test_an_address_beside_our_prefix_is_no_conflict(host: Flask, settings: dict[str, Any], path: str) -> None:
    host.add_url_rule(path, "own", lambda **parts: own_page())
    Compliance(host, settings=settings)
    client = host.test_client()
    assert client.get(path.replace("<part>", "news")).status_code == 200
    assert client.get("/compliance/consent").headers["X-Content-Type-Options"] == "nosniff"


def test_a_blueprint_by_our_name_is_told_with_both_remedies(host: Flask, settings: dict[str, Any]) -> None:
    blueprint = Blueprint("compliance", __name__, url_prefix="/compliance")
    blueprint.add_url_rule("/team", "team", own_page)
    host.register_blueprint(blueprint)
    with pytest.raises(SettingsError) as caught:
        Compliance(host, settings=settings)
    assert {problem.key for problem in caught.value.problems} == {'app.blueprints["compliance"]', "site.prefix"}
    assert all("site.prefix" in str(problem) for problem in caught.value.problems)


def test_an_extension_by_our_name_is_told(host: Flask, settings: dict[str, Any]) -> None:
    host.extensions["compliance"] = {"of": "somebody else"}
    with pytest.raises(SettingsError, match=r'app\.extensions\["compliance"\]'):
        Compliance(host, settings=settings)
    assert host.extensions["compliance"] == {"of": "somebody else"}


@pytest.mark.parametrize("strict", [True, False])
def test_an_address_that_the_host_adds_later_is_told_with_the_first_request(
    app: Flask, caplog: pytest.LogCaptureFixture, strict: bool
) -> None:
    app.add_url_rule("/compliance/report", "own_report", own_page)
    app.testing = strict
    client = app.test_client()
    if strict:
        with pytest.raises(SettingsError, match=r"site\.prefix"):
            client.get("/")
    else:
        with caplog.at_level(logging.ERROR):
            assert client.get("/").status_code == client.get("/").status_code == 200
        assert sum("site.prefix" in record.getMessage() for record in caplog.records) == 1


# What of the host our pages still have


@pytest.fixture
def framed(host: Flask, settings: dict[str, Any], tmp_path: Path) -> Flask:
    """A host that puts its own frame, with the reader's name in it, around our pages."""
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    (tmp_path / "compliance").mkdir()
    frame = (
        "<!doctype html><title>{{ title }}</title><nav>{{ session.name }} {{ url_for('home') }} {{ shout('hi') }}"
        " {{ get_flashed_messages() }}</nav>{% block main %}{% endblock %}"
    )
    (tmp_path / "compliance" / "page.html").write_text(frame)
    host.context_processor(lambda: {"shout": str.upper})

    @host.get("/enter/<name>")
    def enter(name: str) -> str:
        from flask import flash

        session["name"] = name
        flash("welcome")
        return "in"

    Compliance(host, settings=settings)
    return host


def test_the_sites_own_frame_has_its_session_and_keeps_it(framed: Flask) -> None:
    client = framed.test_client()
    client.get("/enter/ada")
    first, second = client.get("/compliance/legal/privacy"), client.get("/compliance/legal/privacy")
    assert "<nav>ada / HI ['welcome']</nav>" in first.text.replace("&#39;", "'")
    assert "<nav>ada / HI []</nav>" in second.text
    assert "Cookie" in second.vary
    assert second.cache_control.private and not second.cache_control.public


def test_a_frame_that_fails_is_logged_and_ours_stands_in_its_place(
    framed: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    framed.context_processor(lambda: {"title": g.nothing})
    framed.testing = False
    page = framed.test_client().get("/compliance/legal/privacy")
    assert page.status_code == 200
    assert "<nav>" not in page.text and "compliance-header" in page.text
    assert "compliance/legal.html" in caplog.text
    framed.testing = True
    with pytest.raises(AttributeError):
        framed.test_client().get("/compliance/legal/privacy")


def test_a_strict_host_is_no_obstacle_to_our_templates(host: Flask, settings: dict[str, Any]) -> None:
    from jinja2 import StrictUndefined

    host.jinja_options = {"undefined": StrictUndefined, "variable_start_string": "[[", "variable_end_string": "]]"}
    Compliance(host, settings=settings)
    client = host.test_client()
    for path in ("consent", "message", "report", "case", "legal/privacy", "legal/nothing"):
        assert "data-compliance" in client.get(f"/compliance/{path}").text


def test_who_listens_is_told_within_a_request_of_the_host(app: Flask, settings: dict[str, Any]) -> None:
    app.extensions["compliance"].settings.messages.__dict__["challenge"] = "none"
    heard: list[Any] = []

    def hear(sender: Flask, **told: Any) -> None:
        heard.append((sender, request.path, sorted(session), url_for("home"), sorted(told)))

    client = app.test_client()
    with consent_given.connected_to(hear, sender=app), message_received.connected_to(hear, sender=app):
        client.post("/compliance/consent", data={"choice": "accept"})
        client.post("/compliance/message", json=MESSAGE, headers=JSON)
    assert heard == [
        (app, "/compliance/consent", [], "/", ["record"]),
        (app, "/compliance/message", [], "/", ["category", "kind", "number"]),
    ]


def test_one_instance_of_settings_serves_hosts_side_by_side() -> None:
    one, two = (create_app() for _ in range(2))
    for app in (one, two):
        Compliance(app, settings=SETTINGS)
    login(one)
    assert one.test_client().get("/compliance/consent").status_code == 200
    assert two.test_client().get("/").status_code == 200
