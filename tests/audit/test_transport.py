"""How a site is reached: by real servers on this machine, with certificates of an authority that is trusted or not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from compliance.audit import Report, rules
from compliance.audit.targets import Response
from compliance.audit.transport import Transport, judged, transport_of, weaknesses
from support.certificates import Authority

TODAY = date(2026, 11, 30)
HOME = "https://www.news.example/"
GOOD = {"Strict-Transport-Security": "max-age=31536000", "Content-Security-Policy": "script-src 'self'"}
FAR = datetime(2027, 3, 1, tzinfo=UTC)
FINE = {"plain": ("http://www.news.example/", HOME), "encrypted": True, "ends": FAR, "http2": True, "ipv6": True}


def found(headers: dict[str, str] = GOOD, home: str = HOME, **changed: Any) -> list[str]:
    response = Response(url=home, headers=tuple(headers.items()))
    told = list(judged(Transport(address=home, **FINE | changed), response, TODAY))
    assert all(one.seen(language) and one.remedy(language) for one in told for language in ("en", "zh_CN"))
    return [one.rule.id for one in told]


@pytest.mark.parametrize(
    ("expected", "changed"),
    [
        ([], {}),
        (["C811"], {"encrypted": False, "plain": ("http://www.news.example/",), "home": "http://www.news.example/"}),
        (["C812"], {"plain": ("http://www.news.example/",)}),
        (["C812"], {"plain": ("http://www.news.example/", "https://www.news.example/x", "http://www.news.example/x")}),
        ([], {"plain": ()}),
        (["C813"], {"ends": datetime(2026, 12, 10, tzinfo=UTC)}),
        ([], {"ends": datetime(2026, 12, 31, tzinfo=UTC)}),
        # A certificate that is over, or proves nothing, is another finding.
        ([], {"ends": datetime(2026, 11, 1, tzinfo=UTC)}),
        ([], {"ends": None}),
        (["C817"], {"ipv6": False}),
        ([], {"ipv6": None}),
        (["C818"], {"http2": False}),
        (["C814"], {"headers": GOOD | {"Strict-Transport-Security": "includeSubDomains; max-age=300"}}),
        (["C814", "C815"], {"headers": {}}),
        (["C816"], {"headers": GOOD | {"Content-Security-Policy": "default-src * 'unsafe-inline'"}}),
    ],
)
def test_each_weakness_is_a_finding_and_nothing_else(expected: list[str], changed: dict[str, Any]) -> None:
    assert found(**changed) == expected


def test_a_site_is_held_to_what_was_looked_at() -> None:
    report = Report(target=HOME, time=datetime.now(UTC), pages=(), count=0, findings=())
    local, public = replace(report, connection=True), replace(report, connection=True, public=True)
    held = [[one.held(rules()[rule]) for rule in ("C819", "C809", "C811")] for one in (report, local, public)]
    assert held == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize(
    ("policy", "weak"),
    [
        ("script-src 'self' https://cdn.example", []),
        ("default-src 'none'", []),
        ("img-src 'self'", ["script-src"]),
        ("SCRIPT-SRC 'self' 'Unsafe-Inline'", ["'unsafe-inline'"]),
        ("script-src 'unsafe-inline' 'nonce-abc'", []),
        ("script-src 'unsafe-inline' 'sha256-abc=' 'unsafe-eval'", ["'unsafe-eval'"]),
        ("script-src https: 'strict-dynamic' 'nonce-abc'", []),
        ("script-src https: data:; default-src 'self'", ["https:", "data:"]),
        ("default-src 'self'; script-src *", ["*"]),
    ],
)
def test_policies_are_weak_where_they_let_in_scripts_of_others(policy: str, weak: list[str]) -> None:
    assert weaknesses(policy) == weak


@contextmanager
def served(answer: Callable[[str], tuple[int, dict[str, str]]], wrap: Any = None) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers = answer(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if wrap is not None:
        server.socket = wrap.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("http2", [True, False])
def test_a_server_is_asked_for_certificate_and_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, http2: bool
) -> None:
    authority = Authority(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    context = authority.context("localhost")
    context.set_alpn_protocols(["h2", "http/1.1"] if http2 else ["http/1.1"])
    with served(lambda path: (200, {}), context) as port:
        seen = transport_of(f"https://localhost:{port}/")
    assert (seen.encrypted, seen.http2, seen.plain) == (True, http2, ())
    assert (seen.ends is not None) is trusted
    if seen.ends is not None:
        assert timedelta(0) < seen.ends - datetime.now(UTC) < timedelta(days=4_000)


def test_the_unencrypted_address_is_followed_to_where_it_leads() -> None:
    ways = {
        "/": (301, {"Location": "/a"}),
        "/a": (302, {"Location": "https://localhost/"}),
        "/stays": (200, {}),
        "/round": (302, {"Location": "/round"}),
        "/away": (302, {"Location": "http://elsewhere.example/"}),
    }
    with ExitStack() as stack:
        base = f"http://localhost:{stack.enter_context(served(lambda path: ways[path]))}"
        led = {path: transport_of("https://localhost:1/", plain=base + path).plain for path in ways}
    assert led == {
        "/": [f"{base}/", f"{base}/a", "https://localhost/"],
        "/a": [f"{base}/a", "https://localhost/"],
        "/stays": [f"{base}/stays"],
        "/round": [f"{base}/round"],
        "/away": [f"{base}/away", "http://elsewhere.example/"],
    }
    assert transport_of("https://localhost:1/", plain=base).plain == []


def test_a_host_that_speaks_no_tls_is_not_encrypted() -> None:
    with served(lambda path: (200, {})) as port:
        assert not transport_of(f"http://localhost:{port}/").encrypted
