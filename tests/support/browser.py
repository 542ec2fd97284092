"""Debian's Chromium and Firefox, driven by Playwright, and a server of its own for the pages that they open."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")
# The same engine without the windows that nobody sees, in a third of the time; but it keeps no page for the way back.
SHELL = Path("/usr/bin/chromium-headless-shell")
ENGINE = SHELL if SHELL.exists() else CHROMIUM
FIREFOX = Path("/usr/bin/firefox-esr")
if not CHROMIUM.exists():
    pytest.skip("Chromium is not installed (apt-get install chromium)", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
Browser, BrowserContext = sync_api.Browser, sync_api.BrowserContext
Page, Playwright, Request, Route = sync_api.Page, sync_api.Playwright, sync_api.Request, sync_api.Route
expect = sync_api.expect


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[str]:
    """Serve *app* on a free port and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def launched(playwright: Playwright, program: Path, *args: str) -> Iterator[Browser]:
    """Start a Chromium that keeps pages for the way back, if *program* can."""
    browser = playwright.chromium.launch(
        executable_path=program,
        args=["--no-sandbox", "--disable-dev-shm-usage", *args],
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The program that a test names for this fixture, or the faster one."""
    program = getattr(request, "param", ENGINE)
    with launched(playwright, program, "--host-resolver-rules=MAP *.test 127.0.0.1") as browser:
        yield browser


#: For a test that goes back to a page that was kept.
keeps_pages = pytest.mark.parametrize("chromium", [CHROMIUM], indirect=True, ids=["window"])


@pytest.fixture
def start_firefox(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Start Firefox with some preferences, over WebDriver BiDi, which `relay` mends."""
    if not FIREFOX.exists():
        pytest.skip("Firefox is not installed (apt-get install firefox-esr)")
    program = tmp_path / "firefox"
    command = shlex.join([sys.executable, str(Path(__file__).with_name("relay.py")), str(FIREFOX)])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o755)
    started: list[Browser] = []

    def start_firefox(**preferences: Any) -> Browser:
        started.append(
            playwright.firefox.launch(
                channel="moz-firefox", executable_path=program, firefox_user_prefs=preferences, timeout=120_000
            )
        )
        return started[-1]

    yield start_firefox
    for browser in started:
        browser.close()


# Our footer is hidden until it has its place. `wait_for_function` would need a policy that allows eval.
_PLACED = """() => new Promise(done => {
    const look = () =>
        document.documentElement.classList.contains("compliance-placing") ? requestAnimationFrame(look) : done();
    look();
})"""


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open *url* in a fresh profile; at the end no page may have complained of a policy or an error."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(url: str, *, script: str = "", **options: Any) -> Page:
        context = chromium.new_context(**options)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)
        page.goto(url)
        if options.get("java_script_enabled", True):
            page.evaluate(_PLACED)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints
