"""Hosts that let nobody through, each by another of Flask's own means, set up before us or after us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, abort, g, redirect, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.datastructures import ImmutableMultiDict

Wall = Callable[[Flask], object]


def login(app: Flask) -> None:
    """Sends everybody to a page where they log in."""
    app.add_url_rule("/login", "login", lambda: "<!doctype html><title>Log in</title><form method=post></form>")

    @app.before_request
    def ask() -> Any:
        return None if request.endpoint == "login" or request.cookies.get("known") else redirect("/login")


def set_up_first(app: Flask) -> None:
    """Sends everybody to its set-up, before any other hook."""
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: redirect("/setup"))


def reads_the_form(app: Flask) -> None:
    """Puts a plain dictionary in the place of each request's form."""

    @app.before_request
    def replace() -> None:
        request.form = dict(request.form.items())  # type: ignore[assignment]  # as SearXNG does


def fails(app: Flask) -> None:
    """Fails before any view."""

    @app.before_request
    def fail() -> None:
        raise LookupError("the database of the host is away")


def fails_on_the_address(app: Flask) -> None:
    """Fails on every address that has no language in it."""

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.lang = (values or {})["lang"]


def fails_after(app: Flask) -> None:
    """Needs in its last hooks what its first ones made."""

    @app.before_request
    def begin() -> None:
        g.store = request.environ["host.store"]

    @app.after_request
    def count(response: Response) -> Response:
        g.store.append(response.status_code)
        response.set_cookie("counted", "1")
        return response

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        g.store.clear()


def no_sessions(app: Flask) -> None:
    """Has its sessions on a server that does not answer."""

    class Away(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Request) -> Any:
            raise ConnectionError("no session server")

        def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
            raise ConnectionError("no session server")

    app.session_interface = Away()


def refuses_forms(app: Flask) -> None:
    """Wants a token with every form."""

    @app.before_request
    def protect() -> None:
        if request.method == "POST" and "token" not in request.form:
            abort(400, "The token is missing.")


def own_errors(app: Flask) -> None:
    """Answers every error in its own way, with 200."""
    app.register_error_handler(Exception, lambda error: "sorry")
    app.register_error_handler(404, lambda error: ("nothing here", 200))


def odd_requests(app: Flask) -> None:
    """Reads requests in a class of its own, which takes forms for something else."""

    class Odd(Request):
        max_content_length = 8
        parameter_storage_class = ImmutableMultiDict

        @property
        def form(self) -> Any:
            raise AttributeError("forms are read by the host")

    app.request_class = Odd


WALLS: tuple[Wall, ...] = (
    login,
    set_up_first,
    reads_the_form,
    fails,
    fails_on_the_address,
    fails_after,
    no_sessions,
    refuses_forms,
    own_errors,
    odd_requests,
)
