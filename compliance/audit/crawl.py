"""From page to page within a site: breadth first, each address once, and never without end."""

from __future__ import annotations

import mimetypes
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..outside.hosts import ascii_host, host_of, split
from .targets import PAGES, Reason, Response

#: What keeps a crawl from going on for ever: queries of one path, folders in a path, clicks from the home page.
MOST_QUERIES = 20
MOST_FOLDERS = 20
MOST_CLICKS = 30
MOST_REDIRECTS = 5
MOST_WAITING = 100_000  # addresses that are remembered
_FRAMES = 32  # pages in frames that are kept
_KEPT = "/%:@!$&'()*+,;=~-._"  # in a path and a query
_GUESSED = (*PAGES, "application/x-httpd-php")  # what the name of a page says it is
_LEAVING = re.compile(r"(?:log|sign)[-_]?(?:out|off)|tuichu|zhuxiao", re.IGNORECASE)
_REPEATED = re.compile(r"(/[^/]+(?:/[^/]+)?)\1\1(?=/|$)")  # /a/a/a and /a/b/a/b/a/b: a relative link gone astray


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An address that was asked for, *depth* clicks from the home page, and what came."""

    url: str
    depth: int
    response: Response


def canonical(url: str) -> str:
    """Return *url* as it is asked for: host in ASCII, path and query quoted, no fragment; empty for no web address."""
    parts = split(url.strip().replace("\\", "/"))
    if parts is None or parts.scheme not in ("http", "https"):
        return ""
    default = {"http": 80, "https": 443}[parts.scheme]
    host = ascii_host(parts.hostname or "")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    path = quote(parts.path, safe=_KEPT) or "/"
    return SplitResult(parts.scheme, host + port, path, quote(parts.query, safe=_KEPT + "?"), "").geturl()


def site_of(url: str) -> tuple[str, int | None]:
    """Return what addresses of one site share: their host, with or without www., and their port."""
    parts = urlsplit(url)
    return host_of(url).removeprefix("www."), parts.port


class Crawl:
    """The pages within reach of *start*, as `fetch` hands them out.

    Up to *connections* are asked for at once; they come in the same order, however many. Who takes a page says with
    `add` where it leads. *below* is the path that the site lies under. Where there is a list of addresses *only* they
    are asked for, whatever leads elsewhere. One who *stays* does not follow where it says to sign out.
    """

    def __init__(
        self,
        fetch: Callable[[str], Response],
        start: str,
        *,
        limit: int,
        connections: int,
        below: str = "/",
        only: Iterable[str] = (),
        stays: bool = False,
    ) -> None:
        self._fetch = fetch
        self._start = canonical(start)
        self._site = site_of(self._start)
        self._below = below
        self._stays = stays
        self._limit = limit
        self._connections = connections
        self._waiting: deque[tuple[str, int]] = deque()
        self._known: set[str] = set()
        self._asked = 0
        self._closed = False
        self._queries: Counter[str] = Counter()
        self._frame = lru_cache(maxsize=_FRAMES)(self._follow)
        #: Why pages were left out, if any were.
        self.ended: Reason | None = None
        listed = [urljoin(self._start, one) for one in only]
        self.add((one for one in listed or [self._start] if canonical(one) == self._start), depth=0)
        self.add(listed, depth=1)
        self._closed = bool(listed)

    def add(self, urls: Iterable[str], *, depth: int) -> None:
        """Note where a page leads, *depth* clicks from the home page."""
        if self._closed:
            return
        if depth > MOST_CLICKS:
            self.ended = self.ended or Reason("clicks", count=MOST_CLICKS)
            return
        for url in map(canonical, urls):
            if not url or not self.holds(url):
                continue
            key = self._key(url)
            if key in self._known or not self._is_page(url):
                continue
            if len(self._known) >= MOST_WAITING:
                self.ended = self.ended or Reason("addresses", count=MOST_WAITING)
                return
            self._known.add(key)
            self._waiting.append((url, depth))

    @property
    def waiting(self) -> int:
        """How many addresses are known and not asked for yet, as far as the limit lets them be."""
        return min(len(self._waiting), self._limit - self._asked)

    def holds(self, url: str) -> bool:
        """Return whether *url* belongs to the site."""
        path = urlsplit(url).path
        return site_of(url) == self._site and (path + "/").startswith(self._below.rstrip("/") + "/")

    def __iter__(self) -> Iterator[Visit]:
        """Yield each answer; the limit counts the addresses asked for."""
        with ThreadPoolExecutor(self._connections, thread_name_prefix="check") as pool:
            running: deque[tuple[str, int, Future[Response]]] = deque()
            try:
                while True:
                    while self._waiting and len(running) < self._connections and self._asked < self._limit:
                        url, depth = self._waiting.popleft()
                        self._asked += 1
                        running.append((url, depth, pool.submit(self._follow, url)))
                    if not running:
                        break
                    url, depth, future = running.popleft()
                    response = future.result()
                    if response.url != url:
                        key = self._key(response.url)
                        if key in self._known and key != self._key(url):
                            continue  # it has its own turn, or had it
                        self._known.add(key)
                    yield Visit(url=url, depth=depth, response=response)
            finally:
                for *_, future in running:
                    future.cancel()
        if self._waiting:
            self.ended = Reason("waiting", count=self._limit, more=len(self._waiting))

    def fetch(self, url: str) -> Response:
        """Return what is at *url*, the page in a frame; where the same frame is on every page, it is asked for once."""
        url = canonical(url)
        if not url or not self.holds(url):
            return Response(url=url, failure=Reason("elsewhere"))
        return self._frame(url)

    def _follow(self, url: str) -> Response:
        """Fetch *url*, and where it redirects to within the site; cookies set on the way count as the page's."""
        cookies: list[tuple[str, str]] = []
        for _ in range(MOST_REDIRECTS + 1):
            response = self._fetch(url)
            target = canonical(urljoin(url, response.location)) if response.location else ""
            if not target:
                return Response(
                    url=url,
                    status=response.status,
                    headers=(*cookies, *response.headers),
                    content=response.content,
                    failure=response.failure,
                )
            if not self.holds(target):
                return Response(url=url, status=response.status, failure=Reason("away", target=target))
            cookies += [pair for pair in response.headers if pair[0].lower() == "set-cookie"]
            url = target
        return Response(url=url, failure=Reason("redirects", count=MOST_REDIRECTS))

    def _key(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def _is_page(self, url: str) -> bool:
        """Return whether *url* looks like a page that leads somewhere new."""
        parts = urlsplit(url)
        if self._stays and _LEAVING.search(url):
            return False
        if parts.path.count("/") > MOST_FOLDERS or _REPEATED.search(parts.path):
            return False
        guessed, _ = mimetypes.guess_type(parts.path)
        if guessed and guessed not in _GUESSED:
            return False
        if parts.query:
            self._queries[parts.path] += 1
            return self._queries[parts.path] <= MOST_QUERIES
        return True
