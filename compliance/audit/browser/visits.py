"""Pages opened as three readers find them: one who has not decided, one who agrees, one who refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...outside.hosts import host_of, is_under
from ..findings import Finding
from ..readers import Reader
from ..site import Context, Fact
from ..targets import Reason
from .banner import SCRIPT, buttons
from .caches import answers, is_marked
from .chromium import Chromium
from .reading import Reading, VisitError, reason_of
from .screens import Screen
from .sightings import Sighting
from .steps import Step, follow
from .told import Finder
from .witness import Witness

if TYPE_CHECKING:
    from playwright.async_api import StorageState

_LONGEST = 90  # seconds that one reader has for a page


@dataclass(slots=True)
class Visit:
    """What readers met on a page; *failure* says why one of them could not go on."""

    findings: list[Finding] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    failure: Reason | None = None

    def add(self, found: Iterable[Finding | Fact]) -> None:
        """Take in what was *found*."""
        for one in found:
            if isinstance(one, Finding):
                self.findings.append(one)
            else:
                self.facts.append(one)


class Browser:
    """An installed Chromium; each visit is that of new readers, *parallel* of whom read at once.

    *arguments* are added to its command line. *screen* is what they have before them, *witness* is shown every page.
    Every reader has done *steps* first, which are done once for each site.
    """

    def __init__(
        self,
        arguments: Sequence[str] = (),
        *,
        parallel: int = 3,
        screen: Screen | None = None,
        witness: Witness | None = None,
        steps: Sequence[Step] = (),
    ) -> None:
        self._chromium = Chromium(arguments)
        self._parallel = parallel
        self._screen = screen or Screen()
        self._witness = witness or Witness()
        self._profiles = count()
        self._turns = asyncio.Semaphore(parallel)
        self._steps = steps
        self._states: dict[str, StorageState] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *raised: object) -> None:
        self._chromium.close()

    @property
    def version(self) -> str:
        """The version of the browser."""
        return self._chromium.browser.version

    def visit(self, url: str, context: Context, *, named: str) -> Visit:
        """Open the page at *url*, which reports call *named*. Raises `VisitError`."""
        _, found = next(self.visits([(url, named)], context))
        if isinstance(found, Reason):
            raise VisitError(found)
        return found

    def prepare(self, url: str) -> str:
        """Do what readers do first at the site with *url*; return the cookies that they have then, as in a header.

        Raises `StepsError` where a step cannot be done.
        """

        async def prepared() -> StorageState:
            profile = await self._chromium.browser.new_context(**self._screen.profile(self.version))
            try:
                await follow(self._steps, await profile.new_page(), url)
                return await profile.storage_state()
            finally:
                await profile.close()

        if not self._steps:
            return ""
        state = self._states[urlsplit(url).netloc] = self._chromium.submit(prepared()).result()
        cookies = (one for one in state["cookies"] if is_under(host_of(url), [one["domain"].lstrip(".")]))
        return "; ".join(f"{one['name']}={one['value']}" for one in cookies)

    def visits(self, pages: Iterable[tuple[str, str]], context: Context) -> Iterator[tuple[str, Visit | Reason]]:
        """Open *pages*, addresses with what reports call them; yield them in their order, each by its name."""
        left = iter(pages)
        running: list[tuple[str, Future[Visit | Reason]]] = []
        try:
            while True:
                for url, named in islice(left, self._parallel - len(running)):
                    running.append((named, self._chromium.submit(self._visit(url, named, context))))
                if not running:
                    return
                named, future = running.pop(0)
                yield named, future.result()
        finally:
            for _, future in running:
                future.cancel()

    def is_marked(self, url: str) -> bool:
        """Return whether the file at *url* is marked differently for everybody who asks for it."""

        async def asked() -> bool:
            profile = await self._chromium.browser.new_context(**self._screen.profile(self.version))
            try:
                return is_marked(await asyncio.wait_for(answers(profile, url), _LONGEST))
            except (TimeoutError, Error):
                return False  # who does not answer marks nobody
            finally:
                await profile.close()

        from playwright.async_api import Error

        return self._chromium.submit(asked()).result()

    async def _visit(self, url: str, named: str, context: Context) -> Visit | Reason:
        visit = Visit()
        deciding = self._deciding(url, named, context, visit)
        refusing = self._refusing(url, named, context, visit)
        first, second = await asyncio.gather(self._while_it_lasts(deciding), self._while_it_lasts(refusing))
        if first is not None:
            await self._witness.failed(named, first)
            return first
        visit.failure = second
        return visit

    async def _while_it_lasts(self, work: Any) -> Reason | None:
        """Do *work* when it is its turn, and return why it failed, if it did."""
        from playwright.async_api import Error

        async with self._turns:
            try:
                await asyncio.wait_for(work, _LONGEST)
            except TimeoutError:
                return Reason("hangs", seconds=_LONGEST)
            except VisitError as error:
                return error.reason
            except Error as error:
                return reason_of(error.message)
        return None

    async def _deciding(self, url: str, named: str, context: Context, visit: Visit) -> None:
        """Read as one who first looks, and then agrees."""
        async with self._reader(url, named, Reader.UNDECIDED) as reader:
            finder = Finder(named, context)
            await reader.open()
            await self._witness.opened(reader.page, named, Reader.UNDECIDED)
            visit.add([one async for one in finder.painted(reader.page)])
            await reader.engage()
            sighting = await reader.sighting(Reader.UNDECIDED)
            visit.sightings.append(sighting)
            visit.add(finder.before(sighting))
            agree, refuse = await buttons(reader.page)
            banner = [one async for one in finder.banner(agree, refuse)] if agree else []
            visit.add([one async for one in finder.hindering(reader.page)])
            if agree is None:
                return
            reader.forget()  # what a narrow window asks for is no agreement
            await self._witness.deciding(named, Reader.UNDECIDED, Reader.AGREEING)
            await reader.press(agree)
            await reader.open()
            await self._witness.decided(reader.page, named, Reader.AGREEING)
            await reader.engage()
            agreed = await reader.sighting(Reader.AGREEING)
            visit.sightings.append(agreed)
            visit.add(finder.met(agreed))
            # A banner without a way to refuse is a notice where nothing is there to be refused.
            optional = finder.optional(sighting) or finder.optional(agreed)
            visit.add(one for one in banner if one.rule.id != "C404" or optional)

    async def _refusing(self, url: str, named: str, context: Context, visit: Visit) -> None:
        """Read as one who refuses; where nothing can be refused, as another who has not decided."""
        async with self._reader(url, named, Reader.REFUSING) as reader:
            finder = Finder(named, context)
            await reader.open()
            visit.sightings.append(await reader.sighting(Reader.UNDECIDED))
            _, refuse = await buttons(reader.page)
            if refuse is None:
                return
            await self._witness.opened(reader.page, named, Reader.REFUSING)
            before = await reader.page.evaluate(f"{SCRIPT}.usable()")
            await self._witness.deciding(named, Reader.REFUSING, Reader.REFUSING)
            await reader.press(refuse)
            visit.add([one async for one in finder.usable(reader.page, before, url)])
            reader.forget()
            await reader.open()
            await self._witness.decided(reader.page, named, Reader.REFUSING)
            await reader.engage()
            sighting = await reader.sighting(Reader.REFUSING)
            visit.sightings.append(sighting)
            visit.add(finder.refused(sighting))
            visit.add([one async for one in finder.again(reader.page)])

    @asynccontextmanager
    async def _reader(self, url: str, named: str, who: Reader) -> AsyncIterator[Reading]:
        """Yield a new reader, who is gone afterwards, even where the page holds on to them."""
        profile = await self._chromium.browser.new_context(
            **{
                **self._screen.profile(self.version),
                "storage_state": self._states.get(urlsplit(url).netloc),
                **self._witness.profile(named, who),
            }
        )
        try:
            page = await profile.new_page()
            reading = Reading(url, named, next(self._profiles), profile, page, self._chromium.shared)
            await reading.begin()
            try:
                yield reading
            except asyncio.CancelledError:
                if reading.crashed and (task := asyncio.current_task()):
                    task.uncancel()
                    raise VisitError(Reason("crashes")) from None
                raise
            finally:
                reading.end()
        finally:
            with suppress(Exception):  # it may have crashed
                await asyncio.wait_for(profile.close(), 10)
