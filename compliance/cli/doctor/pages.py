"""The pages of the application as readers get them, and whether our elements work on each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup
from bs4.element import Tag
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ... import notes
from ...errors import Message, Problem
from ...page.codings import BrokenBody, coding
from ...page.injection import is_amp
from ...page.injection.opening import is_page
from ...page.policies import LoadKind, Wanted, policies_in, refusals
from ...proxies import unread_address, unread_scheme
from ..group import CannotRunError
from .site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOADS: dict[str, tuple[LoadKind, str]] = {
    "link": ("style", "href"),
    "script": ("script", "src"),
    "img": ("image", "src"),
    "form": ("form", "action"),
}
#: What a policy takes from readers, and what it has to let through.
_LOST: dict[LoadKind, str] = {
    "script": Message("our script is blocked: the banner does not go without a new page, and nothing held is released"),
    "style": Message("our stylesheet is blocked: banner and footer are bare"),
    "image": Message("the picture of a licence is blocked"),
    "connection": Message("what readers decide is not sent by our script"),
    "form": Message("readers without scripts cannot decide"),
}
_LET: dict[LoadKind, str] = {
    **dict.fromkeys(("style", "image", "connection", "form"), "'self'"),
    "script": Message("'self', or a nonce that is new for each page"),
}
_LARGEST = 4 * 1024 * 1024  # bytes of a page
_HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd", "Sec-Fetch-Site": "none"}
#: Our pages that every site has.
_OURS = ("consent", "message", "report", "legal/privacy")
_PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}  # an address of documentation (RFC 5737)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the application answers for *url*; *logged* is what was told meanwhile, *environ* is as it came back."""

    url: str
    status: int
    headers: Headers
    content: bytes
    environ: WSGIEnvironment
    logged: tuple[str, ...]

    @property
    def is_html(self) -> bool:
        """Whether a reader is shown a document."""
        attached = self.headers.get("Content-Disposition", "").startswith("attachment")
        return self.headers.get("Content-Type", "").startswith("text/html") and self.status == 200 and not attached

    @cached_property
    def page(self) -> bytes | None:
        """The document without its coding, ``None`` where that cannot be undone."""
        name = self.headers.get("Content-Encoding", "").strip().lower()
        try:
            return b"".join(coding(name).decode(self.content)) if name not in ("", "identity") else self.content
        except (BrokenBody, LookupError):
            return None

    @cached_property
    def tree(self) -> BeautifulSoup:
        """The elements of the document."""
        return BeautifulSoup(self.page or b"", "html.parser")

    @cached_property
    def base(self) -> Tag | None:
        """The <base> that has an address."""
        found = self.tree.find("base", href=True)
        return found if isinstance(found, Tag) else None

    @property
    def start(self) -> str:
        """Where addresses of the document begin."""
        return urljoin(self.url, str(self.base["href"])) if self.base else self.url


class Pages:
    """The pages of *site*, asked for in this process as by a reader who was never there."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.root = site.root
        self._prefix = site.state.settings.site.prefix
        self.seen: list[str] = []

    def addresses(self) -> Iterator[Problem]:
        """Yield which of our own addresses another answers for us."""
        for name in _OURS:
            answer = self._ask(f"{self.root}{self._prefix}/{name}")
            if answer.status != 200 or b"data-compliance" not in (answer.page or b""):
                value = Message("answered with %(status)s", status=answer.status)
                if (went := answer.headers.get("Location")) is not None:
                    value = Message(
                        "answered with %(status)s and sends readers to %(where)s", status=answer.status, where=went
                    )
                remedy = Message(
                    "let what is asked below %(prefix)s through to the application: what stands around it,"
                    " such as a login, a redirect to another host or TRUSTED_HOSTS, comes first",
                    prefix=self._prefix,
                )
                yield Problem(key=answer.url, value=value, remedy=remedy)

    def proxy(self) -> Iterator[Problem]:
        """Yield what the application does not know of a reader whom a proxy in front told of.

        Raises `CannotRunError` where a server tells the application, not what stands around it.
        """
        if self._site.is_async:
            raise CannotRunError(
                Message(
                    "--proxy: an ASGI server reads by itself what a proxy says; tell it which one to trust, as"
                    " uvicorn's --forwarded-allow-ips does"
                )
            )
        root = urlsplit(self.root)
        answer = self._ask(f"http://{root.netloc}{root.path}{self._prefix}/consent", _PROXIED)
        if root.scheme == "https" and answer.environ["wsgi.url_scheme"] != "https":
            yield unread_scheme()
        if answer.environ.get("REMOTE_ADDR") != _PROXIED["X-Forwarded-For"]:
            yield unread_address()

    def walk(self, limit: int) -> Iterator[list[tuple[str, Problem]]]:
        """Look at the home page and at what is linked from there, *limit* pages at most: what is wrong with each."""
        waiting, known = [f"{self.root}/"], {f"{self.root}/"}
        while waiting and len(self.seen) < limit:
            answer = self._ask(waiting.pop(0))
            if answer.is_html:
                self.seen.append(answer.url)
                for url in self._links(answer):
                    if url not in known:
                        known.add(url)
                        waiting.append(url)
            yield list(self._look(answer))

    def _links(self, answer: Answer) -> Iterator[str]:
        for link in answer.tree.find_all("a", href=True):
            try:
                url = urljoin(answer.url, str(link["href"])).partition("#")[0]
            except ValueError:
                continue
            if url.startswith(f"{self.root}/") and not url.startswith(f"{self.root}{self._prefix}/"):
                yield url

    def _look(self, answer: Answer) -> Iterator[tuple[str, Problem]]:
        if answer.status >= 500 and self._ask(answer.url, bare=True).status < 500:
            value = Message("answered with %(status)s", status=answer.status)
            remedy = Message("without our elements it does not fail: its log says what fails with them")
            yield "page", Problem(key=answer.url, value=value, remedy=remedy)
        if not answer.is_html or notes.noted(answer.environ).exempt:
            return
        ours = answer.tree.select("[data-compliance]")
        if not any(node["data-compliance"] == "footer" for node in ours):
            if (lacking := _why_bare(answer)) is not None:
                yield "footer", Problem(key=answer.url, value=Message("a page without the footer"), remedy=lacking)
            return
        yield from (("page", Problem(key=answer.url, remedy=told)) for told in answer.logged)
        yield from (("base", problem) for problem in _led_away(answer, ours))
        yield from (("policy", problem) for problem in _blocked(answer, ours, f"{self.root}{self._prefix}/consent"))

    def _ask(self, url: str, headers: Mapping[str, str] | None = None, *, bare: bool = False) -> Answer:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        below = urlsplit(self.root).path
        builder = EnvironBuilder(
            path=parts.path.removeprefix(below) or "/",
            query_string=parts.query,
            base_url=f"{origin}{below}/",
            headers=Headers({**_HEADERS, **(headers or {})}),
            environ_overrides={"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "50000"},
        )
        asked: WSGIEnvironment = builder.get_environ()

        def kept(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            nonlocal asked
            asked = notes.bare(environ) if bare else environ  # what is noted there is looked at
            return self._site.wsgi(asked, start_response)

        with _heard(*self._site.loggers) as told:
            try:
                body, status, fields = run_wsgi_app(kept, asked)
                content = _read(body)
            except Exception as error:  # the application's own, whatever it is
                status, fields, content = "500", Headers(), b""
                told.append(Message("it raises %(error)s", error=type(error).__name__))
            finally:
                builder.close()
        return Answer(
            url=url,
            status=int(status.partition(" ")[0]),
            headers=fields,
            content=content,
            environ=asked,
            logged=tuple(told),
        )


def _read(body: Iterable[bytes]) -> bytes:
    content = bytearray()
    try:
        for piece in body:
            content += piece
            if len(content) >= _LARGEST:
                break
    finally:
        getattr(body, "close", lambda: None)()
    return bytes(content)


class _Ear(logging.Handler):
    """Hears what is told, in place of those who would print it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


@contextmanager
def _heard(*loggers: logging.Logger) -> Iterator[list[str]]:
    ear = _Ear()
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [ear], False
    try:
        yield ear.told
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate


def _why_bare(answer: Answer) -> str | None:
    """Return what to do about a page that has no footer; ``None`` where it is a part of one."""
    page = answer.page
    if page is None:
        return "; ".join(answer.logged) or Message("its Content-Encoding cannot be undone")
    if not is_page(page):
        return None
    if is_amp(page):
        return Message("AMP takes in nothing that is not its own: write numbers and contacts into its template")
    if "no-transform" in answer.headers.get("Cache-Control", ""):
        return Message("its Cache-Control says no-transform: leave that out, or write the elements into its template")
    if answer.tree.find("frameset"):
        return Message(
            "a frameset has no room for one; the pages in its frames have theirs: give readers one page instead"
        )
    return "; ".join(answer.logged) or Message(
        "what stands around the application answers it, or changes it: put that inside, before Compliance is set up"
    )


def _led_away(answer: Answer, ours: Iterable[Tag]) -> Iterator[Problem]:
    """Yield where a <base> leads an address of ours to another host."""
    if answer.base is None:
        return
    values = (str(part.get(name, "")) for node in ours for part in node.find_all(True) for name in ("href", "action"))
    led = next((urljoin(answer.start, value) for value in values if value[:1] == "/"), answer.url)
    if (host := urlsplit(led).netloc) != urlsplit(answer.url).netloc:
        remedy = Message(
            "a template places elements by hand below it, and their addresses lead to %(host)s: let them be injected,"
            " or take the <base> away",
            host=host,
        )
        yield Problem(key=answer.url, value=Message("a page with %(base)s", base=answer.base), remedy=remedy)


def _blocked(answer: Answer, ours: Sequence[Tag], decides: str) -> Iterator[Problem]:
    """Yield what the page's own content security policies do not let our elements do."""
    policies = [*answer.headers.getlist("Content-Security-Policy"), *policies_in(answer.page or b"")]
    wanted = (*_wanted(answer.start, ours), Wanted("connection", decides))
    for (kind, _, _), directive in refusals(policies, wanted, page=answer.url):
        name = directive.split()[0]
        let = _LET[kind] if name != "sandbox" else Message("allow-scripts, allow-same-origin and allow-forms")
        remedy = Message("%(lost)s; let %(directive)s have %(sources)s", lost=_LOST[kind], directive=name, sources=let)
        value = Message("a page whose policy is %(directive)s", directive=directive)
        yield Problem(key=answer.url, value=value, remedy=remedy)


def _wanted(start: str, ours: Iterable[Tag]) -> Iterator[Wanted]:
    """Yield what *ours* load and send to, as browsers read it, each with its nonce."""
    for node in ours:
        for part in (node, *node.find_all(True)):
            if part.name in _LOADS:
                kind, attribute = _LOADS[part.name]
                if value := part.get(attribute):
                    yield Wanted(kind, urljoin(start, str(value)), str(part.get("nonce", "")) or None)
