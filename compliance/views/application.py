"""The application that answers requests to our addresses, with nothing of the host between it and the server."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from ..haste import haste
from ..languages import tag
from ..notes import noted
from .pages import POLICY, Refusal, problem, refuse, require_host
from .requests import Request, current, routes
from .state import SiteState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger("compliance")

# Copies of a site's page, as search engines and archives show them, load its stylesheet from here.
_SHARED = "static"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Application:
    """A WSGI application with our endpoints, below the prefix of *state*'s settings.

    It has no session and no cookies but ours, and sends no signals but ours.
    """

    def __init__(self, state: SiteState) -> None:
        self.state = state
        self._prefix = state.settings.site.prefix
        self._below = f"{self._prefix}/"

    def answers(self, environ: WSGIEnvironment) -> bool:
        """Return whether the request is to one of our addresses."""
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith("/"):  # what a host's own middleware may leave of it, for Flask puts the slash back
            path = f"/{path}"
        return path.startswith(self._below) and len(path) > len(self._below)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = Request(environ, self.state)
        if asked.method == "POST":
            # What answers a form itself, such as an error page, must not say that the choice is saved.
            noted(environ).omitted = frozenset({"saved"})
        token = current.set(asked)
        try:
            with haste():
                response = self._answer(asked)
        finally:
            current.reset(token)
            asked.close()
        return response(environ, start_response)

    def refusal(self, environ: WSGIEnvironment, reason: str) -> Response:
        """Return what to answer where a page of the site itself cannot be had for *reason*.

        Nothing keeps this answer, so that it may be in the language that the reader's browser asks for.
        """
        asked = Request(environ, self.state)
        asked.wanted = asked.accept_languages.best_match(map(tag, self.state.elements.languages))
        token = current.set(asked)
        try:
            response = refuse(Refusal(reason))
        finally:
            current.reset(token)
        _harden(response, asked, shared=False)
        return response

    def _answer(self, asked: Request) -> Response:
        endpoint = ""
        try:
            try:
                require_host()
                endpoint, values = self._route(asked)
                _require_query(asked)
                if endpoint in routes.of_messages:
                    asked.expect_message()
                response = routes.answer(endpoint, **values)
            except MethodNotAllowed as error:
                response = _other_method(asked, error)
            except Refusal as error:
                response = refuse(error)
            except RequestEntityTooLarge:
                response = refuse(Refusal("size"))
            except NotFound:
                response = refuse(Refusal("document"))
            except HTTPException:
                response = refuse(Refusal("cut"))
        except Exception:
            if self.state.raise_errors():
                raise
            response = self._fault(asked)
        _harden(response, asked, shared=endpoint == _SHARED)
        return response

    def _route(self, asked: Request) -> tuple[str, dict[str, str]]:
        path = asked.path.removeprefix(self._prefix)
        if _CONTROL.search(path):  # an answer that named it would end a header there
            raise NotFound
        endpoint, values = routes.map.bind("").match(path, method=asked.method)
        return endpoint, dict(values)

    def _fault(self, asked: Request) -> Response:
        """Log a fault of ours and tell of it, on a page if that can be made."""
        logger.exception("%s %a could not be answered", asked.method, asked.path)
        try:
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "store")
        except Exception:
            logger.exception("nor could the page that tells of it be made")
            return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _require_query(asked: Request) -> None:
    """Refuse a query with a control character in it; only the title of a page is shown without, whatever it was."""
    if any(_CONTROL.search(text) for item in asked.args.items(multi=True) if item[0] != "title" for text in item):
        raise Refusal("query")


def _other_method(asked: Request, error: MethodNotAllowed) -> Response:
    response = Response() if asked.method == "OPTIONS" else refuse(Refusal("method"))
    response.allow.update((*(error.valid_methods or ()), "OPTIONS"))
    return response


def _harden(response: Response, asked: Request, *, shared: bool) -> None:
    """Give *response* the policies that it must carry; what the site's own frame made for one reader is kept apart."""
    headers = response.headers
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin" if shared else "same-origin"
    if asked.is_secure:  # over plain HTTP browsers complain of it (HTML standard, section 7.1.3)
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if response.cache_control.public and "cookie" in response.vary:
        response.cache_control.public = False
        response.cache_control.private = True
