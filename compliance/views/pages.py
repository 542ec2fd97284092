"""What every endpoint works with: the blueprint, the state of an application, pages, refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, unquote_to_bytes, urlsplit

from flask import Blueprint, Flask, Request, current_app, jsonify, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.wrappers import Response

from .. import deadlines
from ..assets import Asset
from ..consent import Decisions
from ..corrections import Corrections
from ..documents import Library
from ..i18n import host_locale
from ..languages import tag
from ..ledger import Ledger, Recorder
from ..messages import Box
from ..outside.hosts import host_of, split
from ..page.trackers import Catalogue
from ..settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bytes of a form; the longest decision has a few hundred, the longest message some sixty thousand, and its pictures.
_LARGEST_FORM = 16 * 1024
_LARGEST_TEXTS = 128 * 1024
_LARGEST_MESSAGE = 26 * 1024 * 1024
_MOST_PARTS = 40
_LARGEST_COOKIES = 64 * 1024  # browsers send some 16 KB at most
_FILES = "multipart/form-data"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A path on this site: one slash, then nothing that a browser drops or takes for a slash (WHATWG URL, section 4.4).
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_STATUS = {
    **dict.fromkeys(("choice", "category", "next", "json", "encoding", "cut", "host"), HTTPStatus.BAD_REQUEST),
    **dict.fromkeys(("record", "document"), HTTPStatus.NOT_FOUND),
    "origin": HTTPStatus.FORBIDDEN,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "policy": HTTPStatus.CONFLICT,
    "size": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "often": HTTPStatus.TOO_MANY_REQUESTS,
    "store": HTTPStatus.SERVICE_UNAVAILABLE,
}

blueprint = Blueprint("compliance", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the endpoints of one application work with; it lies in `app.extensions["compliance"]`.

    Args:
        cookies: pairs of a category and an expression for the names of its cookies.
        locale: the site's language for a tag, or its default one.
        policy: the policy version of the moment.
        context: what every template is told, in one language and for one request's host and mount point.
        render: a template's name and its context in, HTML out.
        catalogue: the trackers that are known.
        replaced: whether the site has its own template of a name, or its own frame around it.
        place: an element's HTML for a template of the host, and the note that the page has it.
        injection: what the middleware asks, for the command that changes files.
        box: what takes and keeps messages and reports.
        ledger: what proves decisions, and the recorder that puts them there.
        corrections: the corrections that the editors have published.
    """

    settings: Settings
    documents: Library
    decisions: Decisions
    catalogue: Catalogue
    assets: Mapping[str, Asset]
    cookies: Sequence[tuple[str, re.Pattern[str]]]
    changed: Callable[[], datetime]
    locale: Callable[[str | None], str]
    policy: Callable[[], str]
    context: Callable[[str, WSGIEnvironment], dict[str, Any]]
    render: Callable[[str, Mapping[str, Any]], str]
    replaced: Callable[[str], bool]
    place: Callable[..., str]
    injection: Any
    box: Box
    ledger: Ledger
    recorder: Recorder
    corrections: Corrections


class Refusal(Exception):
    """A request that cannot be answered as asked, for *reason*; *retry_after* some seconds it may be."""

    def __init__(self, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


def state() -> State:
    """Return the current application's state; `RuntimeError` where the extension was not set up."""
    try:
        found: State = current_app.extensions["compliance"]
    except KeyError:
        raise RuntimeError(f"Compliance.init_app was not called for the application {current_app.name!r}") from None
    return found


def application() -> Flask:
    """Return the application itself: a signal's sender is no proxy."""
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # not in Flask's stub
    return found


def base() -> str:
    """Return the path under which our own pages lie, for this request's mount point."""
    found: str = state().context(state().locale(None), request.environ)["base"]
    return found


def source(now: datetime) -> str:
    """Return the label of the network that this request came from."""
    return state().box.throttle.source(request.remote_addr, day=deadlines.day(now))


def limit(asked: Request) -> None:
    """Bound what is read of a request to one of our endpoints, before anybody reads it."""
    takes_files = asked.endpoint in ("compliance.send_message", "compliance.send_report", "compliance.change")
    asked.max_content_length = (
        _LARGEST_MESSAGE
        if takes_files and asked.mimetype == _FILES
        else (_LARGEST_TEXTS if takes_files else _LARGEST_FORM)
    )
    asked.max_form_memory_size = _LARGEST_TEXTS
    asked.max_form_parts = _MOST_PARTS
    if len(asked.environ.get("HTTP_COOKIE", "")) > _LARGEST_COOKIES:
        asked.environ["HTTP_COOKIE"] = asked.environ["HTTP_COOKIE"][:_LARGEST_COOKIES]


def adopt(asked: Request) -> None:
    """Let the endpoint at this address refuse a request that routing refused for its method, if it is one of ours."""
    refused, routes = asked.routing_exception, current_app.create_url_adapter(asked)
    if routes is None or not isinstance(refused, MethodNotAllowed) or not refused.valid_methods:
        return
    rule, values = routes.match(method=min(refused.valid_methods), return_rule=True)
    if rule.endpoint.startswith(f"{blueprint.name}."):
        asked.url_rule, asked.view_args, asked.routing_exception = rule, dict(values), None


@blueprint.before_request
def _check() -> None:
    """Refuse a method that this address does not take, and a `Host` that names none (RFC 9112 section 3.2)."""
    if request.url_rule and request.method not in (request.url_rule.methods or ()):
        raise Refusal("method")
    if request.headers.get("Host") and _own_host()[0] is None:
        raise Refusal("host")


@blueprint.errorhandler(Refusal)
def refuse(error: Refusal) -> Response:
    """Tell why a request was refused."""
    response = problem(_STATUS[error.reason], error.reason)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.reason == "method" and (routes := current_app.create_url_adapter(request)):
        response.allow.update(routes.allowed_methods())
    return response


@blueprint.errorhandler(RequestEntityTooLarge)
def refuse_large(error: RequestEntityTooLarge) -> Response:
    """Tell that a form is too large; Werkzeug has not read it."""
    return refuse(Refusal("size"))


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
    # Copies of a site's page, as search engines and archives show them, load its stylesheet from here.
    shared = request.endpoint == "compliance.static"
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if shared else "same-origin")
    if request.is_secure:  # over plain HTTP browsers complain of it (HTML standard, section 7.1.3)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")


def fields() -> dict[str, str]:
    """Return the fields of a form as they were sent: as a form, or as a JSON object.

    Raises `Refusal` for what is neither, for what did not arrive whole, for a value that is no text, which would be
    lost, and for text that is not UTF-8, which would arrive garbled.
    """
    sent_body = body()
    if request.is_json:
        try:
            sent = request.get_json(silent=True)
        except RecursionError:
            sent = None
        if not isinstance(sent, dict):
            raise Refusal("json")
        told = {name: "on" if value is True else value for name, value in sent.items()}
        told = {name: value for name, value in told.items() if value is not None and value is not False}
        if not all(isinstance(value, str) for value in told.values()):
            raise Refusal("json")
        try:
            "".join(told.values()).encode()
        except UnicodeEncodeError:  # JSON can name half a character
            raise Refusal("encoding") from None
        return told
    try:
        unquote_to_bytes(sent_body).decode()
    except UnicodeDecodeError:
        raise Refusal("encoding") from None
    if len(request.form) > _MOST_PARTS:
        raise Refusal("size")
    return request.form.to_dict()


def body() -> bytes:
    """Read what was sent to its end, and return it, but for a form with files or one that the host has read before.

    Raises `Refusal` for what did not arrive whole.
    """
    try:
        if "form" in vars(request) or (request.mimetype == _FILES and request.form is not None):
            return b""
        read = request.get_data()
    except HTTPException:
        raise
    except Exception as error:  # what a server raises where the connection breaks is its own
        raise Refusal("cut") from error
    # Some servers end a broken request as they end a whole one. Kept, half a message would stand for the whole.
    if request.content_length not in (None, len(read)):
        raise Refusal("cut")
    return read


def reader_locale() -> str:
    """Return the language to answer this request in: the one it asks for, else that of the page that sent a form."""
    return state().locale(request.args.get("lang") or _language_before() or host_locale())


def _language_before() -> str | None:
    """Return the language that the page before, or else its form, says of itself."""
    if request.method != "POST" or not same_site():
        return None
    before = _page_before()
    if before and (said := parse_qs(before.query).get("lang")):
        return said[0]
    try:
        return request.form.get("lang")
    except Exception:  # a form that is refused because it cannot be read
        return None


def page(name: str, **values: Any) -> Response:
    """Render one of our pages in the reader's language."""
    locale = reader_locale()
    context = state().context(locale, request.environ)
    # A host's context processors know the host's own pages, and may fail on ours: only the host's templates need them.
    if state().replaced(f"compliance/{name}.html"):
        current_app.update_template_context(values)
    response = Response(state().render(f"compliance/{name}.html", {**values, **context}), mimetype="text/html")
    response.content_language.add(tag(locale))
    return response


def private(response: Response) -> Response:
    """Keep *response* out of every cache, and of search engines."""
    response.cache_control.no_store = True
    response.headers.setdefault("X-Robots-Tag", "noindex")
    return response


def secret(response: Response) -> Response:
    """Keep what only one reader may see out of every cache, with all that it links to."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return private(response)


def problem(status: int, reason: str, **details: Any) -> Response:
    """Tell why something did not work: as a page, or with *details* as problem details (RFC 9457)."""
    title = HTTPStatus(status).phrase
    context = state().context(reader_locale(), request.environ)
    text = state().render("compliance/reason.txt", {**context, "reason": reason})
    detail = Markup(text).unescape().strip()
    if wants_json():
        response: Response = jsonify(type="about:blank", title=title, status=status, detail=detail, **details)
        response.mimetype = "application/problem+json"
        response.content_language.add(context["lang"])
    else:
        response = page("problem", reason=reason, detail=detail, title=title, status=status)
    response.status_code = status
    return private(response)


def wants_json() -> bool:
    """Return whether a script asks, rather than a reader."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best is not None and best != "text/html"


def same_site() -> bool:
    """Return whether a form was sent from a page of this very host.

    Browsers tell by `Sec-Fetch-Site` (Fetch Metadata), older ones by `Origin` (RFC 6454) or `Referer` (RFC 9110). A
    client that sends none of the three is no browser that another site could make post.
    """
    fetched_from = request.headers.get("Sec-Fetch-Site")
    if fetched_from is not None:
        return fetched_from in {"same-origin", "none"}
    source = request.headers.get("Origin") or request.headers.get("Referer")
    return source is None or host(source) in {_own_host(), host(state().settings.site.url)}


def host(url: str) -> tuple[str | None, int | None]:
    """Return host, in ASCII, and port of *url*; the scheme may differ where a proxy in front ends TLS."""
    if not (parts := split(url)):
        return None, 0
    return host_of(url), None if parts.port in {80, 443} else parts.port


def _own_host() -> tuple[str | None, int | None]:
    """Return host and port that this request is for; no host where its header names none."""
    try:
        return host(request.host_url)
    except UnicodeError:  # Werkzeug decodes international names
        return None, 0


def _page_before() -> SplitResult | None:
    """Return the address of the page of this host that the request came from."""
    referrer = request.headers.get("Referer", "")
    return urlsplit(referrer) if host(referrer) == _own_host() else None


def safe_path(text: str) -> bool:
    """Return whether *text* is a path that stays on this site, whatever a browser makes of it."""
    return _PATH.fullmatch(text) is not None


def way_back(asked: str | None) -> str:
    """Return the path to go back to: the one *asked* for, else the page that the form was on, else the home page."""
    if asked:
        if not safe_path(asked):
            raise Refusal("next")
        return asked
    if before := _page_before():
        path = f"{before.path}?{before.query}" if before.query else before.path
        if safe_path(path):
            return path
    home: str = state().context(reader_locale(), request.environ)["urls"]["home"]
    return home
