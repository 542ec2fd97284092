"""A stamped folder behind nginx, as the documentation configures it, and the small application beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from compliance import Compliance
from compliance.store.tables import message
from support.browser import Page, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import create_app
from support.nginx import NGINX, free_port, nginx

if NGINX is None:
    pytest.skip("nginx is not installed (apt-get install nginx-light)", allow_module_level=True)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "static.md"
FOOTER = "[data-compliance=footer]"
NEWS = "<!doctype html><html lang={lang}><meta charset={charset}><title>News</title><body><main><h1>{title}</h1></main>"


@contextmanager
def published(root: Path, folder: Path, application: str) -> Iterator[str]:
    """Serve *root* as the documentation says, with *application* beside it."""
    port = free_port()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server_name www.example.org;": "",
        "/srv/news/public": str(root),
        "http://127.0.0.1:8000": application,
    }
    with nginx(DOCS, folder, changes, port=port):
        yield f"http://127.0.0.1:{port}"


def get(url: str, path: str) -> tuple[int, dict[str, str], str]:
    """Return status, headers and text at *path*."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def test_readers_decide_and_write_on_static_pages(
    tmp_path: Path, settings: dict[str, Any], open_page: Callable[..., Page]
) -> None:
    source, public = tmp_path / "source", tmp_path / "public"
    source.mkdir()
    pages = {"index.html": ("en", "utf-8", "News"), "gbk.html": ("zh-CN", "gbk", "重庆")}
    for name, (lang, charset, title) in pages.items():
        (source / name).write_text(NEWS.format(lang=lang, charset=charset, title=title), encoding=charset)
    app = create_app()
    Compliance(app, settings=settings)
    arguments = ["compliance", "stamp", str(source), str(public)]
    assert app.test_cli_runner().invoke(args=arguments).exit_code == 0
    database = app.extensions["compliance"].database
    with ExitStack() as beside, ExitStack() as running:
        application = beside.enter_context(serving(app))
        url = running.enter_context(published(public, tmp_path, application))
        page = open_page(url)
        page.get_by_role("button", name="I Agree").click()
        expect(page.locator("[data-compliance=note]")).to_be_visible()
        assert [cookie["name"] for cookie in page.context.cookies()] == ["compliance_consent"]

        page.goto(f"{url}/gbk.html")
        expect(page.locator("[data-compliance=banner]")).to_be_hidden()
        expect(page.locator(FOOTER)).to_contain_text("渝ICP备20009753号-2")
        page.locator(FOOTER).get_by_role("link", name="隐私政策").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")

        page.goto(url)
        page.locator(FOOTER).get_by_role("link", name="Leaving a message").click()
        dialog = page.locator("dialog.compliance-dialog")
        expect(dialog.get_by_label("Address of the page")).to_have_value(f"{url}/")
        dialog.get_by_label("Your message").fill("The year in the third paragraph is wrong.")
        dialog.locator("form[data-styles] .compliance-buttons button").click()
        expect(dialog.get_by_text("We have it. Please keep this number and this code")).to_be_visible()
        with database.reading() as connection:
            [kept] = connection.execute(select(message))
        # The proof of work was taken, through the proxy and from the static page.
        assert (kept.state, kept.page) == ("received", f"{url}/")

        page.goto(url)
        page.locator(FOOTER).get_by_role("link", name="Report illegal information online").click()
        expect(dialog.get_by_label("What is wrong with it")).to_be_visible()

        assert get(url, "/")[1]["link"] == app.test_client().get("/compliance/legal/privacy").headers["Link"]
        script = re.search(r'src="(/compliance/static/[0-9a-f]+/compliance\.js)"', get(url, "/")[2])[1]  # type: ignore[index]
        assert "immutable" in get(url, script)[1]["cache-control"]
        # The hash of another release, from a page in a cache: today's script, and not for ever.
        status, headers, content = get(url, "/compliance/static/0123456789/compliance.js")
        assert (status, headers["cache-control"], content) == (200, "no-cache", get(url, script)[2])
        assert get(url, "/.compliance/manifest")[0] == 404

        beside.close()
        assert [get(url, path)[0] for path in (script, "/compliance/message")] == [200, 503]
        page.goto(f"{url}/compliance/legal/privacy")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(FOOTER)).to_be_visible()
        page.goto(f"{url}/gbk.html")
        page.locator(FOOTER).get_by_role("link", name="隐私政策").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        assert get(url, "/compliance/legal/privacy?lang=../../../..")[2] == get(url, "/compliance/legal/privacy")[2]
