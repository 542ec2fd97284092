from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance import Compliance, SettingsError
from compliance.cli import STARTER, compliance
from compliance.deadlines import minute


def alone(*arguments: str) -> Result:
    """Run a command as `python -m compliance` does, without an application."""
    return CliRunner().invoke(compliance, arguments)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPLIANCE_SETTINGS", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "written"),
    [([], "compliance.toml"), (["site.toml"], "site.toml"), (["instance"], "instance/compliance.toml")],
)
def test_init_writes_settings_that_a_site_has_to_fill_in(folder: Path, arguments: list[str], written: str) -> None:
    (folder / "instance").mkdir()
    result = alone("init", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    app = Flask("host")
    app.config["SECRET_KEY"] = "a long random value"
    with pytest.raises(SettingsError) as refusal:
        Compliance(app, settings=folder / written)
    values = {
        "site.name": "城市新闻",
        "site.url": "https://www.example.org",
        "site.operator": "城市新闻社",
        "site.email": "a@example.org",
        "site.languages": "zh_CN",
        "licences.icp": "渝ICP备20009753号-2",
        "licences.public_security": "渝公网安备50010402001494号",
        "licences.news": "50120220004",
        "reporting.telephone": "023-67158993",
    }
    assert [problem.key for problem in refusal.value.problems] == list(values)
    text = (folder / written).read_text(encoding="utf-8")
    for key, value in values.items():
        filled = f'["{value}"]' if key == "site.languages" else f'"{value}"'
        text = re.sub('= "<[^>]*>"', f"= {filled}", text, count=1)
    (folder / written).write_text(text, encoding="utf-8")
    Compliance(app, settings=folder / written)


_BASE = """
import sys
sys.modules.update(dict.fromkeys({extras!r}))
from compliance.cli import Alone, compliance
from compliance.extension import alone
import click
from click.testing import CliRunner
def run(*arguments):
    result = CliRunner().invoke(compliance, arguments, obj=Alone(alone))
    assert result.exit_code == 0, (arguments, result.output, result.exception)
for name in compliance.list_commands(click.Context(compliance)):
    run(name, "--help")
run("init", {path!r}, "--yes")
"""
#: What only extras install.
EXTRAS = (
    "a2wsgi",
    "backports.zstd",
    "brotli",
    "lxml",
    "playwright",
    "protego",
    "psycopg",
    "pygal",
    "pymysql",
    "redis",
    "urllib3",
)


@pytest.mark.slow
def test_every_command_is_there_without_the_extras(folder: Path) -> None:
    path = folder / "new.toml"
    script = _BASE.format(extras=EXTRAS, path=str(path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and path.exists()


def test_init_writes_nothing_of_a_real_site(folder: Path) -> None:
    alone("init")
    text = (folder / "compliance.toml").read_text(encoding="utf-8")
    for word in ("ichongqing", "iChongqing", "重庆", "Chongqing", "67158993", "20009753", "50010402001494"):
        assert word not in text
    licences = text.partition("[licences]")[2].partition("[reporting]")[0]
    assert {number for number in re.findall("[0-9]{4,}", licences) if set(number) != {"0"}} <= {"2028"}
    # Every key that the example explains is explained here, too.
    keys = re.compile(r"^#?([a-z_]+|\[.*\])(?: =|$)", re.MULTILINE)
    assert keys.findall(text) == keys.findall(STARTER.read_text(encoding="utf-8"))


def test_init_keeps_a_file_that_is_there(folder: Path) -> None:
    (folder / "compliance.toml").write_text("[site]\n")
    result = alone("init")
    assert (result.exit_code, (folder / "compliance.toml").read_text()) == (2, "[site]\n")
    assert "compliance.toml exists" in result.stderr


def test_init_names_the_folder_it_cannot_write_to() -> None:
    result = alone("init", "nowhere/compliance.toml")
    assert result.exit_code == 2
    assert "nowhere/compliance.toml" in result.stderr


def test_legal_lists_every_document_in_every_language(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["compliance", "legal", "--format", "json"])
    rows = json.loads(result.output)
    assert result.exit_code == 0
    assert {(row["document"], row["language"]) for row in rows} >= {
        (name, language) for name in ("privacy", "cookies", "terms", "about", "contact") for language in ("en", "zh_CN")
    }
    for row in rows:
        assert row.keys() == {"document", "language", "version", "effective", "material", "sha256"}
        assert len(row["sha256"]) == 64


def test_legal_prints_a_table(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["compliance", "legal"])
    heading, *lines = result.output.splitlines()
    assert heading.split() == ["document", "language", "version", "effective", "material", "sha256"]
    assert len(lines) >= 10
    assert [line for line in lines if line != line.rstrip()] == []


def test_legal_without_an_application_takes_the_settings_file(folder: Path) -> None:
    (folder / "compliance.toml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    result = alone("legal", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.output)


def test_legal_without_settings_cannot_run() -> None:
    result = alone("legal")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "compliance.toml" in result.stderr


@pytest.mark.slow
def test_legal_in_an_application_that_cannot_start_tells_why(folder: Path) -> None:
    source = "from flask import Flask\nfrom compliance import Compliance\ndef create_app():\n"
    body = "    app = Flask('site')\n    Compliance(app, settings={'site': {}})\n    return app\n"
    (folder / "site_factory.py").write_text(source + body)
    command = "from flask.cli import FlaskGroup, ScriptInfo\nfrom compliance.cli import compliance\n"
    script = f"{command}compliance(['legal'], obj=ScriptInfo('site_factory:create_app'))"
    run = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert "SECRET_KEY" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_incident_tells_until_when_it_is_reported(folder: Path, language: str) -> None:
    (folder / "compliance.toml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    result = alone("incident", "--found", "2026-12-31 22:30", "--language", language)
    assert result.exit_code == 0
    assert re.findall(r"^\| (2\S+ \S+) \|", result.stdout, re.MULTILINE) == [
        "2026-12-31 23:30",  # a year is over at midnight in Shanghai
        "2027-01-01 00:30",
        "2027-01-01 02:30",
        "2027-01-01 22:30",
        "2027-01-01 22:30",
        "2027-01-03 22:30",
    ]
    for words in ("12387", "渝ICP备20009753号-2", "service@ichongqing.info", "67158993"):
        assert words in result.stdout


def test_incident_asks_for_the_same_in_both_languages(folder: Path) -> None:
    (folder / "compliance.toml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    chinese, english = (alone("incident", "--language", language).stdout for language in ("zh_CN", "en"))
    for kind in (r"^\|", r"^#+ ", r"^\d\. "):
        assert len(re.findall(kind, chinese, re.MULTILINE)) == len(re.findall(kind, english, re.MULTILINE)) > 0


def test_incident_is_found_now_unless_it_is_said(folder: Path) -> None:
    (folder / "compliance.toml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    before = minute(datetime.now(UTC))
    said = re.search(r"发现时间：(\S+ \S+)（北京时间", alone("incident").stdout)
    assert said and before <= said[1] <= minute(datetime.now(UTC))


def test_incident_of_an_application_needs_no_file(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["compliance", "incident", "--language", "en"])
    assert result.exit_code == 0 and "iChongqing" in result.output


@pytest.mark.parametrize("arguments", [["nothing"], ["legal", "--format", "xml"]])
def test_what_no_command_takes_cannot_run(arguments: list[str]) -> None:
    assert alone(*arguments).exit_code == 2


@pytest.mark.slow
def test_commands_run_as_a_module(folder: Path) -> None:
    run = subprocess.run([sys.executable, "-m", "compliance", "init"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert tomllib.loads((folder / "compliance.toml").read_text(encoding="utf-8"))["site"]["name"]
