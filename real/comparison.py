"""One application as a reader meets it, without and with our two lines, and what differs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from real.applications import Application, Form
from real.environments import ROOT, prepare

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_OWN = re.compile(rb"http://127\.0\.0\.1:\d+|/real-[^/\"']+")
# Every box of the page's own, by where its element stands, once none of them moves for twenty frames.
BOXES = """() => new Promise(done => {
    const own = node => !node.closest("[data-compliance]");
    const place = node => node === document.body ? "" : `${place(node.parentElement)}/${node.localName}` +
        [...node.parentElement.children].filter(own).indexOf(node);
    const nodes = () => [...document.body.querySelectorAll("*")].filter(own).slice(0, 2000);
    const measure = () => Object.fromEntries(nodes().map(node => {
        const { x, y, width, height } = node.getBoundingClientRect();
        return [place(node), [x + scrollX, y + scrollY, width, height].map(Math.round).join(" ")];
    }));
    let last, still = 0, left = 300;
    const look = () => {
        const now = measure(), same = JSON.stringify(now) === JSON.stringify(last);
        still = same ? still + 1 : 0;
        last = now;
        if (still > 10 || !left--) done(now); else requestAnimationFrame(look);
    };
    look();
})"""


@dataclass(slots=True)
class Seen:
    """What a reader met: by the path of a page its status and its boxes, by a name what else was tried."""

    statuses: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, dict[str, str]] = field(default_factory=dict)
    done: dict[str, Any] = field(default_factory=dict)
    complaints: set[str] = field(default_factory=set)


@contextmanager
def serving(application: Application, *, wrapped: bool) -> Iterator[str]:
    """Serve *application* in its own environment, with a fresh folder; give its address.

    Raises:
        RuntimeError: it does not start; the message has its last words.
    """
    with TemporaryDirectory(prefix="real-", ignore_cleanup_errors=True) as folder:
        command = [prepare(application.name), "-m", "real.serve", application.name, folder, *["wrapped"] * wrapped]
        environment = {**os.environ, "HOME": folder, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        with Path(folder, "log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
            try:
                assert server.stdout is not None
                address = next((line for line in server.stdout if line.startswith(b"http://")), b"").decode().strip()
                if not address:
                    words = Path(folder, "log").read_text(errors="replace").splitlines()
                    raise RuntimeError(f"{application.name} does not start: {words[-1] if words else 'no word'}")
                yield address
            finally:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
                server.stdout.close()


def look(browser: Browser, application: Application, *, wrapped: bool) -> Seen:
    """Return what a reader meets in *application*: logged in first, then its pages, its form and its files."""
    seen = Seen()
    with (
        serving(application, wrapped=wrapped) as url,
        browser.new_context(viewport={"width": 1440, "height": 900}) as context,
    ):
        page = context.new_page()

        def complain(words: str) -> None:
            seen.complaints.add(words.replace(url, ""))

        page.on("pageerror", lambda error: complain(str(error)))
        page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
        if application.login:
            seen.done["login"] = send(page, url, application.login)
        for path in application.pages:
            answer = page.goto(url + path)
            seen.statuses[path] = answer.status if answer else 0
            boxes = page.evaluate(BOXES)
            if not wrapped:  # what moves by itself, from one look to the next, is no fault of anybody's
                page.reload()
                again = page.evaluate(BOXES)
                boxes = {place: box for place, box in boxes.items() if again.get(place) == box}
            seen.boxes[path] = boxes
        if application.form:
            seen.done["form"] = send(page, url, application.form)
        for kind in ("download", "json"):
            path = getattr(application, kind)
            if path:
                seen.done[kind] = fetched(context, url + path)
    return seen


def send(page: Page, url: str, form: Form) -> str:
    """Fill in *form* and send it as a reader does; return where it led, and whether what it shows is there."""
    page.goto(url + form.at)
    for name, value in form.fields.items():
        field = page.locator(f"[name={name}]:visible").first
        field.fill(value)
    field.press("Enter")
    shown = page.get_by_text(form.shows).first
    try:
        shown.wait_for(state="attached", timeout=10_000)
    except Exception:
        return f"{urlsplit(page.url).path}: no {form.shows!r}"
    return f"{urlsplit(page.url).path}: {form.shows!r}"


def fetched(context: BrowserContext, address: str) -> tuple[int, str, bytes]:
    answer = context.request.get(address)
    # Each run has an address and a folder of its own.
    return answer.status, answer.headers.get("content-type", ""), _OWN.sub(b"", answer.body())


def differences(browser: Browser, application: Application) -> list[str]:
    """Return what is not as it should be: each a line that names the page and what differs."""
    bare, ours = (look(browser, application, wrapped=wrapped) for wrapped in (False, True))
    found = [f"{path}: {status} without us" for path, status in bare.statuses.items() if status != 200]
    found += [
        f"{path}: {ours.statuses[path]}" for path, status in bare.statuses.items() if ours.statuses[path] != status
    ]
    found += [
        f"{what}: {said} without us" for what, said in bare.done.items() if "no '" in said or said[0] not in ("/", 200)
    ]
    found += [
        f"{what}: {str(ours.done[what])[:120]} instead of {str(said)[:120]}"
        for what, said in bare.done.items()
        if ours.done[what] != said
    ]
    found += [f"console: {words}" for words in sorted(ours.complaints - bare.complaints)]
    for path, boxes in bare.boxes.items():
        moved = {place for place in boxes.keys() & ours.boxes[path].keys() if boxes[place] != ours.boxes[path][place]}
        if moved:
            first = min(moved, key=len)
            how = f"{first} from {boxes[first]} to {ours.boxes[path][first]}"
            found.append(f"{path}: {len(moved)} of {len(boxes)} boxes moved, {how}")
    return found
