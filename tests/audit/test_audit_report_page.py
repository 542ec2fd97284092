"""The HTML report as people have it before them: on a telephone, in the dark, on paper."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from test_audit_reports import HOSTILE, LANGUAGES, report, written

from compliance.cli import compliance
from support.browser import chromium as chromium
from support.browser import open_page as open_page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_is_a_page_for_everybody(open_page: Any, tmp_path: Path, language: str, scheme: Any) -> None:
    file = tmp_path / "report.html"
    long = "https://www.example.com/" + "long" * 50
    file.write_bytes(written("html", report("".join(HOSTILE)), report(long, "https://a.test"), language=language))
    page = open_page("about:blank", color_scheme=scheme, viewport={"width": 360, "height": 700})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()
    # On paper what is folded is there as well.
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    page.emulate_media(media="print")
    assert all(page.evaluate("[...document.querySelectorAll('td')].map(one => one.checkVisibility())"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_of_a_small_site_is_a_few_sheets(tmp_path: Path, language: str) -> None:
    """On paper, six sheets hold all of a site that lacks nearly everything."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>新闻</title><p>新闻<form><input name=phone></form>", "utf-8")
    for number in range(12):
        article = f"<title>{number}</title><article><h1>新闻{number}</h1><p>{'正文' * 200}</article>"
        (tmp_path / "site" / f"{number}.html").write_text(article, "utf-8")
    output = tmp_path / "report.pdf"
    arguments = ["check", str(tmp_path / "site"), "--format", "pdf", "--language", language, "-o", str(output)]
    with ThreadPoolExecutor(1) as pool:  # a thread drives one browser at a time
        result = pool.submit(CliRunner().invoke, compliance, arguments).result()
    assert (result.exit_code, result.output) == (1, "")
    content = output.read_bytes()
    assert content.startswith(b"%PDF-") and 2 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 6
