"""What is wrong with the settings, in the language of the terminal."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from compliance import Compliance, SettingsError
from compliance.cli import Alone, compliance
from compliance.extension import alone
from compliance.i18n import translate
from compliance.settings import load

SITE: dict[str, Any] = {
    "name": "江城",
    "url": "https://www.example.org",
    "operator": "江城日报社",
    "email": "a@example.org",
    "languages": ["zh_CN"],
}
WRONG: dict[str, dict[str, Any]] = {
    "missing": {"site": {}},
    "unknown": {"site": {**SITE, "nmae": "x", "telephone": "1", "zzz": 1}, "xxx": {}},
    "addresses": {"site": {**SITE, "url": "x", "email": "x", "prefix": "x", "languages": ["xx_YY", "zh"]}},
    "numbers": {"site": SITE, "licences": {"icp": "1", "news": {"number": "1", "services": ["x"]}, "telecom": []}},
    "telephone": {"site": SITE, "reporting": {"telephone": "1", "url": "x"}},
    "consent": {
        "site": SITE,
        "consent": {
            "mode": "optin",
            "lifetime_days": 999,
            "cookie_domain": "x.example",
            "categories": ["Maps", "maps", "necessary"],
            "cookies": [{"name": "", "category": "x", "purpose": {"fr": "x"}}],
            "trackers": [{"host": "//", "path": "x", "category": "x", "country": "x", "cookies": ["a b"]}],
        },
    },
    "files": {"site": SITE, "legal": {"directory": "nowhere"}, "messages": {"urgent_words": "nowhere"}},
    "messages": {"site": SITE, "messages": {"urgent": ["x"], "deliver_to": ["x"], "categories": {"X": {"name": "x"}}}},
    "open": {"site": {**SITE, "name": "<x>"}, "reporting": {"telephone": "<x>"}},
}
# What may be left of a sentence in Latin letters: what is quoted, keys, names of formats and laws.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|[\w./]*[._/][\w./]*|\S+ = \S.*")


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_everything_that_is_wrong_is_told_in_chinese(data: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(data)
    for problem in refusal.value.problems:
        told = translate(problem.remedy, "zh_CN")
        assert told != problem.remedy, problem
        assert not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", _QUOTED.sub("", told)), told
        assert "%(" not in told


@pytest.mark.parametrize(
    "text", ["name = “江城”", "[site", "name: 江城", "name = 江城", "name = True", 'name = "x', "a = [1", "名 = 1"]
)
def test_what_is_no_toml_is_told_in_chinese(text: str, tmp_path: Path) -> None:
    (tmp_path / "compliance.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path / "compliance.toml")
    told = translate(refusal.value.problems[0].message, "zh_CN")
    assert told.startswith("第 1 行")
    assert "write" not in told and "quote" not in told


@pytest.mark.parametrize(("language", "told"), [("zh_CN.UTF-8", "缺少这一项"), ("C", "this is missing")])
def test_application_and_command_tell_in_the_language_of_the_terminal(
    language: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", language)
    app = Flask("host")
    app.secret_key = "a long random value"
    with pytest.raises(SettingsError) as refusal:
        Compliance(app, settings={"site": {}})
    assert told in str(refusal.value) and told in refusal.value.format_message()
    (tmp_path / "compliance.toml").write_text("[site]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert told in CliRunner().invoke(compliance, ["legal"], obj=Alone(alone)).stderr
    with caplog.at_level(logging.WARNING):
        Compliance(app, settings={"site": SITE, "licences": {"public_security": "渝公网安备31010402001494号"}})
    assert ("与备案信息核对" if told[0] == "缺" else "compare it with the filing") in caplog.text
