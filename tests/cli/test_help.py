"""Commands speak the language of the terminal, or the one that they are told; programs read the same in any."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from compliance import Compliance, SettingsError
from compliance.cli import Alone
from compliance.cli import compliance as commands
from compliance.cli.columns import width
from compliance.errors import DocumentError
from compliance.extension import alone
from support.editors import Editor
from support.host import SETTINGS, create_app

CHINESE = {"LANGUAGE": "zh_CN", "LC_ALL": "zh_CN.UTF-8"}
ENGLISH = {"LANGUAGE": "", "LC_ALL": "C.UTF-8"}


def lines(group: click.Group, *above: str) -> Iterator[tuple[str, ...]]:
    """Every command, as it is typed; the group itself, too."""
    yield above
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from lines(command, *above, name)
        else:
            yield (*above, name)


def run(*arguments: str, language: dict[str, str] = CHINESE) -> str:
    result = CliRunner(env=language).invoke(commands, arguments, obj=Alone(alone))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("line", list(lines(commands)), ids=" ".join)
def test_help_is_in_chinese_on_a_chinese_terminal(line: tuple[str, ...]) -> None:
    usage, _, text = run(*line, "--help").partition("\n\n")
    assert usage.startswith("用法：")
    assert max(map(width, text.splitlines())) <= 80
    # Every paragraph and every option says in Chinese what it is.
    told = re.split(r"\n(?=  \S)|\n\n", text)
    assert [one for one in told if not re.search("[\u4e00-\u9fff]", one)] == []


def test_what_is_told_overrules_the_terminal() -> None:
    assert run("--language", "en", "--help").startswith("Usage: ")
    assert run("--language", "zh_CN", "legal", "--help", language=ENGLISH).startswith("用法：")
    assert run("check", "--language", "zh_CN", "--help", language=ENGLISH).startswith("用法：")
    assert run("--help", language=ENGLISH).startswith("Usage: ")


def test_a_list_of_commands_says_the_first_sentence_of_each_whole() -> None:
    shown = re.sub(r"\s+", " ", run("--help", language=ENGLISH))
    assert "legal List the legal documents: versions, when they take effect, hashes of their texts messages" in shown
    assert "办结已答复的，清理保存期满的；每天执行一次\n" in run("--help")


def invoke(app: Flask, *arguments: str, status: int = 0, **options: object) -> str:
    result = app.test_cli_runner(env=CHINESE).invoke(args=["compliance", *arguments], **options)
    assert result.exit_code == status, result.output
    return str(result.output)


def test_listings_and_questions_are_in_chinese_and_json_is_as_ever(app: Flask) -> None:
    editor = Editor(app)
    number, other = editor.send(), editor.send("另一条消息不实。")
    heading, case, *_ = invoke(app, "messages", "list").splitlines()
    assert heading.split()[:4] == ["编号", "类型", "类别", "状态"]
    assert case.split()[1:4] == ["举报", "谣言", "已收到"]
    assert "提交时间" in invoke(app, "messages", "show", number)
    assert invoke(app, "messages", "move", number, "accepted").splitlines() == [f"{number}：移到“已受理”"]
    asked = invoke(app, "messages", "assign", number, other, "--to", "Li", input="n\n", status=1)
    assert "交办：共 2 个办件，是否继续？" in asked
    for command in (["messages", "list"], ["purge", "--dry-run"], ["db", "status"], ["legal"]):
        english, chinese = (
            app.test_cli_runner(env=language).invoke(args=["compliance", *command, "--format", "json"]).stdout
            for language in (ENGLISH, CHINESE)
        )
        assert json.loads(english) == json.loads(chinese)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["messages", "export", "-o", "/dev/null"], "/dev/null 已经存在，请把它移走，或者换一个路径"),
        (["messages", "list", "--after", "X"], "'X' 不是登记编号，或者写错了"),
        (["check", "--update-baseline"], "--update-baseline 要知道写入哪个文件，请加上 --baseline FILE"),
        (
            ["messages", "list", "--pag", "/"],
            "用法：host compliance messages list [OPTIONS]\n用法见 `host compliance messages list --",
        ),
        (["messages", "list", "--pag", "/"], "错误：没有选项 --pag；是不是 --page"),
        (["mesages"], "错误：没有命令 mesages"),
        (["messages", "show"], "错误：缺少 'NUMBER'"),
        (["messages", "list", "--limit", "abc"], "错误：'--limit'：'abc' 不是数字"),
        (["messages", "list", "--limit", "0"], "错误：'--limit'：0 不在范围 1<=x<=10000 内"),
        (["messages", "list", "--limit"], "--limit' 后面缺少值"),
        (["messages", "list", "--format", "x"], "错误：'--format'：'x' 不是这些中的任何一个：'text', 'json'"),
        (["messages", "list", "x"], "错误：多了：x"),
        (["stamp", "no/such", "."], "错误：'SOURCE'：'no/such' 不存在"),
        (["deliver", "--watch", "--dead"], "--watch、--status、--dead 和 --retry 一次只能用一个"),
    ],
)
def test_what_cannot_be_done_is_said_in_chinese(app: Flask, arguments: list[str], said: str) -> None:
    assert said in invoke(app, *arguments, status=2)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"storage": {"url": "sqlite://compliance.db"}}, "文件前面是三条斜杠：请写 sqlite:///compliance.db"),
        (
            {"storage": {"url": "oracle://h/n"}},
            "其中没有写本软件支持的数据库：请写 sqlite:///compliance.db、postgresql://",
        ),
        (
            {
                "consent": {
                    "mode": "opt-in",
                    "trackers": [{"host": "x.example", "category": "social", "country": "US"}],
                    "cookies": [{"name": "own", "category": "social", "purpose": "Counts."}],
                }
            },
            "它在境外（US），向境外提供个人信息要取得单独同意（《个人信息保护法》第三十九条）："
            "请为它单设一个类别，与 social 中的其他内容分开"
            "（例如你自己的 Cookie：own；别人的 Cookie 要写 provider），"
            "例如写 [consent.categories.abroad]",
        ),
    ],
)
def test_a_start_that_fails_says_in_chinese_why(settings: dict[str, Any], said: str, monkeypatch: Any) -> None:
    for name, value in CHINESE.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Compliance(create_app(), settings={**SETTINGS, **settings})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("About us", "开头要有前置信息，写在两行三个连字符之间："),
        (
            "---\ntitle: About\nversion: '1'\nefective: 2026-01-01\nmaterial: no\n---\nAbout us",
            "前置信息：没有 efective 这个字段（是不是 effective？）；缺少 effective，请加一行 'effective: …'；",
        ),
        (
            "---\ntitle: About\nversion: '1'\neffective: 2026-01-01\nmaterial: false\n---\n{{ site.nam }}",
            "没有 site.nam 这个占位符；是不是 name？",
        ),
    ],
)
def test_a_legal_document_that_cannot_be_shown_is_told_of_in_chinese(
    text: str, said: str, tmp_path: Path, monkeypatch: Any
) -> None:
    for name, value in CHINESE.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "about.md").write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        Compliance(create_app(), settings={**SETTINGS, "legal": {"directory": str(tmp_path)}})
    assert said in str(caught.value)
