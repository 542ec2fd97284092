"""What is answered where something does not work: a page that says so in words."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, g, render_template, request, url_for
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]  # it has no annotations
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..errors import StoreError
from .access import InsecureError, local
from .state import is_unasked, visitor

logger = logging.getLogger("compliance")

_RETRY = 10  # seconds


def register(app: Flask) -> None:
    """Let *app* answer with the pages of this module."""
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(StoreError, _away)
    app.register_error_handler(Exception, _fault)


def _refused(error: HTTPException) -> Response:
    if error.response is not None:  # a redirection
        return error.get_response(request.environ)
    reason = str(error.code or 500)
    if isinstance(error, CSRFError):
        reason = "form"
    elif isinstance(error, InsecureError):
        reason = "insecure"
    response = _page(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, reason, wait=getattr(error, "retry_after", None))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _away(error: StoreError) -> Response:
    """Tell that nothing can be read or kept now; who is signed in stays so."""
    logger.error("the console cannot use what is kept: %s", error.reason)
    response = _page(HTTPStatus.SERVICE_UNAVAILABLE, "503")
    response.headers["Retry-After"] = str(_RETRY)
    return response


def _fault(error: Exception) -> Response:
    logger.exception("%s %a could not be answered", request.method, request.path)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, "500")


def _page(status: int, reason: str, *, wait: int | None = None) -> Response:
    """Return the page for *reason*; where the store is away it does not say who is signed in.

    A page that asked by itself is told in a line of its own, and asks no more.
    """
    try:
        g.me = visitor()
    except StoreError:
        g.me = None
    if is_unasked():
        page = render_template("console/stopped.html", reason=reason, here=_asked_on())
    else:
        page = render_template("console/error.html", reason=reason, wait=wait)
    return Response(page, status, mimetype="text/html")


def _asked_on() -> str:
    """Return the page that asked by itself, as it is asked for again."""
    asked = urlsplit(request.headers.get("HX-Current-URL", ""))
    return local(f"{asked.path}?{asked.query}" if asked.query else asked.path) or url_for("home.home")
