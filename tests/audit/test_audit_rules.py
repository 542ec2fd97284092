"""Every rule on the pages below tests/pages, which write their footers, credits and policies as real sites do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from compliance.audit import Finding, Severity, checks, rules
from compliance.audit.page import Page
from compliance.audit.site import Context, Fact, SiteFacts
from compliance.audit.sources import Sources
from compliance.page.trackers import Catalogue

PAGES = Path(__file__).parents[1] / "pages"
EXPECTED: dict[str, Any] = tomllib.loads((PAGES / "expected.toml").read_text(encoding="utf-8"))
RIGHT: Mapping[str, str] = EXPECTED.pop("right")
FILES = sorted(file.relative_to(PAGES).as_posix() for file in PAGES.rglob("*.html"))
SINGLE = [file for file in FILES if not file.startswith("sites/")]
SITES = sorted({file.rsplit("/", 1)[0] for file in FILES if file.startswith("sites/")})
CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 24), sources=Sources.load(PAGES / "sources.txt"))


def read(file: str) -> Page:
    return Page(
        f"https://news.example/{file}",
        (PAGES / file).read_bytes(),
        headers=[tuple(pair) for pair in EXPECTED.get(file, {}).get("headers", ())],
        home=file.startswith("home/") or file.endswith("/index.html"),
    )


def check(page: Page) -> tuple[list[Finding], list[Fact]]:
    told = [one for check in checks.PAGE for one in check(page, CONTEXT)]
    return [one for one in told if isinstance(one, Finding)], [one for one in told if isinstance(one, Fact)]


def check_site(pages: Iterable[Page]) -> list[Finding]:
    site, found = SiteFacts(), list[Finding]()
    for page in pages:
        findings, facts = check(page)
        found += findings
        site.add(page.url, page.kind, facts)
    return found + [one for check in checks.SITE for one in check(site, CONTEXT)]


def written(finding: Finding, *, with_page: bool = False) -> dict[str, Any]:
    """The finding as expected.toml writes it."""
    page = {"page": finding.page.rpartition("/")[2]} if with_page else {}
    line = {"line": finding.line} if finding.line else {}
    return {**page, "id": finding.rule.id, **line, **finding.values}


def in_order(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(repr(sorted(one.items())) for one in findings)


@pytest.mark.parametrize("file", SINGLE)
def test_page_is_found_guilty_of_what_it_does_and_nothing_else(file: str):
    findings, _ = check(read(file))
    assert in_order(map(written, findings)) == in_order(EXPECTED[file]["findings"])


@pytest.mark.parametrize("site", SITES)
def test_site_is_judged_by_all_its_pages(site: str):
    findings = check_site(read(file) for file in FILES if file.startswith(f"{site}/"))
    assert in_order(written(one, with_page=True) for one in findings) == in_order(EXPECTED[site]["findings"])


def test_every_rule_is_broken_somewhere_and_kept_somewhere():
    broken = {one["id"] for page in EXPECTED.values() for one in page.get("findings", ())}
    read = {rule.id for rule in rules().values() if not (rule.browser or rule.connection)}
    assert broken == read == set(RIGHT)
    for rule, page in RIGHT.items():
        assert rule not in {one["id"] for one in EXPECTED[page]["findings"]}, (rule, page)


@pytest.mark.parametrize("file", FILES)
def test_findings_say_what_was_seen_in_both_languages(file: str):
    for finding in check(read(file))[0]:
        for language in ("en", "zh_CN"):
            assert not re.search(r"\{\w+\}", finding.seen(language) + finding.remedy(language))


HOSTILE = {
    "digits": "举报电话" + "1" * 80 + "a 举报：" + "2" * 80 + "@ 互联网新闻信息服务许可证" + "3" * 20_000,
    "words": "a" * 80_000,
    "sentences": "继续浏览" * 2_000 + "by using " * 2_000 + "同意" * 2_000,
    "numbers": "渝ICP备" * 5_000 + "渝公网安备0" * 2_000,
    "labels": "来源:编辑:" * 4_000,
    "styles": "<style>" + "body:focus " * 8_000 + "outline grayscale </style>",
    "attributes": "<a rel=sponsored " + "rel=" * 8_000,
    "banners": "<div class=cookie>" * 200 + "<button>同意</button>",
    "ours": "<p data-compliance=banner class=cookie>渝ICP备20009753号-2<button>同意</button>" * 4_000,
    "fields": "<form>" + "<label for=a>姓名</label><input name=name>" * 1_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.slow
def test_page_made_to_stop_a_reader_is_read_to_its_end(text: str):
    """It would take hours where an expression can be tried in many ways."""
    for home in (True, False):
        check(Page("https://news.example/", f"<title>隐私政策</title><body>{text}".encode(), home=home))


def crawl(app: Any) -> list[Page]:
    """Every page that can be reached from the home page of *app*."""
    client, top = app.test_client(), "http://localhost"
    pages, waiting, known = list[Page](), ["/"], {"/"}
    for path in waiting:
        with client.get(path) as response:
            if response.mimetype != "text/html":
                continue
            content, status, headers = response.data, response.status_code, list(response.headers)
        pages.append(Page(top + path, content, status=status, headers=headers, home=path == "/"))
        for link in pages[-1].links:
            found = link.url.removeprefix(top)
            if link.url.startswith(f"{top}/") and found not in known:
                known.add(found)
                waiting.append(found)
    return pages


def test_demo_lacks_what_the_package_adds():
    from demo import create_app

    found = {finding.rule.id: finding for finding in check_site(crawl(create_app()))}
    assert {"C001", "C017", "C101", "C102", "C110", "C301"} <= set(found)
    assert [basis.article for basis in found["C001"].rule.basis] == ["13, 25", "12, 22"]
    assert not {one for one in found if one.startswith(("C2", "C4", "C5", "C6", "C7", "C8"))}


@pytest.mark.slow
def test_wrapped_demo_lacks_nothing_but_what_a_person_judges():
    from wsgi import app

    findings = check_site(crawl(app))
    assert {finding.rule.severity for finding in findings} == {Severity.MANUAL}
    assert {finding.rule.id for finding in findings} == {"C402", "C901", "C902"}
