"""A Flask application as our own sees it: the way in past its hooks; its templates, its language, its signals."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from blinker import Signal
from flask import Flask, Request
from flask.ctx import RequestContext
from flask.sessions import SessionMixin

from .errors import Message, Problem, SettingsError
from .i18n import tell, translate
from .notes import Notes, noted
from .proxies import Watch
from .rendering import Renderer, plainly
from .settings import Settings
from .views import Application, Route, routes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("compliance")

NAME = "compliance"
KEY = 'app.config["SECRET_KEY"]'
# Extensions that do what we do, by their names among those of an application.
_RIVALS = {"consent": "Flask-Consent"}
# What tells of a form that was read already.
_BODY = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated"})


class Host:
    """The Flask application *app* around our pages."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # Before `let_in` replaces it: a context of the host's own is wanted here, whatever the address.
        self._context = app.request_context
        self.renderer = Renderer(lambda: app.jinja_env)

    @property
    def chooses(self) -> bool:
        """Whether the host has a Flask-Babel, which chooses the language of its pages."""
        return "babel" in self._app.extensions

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The hosts that the application answers, where its configuration says so."""
        return self._app.config.get("TRUSTED_HOSTS")

    @property
    def cookies(self) -> set[str]:
        """The names of cookies that the application itself works with, as far as its configuration says."""
        config = self._app.config
        named = (value for key, value in config.items() if key.endswith("COOKIE_NAME") and isinstance(value, str))
        return {*named, "session", "remember_token"}

    def raise_errors(self) -> bool:
        """Return whether a developer is to see a fault of ours."""
        return self._app.testing or self._app.debug

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """Return nothing: an application that answers is all that is known of it."""
        return {}

    def locale(self, environ: WSGIEnvironment) -> str | None:
        """Return the language that the host's Flask-Babel chooses for this request."""
        if not self.chooses:
            return None
        try:
            with self._inside(environ):
                return chosen_locale(self._app)
        except Exception:
            # It may ask for what its own hooks find out first, and those did not run.
            logger.info("the host chose no language for a page of ours", exc_info=True)
            return None

    def page(
        self, name: str, values: Mapping[str, Any], context: Mapping[str, Any], environ: WSGIEnvironment
    ) -> tuple[str, list[tuple[str, str]]]:
        """Render the template *name* of a page: the site's own, or in its own frame, where it has one of them.

        Only then are the host's context processors run, within a request of the host's, whose session is kept. What
        they find wrong with our page is logged, and the page is shown as we have it.
        """
        if not self.renderer.is_replaced(name, "compliance/page.html"):
            return self.renderer.render(name, {**values, **context}), []
        try:
            with self._inside(environ) as opened:
                told = dict(values)
                self._app.update_template_context(told)
                html = self.renderer.render(name, {**told, **context})
                return html, self._kept(opened.session)
        except Exception:
            if self.raise_errors():
                raise
            logger.exception("the site's own template for %s cannot be shown; ours stands in its place", name)
            return plainly(name, {**values, **context}), []

    def send(self, signal: Signal, environ: WSGIEnvironment, **values: Any) -> None:
        """Send *signal* with the host as its sender, within a request of the host's."""
        if signal.has_receivers_for(self._app):
            with self._inside(environ):
                signal.send(self._app, **values)

    def _kept(self, session: SessionMixin) -> list[tuple[str, str]]:
        """Return the headers that keep *session*, as a response of the host's would have."""
        response = self._app.response_class()
        if not self._app.session_interface.is_null_session(session):
            self._app.session_interface.save_session(self._app, session, response)
        return [(name, value) for name, value in response.headers if name in ("Set-Cookie", "Vary")]

    @contextmanager
    def _inside(self, environ: WSGIEnvironment) -> Iterator[RequestContext]:
        """Open a request of the host's for the address of *environ*, without the form, which is ours."""
        asked = {key: value for key, value in environ.items() if key not in _BODY}
        context = self._context({**asked, "REQUEST_METHOD": "GET", "wsgi.input": BytesIO()})
        context.push()
        try:
            yield context
        finally:
            try:
                context.pop(None)
            except Exception:
                # It may close what its own hooks opened, and those did not run.
                logger.info("the host could not end a request for a page of ours", exc_info=True)


def chosen_locale(app: Flask) -> str | None:
    """Return the language that *app*'s own Flask-Babel chose for the current request, ``None`` where it has none."""
    if "babel" not in app.extensions:
        return None
    from flask_babel import get_locale  # type: ignore[import-untyped]  # Flask-Babel ships no types

    locale = get_locale()
    return str(locale) if locale else None


class _Passage:
    """The context of a request that the host does not see: nothing is opened for it, nothing is closed after it."""

    def __init__(self) -> None:
        self._token: Token[bool] | None = None

    def push(self) -> None:
        self._token = _passing.set(True)

    def pop(self, exc: BaseException | None = None) -> None:
        if self._token is not None:
            _passing.reset(self._token)
            self._token = None


_passing: ContextVar[bool] = ContextVar("passing", default=False)


def let_in(app: Flask, own: Application, ending: Callable[[Flask, Request], Callable[[Notes], None] | None]) -> None:
    """Let *own* answer the requests to our addresses that reach *app*, inside everything that *app* is wrapped in.

    What *ending* returns for a page of the host's notes what is to be known of it, when its response begins.

    Flask makes a context for a request, opens it, dispatches the request and calls the response. Both steps are
    replaced on this one application: a request of ours gets a context that opens nothing, and *own* for its response.
    So nothing that was or will be registered with the host comes before, and what a WSGI middleware says of the
    address, the scheme and the host holds, whether it was put around the application before us or after us.
    """
    open_context: Callable[..., RequestContext] = app.request_context
    dispatch: Callable[..., Any] = app.full_dispatch_request
    unseen = [own.state.settings]
    watch = Watch(own.state.settings.site.url, partial(tell, app.logger))

    def request_context(environ: WSGIEnvironment) -> Any:
        if unseen:
            _tell_conflicts(app, unseen.pop())
        if watch.open and not watch.saw(environ) and not (app.testing or app.debug):
            watch.look(environ)
        # A context that somebody makes by hand has not come through our middleware.
        notes = noted(environ)
        if not notes.through:
            return open_context(environ)
        if own.answers(environ):
            environ.pop("werkzeug.debug.preserve_context", None)  # there is no context to keep
            return _Passage()
        context = open_context(environ)
        notes.ending = ending(app, context.request)
        return context

    def full_dispatch_request(*context: Any) -> Any:
        return own if _passing.get() else dispatch(*context)

    app.request_context = request_context  # type: ignore[method-assign]  # as an application that is a subclass would
    app.full_dispatch_request = full_dispatch_request  # type: ignore[method-assign]


def conflicts(app: Flask, prefix: str) -> tuple[Problem, ...]:
    """Return what *app* has under our name or below our *prefix* already."""
    problems = []
    if (other := app.extensions.get(NAME)) is not None:
        remedy = Message("another extension is set up under this name; Compliance needs it for itself")
        problems.append(Problem(key=f'app.extensions["{NAME}"]', value=type(other).__name__, remedy=remedy))
    if (blueprint := app.blueprints.get(NAME)) is not None:
        remedy = Message(
            'url_for("compliance.…") leads to our pages; give that blueprint another name, and set site.prefix to'
            " another path where it answers below %(prefix)s",
            prefix=prefix,
        )
        problems.append(Problem(key=f'app.blueprints["{NAME}"]', value=blueprint.import_name, remedy=remedy))
    return (*problems, *hidden(app, prefix))


def hidden(app: Flask, prefix: str) -> tuple[Problem, ...]:
    """Return the addresses of *app* below our *prefix*, which nobody reaches."""
    problems = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"{prefix}/") and rule.rule != f"{prefix}/" and not rule.build_only:
            remedy = Message(
                "the application answers %(rule)s itself (%(endpoint)s); set another path for our pages",
                rule=rule.rule,
                endpoint=rule.endpoint,
            )
            problems.append(Problem(key="site.prefix", value=repr(prefix), remedy=remedy))
    return tuple(problems)


def neighbours(app: Flask) -> tuple[Problem, ...]:
    """Return the extensions of *app* that ask readers for consent, too."""
    return tuple(
        Problem(
            key=f'app.extensions["{name}"]',
            value=rival,
            remedy=Message(
                "it asks readers for consent, too: they would see two banners, and what they tell one the other does"
                " not know; take it out"
            ),
        )
        for name, rival in _RIVALS.items()
        if name in app.extensions
    )


def keys_of(app: Flask) -> dict[str, list[str | bytes]]:
    """Return the secret keys of *app*, by the names under which it sets them."""
    config = app.config
    return {
        KEY: [config["SECRET_KEY"]],
        'app.config["SECRET_KEY_FALLBACKS"]': list(config.get("SECRET_KEY_FALLBACKS") or ()),
        'app.config["COMPLIANCE_KEYS"]': list(config.get("COMPLIANCE_KEYS") or ()),
    }


def _tell_conflicts(app: Flask, settings: Settings) -> None:
    """Tell of addresses that the host added below our prefix since it was set up: nobody reaches them."""
    if problems := hidden(app, settings.site.prefix):
        error = SettingsError(settings.source, problems)
        if app.testing or app.debug:
            raise error
        app.logger.error("Compliance: %s", error.told(translate))


class _Link(Route):
    """One of our addresses as `url_for` builds it where hosts or subdomains are matched: on the request's own."""

    def build(self, values: Mapping[str, Any], append_unknown: bool = True) -> tuple[str, str] | None:
        built = super().build(values, append_unknown)
        return None if built is None else (None, built[1])  # type: ignore[return-value]  # None: the request's own host


def link(app: Flask, prefix: str) -> None:
    """Let `url_for("compliance.…")` of *app* build our addresses."""
    matched = app.url_map.host_matching or app.subdomain_matching
    kind = _Link if matched else Route
    for address in routes.addresses:
        endpoint = f"{NAME}.{address.endpoint}"
        app.url_map.add(kind(prefix + address.path, endpoint=endpoint, methods=[address.method], build_only=True))
        app.view_functions[endpoint] = _view(address.endpoint)


def _view(endpoint: str) -> Callable[..., Any]:
    """Return a function for what lists the views of an application, as makers of its documentation do."""

    def view(**values: str) -> Any:
        return routes.answer(endpoint, **values)

    view.__name__ = endpoint
    return view
