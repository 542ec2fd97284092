"""One reader at one page: opens it, does what readers do, and tells what was met."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from ...outside.hosts import host_of, is_under
from ..parties import together
from ..readers import Reader
from ..stored import Store
from ..targets import Reason
from .banner import SCRIPT
from .chromium import BrowserError
from .sightings import MAILBOX, MOVES, TYPED, Item, Place, Sighting, Told
from .traffic import SetCookie, Traffic, plain
from .workers import SharedWorkers, Workers, quietly

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Dialog, Page, Request

_WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8")
_ENDED = re.compile(r"max-age=0\b|max-age=-|expires=thu, 01.jan.1970", re.IGNORECASE)
_LOADED = 30_000  # milliseconds until a page counts as one that does not load
_QUIET = 5_000  # milliseconds that a page which never rests is watched
_ECHO = 400  # milliseconds in which a page tells others of what a reader does
_PRESSED = 500  # milliseconds in which a tool decides, before it loads
_FIELDS = "input:not([type]), input[type=text], input[type=search], input[type=email], input[type=tel], textarea"
_MOST_FIELDS = 3
_ASYNCHRONOUS = 8  # calls back, each from another, through which a script is followed
_MOST_TOLD = 2_000  # of a page


class VisitError(BrowserError):
    """A page could not be opened; *reason* says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Reading:
    """One reader at one page."""

    def __init__(
        self, url: str, named: str, number: int, profile: BrowserContext, page: Page, shared: SharedWorkers
    ) -> None:
        self.page = page
        self._shared = shared
        self._id = ""  # of the profile
        self._url = url
        self._named = named
        self._number = number
        self._profile = profile
        self._traffic = Traffic()
        self._told: list[Told] = []
        self._binding = f"_{secrets.token_hex(8)}"
        self._task = asyncio.current_task()
        #: Whether the page took its part of the browser with it.
        self.crashed = False

    async def begin(self) -> None:
        """Listen, before anything is opened."""
        self.page.on("dialog", _dismiss)
        self.page.on("crash", lambda _: self._crash())
        self.page.on("popup", lambda popup: popup.close())
        # What a worker asks for at once, or a service worker, is told here alone.
        self._profile.on("request", self._asked)
        self.page.on("websocket", lambda socket: self._traffic.add(socket.url, "websocket"))
        session = await self._profile.new_cdp_session(self.page)
        await self._traffic.listen(session)
        workers = Workers(session.send, self._traffic)
        session.on("Target.attachedToTarget", quietly(workers.attached))
        session.on("Target.receivedMessageFromTarget", quietly(workers.hear))
        await workers.follow()
        self._id = (await session.send("Target.getTargetInfo"))["targetInfo"].get("browserContextId", "")
        self._shared.enter(self._id, self._traffic)
        session.on("Runtime.bindingCalled", self._hear)
        await session.send("Runtime.enable")
        await session.send("Runtime.setAsyncCallStackDepth", {"maxDepth": _ASYNCHRONOUS})
        await session.send("Runtime.addBinding", {"name": self._binding})
        await self.page.add_init_script(f"({_WATCH})({json.dumps(self._binding)}, {json.dumps(TYPED)})")

    async def open(self) -> None:
        """Open the page, and wait until it rests. Raises `VisitError` where something else comes."""
        self._traffic.late = False
        answer = await self.page.goto(self._url, timeout=_LOADED)
        self._stay()
        if answer is not None and answer.status >= 400:
            raise VisitError(Reason("answer", status=answer.status))
        await _settle(self.page)
        self._stay()

    def end(self) -> None:
        """Listen no more."""
        self._shared.leave(self._id)

    def _asked(self, request: Request) -> None:
        worker = request.service_worker
        url = request.url.partition("#")[0]
        self._traffic.add(url, request.resource_type, by=worker.url if worker else "", body=request.post_data_buffer)

    def _crash(self) -> None:
        """Let nobody wait for a page that is gone."""
        self.crashed = True
        if self._task is not None:
            self._task.cancel()

    def _stay(self) -> None:
        """Raise `VisitError` where another site is shown, such as one to sign in at."""
        if not together(host_of(self.page.url), host_of(self._url)):
            raise VisitError(Reason("away", target=plain(self.page.url)))

    async def press(self, button: Any) -> None:
        """Press *button*, and wait until what it asks for is answered: a decision may be on its way to a server.

        What lies over it, such as another notice, is not the question.
        """
        asked: set[Request] = set()
        answered = asyncio.Event()

        def begin(request: Request) -> None:  # Playwright marks what it calls, and a method of a set cannot be marked
            asked.add(request)

        def end(request: Request) -> None:
            asked.discard(request)
            answered.set()

        hearers = (("request", begin), ("requestfinished", end), ("requestfailed", end))
        for event, hear in hearers:
            self.page.on(event, hear)  # type: ignore[call-overload]  # each name has a signature of its own
        await button.dispatch_event("click")
        await self.page.wait_for_load_state("load", timeout=_LOADED)
        await self.page.wait_for_timeout(_PRESSED)
        with suppress(TimeoutError):  # some answers never end
            async with asyncio.timeout(_QUIET / 1000):
                while asked:
                    answered.clear()
                    await answered.wait()
        for event, hear in hearers:
            self.page.remove_listener(event, hear)

    async def engage(self) -> None:
        """Do what readers do: move the mouse, scroll, type into a few fields, leave, come back. Nothing is sent off."""
        from playwright.async_api import Error

        self._traffic.late = True
        with suppress(Error):
            for x, y in MOVES:
                await self.page.mouse.move(x, y)
            await self.page.mouse.wheel(0, 300)
            fields = self.page.locator(_FIELDS).locator("visible=true")
            for place in range(min(await fields.count(), _MOST_FIELDS)):
                one = fields.nth(place)
                text = MAILBOX if await one.get_attribute("type") == "email" else TYPED
                if await one.is_editable(timeout=500):
                    await one.press_sequentially(text, timeout=3_000)
                    await one.evaluate("field => field.blur()")
            await self._signal("leave")
        await self.page.wait_for_timeout(_ECHO)
        await self._signal("return")

    async def _signal(self, what: str) -> None:
        """Have what runs in every frame do what *what* stands for."""
        for frame in self.page.frames:
            await frame.evaluate("name => void dispatchEvent(new Event(name))", f"{self._binding}:{what}")

    def forget(self) -> None:
        """Forget what was met so far."""
        self._traffic.take()
        self._told.clear()

    async def sighting(self, reader: Reader) -> Sighting:
        """Return what was met since the last time, as that of *reader*."""
        await self._signal("end")
        for url in await self.page.evaluate(f"{SCRIPT}.hints()"):
            self._traffic.add(url, "preconnect")
        traffic = self._traffic.take()
        told, self._told = self._told, []
        return Sighting(
            named=self._named,
            url=self._url,
            reader=reader,
            profile=self._number,
            traffic=traffic,
            told=told,
            items=[one async for one in self._items(traffic)],
        )

    async def _items(self, traffic: Traffic) -> AsyncIterator[Item]:
        """Yield what the browser keeps, and what it was told to keep and refused."""
        now = time()
        set_by: dict[tuple[str, str], SetCookie] = {}
        for line in traffic.cookies:
            if not _ENDED.search(line.text):
                set_by[line.name, host_of(line.url)] = line
        for cookie in await self._profile.cookies():
            name, domain = cookie["name"], cookie["domain"].lstrip(".")
            line_ = next((one for (n, host), one in set_by.items() if n == name and is_under(host, [domain])), None)
            yield Item(
                store=Store.COOKIE,
                name=name,
                host=domain,
                value=cookie["value"],
                lifetime=None if cookie["expires"] < 0 else round(cookie["expires"] - now),
                flags=tuple(_flags(cookie)),
                setter=line_.url if line_ else "",
                header=line_ is not None,
            )
        for line in set_by.values():
            if line.refused:
                yield Item(
                    store=Store.COOKIE,
                    name=line.name,
                    host=line.domain,
                    value=line.value,
                    lifetime=line.lifetime(now),
                    flags=line.flags,
                    setter=line.url,
                    header=True,
                    refused=True,
                )
        for frame in self.page.frames:
            if not frame.url.startswith("http"):
                continue
            kept: Mapping[str, list[list[str]]] = await frame.evaluate(f"{SCRIPT}.kept()")
            for store, pairs in kept.items():
                for name, value in pairs:
                    yield Item(store=Store(store), name=name, host=host_of(frame.url), value=value)

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event["name"] == self._binding and len(self._told) < _MOST_TOLD:
            said = json.loads(event["payload"])
            places = tuple(Place(url, line) for url, line in said.pop("where"))
            if said["what"] == "asks":
                self._traffic.add(said["to"], said["type"], by=places[0].url if places else "")
            elif said["what"] == "makes":
                self._traffic.makes(said["to"], places[0].url if places else "")
            elif said["what"] == "sent":
                self._traffic.sent(said["to"], b64decode(said["body"]), tuple(place.url for place in places))
            else:
                self._told.append(Told(said.pop("what"), places, said))


def _flags(cookie: Mapping[str, Any]) -> Iterator[str]:
    for name, key in (("Secure", "secure"), ("HttpOnly", "httpOnly")):
        if cookie.get(key):
            yield name
    yield f"SameSite={cookie.get('sameSite', 'Lax')}"
    if cookie.get("partitionKey"):
        yield "Partitioned"


async def _dismiss(dialog: Dialog) -> None:
    with suppress(Exception):  # it may be gone with its page
        await dialog.dismiss()


async def _settle(page: Page) -> None:
    """Wait until nothing more is loaded; not for ever, some pages never rest."""
    from playwright.async_api import TimeoutError

    with suppress(TimeoutError):
        await page.wait_for_load_state("networkidle", timeout=_QUIET)


# How a page fails to open, by what Chromium or Playwright say of it.
_FAILURES = (
    ("ERR_TOO_MANY_REDIRECTS", "circles"),
    ("Download is starting", "download"),
    ("ERR_ABORTED", "download"),
    ("crashed", "crashes"),
    ("Timeout", "slow"),
)


def reason_of(message: str) -> Reason:
    """Return why a page could not be opened, of which Playwright says *message*."""
    key = next((key for mark, key in _FAILURES if mark in message), "browser")
    return Reason(key, seconds=_LOADED // 1000, error=message.splitlines()[0])
