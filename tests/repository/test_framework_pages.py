"""What docs/ says of each framework: its snippets, put into the files that it names, are a site that readers use."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from compliance.paths import TEMPLATES
from support.browser import Browser, expect
from support.browser import chromium as chromium

DOCS = Path(__file__).resolve().parents[2] / "docs"
WRONG = "The year in the third paragraph is wrong."
#: How each is served, on a socket that is listened to already, and what a command is told of it.
SERVERS = {
    "django": ("gunicorn --bind fd://{} mysite.wsgi:application", "mysite.wsgi:application"),
    "fastapi": ("uvicorn --fd {} main:app", "main:app"),
    "starlette": ("uvicorn --fd {} main:app", "main:app"),
    "quart": ("hypercorn --bind fd://{} main:app", "main:app"),
}
ENVIRONMENT = {**os.environ, "SECRET_KEY": "a long random value of its own"}
URLS = """
from django.urls import path


def home(request):
    return HttpResponse("<!doctype html><html lang=en><title>News</title><body><h1>News</h1></body></html>")


urlpatterns = [path("", home), path("embed", embed)]
"""


def snippets(name: str) -> list[str]:
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def lay(name: str, folder: Path) -> None:
    """Write into *folder* the files of a site that follows the page."""
    shutil.copy(TEMPLATES / "compliance.toml", folder)
    if name != "django":
        (folder / "main.py").write_text("\n\n".join(snippets(name)), encoding="utf-8")
        return
    subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", str(folder)], check=True)
    wrapped, proxy, view = snippets(name)
    (folder / "mysite" / "wsgi.py").write_text(f"{wrapped}\n{proxy}", encoding="utf-8")
    (folder / "mysite" / "urls.py").write_text(f"{view}\n{URLS}", encoding="utf-8")


@contextmanager
def running(name: str, folder: Path) -> Iterator[str]:
    """Serve what lies in *folder*, and give its address."""
    # Listened to here: who comes before the server does waits.
    with socket.create_server(("127.0.0.1", 0)) as listener, (folder / "log").open("wb") as log:
        command = SERVERS[name][0].format(listener.fileno()).split()
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait()


def asked(url: str) -> bytes:
    with urlopen(url) as answer:
        return bytes(answer.read())


def command(name: str, folder: Path, *arguments: str) -> bytes:
    """What a command prints of the site in *folder*."""
    line = [sys.executable, "-m", "compliance", "--app", SERVERS[name][1], *arguments]
    return subprocess.run(line, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("name", ["django", "fastapi"])
def test_a_reader_agrees_and_writes_to_the_editors(name: str, chromium: Browser, tmp_path: Path) -> None:
    lay(name, tmp_path)
    with running(name, tmp_path) as url, chromium.new_context() as context:
        assert b"data-compliance" not in asked(f"{url}/embed")
        page = context.new_page()
        page.goto(url)
        banner = page.locator("[data-compliance=banner]")
        banner.get_by_role("button", name="I Agree").click()
        expect(page.locator("[data-compliance=note]")).to_be_visible()
        expect(banner).to_be_hidden()
        page.goto(f"{url}/compliance/consent")
        expect(page.get_by_text("You agreed")).to_be_visible()
        page.goto(url)
        page.get_by_role("link", name="Leaving a message").click()
        dialog = page.locator("dialog.compliance-dialog")
        dialog.get_by_label("Your message").fill(WRONG)
        dialog.locator("form[data-styles] .compliance-buttons button").click()
        expect(dialog.get_by_text("Please keep this number and this code")).to_be_visible()
        number = dialog.locator(".compliance-copied").first.inner_text()
        page.goto(f"{url}/compliance/receipt/{number}")
        page.get_by_text("What you sent").click()
        expect(page.get_by_text(WRONG)).to_be_visible()
    listed = json.loads(command(name, tmp_path, "messages", "list", "--format", "json"))
    assert [(case["number"], case["text"]) for case in listed] == [(number, WRONG)]


@pytest.mark.parametrize("name", ["starlette", "quart"])
def test_everything_is_on_the_site(name: str, tmp_path: Path) -> None:
    lay(name, tmp_path)
    with running(name, tmp_path) as url:
        assert b'data-compliance="footer"' in asked(url)
        assert b"data-compliance" not in asked(f"{url}/embed")
    assert json.loads(command(name, tmp_path, "messages", "list", "--format", "json")) == []
