"""The same engine around applications that are not Flask's: the page of the demo, a choice, a message."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

import compliance.asgi
import compliance.wsgi
from compliance import ComplianceError, SettingsError, consent_given
from demo import create_app
from hosts.frameworks import ASGI, WSGI, starlette, werkzeug
from support.host import SETTINGS

pytestmark = pytest.mark.slow

ARTICLE = "/articles/consuls-general-two-sessions"
JSON = {"Accept": "application/json"}
MESSAGE = {"body": "The year in the third paragraph is wrong."}
#: A request: its method, path, form and headers. An answer: its status, headers in lower case and body.
Answer = tuple[int, Mapping[str, str], str]
Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def page() -> bytes:
    """The article of the demo, as the site makes it."""
    return create_app().test_client().get(ARTICLE).data


def over_wsgi(app: Any) -> Ask:
    client = Client(app)

    def ask(method: str, path: str, headers: Mapping[str, str] = {}, **form: str) -> Answer:  # only read
        answer = client.open(path, method=method, headers=dict(headers), data=form or None)
        told = {name.lower(): value for name, value in answer.headers}
        return answer.status_code, told, answer.text

    return ask


def over_asgi(app: Any) -> Ask:
    cookies = httpx.Cookies()

    def ask(method: str, path: str, headers: Mapping[str, str] = {}, **form: str) -> Answer:  # only read
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
                answer = await client.request(method, path, headers=dict(headers), data=form or None)
                cookies.update(client.cookies)
                return answer

        answer = asyncio.run(send())
        return answer.status_code, dict(answer.headers), answer.text

    return ask


@pytest.fixture(params=[*(("wsgi", name) for name in WSGI), *(("asgi", name) for name in ASGI)], ids="-".join)
def ask(request: pytest.FixtureRequest, page: bytes, tmp_path: Path) -> Ask:
    """A reader of the page in one framework, wrapped."""
    interface, name = request.param
    settings = {**SETTINGS, "messages": {"challenge": "none"}}
    if interface == "wsgi":
        return over_wsgi(compliance.wsgi.wrap(WSGI[name](page), settings=settings, secret_key="key", folder=tmp_path))
    return over_asgi(compliance.asgi.wrap(ASGI[name](page), settings=settings, secret_key="key", folder=tmp_path))


# Quart reads what the Werkzeug of Flask 2.3 is about to drop.
@pytest.mark.filterwarnings("ignore:The 'charset' attribute is deprecated:DeprecationWarning")
def test_every_framework_serves_the_article_with_everything_on_it(ask: Ask, page: bytes) -> None:
    status, headers, text = ask("GET", "/article")
    assert status == 200
    for name in ("assets", "banner", "footer", "report", "licences", "message"):
        assert f'data-compliance="{name}"' in text
    assert "渝ICP备20009753号-2" in text
    if "content-encoding" not in headers:
        assert int(headers.get("content-length", len(text.encode()))) == len(text.encode())
    for file in re.findall(r'(?:href|src)="(/compliance/static/[^"]*)"', text):
        assert ask("GET", file)[0] == 200
    assert json.loads(ask("GET", "/api")[2]) == {"html": "<body>"}


def test_every_framework_takes_a_choice_and_a_message(ask: Ask) -> None:
    status, headers, _ = ask("POST", "/compliance/consent", choice="accept", next="/article?page=2")
    assert (status, headers["location"]) == (303, "/article?page=2")
    assert headers["set-cookie"].startswith("compliance_consent=")
    assert json.loads(ask("GET", "/compliance/record", JSON)[2])["decision"]["given"] is True
    assert "data-compliance" in ask("GET", "/compliance/message")[2]
    status, headers, text = ask("POST", "/compliance/message", JSON, **MESSAGE)
    assert status == 201
    told = json.loads(text)
    status, _, text = ask("POST", "/compliance/case", JSON, number=told["receipt"], code=told["code"])
    assert (status, json.loads(text)["receipt"]) == (200, told["receipt"])


@pytest.mark.parametrize("module", [compliance.wsgi, compliance.asgi])
def test_what_is_wrong_is_told_at_once(module: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        module.wrap(lambda *parts: None, settings={"site": {}})
    keys = {problem.key for problem in caught.value.problems}
    assert {"secret_key", "site.name"} <= keys


def test_without_its_adapter_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "a2wsgi", None)
    with pytest.raises(ComplianceError, match=r"flask-compliance\[asgi\]"):
        compliance.asgi.wrap(starlette(b""), settings=SETTINGS, secret_key="key", folder=tmp_path)


def test_signals_are_sent_by_the_application(tmp_path: Path, page: bytes) -> None:
    app = werkzeug(page)
    wrapped = compliance.wsgi.wrap(app, settings=SETTINGS, secret_key=b"key", folder=tmp_path)
    senders = []
    with consent_given.connected_to(lambda sender, record: senders.append(sender), sender=app):
        over_wsgi(wrapped)("POST", "/compliance/consent", choice="accept")
    assert senders == [app]


def test_what_was_signed_with_an_earlier_key_still_counts(tmp_path: Path, page: bytes) -> None:
    def wrap(**keys: Any) -> Any:
        return compliance.wsgi.wrap(werkzeug(page), settings=SETTINGS, folder=tmp_path, **keys)

    cookie = over_wsgi(wrap(secret_key="old"))("POST", "/compliance/consent", choice="accept")[1]["set-cookie"]
    headers = {**JSON, "Cookie": cookie.partition(";")[0]}
    found = [
        Client(wrap(secret_key="new", **more), use_cookies=False).get("/compliance/record", headers=headers).status_code
        for more in ({}, {"secret_key_fallbacks": ["old"]})
    ]
    assert found == [404, 200]


def test_a_proxy_is_heard_around_what_is_wrapped(tmp_path: Path, page: bytes) -> None:
    wrapped = compliance.wsgi.wrap(werkzeug(page), settings=SETTINGS, secret_key="key", folder=tmp_path)
    ask = over_wsgi(ProxyFix(wrapped, x_prefix=1))
    assert 'href="/en/compliance/' in ask("GET", "/article", {"X-Forwarded-Prefix": "/en"})[2]
    assert ask("POST", "/compliance/consent", {"X-Forwarded-Prefix": "/en"}, choice="accept")[1]["location"] == "/en/"


def test_attributes_of_the_application_are_reached() -> None:
    class Site:
        name = "site"

        def __call__(self, *parts: Any) -> Any: ...

    for module in (compliance.wsgi, compliance.asgi):
        wrapped = module.wrap(Site(), settings=SETTINGS, secret_key="key")
        assert wrapped.name == "site"
        assert not hasattr(wrapped, "nothing")


# The ASGI protocol itself, message by message


Message = dict[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
PAGE = b"<!doctype html><html lang=en><title>t</title><body><p>" + b"news " * 500 + b"</p></body></html>"


def exchange(app: App, *heard: Message, wrapped: bool = True, **scope: Any) -> list[Message]:
    """What *app* sends, wrapped, where it hears a request and then *heard*."""
    told: list[Message] = []
    messages: Iterator[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}, *heard])

    async def receive() -> Message:
        if message := next(messages, None):
            return message
        return await asyncio.get_running_loop().create_future()  # nothing more happens

    async def send(message: Message) -> None:
        told.append(message)

    asked = {"type": "http", "method": "GET", "path": "/", "root_path": "", "query_string": b"", "headers": [], **scope}
    around = compliance.asgi.wrap(app, settings=SETTINGS, secret_key="key") if wrapped else app
    asyncio.run(around(asked, receive, send))  # type: ignore[arg-type]
    return told


def serving(*pieces: bytes, status: int = 200, **headers: str) -> App:
    """An application that sends *pieces*, one a message."""
    fields = {"content-type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def app(scope: Message, receive: Any, send: Any) -> None:
        asked = dict(scope["headers"])
        fresh = b"if-none-match" in asked and asked[b"if-none-match"] == fields.get("etag", "").encode()
        sent = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": 304 if fresh else status, "headers": sent})
        for place, piece in enumerate([b""] if fresh else pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": not fresh and place < len(pieces)})

    return app


def body(messages: list[Message]) -> bytes:
    return b"".join(message["body"] for message in messages[1:])


def fields(messages: list[Message]) -> dict[bytes, bytes]:
    return dict(messages[0]["headers"])


@pytest.mark.parametrize("size", [7, 100, 1000, 10_000])
def test_a_stream_leaves_as_it_comes(size: int) -> None:
    pieces = [PAGE[start : start + size] for start in range(0, len(PAGE), size)]
    told = exchange(serving(*pieces))
    whole = exchange(serving(PAGE, content_length=str(len(PAGE))))
    assert body(told) == body(whole) != PAGE
    assert [message.get("more_body") for message in told[1:]] == [True] * (len(told) - 2) + [False]
    if size == 100:
        assert len(told) > 5
    assert fields(whole)[b"content-length"] == str(len(body(whole))).encode()


def test_nothing_is_held_back_but_head_and_tail() -> None:
    left: list[int] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for piece in (PAGE[:2000], PAGE[2000:2200]):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            left.append(len(told))
        await send({"type": "http.response.body", "body": PAGE[2200:]})

    told: list[Message] = []

    async def run() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            told.append(message)

        around = compliance.asgi.wrap(app, settings=SETTINGS, secret_key="key")  # type: ignore[arg-type]
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        await around(scope, receive, send)

    asyncio.run(run())
    assert left == [2, 3]  # its head and the first piece; the second piece


@pytest.mark.parametrize(
    "app",
    [
        serving(b'{"body": "<body>"}', content_type="application/json"),
        serving(b"<p>a fragment</p>"),
        serving(PAGE, content_disposition="attachment"),
        serving(PAGE, cache_control="no-transform"),
        serving(b"", status=204),
        serving(PAGE[:9], PAGE[9:], status=206),
    ],
)
def test_what_is_no_page_passes_message_by_message(app: App) -> None:
    assert exchange(app) == exchange(app, wrapped=False)


def test_head_has_the_headers_of_a_page_without_its_length() -> None:
    told = exchange(serving(b"", content_length="99", etag='"a"'), method="HEAD")
    assert b"content-length" not in fields(told)
    assert fields(told)[b"etag"] != b'"a"'
    assert body(told) == b""


def test_a_page_that_is_known_is_not_sent_again_until_what_goes_into_it_changes() -> None:
    app = serving(PAGE, etag='"a"')
    tag = fields(exchange(app))[b"etag"]
    assert tag not in (b'"a"', b"")
    again = exchange(app, headers=[(b"if-none-match", tag)])
    assert (again[0]["status"], fields(again)[b"etag"], body(again)) == (304, tag, b"")
    # The reader has the page of another day, under the site's own tag.
    heard = {"type": "http.disconnect"}
    stale = exchange(app, heard, headers=[(b"if-none-match", b'"a"'), (b"accept", b"text/html")])
    assert (stale[0]["status"], fields(stale)[b"etag"]) == (200, tag)
    assert b"data-compliance" in body(stale)
    assert len([message for message in stale if message["type"] == "http.response.start"]) == 1


def test_what_is_no_page_keeps_its_304() -> None:
    app = serving(b"{}", content_type="application/json", etag='"a"')
    told = exchange(app, headers=[(b"if-none-match", b'"a"'), (b"accept", b"text/html")])
    assert [message["type"] for message in told] == ["http.response.start", "http.response.body"]
    assert (told[0]["status"], fields(told)[b"etag"]) == (304, b'"a"')


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_is_the_applications_own(kind: str) -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": f"{kind}.seen", "scope": scope, "heard": await receive()})

    assert exchange(app, type=kind) == exchange(app, wrapped=False, type=kind)


def test_a_reader_who_goes_away_is_heard_of() -> None:
    heard: list[str] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for piece in (PAGE[:2000], b"news", b"news"):
            heard.append((await receive())["type"])
            if heard[-1] == "http.disconnect":
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    exchange(app, {"type": "http.disconnect"})
    assert heard == ["http.request", "http.disconnect"]


def test_what_fails_on_the_way_leaves_what_it_made() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html><p>half", "more_body": True})
        raise LookupError("the rest")

    told: list[Message] = []

    async def run() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            told.append(message)

        around = compliance.asgi.wrap(app, settings=SETTINGS, secret_key="key")  # type: ignore[arg-type]
        await around({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)

    with pytest.raises(LookupError):
        asyncio.run(run())
    assert body(told).endswith(b"<p>half") and told[-1]["more_body"]


def test_a_server_is_not_told_to_send_a_page_by_itself() -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        seen.append(set(scope["extensions"]))
        await serving(PAGE)(scope, receive, send)  # type: ignore[arg-type]

    exchange(app, extensions={"http.response.pathsend": {}, "http.response.debug": {}})
    assert seen == [{"http.response.debug"}]


@pytest.mark.parametrize("path", ["/news/compliance/consent", "/compliance/consent"])
def test_below_a_mount_point_our_addresses_are_below_it(path: str) -> None:
    told = exchange(serving(PAGE), root_path="/news", path=path, client=("203.0.113.9", 1), http_version="1.1")
    assert told[0]["status"] == 200
    assert b'action="/news/compliance/consent' in body(told)


def test_starlette_streams_and_speaks_over_websockets(page: bytes) -> None:
    app = starlette(page)
    told = exchange(app, path="/stream", http_version="1.1", server=("localhost", 80), client=("203.0.113.9", 1))
    assert b'data-compliance="footer"' in body(told)
    assert len(told) > 3
    spoken: list[Message] = []
    said = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}])

    async def receive() -> Message:
        return next(said)

    async def send(message: Message) -> None:
        spoken.append(message)

    around = compliance.asgi.wrap(app, settings=SETTINGS, secret_key="key")
    scope = {"type": "websocket", "path": "/echo", "query_string": b"", "headers": [], "subprotocols": []}
    asyncio.run(around(scope, receive, send))  # type: ignore[arg-type]
    assert [message.get("text") for message in spoken if message["type"] == "websocket.send"] == ["hello"]
