"""What the endpoints answer with, pages and refusals, and how they read a form."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote_to_bytes, urlsplit

from markupsafe import Markup
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from .. import deadlines
from ..languages import tag
from ..outside.hosts import host_of, split
from .requests import FILES, MOST_PARTS, request, state

logger = logging.getLogger("compliance")

_SHOWN = 100  # characters of what a client sent that a log shows
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A name or an address, and a port (RFC 9110, section 7.2): what older versions of Werkzeug hand on may be anything.
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
# A path on this site: one slash, then nothing that a browser drops or takes for a slash (WHATWG URL, section 4.4).
_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_STATUS = {
    **dict.fromkeys(("choice", "category", "next", "json", "encoding", "cut", "host", "query"), HTTPStatus.BAD_REQUEST),
    "request": HTTPStatus.BAD_REQUEST,
    **dict.fromkeys(("record", "document"), HTTPStatus.NOT_FOUND),
    "origin": HTTPStatus.FORBIDDEN,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "policy": HTTPStatus.CONFLICT,
    "size": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "often": HTTPStatus.TOO_MANY_REQUESTS,
    "store": HTTPStatus.SERVICE_UNAVAILABLE,
    **dict.fromkeys(("away", "odd"), HTTPStatus.BAD_GATEWAY),
    "slow": HTTPStatus.GATEWAY_TIMEOUT,
}


class Refusal(Exception):
    """A request that cannot be answered as asked, for *reason*; *retry_after* some seconds it may be."""

    def __init__(self, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


def source(now: datetime) -> str:
    """Return the label of the network that this request came from."""
    return state().throttle.source(request.remote_addr, day=deadlines.day(now))


def refuse(error: Refusal) -> Response:
    """Tell why a request was refused."""
    response = problem(_STATUS[error.reason], error.reason)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def require_host() -> None:
    """Refuse a request whose `Host` names none (RFC 9112 section 3.2)."""
    named = request.headers.get("Host")
    if named and not _own_host()[0]:
        logger.warning("a request was refused: its Host, %a, names none", named[:_SHOWN])
        raise Refusal("host")


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
    if len(request.form) > MOST_PARTS:
        raise Refusal("size")
    return request.form.to_dict()


def body() -> bytes:
    """Read what was sent to its end, and return it, but for a form with files.

    Raises `Refusal` for what did not arrive whole.
    """
    try:
        if request.mimetype == FILES and request.form is not None:
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
    here, asked = state(), request.wanted or request.args.get("lang") or _language_before()
    return here.elements.locale(asked or here.host.locale(request.environ))


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
    context = state().elements.context(locale, request.environ)
    html, fields = state().host.page(f"compliance/{name}.html", values, context, request.environ)
    response = Response(html, mimetype="text/html")
    response.headers.extend(fields)
    response.content_language.add(tag(locale))
    return response


def json_response(value: Mapping[str, Any], mimetype: str = "application/json") -> Response:
    """Return *value* as JSON."""
    return Response(json.dumps(value, ensure_ascii=False), mimetype=mimetype)


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
    here, locale = state(), reader_locale()
    text = here.renderer.render(
        "compliance/reason.txt", {**here.elements.context(locale, request.environ), "reason": reason}
    )
    detail = Markup(text).unescape().strip()
    if wants_json():
        told = {"type": "about:blank", "title": title, "status": status, "detail": detail, **details}
        response = json_response(told, "application/problem+json")
        response.content_language.add(tag(locale))
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


def require_same_site() -> None:
    """Refuse a form that was not sent from a page of this very host, and log why: each cause once.

    Names of hosts are logged, no paths and no addresses: those are the reader's.
    """
    if same_site():
        return
    sent = request.headers
    origin = sent.get("Origin") or sent.get("Referer") or ""
    if (fetched_from := sent.get("Sec-Fetch-Site")) is not None:
        header = cause = "Sec-Fetch-Site"
        said = fetched_from
        remedy = "the form stands on a page of another host: let it stand on this one"
    elif origin == "null":
        header, cause, said = "Origin", "Origin: null", origin
        remedy = (
            "the page says Referrer-Policy: no-referrer, or is in a sandbox, and nothing sent Sec-Fetch-Site: send"
            " Referrer-Policy: same-origin, serve the site over HTTPS, and let the proxy hand Sec-Fetch-Site on"
        )
    else:
        header = cause = "Origin" if "Origin" in sent else "Referer"
        said = host(origin)[0] or "no host"
        remedy = "let the proxy hand the reader's Host on (nginx: proxy_set_header Host $host)"
        if "X-Forwarded-Host" in sent:
            cause = "X-Forwarded-Host"
            remedy = "put werkzeug.middleware.proxy_fix.ProxyFix(…, x_host=1) around the application"
    if state().tells(cause):
        logger.warning(
            "a form was refused as one of another site: its %s is %a, its Host %a, and site.url %a. If the site itself"
            " sent it: %s. Not told again for this cause",
            header,
            said[:_SHOWN],
            (_own_host()[0] or "none")[:_SHOWN],
            host(state().settings.site.url)[0],
            remedy,
        )
    raise Refusal("origin")


def host(url: str) -> tuple[str | None, int | None]:
    """Return host, in ASCII, and port of *url*; the scheme may differ where a proxy in front ends TLS."""
    if not (parts := split(url)):
        return None, 0
    return host_of(url), None if parts.port in {80, 443} else parts.port


def _own_host() -> tuple[str | None, int | None]:
    """Return host and port that this request is for; no host where its header names none."""
    try:
        return host(request.host_url) if _HOST.fullmatch(request.host) else (None, 0)
    except (ValueError, SecurityError):  # Werkzeug decodes international names, and knows which host is answered
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
    return state().elements.home(request.environ)
