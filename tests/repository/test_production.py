"""What docs/production.md sets up: units that name what there is, nginx in front, a backup that can be put back."""

from __future__ import annotations

import re
import shlex
import shutil
import ssl
import subprocess
import sys
from configparser import ConfigParser
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from click import Context
from flask import Flask, request
from gunicorn.config import Config
from werkzeug.middleware.proxy_fix import ProxyFix

from compliance import Compliance
from compliance.cli import compliance as commands
from support.browser import serving
from support.certificates import Authority
from support.host import create_app
from support.nginx import NGINX, free_port, nginx

PAGE = Path(__file__).resolve().parents[2] / "docs" / "production.md"
SITE = "/srv/news"


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def unit(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


UNITS = [unit(text) for text in snippets("ini")]
#: What runs every night, by the timers that are enabled.
NIGHTLY = sorted(set(re.findall(r"news@(\w+)\.timer", "".join(snippets("text")))))


def started() -> list[str]:
    """The command of every service, the template's once for each timer."""
    lines = [parser["Service"]["ExecStart"] for parser in UNITS if parser.has_section("Service")]
    return [line.replace("%i", name) for line in lines for name in (NIGHTLY if "%i" in line else [""])]


@pytest.mark.parametrize("line", started())
def test_a_unit_starts_what_there_is(line: str) -> None:
    match shlex.split(line.removeprefix(f"{SITE}/.venv/bin/")):
        case ["gunicorn", *arguments]:
            assert Config().parser().parse_args(arguments).args == ["news:app"]
        case ["flask", "--app", "news", "compliance", name, *arguments]:
            command = commands.get_command(Context(commands), name)
            assert command is not None
            command.make_context(name, arguments)
        case _:
            pytest.fail("nothing here knows how to try this line")


def test_every_unit_says_when_it_runs() -> None:
    assert {"purge", "check", "doctor"} == set(NIGHTLY)
    for parser in UNITS:
        once = parser.get("Service", "Type", fallback="") == "oneshot"
        assert parser.has_section("Timer") or once or parser["Service"]["Restart"] == "always"


@pytest.mark.parametrize("text", snippets("dockerfile"))
def test_the_linter_of_images_finds_nothing(text: str) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "-"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
def test_nginx_speaks_http2_and_names_the_reader(tmp_path: Path, settings: dict[str, Any]) -> None:
    app = create_app()
    app.add_url_rule("/me", "me", lambda: f"{request.remote_addr} {request.scheme}")
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    Compliance(app, settings=settings)
    authority, port = Authority(tmp_path), free_port()
    authority.context("news")
    with serving(app) as url:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "127.0.0.1:8000": url.removeprefix("http://"),
            "/etc/ssl/news/fullchain.pem": str(tmp_path / "news.pem"),
            "/etc/ssl/news/privkey.pem": str(tmp_path / "news.pem"),
        }
        with nginx(PAGE, tmp_path, changes, port=port):
            context = ssl.create_default_context(cafile=str(authority.bundle))
            context.check_hostname = False
            context.set_alpn_protocols(["h2", "http/1.1"])
            with closing(HTTPSConnection("127.0.0.1", port, timeout=60, context=context)) as connection:
                connection.connect()
                assert connection.sock.selected_alpn_protocol() == "h2"
            context.set_alpn_protocols(["http/1.1"])
            own = {"Host": "www.example.org", "X-Forwarded-For": "203.0.113.9", "Sec-Fetch-Site": "same-origin"}
            form = {"Content-Type": "application/x-www-form-urlencoded", **own}
            with closing(HTTPSConnection("127.0.0.1", port, timeout=60, context=context)) as connection:
                connection.request("GET", "/me", headers=own)
                assert connection.getresponse().read() == b"127.0.0.1 https"
                connection.request("POST", "/compliance/consent", "choice=accept", form)
                answer = connection.getresponse()
                assert answer.status == 303
                assert "Secure" in answer.headers["Set-Cookie"]


def run(script: str, folder: Path) -> None:
    """Run *script* for the site in *folder*, without what only the machine itself has: services and the site's user."""
    lines = [line for line in script.splitlines() if not line.startswith(("systemctl", "sudo"))]
    text = "\n".join(lines).replace(SITE, str(folder)).replace("/var/backups/news", str(folder / "backups"))
    subprocess.run([str(shutil.which("bash")), "-euc", text.replace("-o newssite ", "")], check=True)


def decided(folder: Path, settings: dict[str, Any], times: int) -> Flask:
    app = Flask("news", instance_path=str(folder / "instance"), root_path=str(folder))
    app.config.update(SECRET_KEY="a long random value", TESTING=True)
    Compliance(app, settings=settings)
    for _ in range(times):
        app.test_client().post("/compliance/consent", data={"choice": "accept"})
    assert app.extensions["compliance"].recorder.settle()
    return app


def test_a_backup_can_be_put_back(tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "backups").mkdir()
    backup, restore, _upgrade = snippets("bash")
    decided(tmp_path, settings, 2)
    run(backup, tmp_path)
    [file] = (tmp_path / "backups").iterdir()
    decided(tmp_path, settings, 1).extensions["compliance"].database.close()
    run(re.sub(r"\d{8}-\d{6}\.db", file.name, restore), tmp_path)
    app = decided(tmp_path, settings, 0)
    result = app.test_cli_runner().invoke(args=["compliance", "consents", "verify"])
    assert result.exit_code == 0
    assert result.output.startswith("2 rows")
