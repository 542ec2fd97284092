"""`flask compliance doctor` finds what is planted, and nothing on a site that is well."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask, Response

from compliance import Compliance, extension
from compliance.cli import Alone, compliance
from support.host import PAGE, ROOT, create_app

pytestmark = pytest.mark.slow

Plant = Callable[[Flask], object]
SERVED = PAGE.format(lang="en")
ELSEWHERE = '<base href="https://cdn.example.net/">'


def examined(app: Flask, *options: str) -> list[dict[str, Any]]:
    """What the doctor finds on *app*, but for the calendar, which is as old as its package."""
    result = app.test_cli_runner().invoke(args=["compliance", "doctor", "--format", "json", *options])
    found: list[dict[str, Any]] = json.loads(result.stdout)
    assert (result.exit_code, result.exception is None or isinstance(result.exception, SystemExit)) == (
        bool(found),
        True,
    )
    assert all(one["where"] and one["remedy"] for one in found)
    return [one for one in found if one["what"] != "calendar"]


def free_port() -> int:
    """A port on which nobody listens."""
    with closing(socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def create_host(**config: Any) -> Flask:
    host = create_app(**config)
    host.secret_key = secrets.token_hex()
    host.testing = False
    return host


def answering(body: str, **headers: str) -> Plant:
    """Plant a page at `/planted`, to which the home page links."""

    def plant(app: Flask) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        app.view_functions["home"] = lambda: SERVED.replace("News</h1>", "</h1><a href=/planted#top>on</a>")
        app.add_url_rule("/planted", "planted", lambda: Response(body, headers=fields, mimetype="text/html"))

    return plant


def policy(text: str) -> Plant:
    return answering(SERVED, Content_Security_Policy=text)


def meta_policy(text: str) -> Plant:
    return answering(SERVED.replace("<title>", f'<meta http-equiv=Content-Security-Policy content="{text}"><title>'))


def around(status: str, **headers: str) -> Plant:
    """Plant a gate around the application that lets nobody in."""

    def plant(app: Flask) -> None:
        inner = app.wsgi_app

        def gate(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/":
                return inner(environ, start_response)  # type: ignore[arg-type]
            start_response(status, list(headers.items()))
            return [b""]

        app.wsgi_app = gate  # type: ignore[method-assign,assignment]

    return plant


def broken_with_us(app: Flask) -> None:
    """Plant a page that cannot be served with our elements on it."""
    answering(SERVED)(app)
    inner = app.wsgi_app

    def fragile(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        body = b"".join(inner(environ, start_response))  # type: ignore[arg-type]
        if environ["PATH_INFO"] == "/planted" and b"data-compliance" in body:
            raise LookupError("planted")
        return [body]

    app.wsgi_app = fragile  # type: ignore[method-assign,assignment]


def rival(app: Flask) -> None:
    app.extensions["consent"] = object()


def own_route(app: Flask) -> None:
    app.add_url_rule("/compliance/consent", "own", lambda: "")


def placed_below_a_base(app: Flask) -> None:
    from flask import render_template_string

    app.view_functions["home"] = lambda: render_template_string(
        SERVED.replace("<title>", f"{ELSEWHERE}<title>").replace("</body>", "{{ compliance_footer() }}</body>")
    )


AFTER: dict[str, tuple[Plant, str, str]] = {
    "a gate": (around("302 FOUND", Location="/login"), "address", "sends readers to /login"),
    "a route of its own": (own_route, "conflict", "'/compliance'"),
    "another consent tool": (rival, "conflict", "Flask-Consent"),
    "scripts of others alone": (policy("script-src https://cdn.example.net"), "policy", "script-src https://cdn"),
    "strict-dynamic without a nonce": (policy("script-src 'self' 'strict-dynamic'"), "policy", "strict-dynamic"),
    "nothing but styles": (policy("default-src 'none'; style-src 'self'"), "policy", "default-src 'none'"),
    "styles of others": (meta_policy("style-src https://cdn.example.net/css/"), "policy", "style-src"),
    "no decision by script": (policy("connect-src wss:"), "policy", "connect-src wss:"),
    "no forms": (policy("default-src *, form-action 'none'"), "policy", "form-action 'none'"),
    "a sandbox": (policy("sandbox allow-scripts"), "policy", "sandbox without allow-same-origin"),
    "a base above what is placed by hand": (placed_below_a_base, "base", "https://cdn.example.net/"),
    "AMP": (answering(SERVED.replace("<html ", "<html amp ")), "footer", "without the footer"),
    "no-transform": (answering(SERVED, Cache_Control="no-transform"), "footer", "without the footer"),
    "an unknown coding": (answering(SERVED, Content_Encoding="x-own"), "footer", "without the footer"),
    "a frameset": (answering("<!doctype html><frameset><frame src=/></frameset>"), "footer", "without the footer"),
    "a failure": (broken_with_us, "page", "answered with 500"),
}


@pytest.mark.parametrize("kind", AFTER)
def test_what_is_planted_is_found(settings: dict[str, Any], kind: str) -> None:
    plant, what, value = AFTER[kind]
    host = create_host()
    Compliance(host, settings=settings)
    plant(host)
    found = examined(host)
    assert {one["what"] for one in found} == {what}
    assert any(value in one["found"] for one in found)


@pytest.mark.parametrize(
    "plant",
    [
        policy("default-src 'self'"),
        policy("default-src https:; form-action *"),
        policy(
            "default-src 'none'; style-src *; img-src *; connect-src www.ichongqing.info; script-src *.ichongqing.info"
        ),
        policy("script-src 'nonce-QUJDREVGR0hJSktMTU5PUA==' 'strict-dynamic'"),
        policy("script-src http://www.ichongqing.info:80/compliance/"),
        answering(SERVED.replace("<title>", f"{ELSEWHERE}<title>")),
        answering("<p>a fragment</p>"),
        answering(SERVED, Content_Disposition="attachment", Cache_Control="no-transform"),
        answering("<html>", Location="/"),
    ],
)
def test_what_does_no_harm_is_not_told(settings: dict[str, Any], plant: Plant) -> None:
    host = create_host()
    Compliance(host, settings=settings)
    plant(host)
    assert examined(host) == []


def test_an_exempt_view_is_meant_to_be_bare(settings: dict[str, Any]) -> None:
    host = create_host()
    host.view_functions["home"] = Compliance(host, settings=settings).exempt(host.view_functions["home"])
    assert examined(host) == []


SOON = datetime.now(UTC).date() + timedelta(days=20)
SETTINGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "held for good": ({"consent": {"mode": "opt-in", "categories": ["analytics"]}}, "settings", "consent.categories"),
    "a licence about to expire": (
        {"licences": {"news": {"number": "50120220004", "expires": SOON}}},
        "settings",
        "licences.news",
    ),
    "no database": ({"storage": {"url": f"postgresql://u:p@127.0.0.1:{free_port()}/x"}}, "storage", "storage.url"),
    "no limits": ({"limits": {"storage": f"redis://127.0.0.1:{free_port()}/0"}}, "limits", "limits.storage"),
    "no mail": ({"mail": {"host": "127.0.0.1", "port": free_port()}}, "mail", "mail.host"),
    "no mail for editors": (
        {"messages": {"deliver_to": ["a@example.org"]}, "mail": {"port": free_port()}},
        "mail",
        "mail.host",
    ),
}


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_that_lead_nowhere_are_found(settings: dict[str, Any], kind: str) -> None:
    given, what, key = SETTINGS[kind]
    host = create_host()
    Compliance(host, settings=settings | given)
    found = examined(host)
    assert {(one["what"], one["where"]) for one in found} == {(what, key)}


def test_short_keys_of_every_kind_are_found(settings: dict[str, Any]) -> None:
    host = create_host(SECRET_KEY_FALLBACKS=["old"], COMPLIANCE_KEYS=["k", secrets.token_hex()])
    host.secret_key = "key"
    Compliance(host, settings=settings)
    assert [one["where"] for one in examined(host)] == [
        f'app.config["{name}"]' for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "COMPLIANCE_KEYS")
    ]


def test_a_database_of_another_site_and_a_ledger_under_another_key_are_found(settings: dict[str, Any]) -> None:
    hosts = [create_host() for _ in range(3)]
    for host in hosts:
        host.instance_path = hosts[0].instance_path
    Compliance(hosts[0], settings=settings)
    hosts[0].test_client().post("/compliance/consent", data={"choice": "accept"})
    assert hosts[0].extensions["compliance"].recorder.settle()
    Compliance(hosts[1], settings=settings)
    (found,) = examined(hosts[1])
    assert found["what"] == "storage" and "COMPLIANCE_KEYS" in found["remedy"]
    hosts[1].extensions["compliance"].database.adopt()
    (found,) = examined(hosts[1])
    assert found["what"] == "ledger" and "COMPLIANCE_KEYS" in found["remedy"]
    Compliance(hosts[2], settings=settings | {"site": settings["site"] | {"url": "https://other.example"}})
    (found,) = examined(hosts[2])
    assert found["what"] == "storage" and "https://www.ichongqing.info" in found["remedy"]


def test_decisions_that_wait_on_the_disk_and_damaged_ones_are_found(settings: dict[str, Any]) -> None:
    host = create_host()
    Compliance(host, settings=settings)
    folder = Path(host.instance_path) / "compliance-consents"
    folder.mkdir(parents=True)
    (folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-0.jsonl").touch()
    assert examined(host) == []
    (folder / "20261124T040000-0.jsonl").touch()
    (folder / "20261124T040000-1.damaged").touch()
    found = examined(host)
    assert [(one["what"], one["where"]) for one in found] == [("spool", str(folder))] * 2
    assert "consents drain" in found[0]["remedy"] and "1 files" in found[1]["remedy"]


def test_a_proxy_that_is_not_read_is_found(settings: dict[str, Any]) -> None:
    from werkzeug.middleware.proxy_fix import ProxyFix

    host = create_host()
    Compliance(host, settings=settings)
    assert [one["where"] for one in examined(host, "--proxy")] == ["X-Forwarded-Proto", "X-Forwarded-For"]
    host.wsgi_app = ProxyFix(host.wsgi_app)  # type: ignore[method-assign]
    assert examined(host, "--proxy") == []


def test_each_finding_is_one_line(settings: dict[str, Any]) -> None:
    host = create_host()
    host.secret_key = "key"
    Compliance(host, settings=settings)
    policy("form-action 'none'")(host)
    result = host.test_cli_runner().invoke(args=["compliance", "doctor"])
    lines = [line.partition(": ")[0] for line in result.stdout.splitlines() if not line.startswith("calendar")]
    assert (result.exit_code, lines) == (1, ["settings", "policy"])
    assert "https://www.ichongqing.info/planted" in result.stdout


def test_lines_come_in_the_language_of_the_terminal_or_the_one_asked_for(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = create_host()
    Compliance(host, settings=settings)
    policy("form-action 'none'")(host)

    def told(*options: str) -> list[str]:
        lines = host.test_cli_runner().invoke(args=["compliance", "doctor", *options]).stdout.splitlines()
        return [line for line in lines if "planted" in line]

    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "zh_CN:en")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    (line,) = told()
    assert line.startswith("【安全策略】https://www.ichongqing.info/planted：页面的内容安全策略为 form-action 'none'。")
    assert line.endswith("禁用脚本的读者无法作出选择；请在 form-action 中加上 'self'")
    (line,) = told("--language", "en")
    assert line.startswith("policy: https://www.ichongqing.info/planted is a page whose policy is form-action 'none': ")


def test_extensions_that_ask_too_are_told_at_start(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    host = create_host()
    rival(host)
    Compliance(host, settings=settings)
    assert "Flask-Consent" in caplog.text


WRAPPED = """
import compliance.asgi, compliance.wsgi
from support.host import PAGE, SETTINGS

PAGE, KEY, POLICY = PAGE.format(lang="en").encode(), "a key of sixteen bytes", {policy!r}
HEADERS = {{"Content-Type": "text/html", "Content-Length": str(len(PAGE)), "Content-Security-Policy": POLICY}}

def wsgi(environ, start_response):
    start_response("200 OK", list(HEADERS.items()))
    return [PAGE]

async def asgi(scope, receive, send):
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    await send({{"type": "http.response.start", "status": 200, "headers": headers}})
    await send({{"type": "http.response.body", "body": PAGE}})

class Around:
    def __init__(self, app):
        self.app = app

    def __call__(self, *arguments):
        return self.app(*arguments)

of_wsgi = Around(compliance.wsgi.wrap(wsgi, settings=SETTINGS, secret_key=KEY))
of_asgi = compliance.asgi.wrap(asgi, settings=SETTINGS, secret_key=KEY)
"""


def alone(*arguments: str) -> Any:
    return CliRunner().invoke(compliance, [*arguments], obj=Alone(extension.alone))


@pytest.mark.parametrize("named", ["of_wsgi", "of_asgi"])
@pytest.mark.parametrize(("policy", "found"), [("default-src 'self'", []), ("script-src 'none'", ["policy"])])
def test_a_wrapped_application_is_looked_at_too(
    named: str, policy: str, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"site_{named}_{len(found)}"
    (tmp_path / f"{module}.py").write_text(WRAPPED.format(policy=policy), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = alone("--app", f"{module}:{named}", "doctor", "--format", "json")
    told = [one for one in json.loads(result.stdout) if one["what"] != "calendar"]
    assert [one["what"] for one in told] == found
    assert alone("--app", f"{module}:{named}", "messages", "list", "--format", "json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("named", "told"), [("no_such_module:app", "no_such_module"), ("json:dumps", "compliance.wsgi.wrap")]
)
def test_what_is_no_wrapped_application_is_told(named: str, told: str) -> None:
    result = alone("--app", named, "doctor")
    assert result.exit_code == 2 and told in result.stderr


def test_the_demo_is_well(tmp_path: Path) -> None:
    settings = (ROOT / "compliance.toml").read_text(encoding="utf-8")
    own = tmp_path / "compliance.toml"
    own.write_text(
        settings.replace("sqlite:///", f"sqlite:///{tmp_path}/").replace('"demo/', f'"{ROOT}/demo/'), encoding="utf-8"
    )
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "compliance", "doctor", "--format", "json"]
    environment = {"SECRET_KEY": secrets.token_hex(), "PATH": "/usr/bin", "COMPLIANCE_SETTINGS": str(own)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert [one for one in json.loads(done.stdout) if one["what"] != "calendar"] == []


BODIES = {
    "moved": "<style>:root:has([data-compliance=footer]) p{margin-top:50px}</style><p>a",
    "hidden": "<style>body{height:100vh;overflow:hidden;margin:0}main{height:100vh}</style><main>a</main>",
    "well": "<p>a",
}


@pytest.mark.browser
def test_pages_that_lose_their_shape_or_their_end_are_found_in_a_browser(settings: dict[str, Any]) -> None:
    pytest.importorskip("support.browser")
    host = create_host()
    Compliance(host, settings=settings)
    host.view_functions["home"] = lambda: SERVED + "".join(f"<a href=/{name}>{name}</a>" for name in BODIES)
    for name, body in BODIES.items():
        host.add_url_rule(f"/{name}", name, lambda body=body: SERVED.replace("<h1>News</h1>", body))
    found = examined(host, "--browser")
    assert [(one["what"], one["where"].rpartition("/")[2]) for one in found] == [
        ("layout", name) for name in ("moved", "hidden")
    ]
