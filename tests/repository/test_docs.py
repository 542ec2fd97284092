"""What README and docs/ say, in both languages: snippets run, links lead somewhere, nothing public is left out."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest
from click import Context
from click.testing import CliRunner
from flask import Flask
from pydantic import BaseModel, RootModel

import compliance
from compliance.cases import Kind
from compliance.cli import Alone
from compliance.cli import compliance as commands
from compliance.extension import alone
from compliance.messages import Submission
from compliance.paths import TEMPLATES
from compliance.pictures import Picture
from compliance.settings import Settings, load
from compliance.staff import Provider

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CHINESE = [ROOT / "README.zh-CN.md", *sorted((ROOT / "docs" / "zh").glob("*.md"))]
PAGES = [*ENGLISH, *CHINESE]
#: Pages whose snippets are files of one site, which `test_framework_pages.py` serves.
SITES = {"django.md", "fastapi.md", "starlette.md", "quart.md"}
SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def label(page: Path) -> str:
    return str(page.relative_to(ROOT)).removeprefix("docs/")


def snippets(language: str, besides: Collection[str] = ()) -> list[Any]:
    """The snippets in *language*, page by page; a page that shows only what an earlier one shows is left out."""
    found, seen = [], set[str]()
    for page in PAGES:
        if page.name in besides:
            continue
        codes = [code for kind, code in SNIPPET.findall(read(page)) if kind == language]
        if not seen.issuperset(codes):
            found.append(pytest.param(codes, id=label(page)))
        seen.update(codes)
    return found


def shown_commands() -> list[str]:
    """Every line once, whatever page shows it."""
    lines = (line for param in snippets("sh") for code in param.values[0] for line in code.splitlines())
    return list(dict.fromkeys(lines))


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", SNIPPET.sub("", read(page)), re.MULTILINE)


def anchor(heading: str) -> str:
    """The anchor that code forges give to *heading*."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return base | {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the settings file of the demo: the one that `init` writes is to be filled in first."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compliance.toml").write_text(read(TEMPLATES / "compliance.toml"), encoding="utf-8")
    (tmp_path / "config.toml").write_text('SECRET_KEY = "a long random value of your own"', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("codes", snippets("python", besides=SITES))
def test_python_runs(codes: list[str], site: Path):
    names: dict[str, Any] = {"__name__": "snippet"}
    for code in codes:
        exec(compile(code, "snippet", "exec"), names)


@pytest.mark.parametrize("codes", snippets("toml"))
def test_toml_is_accepted(codes: list[str], site: Path):
    """A snippet is a whole file, or what one adds to the starter file."""
    starter = tomllib.loads(read(site / "compliance.toml"))
    (site / "legal").mkdir()
    for code in codes:
        found = tomllib.loads(code)
        if "client_id" in found:
            Provider(**found)  # a file of its own, beside the settings
            continue
        load(merged(starter, found))


def in_a_box(arguments: list[str], app: Flask) -> None:
    """Run a command in a site with a case; the numbers shown in the docs are its number."""
    box = app.extensions["compliance"].box
    page = "https://www.ichongqing.info/news/1"
    report = Submission(kind=Kind.REPORT, category="rumour", page=page, language="en", body="Wrong", contact="a@b.org")
    now = datetime.now(UTC)
    picture = Picture(
        mimetype="image/png", content=b"picture", width=1, height=1, sha256=sha256(b"picture").hexdigest()
    )
    kept = box.intake.accept(report, pictures=[picture], key=None, proof=None, source="s", now=now)
    arguments = [kept.number if argument.startswith("R-") else argument for argument in arguments]
    result = app.test_cli_runner().invoke(args=["compliance", *arguments])
    # `db status` warns where the calendar of the day is to be updated.
    assert result.exit_code <= ("status" in arguments), result.output


def in_a_ledger(arguments: list[str], app: Flask) -> None:
    """Run a command in a site whose reader has decided; the id shown in the docs is that of the record."""
    client = app.test_client()
    client.post("/compliance/consent", data={"choice": "accept"})
    assert app.extensions["compliance"].recorder.settle()
    record = client.get("/compliance/record", headers={"Accept": "application/json"}).get_json()["record_id"]
    arguments = [record if argument == "sYTCyfNOiqG0bRQB" else argument for argument in arguments]
    result = app.test_cli_runner().invoke(args=["compliance", "consents", *arguments], input="y\n")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("line", shown_commands())
def test_shell_commands_exist(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: Flask):
    monkeypatch.chdir(tmp_path)
    match shlex.split(line):
        case ["make", *targets]:
            subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        case ["pip", "install", what]:
            project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
            name, _, extras = what.rstrip("]").partition("[")
            assert name == project["name"]
            assert set(filter(None, extras.split(","))) <= set(project["optional-dependencies"])
        case ["uvx", what, *arguments]:  # the console script of the package, of the same name
            name, _, extras = what.rstrip("]").partition("[")
            project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
            assert name in project["scripts"] and extras in project["optional-dependencies"]
            command = commands.get_command(Context(commands), arguments[0])
            assert command is not None
            command.make_context(arguments[0], arguments[1:])
        case ["flask", "compliance", "messages" | "deliver" | "purge" | "db", *_]:
            in_a_box(shlex.split(line)[2:], app)
        case ["flask", "compliance", "console", *arguments]:  # it would serve until it is stopped
            command = commands.get_command(Context(commands), "console")
            assert command is not None
            command.make_context("console", arguments)
        case ["flask", "compliance", "staff", action, *arguments]:
            added = [] if action == "add" else [["add", "li.ming", "--role", "viewer"]]
            for one in (*added, [action, *arguments]):
                assert app.test_cli_runner().invoke(args=["compliance", "staff", *one]).exit_code == 0
        case ["flask", "compliance", "doctor", *arguments]:  # the key of the tests is short
            assert app.test_cli_runner().invoke(args=["compliance", "doctor", *arguments]).exit_code == 1
        case ["flask", "compliance", "consents", *arguments]:
            in_a_ledger(arguments, app)
        case ["flask", "compliance", "adopt", *arguments]:
            (tmp_path / "templates").mkdir()
            assert app.test_cli_runner().invoke(args=["compliance", "adopt", *arguments]).exit_code == 0
        case ["flask", "compliance", "init", *arguments]:
            pages = tmp_path / "build" / "html"
            pages.mkdir(parents=True)
            (pages / "index.html").write_text("<title>Home</title><h1>Home</h1>", encoding="utf-8")
            assert CliRunner().invoke(commands, ["init", *arguments]).exit_code == 0
        case ["flask", "compliance", "check", *arguments]:  # it would leave this machine: read the line alone
            command = commands.get_command(Context(commands), "check")
            assert command is not None
            command.make_context("check", arguments)
        case ["python", "-m", "compliance", "stamp", *arguments]:
            (tmp_path / "compliance.toml").write_text(read(TEMPLATES / "compliance.toml"), encoding="utf-8")
            (tmp_path / "site").mkdir()
            stamp = ["stamp", *(argument for argument in arguments if argument != "--check")]
            assert CliRunner().invoke(commands, stamp, obj=Alone(alone)).exit_code == 0
            assert CliRunner().invoke(commands, ["stamp", *arguments], obj=Alone(alone)).exit_code == 0
        case ["flask", "compliance", *arguments] | ["python", "-m", "compliance", *arguments]:
            assert CliRunner().invoke(commands, arguments).exit_code == 0
        case _:
            pytest.fail("nothing here knows how to try this line")


@pytest.mark.parametrize("source", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"], ids=label)
def test_links_lead_somewhere(source: Path):
    for target, fragment in LINK.findall(SNIPPET.sub("", read(source))):
        linked = (source.parent / target).resolve() if target else source
        assert linked.exists(), target
        assert not fragment or fragment in map(anchor, headings(linked)), f"{target}#{fragment}"


def test_index_names_every_page():
    linked = {target for target, _ in LINK.findall(read(ROOT / "docs" / "index.md"))}
    assert linked == {page.name for page in ENGLISH} - {"README.md", "index.md"} | {"zh/index.md"}


def counterpart(page: Path) -> Path:
    """The page in English that *page* is the Chinese of."""
    return ROOT / "README.md" if page.parent == ROOT else ROOT / "docs" / page.name


def sections(page: Path) -> list[tuple[str, str]]:
    """The headings of *page*, with their level, and the text below each, without snippets."""
    parts = re.split(r"^(#+ .+)$", SNIPPET.sub("", read(page)), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def shape(text: str) -> list[str]:
    """What stands at the head of each line of a table or list, and of each picture."""
    return re.findall(r"^ *(\||-|\d+\.|!)", text, re.MULTILINE)


def sentence(quoted: re.Match[str]) -> str:
    return '"…"' if re.search(r"[ \u3000-\uffef]", quoted[1]) else quoted[0]


def untranslated(code: str) -> str:
    """*code* without what a translation changes: remarks, and sentences in quotes."""
    return re.sub(r"(^|\s)#\s.*", "", re.sub(r'"([^"\n]*)"', sentence, code))


def exact(text: str) -> set[str]:
    """What reads the same in any language: code, web addresses, rules of `check`, decimals."""
    code = {" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text) if span.isascii()}
    return code.union(re.findall(r"\bC\d{3}\b|\b\d+\.\d+", text), re.findall(r"https?://[!-~]+[\w/]", text, re.ASCII))


def laws(text: str) -> set[str]:
    """The laws that *text* names as Chinese does, and the articles of them."""
    return set(re.findall(r"《[^》]+》|第[一二三四五六七八九十百千零]+条", text))


def linked_pages(page: Path, text: str) -> set[Path]:
    targets = {(page.parent / target).resolve() if target else page for target, _ in LINK.findall(text)}
    own = {*CHINESE, *(ROOT / "docs" / "zh").glob("*.png")}  # pictures of what is in Chinese there
    return {counterpart(target) if target in own else target for target in targets}


@pytest.mark.parametrize("chinese", [page for page in CHINESE if page.name != "rules.md"], ids=label)
class TestChinese:
    """A page in Chinese says what its counterpart in English says; the rules are made of one file in both languages."""

    def test_has_the_same_headings(self, chinese: Path):
        english = counterpart(chinese)
        levels = [[heading.partition(" ")[0] for heading, _ in sections(page)] for page in (english, chinese)]
        assert levels[0] == levels[1]
        for (one, _), (other, _) in zip(sections(english), sections(chinese), strict=True):
            assert one == other or "`" not in one

    def test_shows_the_same_code(self, chinese: Path):
        english, shown = (
            [(kind, untranslated(code)) for kind, code in SNIPPET.findall(read(page))]
            for page in (counterpart(chinese), chinese)
        )
        assert english == shown

    def test_says_the_same_of_everything(self, chinese: Path):
        """Section by section: tables and lists of one length, code and laws that are named, and where links lead."""
        english = counterpart(chinese)
        for (heading, one), (_, other) in zip(sections(english), sections(chinese), strict=True):
            assert shape(one) == shape(other), heading
            assert exact(one) == exact(other), heading
            assert laws(one) <= laws(other), heading
            assert linked_pages(english, one) == linked_pages(chinese, other), heading

    def test_leads_to_pages_in_chinese(self, chinese: Path):
        targets = {(chinese.parent / target).resolve() for target, _ in LINK.findall(read(chinese)) if target}
        assert targets & {counterpart(page) for page in CHINESE} == {counterpart(chinese)}

    def test_has_a_paragraph_on_one_line(self, chinese: Path):
        """Browsers show a line break in Chinese as a blank."""
        text = SNIPPET.sub("", read(chinese))
        assert not re.findall(r"^[^|#\n].*\n(?! *(?:-|\d+\.|\||#|!\[|\n))", text + "\n", re.MULTILINE)


def test_every_public_name_has_its_heading():
    assert set(headings(ROOT / "docs" / "api.md")) >= {f"`{name}`" for name in compliance.__all__}


def test_every_command_has_its_heading():
    assert set(headings(ROOT / "docs" / "api.md")) >= {f"`flask compliance {name}`" for name in commands.commands}


def test_every_address_is_listed(app: Flask):
    rules = {
        f"{method} {rule.rule.removeprefix('/compliance')}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("compliance.")
        for method in rule.methods & {"GET", "POST"}
    }
    assert set(re.findall(r"^\| `([A-Z]+ [^`]+)` \|", read(ROOT / "docs" / "api.md"), re.MULTILINE)) == rules


def keys(table: type[BaseModel], above: str = "") -> Iterator[str]:
    """The keys of *table* and of the tables in it, as one writes them in dotted form."""
    for name, field in table.model_fields.items():
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        tables = [part for part in inner if issubclass(part, BaseModel) and not issubclass(part, RootModel)]
        for part in tables:
            yield from keys(part, f"{above}{name}.")
        if above or not tables:
            yield f"{above}{name}"


def test_every_settings_key_has_its_heading():
    assert set(headings(ROOT / "docs" / "settings.md")) >= {f"`{key}`" for key in keys(Settings)}
