"""`flask compliance check`: what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance import Compliance
from compliance.cli import compliance
from compliance.cli.columns import width, wrapped


def alone(*arguments: str) -> Result:
    """Run a command as `python -m compliance` does, without an application."""
    return CliRunner().invoke(compliance, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pages of a site that lacks much."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><html lang=zh-CN><title>新闻</title><h1>新闻</h1>", "utf-8")
    (folder / "old.htm").write_bytes("<meta charset=gb2312><h1>旧闻镕</h1>".encode("gbk"))
    return folder


def test_json_has_the_shape_that_programs_read(folder: Path) -> None:
    result = alone("check", str(folder), "--format", "json", "--language", "zh_CN")
    told = json.loads(result.stdout)
    assert told.keys() >= {"target", "time", "pages", "findings", "unread", "summary"}
    assert [(page["url"], page["charset"], page["lang"]) for page in told["pages"]] == [
        ("index.html", "utf-8", "zh-CN"),
        ("old.htm", "gbk", None),
    ]
    assert all(page.keys() >= {"licences", "telephones", "trackers"} for page in told["pages"])
    assert told["summary"]["pages"] == 2
    for finding in told["findings"]:
        assert finding.keys() >= {"id", "severity", "page", "line", "excerpt", "rule", "remedy"}
        assert finding["rule"].keys() == {"law", "article"}
    assert result.exit_code == int(bool(told["summary"]["findings"]["error"] + told["summary"]["findings"]["warning"]))


def test_several_targets_are_a_list(folder: Path) -> None:
    told = json.loads(alone("check", str(folder), str(folder / "old.htm"), "--format", "json").stdout)
    assert [len(report["pages"]) for report in told] == [2, 1]


@pytest.mark.parametrize("kind", ["gone", "empty", "address", "baseline"])
def test_what_cannot_be_checked_is_told_in_chinese(folder: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    accepted = tmp_path / "accepted.toml"
    accepted.write_text("[[accepted]]\nrule = 'C9999'\n")
    targets = {"gone": [tmp_path / "gone"], "empty": [tmp_path / "empty"], "address": ["https:///"]}
    asked = targets.get(kind, [folder, "--baseline", accepted])
    result = alone("check", *map(str, asked), "--language", "zh_CN")
    told = result.stderr.removeprefix("错误：").replace(str(tmp_path), "")
    assert result.exit_code == 2 and not re.search("[a-z]{3,} [a-z]{2,}", told), result.stderr


@pytest.mark.slow
def test_without_a_target_the_application_itself_is_checked(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["compliance", "check", "--format", "json"])
    told = json.loads(result.stdout)
    assert told["target"] == "https://www.ichongqing.info"
    pages = [page["url"] for page in told["pages"]]
    assert pages[0] == "https://www.ichongqing.info/"
    assert "https://www.ichongqing.info/compliance/message" in {page.partition("?")[0] for page in pages}


def test_an_application_that_holds_what_nobody_is_asked_about_is_told(host: Flask, settings: dict[str, Any]) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"]}
    script = "<script src=https://libs.baidu.com/jquery/2.1.4/jquery.min.js></script>"
    host.view_functions["home"] = lambda: f"<!doctype html><html lang=en><title>News</title>{script}<h1>News</h1>"
    Compliance(host, settings=settings)
    result = host.test_cli_runner().invoke(args=["compliance", "check", "--format", "json", "--limit", "1"])
    found = [one for one in json.loads(result.stdout)["findings"] if one["id"] == "C507"]
    assert [(one["page"], one["excerpt"]) for one in found] == [("https://www.ichongqing.info/", "libs.baidu.com")]


@pytest.mark.slow
def test_articles_are_compared_with_the_list_of_sources(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "sources.txt").write_text("新华社\n", encoding="utf-8")
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k"
    story = "<html lang=zh-CN><h1>步道</h1><p>2026-11-30 来源：{} 作者：王芳 责任编辑：李明</p>"
    names = ("新华社", "江边资讯号", "本网原创", settings["site"]["name"])
    app.add_url_rule("/", "home", lambda: "<h1>A</h1>" + "".join(f"<a href='/2026/11/30/{one}'>a</a>" for one in names))
    app.add_url_rule("/2026/11/30/<name>", "story", lambda name: story.format(name))
    Compliance(app, settings=settings | {"articles": {"sources": str(tmp_path / "sources.txt")}})
    result = app.test_cli_runner().invoke(args=["compliance", "check", "--format", "json"])
    assert [one["excerpt"] for one in json.loads(result.stdout)["findings"] if one["id"] == "C209"] == ["江边资讯号"]


def test_report_fits_the_terminal_in_either_language(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    english, chinese = (alone("check", str(folder), "--language", one).stdout for one in ("en", "zh_CN"))
    assert "Pages: 2" in english and "页面" in chinese
    lines = [line for text in (english, chinese) for line in text.splitlines() if str(folder) not in line]
    assert lines and max(map(width, lines)) <= 60


def test_report_has_colours_on_a_terminal_that_wants_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def printed(*arguments: str, color: bool) -> str:
        told = CliRunner().invoke(compliance, ["check", str(folder), *arguments], color=color).stdout
        return re.sub(r"\d\d:\d\d", "", told)  # the minute of the check

    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = printed(color=False)
    painted = printed(color=True)
    assert "\x1b[31m" in painted and click.unstyle(painted) == plain
    assert "\x1b" not in plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(color=True) == plain


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere"),
        (["http://127.0.0.1:1/"], "cannot be reached"),
        (["https://"], "https://"),
        ([], "folder"),
    ],
)
def test_what_cannot_be_checked_is_named(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = alone("check", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_output_is_a_new_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    first = alone("check", str(folder), "--format", "json", "-o", str(file))
    assert (first.exit_code in (0, 1), first.stdout) == (True, "")
    assert json.loads(file.read_text("utf-8"))["summary"]["pages"] == 2
    assert alone("check", str(folder), "-o", str(file)).exit_code == 2


@pytest.mark.slow
def test_without_the_extra_the_command_names_it(folder: Path) -> None:
    script = (
        "import sys; sys.modules['lxml'] = None\n"
        "from compliance.cli import compliance\n"
        f"compliance(['check', {str(folder)!r}])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert "pip install 'flask-compliance[check]'" in run.stderr


@pytest.mark.slow
def test_module_reads_a_folder_in_processes_and_shows_no_bar_in_a_pipe(folder: Path) -> None:
    for number in range(100):
        (folder / f"{number}.html").write_text(f"<p>{number}</p>", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "compliance", "check", str(folder), "--format", "json", "--jobs", "2"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert run.stderr == ""
    assert len(json.loads(run.stdout)["pages"]) == 102


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "  three"]),
        ("在首页底部，标明备案号。", ["在首页底", "  部，标明", "  备案号。"]),
        ("https://beian.miit.gov.cn/", ["https://beian.miit.gov.cn/"]),
    ],
)
def test_lines_are_wrapped_by_columns(text: str, lines: list[str]) -> None:
    assert wrapped(text, 2, 10).split("\n") == lines
