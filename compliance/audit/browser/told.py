"""What readers met on a page, held to the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...outside.hosts import host_of
from ...page.trackers import Tracker
from ...page.trackers.catalogue import NECESSARY
from ..checks.trackers import received, setter
from ..findings import Finding
from ..loaded import is_optional, vendor
from ..page import shorten
from ..rules import rules
from ..site import Context, Fact
from ..stored import Store
from .banner import SCRIPT, buttons, is_weaker, text_of
from .barriers import barriers
from .sightings import Sighting

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

_NAMED = (Store.COOKIE, Store.LOCAL, Store.SESSION)


class Finder:
    """The findings on *page*, as reports call it."""

    def __init__(self, page: str, context: Context) -> None:
        self._page = page
        self._context = context

    def before(self, seen: Sighting) -> Iterator[Finding | Fact]:
        """Yield what is wrong with what a reader met who has not decided."""
        yield from self._optional(seen, "C501", "C503")
        yield from self.met(seen)

    def refused(self, seen: Sighting) -> Iterator[Finding | Fact]:
        """Yield what is wrong with what a reader met who refused."""
        yield from self._optional(seen, "C591", "C592")
        yield from self.met(seen)

    def met(self, seen: Sighting) -> Iterator[Fact]:
        """Note what was asked and set, to be compared with what policies name."""
        yield from (Fact("cookie", name) for name in _names(seen))
        for host, tracker in self._trackers(seen).items():
            yield from received(tracker, host)

    def optional(self, seen: Sighting) -> bool:
        """Return whether a reader has to be asked for anything in *seen*."""
        return any(map(is_optional, self._trackers(seen).values()))

    async def painted(self, page: Page) -> AsyncIterator[Finding]:
        """Yield text that hardly differs from what is painted behind it."""
        for text, colour, background, ratio in await page.evaluate(f"{SCRIPT}.pale()"):
            yield self._found("C705", text, text=text, colour=colour, background=background, ratio=f"{ratio:.1f}")

    async def hindering(self, page: Page) -> AsyncIterator[Finding]:
        """Yield what hinders people with disabilities."""
        for one in await barriers(page):
            yield Finding(
                rule=rules()["C710"],
                page=self._page,
                excerpt=shorten(one.first),
                values={
                    "barrier": one.id,
                    "help": one.help,
                    "criteria": one.criteria,
                    "group": one.group,
                },
            )

    async def banner(self, agree: Locator, refuse: Locator | None) -> AsyncIterator[Finding]:
        """Yield what is wrong with the buttons of a banner, and where it lies."""
        if refuse is None:
            text = await text_of(agree)
            yield self._found("C404", text, text=text)
        elif await is_weaker(refuse, agree):
            less = await text_of(refuse)
            yield self._found("C405", less, agree=await text_of(agree), refuse=less)
        if text := await agree.evaluate(f"element => {SCRIPT}.covered(element)"):
            yield self._found("C593", text, text=text)

    async def usable(self, page: Page, before: Mapping[str, Any], url: str) -> AsyncIterator[Finding]:
        """Yield that a page can no longer be used as it could *before* a refusal."""
        after = await page.evaluate(f"{SCRIPT}.usable()")
        away = urlsplit(page.url).netloc != urlsplit(url).netloc
        if away or after["text"] * 2 < before["text"] or after["over"] or after["locked"]:
            yield self._found("C594", "")

    async def again(self, page: Page) -> AsyncIterator[Finding]:
        """Yield that the banner asks again."""
        agree, _ = await buttons(page)
        if agree is not None:
            text = await text_of(agree)
            yield self._found("C595", text, text=text)

    def _optional(self, seen: Sighting, loads: str, keeps: str) -> Iterator[Finding]:
        for host, tracker in self._trackers(seen).items():
            if is_optional(tracker):
                yield self._found(loads, host, host=host, vendor=vendor(tracker))
        for name in _names(seen):
            found = setter(self._context.catalogue, name)
            if found is not None and is_optional(found):
                yield self._found(keeps, name, name=name, vendor=vendor(found))

    def _trackers(self, seen: Sighting) -> Mapping[str, Tracker]:
        """Return the trackers of the list by the hosts that were asked."""
        found: dict[str, Tracker] = {}
        own = host_of(seen.url)
        for one in seen.traffic.asked:
            if one.type == "preconnect":
                continue  # nothing is loaded yet
            tracker = self._context.catalogue.match(one.url, own)
            if tracker is not None and tracker.category != NECESSARY:
                found.setdefault(one.host, tracker)
        return found

    def _found(self, rule: str, excerpt: str, **values: str) -> Finding:
        values = {name: shorten(value) for name, value in values.items()}
        return Finding(rule=rules()[rule], page=self._page, excerpt=shorten(excerpt), values=values)


def _names(seen: Sighting) -> Mapping[str, None]:
    return {one.name: None for one in seen.items if one.store in _NAMED}
