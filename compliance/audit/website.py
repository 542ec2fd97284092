"""A site on the web, asked for its pages as a polite visitor asks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from ssl import SSLCertVerificationError
from threading import Lock
from time import monotonic, sleep
from urllib.parse import urljoin, urlsplit

import urllib3
from protego import Protego
from urllib3.exceptions import HTTPError, InsecureRequestWarning, SSLError

from ..errors import Message
from .crawl import canonical, site_of
from .sitemaps import LARGEST as SITEMAP
from .sitemaps import addresses
from .targets import LARGEST, PAGES, Reason, Response, TargetError, other

#: What `robots.txt` may name us by.
AGENT = "flask-compliance"
_HEADERS = {
    "User-Agent": f"{AGENT} (+https://pypi.org/project/flask-compliance/; check of a site by its operator)",
    "Accept": "text/html,application/xhtml+xml;q=0.9",
    "Accept-Encoding": "gzip, deflate",
}
_TIMEOUT = urllib3.Timeout(connect=10, read=20)
_LONGEST = 60  # seconds for one page, however slowly it comes
_PIECE = 65_536
_SITEMAPS = ("application/xml", "text/xml", "text/plain", "application/gzip", "application/x-gzip")
_ROBOTS_SIZE = 500_000  # bytes (RFC 9309, section 2.5)


class Website:
    """The site at *url*. At least *delay* seconds lie between two requests, more where `robots.txt` wants it."""

    def __init__(self, url: str, *, delay: float, connections: int) -> None:
        self.name = url
        self.start = canonical(url)
        self.below = "/"
        if not self.start:
            raise TargetError(
                url, Message("this is no address; write https://, the host, and a path if the site has one")
            )
        self._delay = delay
        self._pool = urllib3.PoolManager(
            maxsize=connections, block=True, headers=_HEADERS, timeout=_TIMEOUT, retries=urllib3.Retry(1, status=0)
        )
        self._connections = connections
        #: What is wrong with the site's certificate; it is read all the same, as nothing is told to it.
        self.flaw: Reason | None = None
        #: What is sent along, as of a reader who has signed in.
        self.cookies = ""
        self._turn = Lock()
        self._next = 0.0

    def open(self) -> None:
        """Make sure that the site answers and lets us in, and learn where it really begins."""
        for _ in range(5):
            response = self.fetch(self.start)
            if response.failure:
                raise TargetError(self.name, response.failure)
            if not response.location:
                break
            target = canonical(urljoin(self.start, response.location))
            if site_of(target) != site_of(self.start):
                raise TargetError(self.name, Message("it leads to another site; check that: %(target)s", target=target))
            self.start = target
        if response.status >= 400:
            message = Message("it answers %(status)s; give an address at which a page is", status=response.status)
            raise TargetError(self.name, message)

    def sitemaps(self) -> Iterator[str]:
        """Yield the addresses that the site lists: in the sitemaps of `robots.txt`, else in the one where it is."""
        parts = urlsplit(self.start)

        def fetch(url: str) -> bytes | None:
            if site_of(url) != site_of(self.start) or not self._robots.can_fetch(url, AGENT):
                return None
            self._wait()
            answer = self._ask(url, SITEMAP, _SITEMAPS)
            return answer.content if answer.status == 200 and not answer.failure else None

        listed = [*self._robots.sitemaps] or [f"{parts.scheme}://{parts.netloc}/sitemap.xml"]
        return addresses(fetch, listed)

    def fetch(self, url: str) -> Response:
        """Ask for *url*, when it is its turn."""
        if not self._robots.can_fetch(url, AGENT):
            return Response(url=url, failure=Reason("robots", agent=AGENT))
        self._wait()
        return self._ask(url, LARGEST)

    def _wait(self) -> None:
        with self._turn:
            now = monotonic()
            start = max(now, self._next)
            self._next = start + max(self._delay, self._robots.crawl_delay(AGENT) or 0)
        sleep(start - now)

    def _ask(self, url: str, most: int, types: tuple[str, ...] = PAGES) -> Response:
        try:
            given = {**_HEADERS, "Cookie": self.cookies} if self.cookies else None
            answer = self._pool.request("GET", url, redirect=False, preload_content=False, headers=given)
        except HTTPError as error:
            if self.flaw is None and _is_unverified(error):
                self._trust(_reason(error))
                return self._ask(url, most, types)
            return Response(url=url, failure=_reason(error))
        came = datetime.now(UTC)
        headers = tuple(answer.headers.items())
        try:
            failure = other(answer.headers.get("Content-Type") or types[0], types)
            if answer.status < 300 and failure:
                return Response(url=url, status=answer.status, headers=headers, failure=failure, time=came)
            content, until = bytearray(), monotonic() + _LONGEST
            # `read` would wait until a piece is whole, however slowly it comes.
            while len(content) < most and (piece := answer.read1(_PIECE)):
                content += piece
                if monotonic() > until:
                    failure = Reason("slow", seconds=_LONGEST)
                    return Response(url=url, status=answer.status, headers=headers, failure=failure, time=came)
            whole = bytes(content[:most])
            return Response(url=url, status=answer.status, headers=headers, content=whole, time=came)
        except HTTPError as error:
            return Response(url=url, status=answer.status, headers=headers, failure=_reason(error), time=came)
        finally:
            # A page that was read whole gave its connection back; what is left of another would be the next answer.
            answer.close()
            answer.release_conn()

    def _trust(self, flaw: Reason) -> None:
        """Go on without asking for a certificate that proves who answers."""
        self.flaw = flaw
        urllib3.disable_warnings(InsecureRequestWarning)  # the report tells of it
        self._pool = urllib3.PoolManager(
            maxsize=self._connections,
            block=True,
            headers=_HEADERS,
            timeout=_TIMEOUT,
            retries=urllib3.Retry(1, status=0),
            cert_reqs="CERT_NONE",
            assert_hostname=False,
        )

    @cached_property
    def _robots(self) -> Protego:
        """The site's rules for visitors like us. Source: RFC 9309, section 2.3.1."""
        parts = urlsplit(self.start)
        answer = self._ask(f"{parts.scheme}://{parts.netloc}/robots.txt", _ROBOTS_SIZE, ("text/plain",))
        if answer.status >= 500:
            return Protego.parse("User-agent: *\nDisallow: /")
        # What is missing or no text allows everything; so does a host that does not answer: the page itself will tell.
        usable = answer.status == 200 and not answer.failure
        return Protego.parse(answer.content.decode("utf-8", "replace") if usable else "")


def _is_unverified(error: HTTPError) -> bool:
    """Return whether *error* is that of a certificate: expired, of another host, of nobody that is trusted."""
    cause = getattr(error, "reason", None) or error
    inner = cause.args[0] if isinstance(cause, SSLError) and cause.args else cause
    return isinstance(inner, SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause)


def _reason(error: HTTPError) -> Reason:
    cause = getattr(error, "reason", None) or error
    return Reason("unreachable", error=cause)
