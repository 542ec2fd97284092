from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance.cli import STARTER, Alone, compliance
from compliance.extension import alone

PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>News</title><body><p>News</p></body></html>"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with settings and a site, and nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPLIANCE_SETTINGS", raising=False)
    (tmp_path / "compliance.toml").write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text(PAGE)
    (tmp_path / "site" / "style.css").write_text("p {}")
    return tmp_path


def stamp(*arguments: str) -> Result:
    """Run the command as `python -m compliance` does, without an application."""
    return CliRunner().invoke(compliance, ["stamp", *arguments], obj=Alone(alone))


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.slow
def test_a_folder_is_stamped_without_an_application_and_nothing_else_is_touched(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Apart from the current folder, where a site of this process may still be writing.
    folder = Path(shutil.copytree(folder, tmp_path_factory.mktemp("alone") / "folder"))
    before = names(folder)
    command = [sys.executable, "-m", "compliance", "stamp", "site", "public"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert (run.returncode, run.stderr) == (0, "")
    assert "1 stamped" in run.stdout
    assert {name for name in names(folder) - before if not name.startswith("public")} == set()
    assert (folder / "site" / "index.html").read_text() == PAGE


def test_the_application_stamps_as_it_serves(folder: Path, app: Flask) -> None:
    app.add_url_rule("/index.html", "index", lambda: PAGE)
    arguments = ["compliance", "stamp", "site", "public", "--host", "localhost"]
    assert app.test_cli_runner().invoke(args=arguments).exit_code == 0
    client = app.test_client()
    assert (folder / "public" / "index.html").read_bytes() == client.get("/index.html").data
    for path in ("compliance/legal/privacy", "compliance/legal/terms"):
        assert (folder / "public" / path / "index.html").read_bytes() == client.get(f"/{path}").data
        chinese = client.get(f"/{path}?lang=zh-CN").data
        assert (folder / "public" / path / "zh-CN" / "index.html").read_bytes() == chinese
    served = {rule for rule in names(folder / "public") if rule.startswith("compliance/static/") and "." in rule}
    assert {path for path in served if client.get(f"/{path}").data != (folder / "public" / path).read_bytes()} == set()
    assert any(path.endswith(".css") for path in served)


@pytest.mark.slow
def test_what_is_stamped_passes_the_check(folder: Path) -> None:
    assert stamp("site", "public").exit_code == 0
    result = CliRunner().invoke(compliance, ["check", "public"])
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_check_tells_what_is_not_stamped_and_writes_nothing(folder: Path) -> None:
    missing = stamp("--check", "--format", "json", "site", "public")
    assert missing.exit_code == 1
    assert {"index.html", "style.css"} <= {finding["path"] for finding in json.loads(missing.stdout)["findings"]}
    assert not (folder / "public").exists()
    assert stamp("site", "public").exit_code == 0
    assert stamp("--check", "site", "public").exit_code == 0
    (folder / "public" / "index.html").write_text(PAGE)
    (folder / "site" / "style.css").unlink()
    found = stamp("--check", "site", "public")
    assert found.exit_code == 1
    assert found.stderr.splitlines() == [
        "index.html: not what stamping makes of it",
        "style.css: no longer in the source",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "public"], "nowhere"),
        (["site", "site/public"], "inside"),
        (["--settings", "missing.toml", "site", "public"], "missing.toml"),
        (["--jobs", "0", "site", "public"], "jobs"),
    ],
)
def test_what_cannot_run_says_why(arguments: list[str], said: str) -> None:
    result = stamp(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_settings_that_are_wrong_are_told(folder: Path) -> None:
    (folder / "other.toml").write_text("[site]\nnmae = 'x'\n")
    result = stamp("--settings", "other.toml", "site", "public")
    assert result.exit_code == 2
    assert "site.nmae" in result.stderr
    assert not (folder / "public").exists()


def test_templates_beside_the_settings_replace_ours(folder: Path) -> None:
    (folder / "templates" / "compliance").mkdir(parents=True)
    (folder / "templates" / "compliance" / "message.html").write_text('<p data-compliance="message">Ring us up</p>')
    assert stamp("--settings", "compliance.toml", "site", "public").exit_code == 0
    assert "Ring us up" in (folder / "public" / "index.html").read_text(encoding="utf-8")


def test_licences_are_those_of_the_host(folder: Path) -> None:
    text = (folder / "compliance.toml").read_text()
    by_host = 'icp = { "www.ichongqing.info" = "渝ICP备20009753号-2", "en.ichongqing.info" = "渝ICP备20009753号-3" }'
    (folder / "compliance.toml").write_text(text.replace('\nicp = "渝ICP备20009753号-2"', f"\n{by_host}"))
    for host, number in (("www.ichongqing.info", "-2"), ("en.ichongqing.info", "-3")):
        assert stamp("site", "public", "--host", host).exit_code == 0
        for path in ("index.html", "compliance/legal/terms/index.html"):
            assert f"渝ICP备20009753号{number}" in (folder / "public" / path).read_text(encoding="utf-8"), path


@pytest.mark.parametrize("url", ["https://user.example.io/blog/", "https://user.example.io/a/b"])
@pytest.mark.slow
def test_site_below_a_path_has_our_addresses_below_it_and_our_files_in_its_folder(folder: Path, url: str) -> None:
    settings = folder / "compliance.toml"
    settings.write_text(re.sub(r'(?m)^url = ".*"', f'url = "{url}"', settings.read_text("utf-8"), count=1), "utf-8")
    assert stamp("site", "public").exit_code == 0
    below = url.removeprefix("https://user.example.io").rstrip("/")
    page = (folder / "public" / "index.html").read_text("utf-8")
    ours = set(re.findall(r'"(/[^"/][^"]*)"', page))
    assert ours and all(one.startswith(f"{below}/compliance/") for one in ours if "compliance" in one)
    # Every file that the page loads from us lies where it is asked for.
    for one in (one for one in ours if "/static/" in one):
        assert (folder / "public" / one.removeprefix(f"{below}/")).is_file()
    legal = (folder / "public" / "compliance" / "legal" / "privacy" / "index.html").read_text("utf-8")
    inner = set(re.findall(r'"(/[^"/][^"]*)"', legal))
    assert inner and all(one.startswith(f"{below}/compliance/") for one in inner if "compliance" in one)
    assert f"{below}{below}" not in legal
    assert f'href="{url.rstrip("/")}/compliance/legal/privacy' in legal
    assert not any(name.startswith(f"public{below}") for name in names(folder))
