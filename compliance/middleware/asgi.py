"""The same boundary around an ASGI application: pages changed as they are sent, everything else passed through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..notes import bare, is_bare
from .around import Around
from .conditions import CONDITIONS, Conditions
from .headers import Fields, Head
from .reply import WHOLE, Reply
from .state import Injection, MiddlewareState

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

# By these a server sends a file itself: a page in it would leave as it is.
_BY_THE_SERVER = ("http.response.pathsend", "http.response.zerocopysend")


class AsyncMiddleware(Around):
    """Wraps *app*, an ASGI application: every HTML page of it carries what *injection* gives.

    Websockets, the lifespan and whatever else a server tells *app* of pass through.
    """

    app: ASGIApplication

    def __init__(self, app: ASGIApplication, injection: Injection, *, raise_errors: Callable[[], bool]) -> None:
        self.app = app
        self._state = MiddlewareState(injection, raise_errors)
        self._conditions = Conditions(self._state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        environ = read_scope(scope)
        if CONDITIONS.isdisjoint(environ):
            await _Exchange(self._state, environ, {}, send).run(self.app, scope, receive)
            return
        shown, sent = self._conditions.shown(environ)
        held = _Held(self._state, shown, sent, send)
        await held.run(self.app, _with_conditions(scope, shown), receive)
        if held.answer is None:
            return
        if self._conditions.is_stale(shown, held):
            # The page did not change, but what goes into it did, and only the application knows whether it is a page.
            anew = {key: value for key, value in environ.items() if key not in CONDITIONS}
            again = _Again(self._state, anew, {}, send)
            await again.run(self.app, _with_conditions(scope, anew), _nothing_more(receive))
            if again.changed:
                return
        await held.pass_on()


class _Exchange(Reply):
    """One request to an ASGI application, and its response, which leaves by *send*."""

    def __init__(self, state: MiddlewareState, environ: WSGIEnvironment, sent: dict[str, str], send: Send) -> None:
        super().__init__(state, environ, sent)
        self._send = send
        self._start: Message = {}
        self._begun = False
        self._came: list[bytes] | None = None  # a whole body, as far as it came
        self._ended = False

    async def run(self, app: ASGIApplication, scope: Scope, receive: Receive) -> None:
        """Call *app* with *scope*. What it made before it failed leaves as it would have without us."""
        extensions = scope.get("extensions") or {}
        if not extensions.keys().isdisjoint(_BY_THE_SERVER):
            kept = {name: value for name, value in extensions.items() if name not in _BY_THE_SERVER}
            scope = {**scope, "extensions": kept}
        try:
            await app(scope, receive, self._hear)
        except Exception:
            with suppress(OSError):  # the reader may be gone, which is not what failed first
                await self._release()
            raise
        await self._release()

    async def _hear(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._start = message
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            self._read(_status(message["status"]), fields)
            if self._head is None:
                await self._pass(message)
            elif self._environ["REQUEST_METHOD"] == "HEAD":
                await self._begin(self._changed_fields())
            elif self.is_short:
                self._came = []
        elif kind == "http.response.body" and self._head is not None and self._environ["REQUEST_METHOD"] != "HEAD":
            await self._take(self._head, message.get("body", b""), more=message.get("more_body", False))
        else:
            await self._send(message)

    async def _pass(self, message: Message) -> None:
        """Send the head of what is no page."""
        if message["status"] == HTTPStatus.NOT_MODIFIED:
            await self._begin(self._known())
        else:
            self._begun = True
            await self._send(message)

    async def _take(self, head: Head, body: bytes, *, more: bool) -> None:
        self._ended = not more
        if self._page is None and (self._came is not None or not more):
            came = self._came = [*(self._came or ()), body]
            if more and sum(map(len, came)) <= WHOLE:
                return
            self._came, body = None, came[0] if len(came) == 1 else b"".join(came)
            if not more:
                changed = self._became(head, body)
                fields = self.fields if changed is None else self._changed_fields(len(changed))
                await self._begin(fields)
                await self._leave(body if changed is None else changed, more=False)
                return
        out = self._advanced(head, body)
        page = self._page
        assert page is not None
        if not more:
            out += page.finish()
        if out or not more:
            await self._begin(self._fields_of(page))
            await self._leave(out, more=more)

    async def _release(self) -> None:
        head, page = self._head, self._page
        if head is None or self._ended or (self._begun and page is None):
            return
        out = b"".join(self._came or ()) if page is None else page.release()
        if out:
            await self._begin(self.fields if page is None else self._fields_of(page))
            await self._leave(out, more=True)

    async def _begin(self, fields: Fields) -> None:
        if not self._begun:
            self._begun = True
            headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
            await self._send({**self._start, "headers": headers})

    async def _leave(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


class _Held(_Exchange):
    """An exchange that keeps "304 Not Modified" back, until it is known whether that holds."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.answer: list[Message] | None = None

    async def _hear(self, message: Message) -> None:
        if self.answer is not None:
            self.answer.append(message)
        elif message["type"] == "http.response.start" and message["status"] == HTTPStatus.NOT_MODIFIED:
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            self._start, self.answer = message, []
            self._read(_status(message["status"]), fields)
        else:
            await super()._hear(message)

    async def pass_on(self) -> None:
        """Send what was kept back."""
        await self._begin(self._known())
        for message in self.answer or ():
            await self._send(message)


class _Again(_Exchange):
    """An exchange of which only a page that changes leaves."""

    async def _hear(self, message: Message) -> None:
        if message["type"] == "http.response.start" or self._head is not None:
            await super()._hear(message)

    async def _pass(self, message: Message) -> None:
        self._begun = True

    async def _begin(self, fields: Fields) -> None:
        if self._changed:
            await super()._begin(fields)

    async def _leave(self, body: bytes, *, more: bool) -> None:
        if self._changed:
            await super()._leave(body, more=more)


def read_scope(scope: Scope) -> WSGIEnvironment:
    """Return what the boundary reads of a request, as WSGI would have it (PEP 3333)."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _as_latin(scope.get("root_path", "")),
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "wsgi.url_scheme": scope.get("scheme", "http"),
    }
    for name, value in scope.get("headers", ()):
        if b"_" not in name:  # which would be read as a hyphen
            key = name.decode("latin-1").upper().replace("-", "_")
            key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
            text = value.decode("latin-1")
            joint = "; " if key == "HTTP_COOKIE" else ", "
            environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
    # What calls the application by WSGI may ask for it without us.
    return bare(environ) if is_bare(scope.get("wsgi_environ", {})) else environ


def path_of(scope: Scope) -> str:
    """Return the path below the mount point, as WSGI would have it; servers differ in whether they leave that out."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return _as_latin(path.removeprefix(root) if root and path.startswith(f"{root}/") else path)


def _as_latin(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _with_conditions(scope: Scope, environ: WSGIEnvironment) -> Scope:
    """Return *scope* with the conditions of *environ* in the place of its own."""
    names = {key.removeprefix("HTTP_").replace("_", "-").lower().encode(): key for key in CONDITIONS}
    others = [(name, value) for name, value in scope["headers"] if name not in names]
    own = [(name, environ[key].encode("latin-1")) for name, key in names.items() if key in environ]
    return {**scope, "headers": [*others, *own]}


def _nothing_more(receive: Receive) -> Receive:
    """Return a *receive* of a request without a body, whose end was heard before."""
    messages: Iterator[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def again() -> Message:
        return next(messages, None) or await receive()

    return again


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} "
