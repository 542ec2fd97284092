"""A proxy in front that is not heard is told once, with the remedy, by the first request that shows it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

import compliance.asgi
import compliance.wsgi
from compliance import Compliance
from hosts.frameworks import starlette

SITE = {"HTTP_HOST": "www.ichongqing.info", "wsgi.url_scheme": "https"}
UPSTREAM = {"HTTP_HOST": "127.0.0.1:8000"}
SHOWN: dict[str, tuple[dict[str, str], str]] = {
    "an address": (SITE | {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, "X-Forwarded-For"),
    "an address behind a socket": (
        SITE | {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "REMOTE_ADDR": ""},
        "X-Forwarded-For",
    ),
    "a scheme": (UPSTREAM | {"HTTP_X_FORWARDED_PROTO": "https"}, "X-Forwarded-Proto"),
    "a host without its scheme": (SITE | {"wsgi.url_scheme": "http"}, "X-Forwarded-Proto"),
    "the proxy's own host": (UPSTREAM | {"SERVER_PROTOCOL": "HTTP/1.0"}, "Host"),
    "an upstream": ({"HTTP_HOST": "news_backend", "SERVER_PROTOCOL": "HTTP/1.0"}, "Host"),
    "a page of the site before it": (UPSTREAM | {"HTTP_REFERER": "https://www.ichongqing.info/a"}, "Host"),
}
WELL: dict[str, dict[str, str]] = {
    "a reader": SITE | {"REMOTE_ADDR": "203.0.113.9"},
    "a proxy that was heard": SITE | {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    "a network of its own": SITE | {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "10.0.0.7"},
    "a developer": {"HTTP_HOST": "localhost:5000"},
    "whether it is alive": {"HTTP_HOST": "10.0.0.2:8000", "REMOTE_ADDR": "10.0.0.1"},
}


def requests(*, flask: bool, settings: dict[str, Any], folder: Path) -> Client:
    app = Flask("site", instance_path=str(folder))
    app.add_url_rule("/", "home", lambda: "<!doctype html><title>News</title>")
    app.secret_key = "a key of sixteen bytes"
    if flask:
        Compliance(app, settings=settings)
        return Client(app)
    return Client(compliance.wsgi.wrap(app, settings=settings, secret_key=app.secret_key, folder=folder))


def proxied(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if "proxy" in one.getMessage().lower()]


@pytest.mark.parametrize("flask", [True, False], ids=["Flask", "WSGI"])
@pytest.mark.parametrize("kind", SHOWN)
def test_a_proxy_that_is_not_heard_is_told_once(
    kind: str, flask: bool, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ, key = SHOWN[kind]
    client = requests(flask=flask, settings=settings, folder=tmp_path)
    for _ in range(3):
        assert client.get("/", environ_overrides=environ).status_code == 200
    (line,) = proxied(caplog)
    assert line.startswith(f"Compliance: {key} is ") and "ProxyFix" in line


def test_those_who_read_chinese_are_told_in_chinese(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    requests(flask=False, settings=settings, folder=tmp_path).get("/", environ_overrides=SHOWN["an address"][0])
    (line,) = (one.getMessage() for one in caplog.records if "ProxyFix" in one.getMessage())
    assert "请用" in line and "put " not in line


@pytest.mark.parametrize("kind", WELL)
def test_a_request_that_shows_no_proxy_is_passed_over(
    kind: str, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = requests(flask=True, settings=settings, folder=tmp_path)
    client.get("/", environ_overrides=WELL[kind])
    assert proxied(caplog) == []
    # Where the first shows nothing, the next is looked at.
    client.get("/", environ_overrides=SHOWN["an address"][0])
    assert bool(proxied(caplog)) == (kind in ("a developer", "whether it is alive"))


@pytest.mark.parametrize("flask", [True, False], ids=["Flask", "WSGI"])
def test_what_stands_around_the_application_is_heard_first(
    flask: bool, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(ProxyFix(requests(flask=flask, settings=settings, folder=tmp_path).application))
    client.get("/", environ_overrides=SITE | {"HTTP_X_FORWARDED_FOR": "203.0.113.9"})
    assert proxied(caplog) == []


def test_an_asynchronous_application_is_looked_after_too(
    settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = compliance.asgi.wrap(starlette(b"News"), settings=settings, secret_key="a key of its own", folder=tmp_path)

    async def ask() -> None:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="https://www.ichongqing.info") as client:
            for _ in range(2):
                await client.get("/article", headers={"X-Forwarded-For": "203.0.113.9"})

    asyncio.run(ask())
    (line,) = proxied(caplog)
    assert line.startswith("Compliance: X-Forwarded-For is not read: ")
