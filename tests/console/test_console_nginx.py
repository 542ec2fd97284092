"""The console behind nginx, as docs/console.md sets it up."""

from __future__ import annotations

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from compliance.staff import Role
from support.browser import serving
from support.certificates import Authority
from support.desk import Office, hash_quickly
from support.nginx import NGINX, free_port, nginx

PAGE = Path(__file__).resolve().parents[2] / "docs" / "console.md"
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")


def test_no_log_has_what_is_searched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)
    office, authority = Office(tmp_path, proxies=1), Authority(tmp_path)
    authority.context("news")
    cookie = office.of(Role.VIEWER).client.get_cookie("compliance_console")
    assert cookie
    port, plain = free_port(), free_port()
    log, errors = tmp_path / "console.log", tmp_path / "console-error.log"
    searched = f"/messages?q={quote('王芳')}&state=all"
    with serving(office.app) as url:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "127.0.0.1:8001": url.removeprefix("http://"),
            "/etc/ssl/news/fullchain.pem": str(tmp_path / "news.pem"),
            "/etc/ssl/news/privkey.pem": str(tmp_path / "news.pem"),
            "/var/log/nginx/console.log": str(log),
            "/var/log/nginx/console-error.log": str(errors),
        }
        context = ssl.create_default_context(cafile=str(authority.bundle))
        context.check_hostname = False
        headers = {
            "Host": "console.example.org",
            "Cookie": f"__Host-compliance_console={cookie.value}",
            "Referer": f"https://console.example.org{searched}",
        }
        with nginx(PAGE, tmp_path, changes, port=port):
            with closing(HTTPSConnection("127.0.0.1", port, timeout=60, context=context)) as connection:
                connection.request("GET", searched, headers=headers)
                answer = connection.getresponse()
                assert answer.status == 200 and "王芳" in answer.read().decode()
            with closing(HTTPConnection("127.0.0.1", plain, timeout=60)) as connection:
                connection.request("GET", searched, headers=headers)
                assert connection.getresponse().headers["Location"] == "https://console.example.org/"
    first, second = log.read_text().splitlines()
    assert '"GET /messages" 200' in first and '"GET /messages" 301' in second
    assert quote("王芳") not in first + second + errors.read_text()
