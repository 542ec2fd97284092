"""What this package puts onto a site keeps the rules that it holds sites to: in every mode, in every language."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from test_audit_rules import check_site, crawl

from compliance import Compliance
from compliance.audit import Severity
from compliance.audit.page import Page

DOCUMENTS = ("privacy", "cookies", "children", "terms", "about", "contact")
HOME = (
    "<!doctype html><html lang={}><meta charset=utf-8><title>River Daily</title>"
    "<meta name=viewport content=width=device-width><body><h1>River Daily</h1><p>Today</p></body></html>"
)
ARTICLE = """<!doctype html><html lang="{{ lang|replace('_', '-') }}"><meta charset=utf-8><title>Story</title>
<meta name=rating content=adult><meta name=AIGC content=1><body><article><h1>Story</h1><time>2026-11-30</time>
{{ compliance_minors_warning("conduct", lang=lang) }}{{ compliance_ai_label(lang=lang) }}
<p>The path along the river is six kilometres long, and lower than it was in places.</p>
{{ compliance_credits("新华社", "王芳", "李明", lang=lang) }}</article></body></html>"""
TRACKER = {
    "country": "CN",
    "category": "analytics",
    "provider": "Statistics Ltd",
    "contact": "privacy@stats.example.org",
    "purpose": "Counts visits.",
    "method": "Collects page views.",
    "information": "IP address",
}
COOKIE = {"name": "_pk_id", "category": "analytics", "provider": "M", "purpose": "Counts.", "lifetime": "1 year"}


def site(folder: Path, languages: list[str], consent: dict[str, Any]) -> Flask:
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(
        SECRET_KEY="a key of twenty bytes",
        COMPLIANCE_SETTINGS={
            "site": {
                "name": "River Daily",
                "url": "https://news.example",
                "operator": "River Media Co., Ltd",
                "email": "desk@news.example",
                "languages": languages,
            },
            "licences": {
                "icp": "渝ICP备20009753号-2",
                "news": {"number": "50120220004", "holder": "江城日报社", "services": ["采编发布", "转载"]},
            },
            "reporting": {"telephone": "+86-23-67158993"},
            "consent": consent,
        },
    )
    app.add_url_rule("/", "home", lambda: HOME.format(languages[0].replace("_", "-")))
    app.add_url_rule("/news/2026/11/30/1.html", "story", lambda: render_template_string(ARTICLE, lang=languages[0]))
    Compliance(app)
    return app


def faults(pages: Iterable[Page]) -> list[str]:
    findings = check_site(pages)
    return [f"{one.rule.id} {one.page} {one.excerpt}" for one in findings if one.rule.severity is not Severity.MANUAL]


MODES: list[dict[str, Any]] = [
    {"mode": "notice"},
    {"mode": "opt-in"},
    {"mode": "opt-in", "trackers": [TRACKER | {"host": f"s{n}.example.org"} for n in range(6)], "cookies": [COOKIE]},
    {"mode": "opt-out", "trackers": [TRACKER | {"host": "s.example.org"}], "cookies": [COOKIE]},
]


@pytest.mark.parametrize("consent", MODES, ids=lambda consent: f"{consent['mode']}-{len(consent) - 1}")
@pytest.mark.slow
def test_own_pages_keep_the_rules_in_every_mode(tmp_path: Path, consent: dict[str, Any]) -> None:
    assert faults(crawl(site(tmp_path, ["zh_CN", "en"], consent))) == []


@pytest.mark.parametrize("language", ["zh_TW", "ja", "ko", "fr", "de", "es", "ru", "ar", "pt"])
@pytest.mark.slow
def test_own_pages_keep_the_rules_in_every_language(tmp_path: Path, language: str) -> None:
    client = site(tmp_path, [language, "zh_CN"], {"mode": "opt-in"}).test_client()
    names = ("consent", "report", "message", *(f"legal/{name}" for name in DOCUMENTS), "legal/privacy?lang=zh-CN")
    addresses = ("/", "/news/2026/11/30/1.html", *(f"/compliance/{name}" for name in names))
    pages = [Page(f"http://localhost{one}", client.get(one).data, home=one == "/") for one in addresses]
    assert faults(pages) == []
