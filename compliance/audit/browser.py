"""Pages as a reader's browser shows them: what loads and is kept before a decision, after a yes and after a no."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ComplianceError, Message
from ..outside.hosts import host_of
from ..page.trackers import Tracker
from ..page.trackers.catalogue import NECESSARY
from .checks.consent import AGREE, REFUSE
from .checks.trackers import received, setter
from .findings import Finding
from .loaded import is_optional, vendor
from .page import shorten
from .rules import rules
from .site import Context, Fact
from .targets import Reason

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import BrowserContext, Locator, Page

#: What Chromium is called, by system.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_SCRIPT = Path(__file__).with_name("browser.js").read_text(encoding="utf-8")
_TOOLS = tomllib.loads(Path(__file__).with_name("banners.toml").read_text(encoding="utf-8"))["tools"]
_ENDED = re.compile(r"max-age=0\b|expires=thu, 01.jan.1970", re.IGNORECASE)
_LOADED = 30_000  # milliseconds until a page counts as one that does not load
_QUIET = 5_000  # milliseconds that a page which never rests is watched
_SMALLER = 0.75  # of the area of the button beside it, and of its letters


class BrowserError(ComplianceError):
    """No browser can be driven; says why and what to do."""


class VisitError(BrowserError):
    """A page could not be opened; *reason* says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class _Seen:
    """What one reader's browser met: *trackers* by the hosts that it asked, and *cookies* that came with answers.

    The cookies of others are among them, although the browser keeps none of these.
    """

    def __init__(self) -> None:
        self.trackers: dict[str, Tracker] = {}
        self.cookies: dict[str, None] = {}

    @property
    def optional(self) -> dict[str, Tracker]:
        """The trackers that a reader has to be asked for."""
        return {host: one for host, one in self.trackers.items() if is_optional(one)}

    def clear(self) -> None:
        """Forget what was met so far."""
        self.trackers.clear()
        self.cookies.clear()


class Browser:
    """An installed Chromium; each visit is that of a new reader. *arguments* are added to its command line."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ModuleNotFoundError:
            raise BrowserError(Message("playwright is missing; pip install 'flask-compliance[browser]'")) from None
        path = next(filter(None, map(shutil.which, NAMES)), None)
        self._playwright = sync_playwright().start()
        try:
            self._chromium: Chromium = self._playwright.chromium.launch(
                executable_path=path,
                args=["--disable-dev-shm-usage", "--disable-blink-features=AutomationControlled", *arguments],
                # The superuser's Chromium starts in no sandbox.
                chromium_sandbox=getattr(os, "geteuid", lambda: 1)() != 0,
            )
        except Error as error:
            self._playwright.stop()
            raise BrowserError(
                Message(
                    "no browser starts; install Chromium or Chrome, or run `playwright install chromium`: %(error)s",
                    error=error.message.splitlines()[0],
                )
            ) from error

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *raised: object) -> None:
        self._chromium.close()
        self._playwright.stop()

    @contextmanager
    def window(self, width: int, height: int = 900) -> Iterator[Page]:
        """Yield the window of a new reader, which loads nothing from other hosts than this machine."""
        profile = self._chromium.new_context(viewport={"width": width, "height": height})
        try:
            profile.route(lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: route.abort())
            yield profile.new_page()
        finally:
            profile.close()

    def visit(self, url: str, context: Context, *, named: str) -> Sequence[Finding | Fact]:
        """Open the page at *url* as readers who agree and who refuse; *named* is what a report calls it."""
        from playwright.sync_api import Error

        try:
            return list(self._visit(url, context, _Told(named, context)))
        except Error as error:
            raise VisitError(Reason("browser", error=error.message.splitlines()[0])) from error

    def _visit(self, url: str, context: Context, told: _Told) -> Iterator[Finding | Fact]:
        with self._reader(context, url) as (profile, page, seen):
            _open(page, url)
            yield from told.before(seen, _kept(profile, page, seen))
            yield from told.painted(page)
            agree, refuse = _buttons(page)
            if agree is not None:
                banner = list(told.banner(agree, refuse))
                _press(agree, page)
                _open(page, url)
                yield from told.met(seen, _kept(profile, page, seen))
                # A banner without a way to refuse is a notice where nothing is there to be refused.
                yield from (one for one in banner if one.rule.id != "C404" or seen.optional)
        if agree is None or refuse is None:
            return
        with self._reader(context, url) as (profile, page, seen):
            _open(page, url)
            before = page.evaluate(f"{_SCRIPT}.usable()")
            _, refuse = _buttons(page)
            if refuse is None:
                return
            _press(refuse, page)
            yield from told.usable(page, before, url)
            seen.clear()
            _open(page, url)
            yield from told.refused(seen, _kept(profile, page, seen))
            again, _ = _buttons(page)
            if again is not None:
                yield told.found("C595", _text(again), text=_text(again))

    @contextmanager
    def _reader(self, context: Context, url: str) -> Iterator[tuple[BrowserContext, Page, _Seen]]:
        """Yield a new reader's profile, its page and what it does."""
        major = self._chromium.version.partition(".")[0]
        profile = self._chromium.new_context(
            # As readers have it: consent tools hide from programs.
            user_agent=f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{major}.0.0.0 Safari/537.36",
            locale="zh-CN",
            viewport={"width": 1280, "height": 800},
        )
        seen = _Seen()

        def requested(address: str) -> None:
            tracker = context.catalogue.match(address, host_of(url))
            if tracker is not None and tracker.category != NECESSARY:
                seen.trackers.setdefault(host_of(address), tracker)

        try:
            profile.on("request", lambda request: requested(request.url))
            page = profile.new_page()
            # What the browser refuses to keep is told by its extra information alone.
            session = profile.new_cdp_session(page)
            session.on("Network.responseReceivedExtraInfo", lambda event: seen.cookies.update(_set(event["headers"])))
            session.send("Network.enable")
            yield profile, page, seen
        finally:
            profile.close()


class _Told:
    """The findings on *page*."""

    def __init__(self, page: str, context: Context) -> None:
        self._page = page
        self._context = context

    def found(self, rule: str, excerpt: str, **values: str) -> Finding:
        values = {name: shorten(value) for name, value in values.items()}
        return Finding(rule=rules()[rule], page=self._page, excerpt=shorten(excerpt), values=values)

    def before(self, seen: _Seen, kept: Sequence[str]) -> Iterator[Finding | Fact]:
        for host, tracker in seen.optional.items():
            yield self.found("C501", host, host=host, vendor=vendor(tracker))
        for name, tracker in self._optional(kept):
            yield self.found("C503", name, name=name, vendor=vendor(tracker))
        yield from self.met(seen, kept)

    def refused(self, seen: _Seen, kept: Sequence[str]) -> Iterator[Finding | Fact]:
        for host, tracker in seen.optional.items():
            yield self.found("C591", host, host=host, vendor=vendor(tracker))
        for name, tracker in self._optional(kept):
            yield self.found("C592", name, name=name, vendor=vendor(tracker))
        yield from self.met(seen, kept)

    def met(self, seen: _Seen, kept: Sequence[str]) -> Iterator[Fact]:
        """Note what was asked and set, to be compared with what policies name."""
        yield from (Fact("cookie", name) for name in kept)
        for host, tracker in seen.trackers.items():
            yield from received(tracker, host)

    def painted(self, page: Page) -> Iterator[Finding]:
        """Text that hardly differs from what is painted behind it."""
        for text, colour, background, ratio in page.evaluate(f"{_SCRIPT}.pale()"):
            yield self.found("C705", text, text=text, colour=colour, background=background, ratio=f"{ratio:.1f}")

    def banner(self, agree: Locator, refuse: Locator | None) -> Iterator[Finding]:
        if refuse is None:
            yield self.found("C404", _text(agree), text=_text(agree))
        elif _is_weaker(_weight(refuse), _weight(agree)):
            yield self.found("C405", _text(refuse), agree=_text(agree), refuse=_text(refuse))
        if text := agree.evaluate(f"element => {_SCRIPT}.covered(element)"):
            yield self.found("C593", text, text=text)

    def usable(self, page: Page, before: Mapping[str, Any], url: str) -> Iterator[Finding]:
        after = page.evaluate(f"{_SCRIPT}.usable()")
        away = urlsplit(page.url).netloc != urlsplit(url).netloc
        if away or after["text"] * 2 < before["text"] or after["over"] or after["locked"]:
            yield self.found("C594", "")

    def _optional(self, kept: Sequence[str]) -> Iterator[tuple[str, Tracker]]:
        for name in kept:
            tracker = setter(self._context.catalogue, name)
            if tracker is not None and is_optional(tracker):
                yield name, tracker


def _open(page: Page, url: str) -> None:
    page.goto(url, timeout=_LOADED)
    _settle(page)


def _settle(page: Page) -> None:
    """Wait until nothing more is loaded; not for ever, some pages never rest."""
    from playwright.sync_api import TimeoutError

    with suppress(TimeoutError):
        page.wait_for_load_state("networkidle", timeout=_QUIET)


def _press(button: Locator, page: Page) -> None:
    button.dispatch_event("click")  # what lies over it, such as another notice, is not the question
    page.wait_for_load_state("load", timeout=_LOADED)
    page.wait_for_timeout(500)  # tools decide, then load
    _settle(page)


def _set(headers: Mapping[str, str]) -> dict[str, None]:
    """Return the names of the cookies that a response sets."""
    lines = (line for name, value in headers.items() if name.lower() == "set-cookie" for line in value.split("\n"))
    return {line.partition("=")[0].strip(): None for line in lines if "=" in line and not _ENDED.search(line)}


def _kept(profile: BrowserContext, page: Page, seen: _Seen) -> Sequence[str]:
    """Return the names of cookies, those of others and those refused too, and of what the page keeps."""
    cookies = [cookie.get("name", "") for cookie in profile.cookies()]
    return list(dict.fromkeys([*cookies, *seen.cookies, *page.evaluate(f"{_SCRIPT}.kept()")]))


def _buttons(page: Page) -> tuple[Locator | None, Locator | None]:
    """Return the buttons of the banner to agree and to refuse: of a tool that is known, else by what they say."""
    for tool in _TOOLS:
        agree = page.locator(tool["agree"]).locator("visible=true").first
        if agree.count():
            refuse = page.locator(tool["refuse"]).locator("visible=true").first
            return agree, refuse if refuse.count() else None
    found: Sequence[str] = page.evaluate(f"{_SCRIPT}.buttons()")
    refusing = next((place for place, text in enumerate(found) if REFUSE.search(text)), None)
    agreeing = next((place for place, text in enumerate(found) if AGREE.search(text) and not REFUSE.search(text)), None)
    if agreeing is None:
        return None, None
    agree = page.locator(f'[data-compliance-found="{agreeing}"]')
    return agree, None if refusing is None else page.locator(f'[data-compliance-found="{refusing}"]')


def _text(button: Locator) -> str:
    return shorten(button.inner_text() or button.get_attribute("value") or "")


def _weight(button: Locator) -> Mapping[str, Any]:
    weight: Mapping[str, Any] = button.evaluate(f"element => {_SCRIPT}.weight(element)")
    return weight


def _is_weaker(refuse: Mapping[str, Any], agree: Mapping[str, Any]) -> bool:
    """Return whether one is made to be seen less: smaller, in smaller letters, or not filled where the other is."""
    return (
        refuse["area"] < agree["area"] * _SMALLER
        or refuse["letters"] < agree["letters"] * _SMALLER
        or (agree["filled"] and not refuse["filled"])
    )
