"""What docs/serving.md puts in front of `serve`."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from support.certificates import Authority
from support.host import ROOT
from support.nginx import NGINX, free_port, nginx
from support.upstream import Upstream, fields_of, serve

PAGE = b"<!doctype html><html lang=en><title>News</title><body><h1>News</h1></body></html>"
HOST = "www.example.org"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)"),
]


def test_nginx_in_front_names_the_reader_and_changes_nothing(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port()
    authority.context(HOST)
    with Upstream() as site, serve(tmp_path, f"http://127.0.0.1:{site.port}", "--proxies", "1") as server:
        changes = {
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "127.0.0.1:8000": f"127.0.0.1:{server.port}",
            "/etc/ssl/news/fullchain.pem": str(tmp_path / f"{HOST}.pem"),
            "/etc/ssl/news/privkey.pem": str(tmp_path / f"{HOST}.pem"),
        }
        site.on(
            "/a%2Fb//c",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(PAGE), PAGE),
        )
        site.on("/ws", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        trusted = ssl.create_default_context(cafile=str(authority.bundle))
        with nginx(ROOT / "docs" / "serving.md", tmp_path, changes, port=port):
            there = trusted.wrap_socket(socket.create_connection(("127.0.0.1", port), 60), server_hostname=HOST)
            with closing(HTTPSConnection(HOST, port)) as reader:
                reader.sock = there
                claims = {"Host": HOST, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
                reader.request("GET", "/a%2Fb//c?d=%2F", headers=claims)
                assert b'data-compliance="footer"' in reader.getresponse().read()
                assert site.heads[-1].split()[1] == b"/a%2Fb//c?d=%2F"
                told = dict(fields_of(site.heads[-1]))
                assert told[b"x-forwarded-for"] == b"127.0.0.1, 127.0.0.1"
                assert (told[b"x-forwarded-proto"], told[b"host"]) == (b"https", HOST.encode())
                form = {"Content-Type": "application/x-www-form-urlencoded", "Host": HOST}
                reader.request("POST", "/compliance/consent", "choice=accept", form)
                decided = reader.getresponse()
                decided.read()
                assert decided.status == 303
                assert "Secure" in decided.headers["Set-Cookie"]
                reader.request("GET", "/compliance/health", headers={"Host": HOST})
                assert (hidden := reader.getresponse()).status == 404
                hidden.read()
                upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
                key = {"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
                reader.request("GET", "/ws", headers={"Host": HOST, **upgrade, **key})
                assert reader.getresponse().read() == b"no"
                assert site.heads[-1].startswith(b"GET /ws ") and b"Upgrade: websocket" in site.heads[-1]
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as monitor:
            monitor.request("GET", "/compliance/health")
            assert monitor.getresponse().status == 200
