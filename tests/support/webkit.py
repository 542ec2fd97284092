"""Debian's WebKit: its MiniBrowser on a screen of its own, driven by WebDriver, which Playwright does not speak."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

DRIVER = Path("/usr/bin/WebKitWebDriver")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 12
PATIENCE = 20.0  # seconds

# What a reader sees: elements by what they are and what they are called, in dialogs of ours as in the page.
_FIND = """
const [within, kind, name] = arguments;
const all = (root, selector) => [...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].flatMap(node => node.shadowRoot ? all(node.shadowRoot, selector) : [])];
const said = node => (node.getAttribute("aria-label") ?? node.textContent).replace(/\\s+/g, " ").trim();
const shown = node => node.checkVisibility({ visibilityProperty: true });
const root = within ? all(document, within).find(shown) : document.documentElement;
if (!root) return null;
const selector = { button: "button", link: "a", heading: "h1,h2", field: "label", text: "*" }[kind];
const found = all(root, selector).filter(node => shown(node) && (kind === "button" || kind === "link"
    ? said(node) === name : said(node).includes(name)));
const node = kind === "text" ? found.at(-1) : found[0];
return (kind === "field" ? node?.control : node) ?? null;
"""


class Window:
    """A window of the browser; elements are found by *kind* (button, link, heading, field, text) and name."""

    def __init__(self, address: str) -> None:
        self._session = address

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return ask(method, f"{self._session}/{path}", body)

    def goto(self, url: str) -> None:
        self._ask("POST", "url", {"url": url})

    @property
    def url(self) -> str:
        return self._ask("GET", "url")

    def run(self, script: str, *arguments: Any) -> Any:
        return self._ask("POST", "execute/sync", {"script": script, "args": arguments})

    def look(self, kind: str, name: str, *, within: str = "") -> Any:
        """Return what there is by that name, ``None`` for nothing."""
        return self.run(_FIND, within, kind, name)

    def find(self, kind: str, name: str, *, within: str = "") -> str:
        """Wait until there is something by that name; return its reference."""
        end = monotonic() + PATIENCE
        while (found := self.look(kind, name, within=within)) is None:
            assert monotonic() < end, f"no {kind} {name!r} on {self.url}"
        return found[_ELEMENT]

    def click(self, kind: str, name: str, *, within: str = "") -> None:
        self._ask("POST", f"element/{self.find(kind, name, within=within)}/click", {})

    def type(self, field: str, text: str, *, within: str = "") -> None:
        self._ask("POST", f"element/{self.find('field', field, within=within)}/value", {"text": text})

    def value(self, field: str, *, within: str = "") -> Any:
        """Return what a field holds, of a box whether it is ticked."""
        element = {_ELEMENT: self.find("field", field, within=within)}
        return self.run("return arguments[0].type === 'checkbox' ? arguments[0].checked : arguments[0].value", element)

    def forget(self, cookie: str) -> None:
        self._ask("DELETE", f"cookie/{cookie}")

    def wait(self, condition: str, *arguments: Any) -> Any:
        """Wait until the expression *condition* of JavaScript holds; return what it is."""
        end = monotonic() + PATIENCE
        while not (value := self.run(f"return {condition}", *arguments)):
            assert monotonic() < end, condition
        return value


def ask(method: str, address: str, body: Any = None) -> Any:
    request = Request(address, None if body is None else json.dumps(body).encode(), method=method)
    try:
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        raise AssertionError(f"{method} {address}: {error.read().decode()[:400]}") from None


@contextmanager
def webkit() -> Iterator[Window]:
    """Start the browser, and a screen for it."""
    if not DRIVER.exists():
        pytest.skip("WebKit is not installed (apt-get install webkit2gtk-driver xvfb)")
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: Any, **options: Any) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, start_new_session=True, **quiet, **options))

    try:
        start("Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp", pass_fds=[writing])
        with os.fdopen(reading) as numbers:
            display = numbers.readline().strip()
        start(DRIVER, f"--port={port}", env={**os.environ, "DISPLAY": f":{display}", "LIBGL_ALWAYS_SOFTWARE": "1"})
        end = monotonic() + PATIENCE
        while True:
            try:
                ask("GET", f"http://127.0.0.1:{port}/status")
                break
            except URLError:
                assert monotonic() < end, "WebKitWebDriver does not answer"
        session = ask("POST", f"http://127.0.0.1:{port}/session", {"capabilities": {}})
        yield Window(f"http://127.0.0.1:{port}/session/{session['sessionId']}")
        ask("DELETE", f"http://127.0.0.1:{port}/session/{session['sessionId']}")
    finally:
        os.close(writing)
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
