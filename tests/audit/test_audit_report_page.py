"""The HTML report as people have it before them: on a telephone, in the dark, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from test_audit_reports import HOSTILE, LANGUAGES, report, written

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
