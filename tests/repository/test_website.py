"""The site of documentation, built as `make docs` builds it: whole, in two languages, asking nobody else."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from werkzeug.exceptions import NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware

from docs.website.__main__ import PAGES, ROOT, TREES, build, linked
from support.browser import Browser, expect, serving
from support.browser import chromium as chromium


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("docs") / "built")


@pytest.fixture(scope="module")
def pages(website: Path) -> dict[Path, BeautifulSoup]:
    """Every page but the one for errors, which is shown at any address."""
    found = (file for file in website.rglob("*.html") if file.name != "404.html")
    return {file: BeautifulSoup(file.read_bytes(), "lxml") for file in found}


@pytest.mark.parametrize("tree", TREES)
def test_every_page_is_in_the_navigation(pages: dict[Path, BeautifulSoup], website: Path, tree: str) -> None:
    home = website / TREES[tree] / "index.html"
    soup = pages[home]
    assert str(soup.html["lang"]).startswith(tree)
    shown = {(home.parent / str(link["href"])).resolve() for link in soup.select("nav[data-md-level] a[href]")}
    wanted = {home.parent / name.removesuffix(".md").removesuffix("index") for at, name in PAGES.values() if at == tree}
    assert wanted - shown == set()


def test_every_link_leads_somewhere(pages: dict[Path, BeautifulSoup], website: Path) -> None:
    anchors = {page: {tag["id"] for tag in soup.select("[id]")} for page, soup in pages.items()}
    dead = []
    for page, soup in pages.items():
        for link in soup.select("a[href], link[href], img[src], script[src]"):
            address = urlsplit(str(link.get("href", link.get("src"))))
            if address.scheme or address.netloc:
                continue
            target = (page.parent / unquote(address.path)).resolve() if address.path else page
            target = target / "index.html" if target.is_dir() else target
            fragment = unquote(address.fragment)
            if not target.is_file() or (fragment and target in anchors and fragment not in anchors[target]):
                dead.append(f"{page.relative_to(website)}: {address.geturl()}")
    assert dead == []


def test_a_page_loads_nothing_from_elsewhere(pages: dict[Path, BeautifulSoup], website: Path) -> None:
    elsewhere = re.compile(r"(?:https?:)?//")
    for page, soup in pages.items():
        loaded = soup.select(
            "script[src], img[src], iframe[src], link[rel~=stylesheet], link[rel~=icon], link[rel^=pre]"
        )
        found = [tag for tag in loaded if elsewhere.match(str(tag.get("src") or tag.get("href")))]
        assert found == [], page
    for style in website.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.mark.parametrize(
    ("page", "words", "heading"),
    [("/zh/index.html", "更换密钥", "逐个更换密钥"), ("/index.html", "cookies go", "Which cookies go")],
)
def test_search_finds_words_and_asks_nobody_else(
    website: Path, chromium: Browser, page: str, words: str, heading: str
) -> None:
    site = SharedDataMiddleware(NotFound(), {"/": str(website)})
    with serving(site) as url, chromium.new_context() as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        window = context.new_page()
        window.goto(url + page)
        window.get_by_role("button", name=re.compile("^(Search|查找)")).click()
        window.get_by_role("combobox").fill(words)
        expect(window.get_by_text(heading, exact=True).first).to_be_visible()
        assert [address for address in asked if not address.startswith((url, "data:", f"blob:{url}"))] == []


def test_a_link_that_leaves_the_site_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "docs" / "new.md"
    monkeypatch.setitem(PAGES, page, ("en", "new.md"))
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "[Makefile](../Makefile)")
    with pytest.raises(SystemExit, match=r"docs/new\.md: \.\./Makefile"):
        linked(page)
