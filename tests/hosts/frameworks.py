"""One page of news in frameworks other than Flask, each with a form of its own, a stream and a file that is no page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

Pieces = tuple[bytes, ...]


def django_urls(page: bytes) -> Any:
    """Set Django up once, and return its handlers' urls."""
    import django
    from django.conf import settings
    from django.http import HttpResponse, JsonResponse
    from django.urls import path

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=(),
            SECRET_KEY="django's own",
            MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware", "django.middleware.gzip.GZipMiddleware"],
        )
        django.setup()
    settings.ROOT_URLCONF = (  # a tuple: resolvers are cached by it
        path("article", lambda request: HttpResponse(page)),
        path("api", lambda request: JsonResponse({"html": "<body>"})),
        path("form", lambda request: HttpResponse(b"taken")),
    )
    return settings


def django_wsgi(page: bytes) -> Any:
    django_urls(page)
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import clear_url_caches

    clear_url_caches()
    return WSGIHandler()


def django_asgi(page: bytes) -> Any:
    django_urls(page)
    from django.core.handlers.asgi import ASGIHandler
    from django.urls import clear_url_caches

    clear_url_caches()
    return ASGIHandler()


def bottle(page: bytes) -> Any:
    from bottle import Bottle

    app = Bottle()
    app.get("/article", callback=lambda: page.decode())
    app.get("/api", callback=lambda: {"html": "<body>"})
    app.post("/form", callback=lambda: "taken")
    return app


def werkzeug(page: bytes) -> Any:
    import json

    from werkzeug.wrappers import Request, Response

    @Request.application
    def app(request: Request) -> Response:
        if request.path == "/api":
            return Response(json.dumps({"html": "<body>"}), mimetype="application/json")
        return Response(page, mimetype="text/html") if request.path == "/article" else Response(status=404)

    return app


def starlette(page: bytes) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    async def article(request: Request) -> HTMLResponse:
        return HTMLResponse(page)

    async def api(request: Request) -> JSONResponse:
        return JSONResponse({"html": "<body>"})

    async def stream(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(page), 4096):
                yield page[start : start + 4096]
                await asyncio.sleep(0)

        return StreamingResponse(pieces(), media_type="text/html")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    routes = [Route("/article", article), Route("/api", api), Route("/stream", stream), WebSocketRoute("/echo", echo)]
    return Starlette(routes=routes)


def fastapi(page: bytes) -> Any:
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    app = FastAPI()

    @app.get("/article", response_class=HTMLResponse)
    async def article() -> str:
        return page.decode()

    @app.get("/api")
    async def api() -> dict[str, str]:
        return {"html": "<body>"}

    return app


def quart(page: bytes) -> Any:
    from quart import Quart

    app = Quart("quart_host")

    @app.get("/article")
    async def article() -> str:
        return page.decode()

    @app.get("/api")
    async def api() -> dict[str, str]:
        return {"html": "<body>"}

    return app


WSGI: dict[str, Callable[[bytes], Any]] = {"django": django_wsgi, "bottle": bottle, "werkzeug": werkzeug}
ASGI: dict[str, Callable[[bytes], Any]] = {
    "django": django_asgi,
    "starlette": starlette,
    "fastapi": fastapi,
    "quart": quart,
}
