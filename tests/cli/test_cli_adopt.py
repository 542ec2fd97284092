"""`adopt`: what templates and pages print by hand, where, and what is to be done about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Blueprint, Flask

from compliance import Compliance
from compliance.cli import compliance

SETTINGS = {
    "site": {
        "name": "江城",
        "url": "https://www.jiangcheng.example",
        "operator": "江城日报社",
        "email": "a@jiangcheng.example",
        "languages": ["zh_CN"],
    },
    "licences": {"icp": "鄂ICP备20009753号-2", "news": "42120220004"},
    "reporting": {"telephone": "027-67158993"},
}
BASE = """<!doctype html>
<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js"></script>
{% block body %}{% endblock %}
<footer>
<p>鄂ICP备20009753号-2</p>
<p>互联网新闻信息服务许可证：42120220005</p>
<p>鄂公网安备42010402001494号</p>
<p>违法和不良信息举报电话：{{ '' }}027-67158993</p>
</footer>
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


def alone(*arguments: str) -> Result:
    return CliRunner().invoke(compliance, ["adopt", *arguments])


def rows(result: Result) -> dict[tuple[str, str], tuple[str, str]]:
    return {(Path(row["place"]).name, row["key"]): (row["value"], row["remedy"]) for row in json.loads(result.output)}


def test_templates_of_an_application_are_compared_with_its_settings(folder: Path) -> None:
    (folder / "templates").mkdir()
    (folder / "templates" / "base.html").write_text(BASE, encoding="utf-8")
    (folder / "blue").mkdir()
    (folder / "blue" / "aside.html").write_text("<p>举报电话：027-67158900</p>", encoding="utf-8")
    app = Flask("host", root_path=str(folder))
    app.secret_key = "a long random value"
    app.register_blueprint(Blueprint("blue", "blue", root_path=str(folder), template_folder="blue"))
    Compliance(app, settings=SETTINGS)
    result = app.test_cli_runner().invoke(args=["compliance", "adopt", "--format", "json"])
    assert result.exit_code == 1
    out = "take it out: the footer prints it"
    assert rows(result) == {
        ("base.html:2", "consent"): ("OneTrust", "take it out: the banner asks, and holds what waits for the answer"),
        ("base.html:5", "licences.icp"): ("鄂ICP备20009753号-2", out),
        ("base.html:6", "licences.news"): (
            "42120220005",
            "the settings say 42120220004: find out which is right, then take this out",
        ),
        ("base.html:7", "licences.public_security"): (
            "鄂公网安备42010402001494号",
            "the settings have none: put it there, then take it out here",
        ),
        ("base.html:8", "reporting.telephone"): ("027-67158993", out),
        ("aside.html:1", "reporting.telephone"): (
            "027-67158900",
            "the settings say 027-67158993: find out which is right, then take this out",
        ),
    }


@pytest.mark.parametrize("name", ["foot.php", "foot.jsp", "foot.ftl", "foot.HTML", "foot.twig"])
def test_templates_of_any_language_are_read_without_an_application(folder: Path, name: str) -> None:
    (folder / "theme" / ".git").mkdir(parents=True)
    (folder / "theme" / ".git" / name).write_text("渝ICP备20009753号-2", encoding="utf-8")
    (folder / "theme" / "style.css").write_text("/* 渝ICP备20009753号-2 */", encoding="utf-8")
    (folder / "theme" / name).write_text(
        "<?php the_footer(); ?>\n<% if (x) { %>\n<p>\n渝ICP备20009753号-2</p>", encoding="gb18030"
    )
    result = alone("theme")
    (line,) = result.output.splitlines()
    assert (result.exit_code, line.partition(": ")[0]) == (1, f"theme/{name}:3")
    assert "put it into the settings" in line


def test_one_who_reads_chinese_is_told_in_chinese(folder: Path) -> None:
    (folder / "foot.html").write_text("渝ICP备20009753号-2", encoding="utf-8")
    assert "由页脚展示" in alone("foot.html", "--language", "zh_CN").output


def test_templates_that_print_nothing_by_hand_are_fine(folder: Path) -> None:
    (folder / "foot.html").write_text("<footer>{{ compliance_footer() }}</footer>", encoding="utf-8")
    result = alone(".")
    assert (result.exit_code, result.output) == (0, "Nothing here is printed by hand.\n")


@pytest.mark.parametrize("arguments", [[], ["nowhere"]])
def test_what_cannot_be_read_is_named(arguments: list[str]) -> None:
    result = alone(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
