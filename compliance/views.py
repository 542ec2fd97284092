"""The endpoints: decisions, the preference page, the reader's record, legal documents, ways to the editors, assets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, jsonify, redirect, request
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from .assets import Asset, find
from .consent import COOKIE, Consent, Decisions, Record
from .documents import Library
from .errors import ConsentError
from .i18n import host_locale, tag
from .settings import Settings
from .signals import consent_given, consent_withdrawn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST_FORM = 16 * 1024  # bytes; the longest decision has a few hundred
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A path on this site: one slash, then nothing that a browser drops or takes for a slash (WHATWG URL, section 4.4).
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_STATUS = {"choice": 400, "category": 400, "next": 400, "origin": 403, "record": 404, "document": 404, "policy": 409}

blueprint = Blueprint("compliance", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the endpoints of one application work with; it lies in `app.extensions["compliance"]`.

    Args:
        locale: the site's language for a tag, or its default one.
        policy: the policy version of the moment.
        context: what every template is told, in one language and for one request's host and mount point.
        render: a template's name and its context in, HTML out.
        replaced: whether the site has its own template of a name, or its own frame around it.
        place: an element's HTML for a template of the host, and the note that the page has it.
    """

    settings: Settings
    documents: Library
    decisions: Decisions
    assets: Mapping[str, Asset]
    changed: Callable[[], datetime]
    locale: Callable[[str | None], str]
    policy: Callable[[], str]
    context: Callable[[str, WSGIEnvironment], dict[str, Any]]
    render: Callable[[str, Mapping[str, Any]], str]
    replaced: Callable[[str], bool]
    place: Callable[..., str]


class Refusal(Exception):
    """A request that cannot be answered as asked, for *reason*."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def state() -> State:
    """Return the current application's state; `RuntimeError` where the extension was not set up."""
    try:
        found: State = current_app.extensions["compliance"]
    except KeyError:
        raise RuntimeError(f"Compliance.init_app was not called for the application {current_app.name!r}") from None
    return found


def record() -> Record | None:
    """Return the valid decision that this request's cookie holds."""
    return state().decisions.read(request.environ.get("HTTP_COOKIE"), policy=state().policy(), now=datetime.now(UTC))


def consent() -> Consent:
    """Return what this request's reader allows."""
    return state().decisions.consent(record(), refuses=request.headers.get("Sec-GPC") == "1")


@blueprint.get("/consent")
def preferences() -> Response:
    """Show what is stored and let the reader change it."""
    # The page is the choice itself: a banner above it would ask the same question twice.
    request.environ["compliance.omitted"] = frozenset({"banner"})
    return _private(_page("consent", record=record(), choices=consent().choices))


@blueprint.post("/consent")
def decide() -> Response:
    """Take a decision: 303 back to the page, or 204 for a script, with the cookie."""
    if not _same_site():
        raise Refusal("origin")
    form, now, here = request.form, datetime.now(UTC), state()
    target = _target(form.get("next"))
    before = record()
    try:
        made = here.decisions.decide(form.get("choice"), form.getlist("category"), policy=here.policy(), now=now)
    except ConsentError as error:
        raise Refusal(error.reason) from error
    # A page from a cache may still show the text before last; agreeing to that is not agreeing to today's.
    if made.given and form.get("policy", made.policy) != made.policy:
        raise Refusal("policy")
    response = Response(status=HTTPStatus.NO_CONTENT) if _wants_json() else redirect(target, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE,
        here.decisions.sign(made),
        max_age=here.decisions.lifetime,
        path="/",
        secure=request.is_secure,
        samesite="Lax",
    )
    application = current_app._get_current_object()  # type: ignore[attr-defined]  # a signal's sender is no proxy
    if made.given:
        consent_given.send(application, record=made)
    elif made.method == "withdraw" or (before and before.given):
        consent_withdrawn.send(application, record=made)
    return _private(response)


@blueprint.get("/receipt")
def receipt() -> Response:
    """Show the reader's own record, as a page or as JSON."""
    held = record()
    if held is None:
        raise Refusal("record")
    until = held.time + state().decisions.lifetime
    if not _wants_json():
        return _private(_page("receipt", record=held, until=until))
    return _private(
        jsonify(
            id=held.id,
            policy=held.policy,
            method=held.method,
            given=held.given,
            choices=dict(held.choices),
            time=held.time.isoformat(),
            until=until.isoformat(),
        )
    )


@blueprint.get("/legal/<name>")
@blueprint.get("/legal/<name>/<version>")
def legal(name: str, version: str | None = None) -> Response:
    """Show a legal document, today's or an earlier *version*."""
    library, locale = state().documents, _locale()
    document = library.get(name, locale, version)
    if document is None:
        raise Refusal("document")
    response = _page("legal", document=document, versions=library.versions(name, locale))
    # Where the host's Flask-Babel chooses the language, the answer at this address may be another for the next reader.
    if "lang" in request.args or host_locale() is None:
        response.cache_control.public = True
    else:
        response.cache_control.private = True
    response.cache_control.max_age = 300
    response.last_modified = state().changed()
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/message")
def message() -> Response:
    """Show the ways to write to the editors."""
    return _private(_page("message_page"))


@blueprint.get("/report")
def report() -> Response:
    """Show the ways to report illegal and undesirable information."""
    return _private(_page("report_page"))


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """Serve a stylesheet or script: for ever under its own hash, this once under another's."""
    asset = find(state().assets, name)
    if asset is None:
        raise Refusal("document")
    response = Response(asset.content, mimetype=asset.mimetype)
    if name == asset.hashed:
        response.cache_control.public = True
        response.cache_control.max_age = 365 * 24 * 3600
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response


@blueprint.errorhandler(Refusal)
def refuse(error: Refusal) -> Response:
    """Tell why a request was refused."""
    return _problem(_STATUS[error.reason], error.reason)


@blueprint.errorhandler(RequestEntityTooLarge)
def refuse_large(error: RequestEntityTooLarge) -> Response:
    """Tell that a form is too large; Werkzeug has not read it."""
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "size")


@blueprint.after_request
def _note(response: Response) -> Response:
    """Keep how long a response may be cached before the host's own hooks see it."""
    request.environ["compliance.caching"] = response.headers.get("Cache-Control")
    return response


def harden(response: Response) -> None:
    """Give a response of ours the policies that it must carry, beside those of the host, and its own caching again."""
    if caching := request.environ.get("compliance.caching"):
        response.headers["Cache-Control"] = caching
    # Several policies all apply (CSP level 3, section 8.1): the host's own is neither replaced nor weakened.
    response.headers.add("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"


def _locale() -> str:
    return state().locale(request.args.get("lang") or host_locale())


def _page(name: str, **values: Any) -> Response:
    locale = _locale()
    context = state().context(locale, request.environ)
    # A host's context processors know the host's own pages, and may fail on ours: only the host's templates need them.
    if state().replaced(f"compliance/{name}.html"):
        current_app.update_template_context(values)
    response = Response(state().render(f"compliance/{name}.html", {**values, **context}), mimetype="text/html")
    response.content_language.add(tag(locale))
    return response


def _private(response: Response) -> Response:
    response.cache_control.no_store = True
    return response


def _problem(status: int, reason: str) -> Response:
    title = HTTPStatus(status).phrase
    context = state().context(_locale(), request.environ)
    text = state().render("compliance/reason.txt", {**context, "reason": reason})
    detail = Markup(text).unescape().strip()
    if _wants_json():
        response: Response = jsonify(type="about:blank", title=title, status=status, detail=detail)
        response.mimetype = "application/problem+json"
        response.content_language.add(context["lang"])
    else:
        response = _page("problem", reason=reason, detail=detail, title=title, status=status)
    response.status_code = status
    return _private(response)


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def _same_site() -> bool:
    """Return whether a form was sent from a page of this very host.

    Browsers tell by `Sec-Fetch-Site` (Fetch Metadata), older ones by `Origin` (RFC 6454) or `Referer` (RFC 9110). A
    client that sends none of the three is no browser that another site could make post.
    """
    fetched_from = request.headers.get("Sec-Fetch-Site")
    if fetched_from is not None:
        return fetched_from in {"same-origin", "none"}
    source = request.headers.get("Origin") or request.headers.get("Referer")
    return source is None or _host(source) in {_host(request.host_url), _host(state().settings.site.url)}


def _host(url: str) -> tuple[str | None, int | None]:
    """Return host and port of *url*; the scheme may differ where a proxy in front ends TLS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None, 0
    return parts.hostname, None if port in {80, 443} else port


def safe_path(text: str) -> bool:
    """Return whether *text* is a path that stays on this site, whatever a browser makes of it."""
    return _PATH.fullmatch(text) is not None


def _target(asked: str | None) -> str:
    """Return the path to go back to: the one *asked* for, else the page that the form was on, else the home page."""
    if asked:
        if not safe_path(asked):
            raise Refusal("next")
        return asked
    referrer = request.headers.get("Referer", "")
    if _host(referrer) == _host(request.host_url):
        parts = urlsplit(referrer)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if safe_path(path):
            return path
    home: str = state().context(_locale(), request.environ)["urls"]["home"]
    return home
