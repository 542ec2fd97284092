"""An audit: the pages of a target read one after the other, each held to every check, and the sum of it."""

from __future__ import annotations

import multiprocessing
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from urllib.parse import urlsplit

from ..outside.hosts import host_of, is_local
from .application import Application
from .browser import Browser
from .browser.barriers import OURS
from .checks import PAGE, SITE, PageCheck, SiteCheck
from .checks.observed import observed
from .collected import Collected
from .crawl import Crawl
from .evidence import Evidence
from .findings import Finding
from .folder import Folder
from .merging import Findings
from .page import Page, PageKind, shorten
from .report import PageSummary, Report
from .rules import rules
from .serving import Door, served
from .site import Context, Fact, SiteFacts
from .spool import Spool
from .stored import Stored
from .summaries import summarise
from .targets import Reason, Refusals, Response, Unread
from .transport import judged, transport_of
from .website import Website

_SERVED = re.compile(r"http://127\.0\.0\.1:\d+")  # where pages without an address are served for a browser
_PREFIX = "/compliance"  # of this package's addresses, where no settings say another
_CHUNK = 20  # pages that a process is given at once
_AHEAD = 4  # chunks for each process that are on their way
_FEW = 40  # pages for which no process is worth starting


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is kept of a page."""

    kind: PageKind
    summary: PageSummary
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    ours: bool


class Audit:
    """The audit of *target*; iterate over it to have it done page by page, then ask for the `report`.

    *jobs* is how many processes read a folder. *limit* is how many pages are read at most, *connections* how many are
    asked for at once. A *browser* opens the first page of each kind, and others until there are *opened*. *evidence*
    keeps what came. *only* what is listed is read, where anything is; what the *sitemap* of a site lists is read, too.
    """

    def __init__(
        self,
        target: Folder | Website | Application,
        context: Context,
        *,
        limit: int | None = None,
        jobs: int = 1,
        connections: int = 1,
        browser: Browser | None = None,
        opened: int = 0,
        only: Sequence[str] = (),
        sitemap: bool = False,
        evidence: Evidence | None = None,
        checks: Sequence[PageCheck] = PAGE,
        conclusions: Sequence[SiteCheck] = SITE,
    ) -> None:
        self._target = target
        self._context = context
        self._limit = limit
        self._jobs = jobs
        self._connections = connections
        self._browser = browser
        self._evidence = evidence
        self._first: dict[PageKind, str] = {}
        self._further: list[str] = []
        self._most = max(opened, len(only))
        self._only = tuple(only)
        self._sitemap = sitemap
        self._opened = 0
        self._waiting: Callable[[], int] = lambda: 0
        self._collected = Collected(context)
        self._checks = tuple(checks)
        self._conclusions = tuple(conclusions)
        self._site = SiteFacts()
        self._findings = Findings()
        self._pages: Spool[PageSummary] = Spool()
        self._unread = Refusals()
        self._ended: Reason | None = None
        self._ours = isinstance(target, Application)

    def __iter__(self) -> Iterator[str]:
        """Do the work, and yield every address once it is dealt with."""
        if self._browser is None:
            yield from self._read()
            return
        with served(self._target) as address:
            if not isinstance(self._target, Folder):
                self._target.cookies = self._browser.prepare(address(self._target.start))
            yield from self._read()
            yield from self._browse(self._browser, address)

    def _read(self) -> Iterator[str]:
        examined = self._folder(self._target) if isinstance(self._target, Folder) else self._crawl(self._target)
        for one in examined:
            if self._evidence is not None and isinstance(self._target, Folder):
                # Processes read the files: what they read is not here.
                self._evidence.answer(self._target.fetch(one.url if isinstance(one, Unread) else one.summary.url))
            if isinstance(one, Unread):
                if not self._is_ours(one.url):
                    self._unread.add(one.url, one.reason)
                yield one.url
                continue
            self._pages.append(one.summary)
            self._site.add(one.summary.url, one.kind, one.facts)
            self._findings.add(one.findings)
            self._ours = self._ours or one.ours
            if self._first.setdefault(one.kind, one.summary.url) != one.summary.url and len(self._further) < self._most:
                self._further.append(one.summary.url)
            yield one.summary.url

    def length(self) -> int:
        """Return how many addresses there are at most."""
        if not isinstance(self._target, Folder):
            return self._limit or 0
        count = sum(1 for _ in self._target.urls())
        return min(count, self._limit or count)

    @property
    def left(self) -> int:
        """How many addresses are known and not dealt with yet."""
        return self._waiting()

    def report(self, *, now: datetime) -> Report:
        """Return what was found; what concerns the whole site is judged here."""
        for check in self._conclusions:
            self._findings.add(check(self._site, self._context))
        recipients = self._collected.recipients(self._site)
        behaviours = self._collected.behaviours()
        self._findings.add(observed(recipients, behaviours, self._context))
        return Report(
            target=self._target.name,
            time=now,
            pages=self._pages,
            count=len(self._pages),
            findings=self._findings.all(),
            more=self._findings.more,
            unread=self._unread,
            limit=self._ended,
            ours=self._ours,
            browser=self._opened,
            connection=isinstance(self._target, Website),
            public=isinstance(self._target, Website) and not is_local(host_of(self._target.start)),
            recipients=recipients,
            stored=[self._at_home(one) for one in self._collected.stored(self._site)],
            behaviours=behaviours,
        )

    def _at_home(self, one: Stored) -> Stored:
        """Return *one* with the site's own name in the place of this machine's, where that served it for a browser."""
        if isinstance(self._target, Website) or not _SERVED.match(f"http://{one.host}:1"):
            return one
        start = "" if isinstance(self._target, Folder) else self._target.start.removesuffix(self._target.below)
        return replace(one, host=host_of(start), setter=_SERVED.sub(start, one.setter))

    def _is_ours(self, url: str) -> bool:
        """Return whether *url* is an address of this package: what it answers to a program is no news of the site."""
        settings = self._context.settings
        prefix = settings.site.prefix if settings else _PREFIX
        below = "" if isinstance(self._target, Folder) else self._target.below.rstrip("/")
        return self._ours and f"{urlsplit(url).path}/".startswith(f"{below}{prefix}/")

    def _browse(self, browser: Browser, address: Door) -> Iterator[str]:
        """Open the first page of each kind and further ones, and add what their markup did not show; yield each."""
        urls = list(self._first.values())
        urls += self._further[: max(0, self._most - len(urls))]
        done = 0
        self._collected.door = address
        self._waiting = lambda: len(urls) - done
        known = {_told(finding) for finding in self._findings.all()}
        for url, visit in browser.visits(((address(url), url) for url in urls), self._context):
            done += 1
            yield url
            failure = visit if isinstance(visit, Reason) else visit.failure
            if failure:
                self._unread.add(url, failure)
            if isinstance(visit, Reason):
                continue
            self._opened += 1
            told = {rule for rule, _ in known} | {one.rule.id for one in visit.findings}
            self._findings.add(
                one
                for one in visit.findings
                if _told(one) not in known and OURS.get(one.values.get("barrier", "")) not in told
            )
            self._site.note(url, visit.facts)
            for sighting in visit.sightings:
                self._collected.add(sighting)
        for url in self._collected.suspects():
            if browser.is_marked(url):
                self._collected.mark(url)

    def _crawl(self, target: Website | Application) -> Iterator[Examined | Unread]:
        target.open()
        if isinstance(target, Website) and target.flaw:
            error = shorten(str(target.flaw.values["error"]))
            flaw = Finding(rule=rules()["C809"], page=target.start, excerpt=error, values={"error": error})
            self._findings.add([flaw])
        limit = self._limit or sys.maxsize
        fetch = target.fetch if self._evidence is None else self._evidence.kept(target.fetch)
        crawl = Crawl(
            fetch,
            target.start,
            limit=limit,
            connections=self._connections,
            below=target.below,
            only=self._only,
            stays=bool(target.cookies),
        )
        if self._sitemap:
            crawl.add(target.sitemaps(), depth=1)
        self._waiting = lambda: crawl.waiting
        for visit in crawl:
            response = visit.response
            if response.failure or response.status >= 400:
                yield Unread(url=response.url, reason=response.failure or Reason("answer", status=response.status))
                continue
            if isinstance(target, Website) and visit.depth == 0 and not is_local(host_of(target.start)):
                self._findings.add(judged(transport_of(target.start), response, self._context.today))
            page = Page(
                response.url,
                response.content,
                status=response.status,
                headers=response.headers,
                home=visit.depth == 0,
                depth=visit.depth,
                opener=_opener(crawl.fetch),
            )
            crawl.add((link.url for link in page.links), depth=visit.depth + 1)
            crawl.add((frame.url for frame in page.frames), depth=visit.depth)
            yield examine(page, self._context, self._checks)
        self._ended = crawl.ended

    def _folder(self, target: Folder) -> Iterator[Examined | Unread]:
        every = target.urls()
        urls = every if self._limit is None else islice(every, self._limit)
        started = list(islice(urls, _FEW))
        work = _Work(target, self._context, self._checks)
        if self._jobs == 1 or len(started) < _FEW:
            yield from map(work.one, chain(started, urls))
        else:
            yield from _in_processes(work, _chunks(chain(started, urls)), self._jobs)
        if next(every, None):
            self._ended = Reason("pages", count=self._limit)


def _told(finding: Finding) -> tuple[str, str | None]:
    """Return what a finding says, whether it was read or seen: a rule, and of whom it speaks."""
    if finding.rule.by:
        return finding.rule.id, finding.values[finding.rule.by]
    return finding.rule.id, finding.values.get("host") or finding.values.get("name") or finding.values.get("text")


def examine(page: Page, context: Context, checks: Iterable[PageCheck]) -> Examined:
    """Hold *page* to *checks*."""
    findings: list[Finding] = []
    facts: dict[Fact, None] = {}
    try:
        for check in checks:
            for found in check(page, context):
                if isinstance(found, Finding):
                    findings.append(found)
                else:
                    facts[found] = None
    except Exception as error:
        error.add_note(f"while {check.__module__}.{check.__name__} read {page.url}")
        raise
    return Examined(
        kind=page.kind,
        summary=summarise(page, context),
        findings=tuple(findings),
        facts=tuple(facts),
        ours=page.ours,
    )


def _opener(fetch: Callable[[str], Response], levels: int = 2) -> Callable[[str], Page | None]:
    """Return what reads the page in a frame, and those in its own frames down to *levels*."""

    def opened(url: str) -> Page | None:
        response = fetch(url)
        if not levels or response.failure or response.status >= 400:
            return None
        return Page(response.url, response.content, headers=response.headers, opener=_opener(fetch, levels - 1))

    return opened


@dataclass(frozen=True, slots=True)
class _Work:
    """What a process is told once: where the files are, and what to hold them to."""

    folder: Folder
    context: Context
    checks: tuple[PageCheck, ...]

    def one(self, url: str) -> Examined | Unread:
        response = self.folder.fetch(url)
        if response.failure:
            return Unread(url=url, reason=response.failure)
        page = Page(url, response.content, home=self.folder.is_home(url), opener=_opener(self.folder.linked))
        found = examine(page, self.context, self.checks)
        vars(page).clear()  # its parts lead back to it: it goes at once, not when the collector comes by
        return found


_work: _Work | None = None


def _begin(work: _Work) -> None:
    global _work
    _work = work


def _chunk(urls: list[str]) -> list[Examined | Unread]:
    assert _work is not None  # set by `_begin`
    return list(map(_work.one, urls))


def _in_processes(work: _Work, chunks: Iterator[list[str]], jobs: int) -> Iterator[Examined | Unread]:
    """Yield what comes of *chunks*, in their order; no more of them are on their way than are needed."""
    # A copy of this process is ready at once, but may not be made where other threads hold locks.
    safe = sys.platform == "linux" and threading.active_count() == 1
    method = multiprocessing.get_context("fork" if safe else "spawn")
    with ProcessPoolExecutor(jobs, mp_context=method, initializer=_begin, initargs=(work,)) as pool:
        running: deque[Future[list[Examined | Unread]]] = deque()
        try:
            for chunk in chunks:
                running.append(pool.submit(_chunk, chunk))
                if len(running) >= jobs * _AHEAD:
                    yield from running.popleft().result()
            while running:
                yield from running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _chunks(urls: Iterator[str]) -> Iterator[list[str]]:
    while chunk := list(islice(urls, _CHUNK)):
        yield chunk
