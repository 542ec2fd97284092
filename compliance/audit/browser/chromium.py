"""An installed Chromium: found, started, and driven from a thread of its own, so that several readers read at once."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ...errors import ComplianceError, Message
from .workers import SharedWorkers

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright
    from playwright.sync_api import Page

T = TypeVar("T")

#: What Chromium is called, by system. The one without windows that nobody sees needs a third of the time.
NAMES = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome", "msedge"),
)
_ARGUMENTS = (
    "--disable-dev-shm-usage",
    "--disable-blink-features=AutomationControlled",
    # A page and the frames of others in it share a process: half the memory, and all that they ask for is seen.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process",
)


class BrowserError(ComplianceError):
    """No browser can be driven; says why and what to do."""


class Chromium:
    """A Chromium, with *arguments* added to its command line. Raises `BrowserError` where none starts."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        try:
            from playwright.async_api import Error
        except ModuleNotFoundError:
            raise _missing() from None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        try:
            self._playwright, self.browser, self.shared = self.submit(_started(arguments)).result()
        except Error as error:
            self._end()
            raise _unstarted(error.message) from error

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have *work* done in the thread of the browser."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the browser."""
        try:
            self.submit(_closed(self._playwright, self.browser)).result()
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _started(arguments: Sequence[str]) -> tuple[Playwright, Browser, SharedWorkers]:
    from playwright.async_api import async_playwright

    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(**_options(arguments))
        shared = SharedWorkers(await browser.new_browser_cdp_session())
        await shared.follow()
        return playwright, browser, shared
    except BaseException:
        await playwright.stop()
        raise


async def _closed(playwright: Playwright, browser: Browser) -> None:
    await browser.close()
    await playwright.stop()


def _options(arguments: Sequence[str]) -> Mapping[str, Any]:
    return {
        "executable_path": next(filter(None, map(shutil.which, NAMES)), None),
        "args": [*_ARGUMENTS, *arguments],
        # The superuser's Chromium starts in no sandbox.
        "chromium_sandbox": getattr(os, "geteuid", lambda: 1)() != 0,
    }


class Windows:
    """A Chromium for one window after the other, driven from the thread of whoever asks."""

    def __enter__(self) -> Windows:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ModuleNotFoundError:
            raise _missing() from None
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(**_options(()))
        except Error as error:
            self._playwright.stop()
            raise _unstarted(error.message) from error
        return self

    def __exit__(self, *raised: object) -> None:
        self._browser.close()
        self._playwright.stop()

    @contextmanager
    def window(self, width: int, height: int = 900) -> Iterator[Page]:
        """Yield the window of a new reader, which loads nothing from other hosts than this machine."""
        profile = self._browser.new_context(viewport={"width": width, "height": height})
        try:
            profile.route(lambda url: urlsplit(url).hostname != "127.0.0.1", lambda route: route.abort())
            yield profile.new_page()
        finally:
            profile.close()


def _missing() -> BrowserError:
    return BrowserError(Message("playwright is missing; pip install 'flask-compliance[browser]'"))


def _unstarted(message: str) -> BrowserError:
    return BrowserError(
        Message(
            "no browser starts; install Chromium or Chrome, or run `playwright install chromium`: %(error)s",
            error=message.splitlines()[0],
        )
    )
