"""`init`: what is asked, what is answered, what a site says already, and the file that comes of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server

from compliance import SettingsError
from compliance.cli import STARTER, compliance
from compliance.settings import load
from compliance.settings.toml import comment, written

SITES = Path(__file__).parent / "sites"
EXPECTED: Mapping[str, Mapping[str, Any]] = tomllib.loads((SITES / "expected.toml").read_text(encoding="utf-8"))
ASKED = (
    *("site.languages", "site.name", "site.url", "site.operator", "site.email"),
    *("licences.icp", "licences.public_security", "licences.news", "reporting.telephone", "consent.mode"),
)
# What an owner answers where the site leaves something open.
OWNER = {
    "site.languages": ("--languages", "zh_CN"),
    "site.name": ("--name", "某网"),
    "site.url": ("--url", "https://www.example.org"),
    "site.operator": ("--operator", "某某传媒有限公司"),
    "site.email": ("--email", "service@example.org"),
    "licences.icp": ("--icp", "-"),
    "licences.public_security": ("--public-security", "-"),
    "licences.news": ("--news", "-"),
    "reporting.telephone": ("--telephone", "-"),
    "consent.mode": ("--mode", "notice"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


def init(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(compliance, ["init", *arguments], input=typed)


def read(path: str = "compliance.toml") -> dict[str, Any]:
    """What the file at *path* says, by its dotted keys; what is left open is missing."""
    data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    pairs = {f"{table}.{key}": value for table, keys in data.items() for key, value in keys.items()}
    return {key: value for key, value in pairs.items() if not (isinstance(value, str) and value.startswith("<"))}


def left_open() -> set[str]:
    """The keys at which the file stops the start."""
    try:
        load(Path("compliance.toml"))
    except SettingsError as error:
        return {problem.key for problem in error.problems}
    return set()


@pytest.mark.parametrize("site", EXPECTED)
def test_init_reads_every_number_of_a_site_right_or_leaves_it_open(site: str) -> None:
    result = init("--from", str(SITES / site), "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    told = {key: value for key, value in read().items() if key.startswith(("site.", "licences.", "reporting."))}
    told |= {"consent.mode": read()["consent.mode"]}
    assert told == {"consent.mode": "notice", **EXPECTED[site]}
    still = left_open()
    assert still >= {key for key in ASKED[:-1] if key not in told}
    assert all(key in result.output for key in still)
    # Once the owner has answered what is open, the site starts.
    answers = [part for key in still & OWNER.keys() for part in OWNER[key]]
    answers += ["--reporting-email", "-"] if "reporting.email" in still else []
    assert init("--from", str(SITES / site), "--yes", "--force", *answers).exit_code == 0
    assert left_open() == set()


def test_init_names_the_page_beside_what_it_found() -> None:
    init("--from", str(SITES / "city"), "--yes")
    lines = Path("compliance.toml").read_text(encoding="utf-8").splitlines()
    for key, page in (("news", "index.html"), ("telephone", "article.html")):
        at = next(place for place, line in enumerate(lines) if line.startswith(f"{key} = "))
        assert f"Found on {page}" in lines[at - 1]
    assert "# 隐私政策 - 江城新闻 – privacy.html" in lines


def test_init_shows_what_contradicts_and_takes_neither() -> None:
    init("--from", str(SITES / "contradicting"), "--yes")
    text = Path("compliance.toml").read_text(encoding="utf-8")
    assert "陕ICP备20009757号-1, 陕ICP备05003301号" in text
    assert "licences.icp" not in read()


def test_init_lists_trackers_by_category_for_the_owner_to_confirm() -> None:
    init("--from", str(SITES / "counted"), "--yes")
    text = Path("compliance.toml").read_text(encoding="utf-8")
    _, *found = text.partition("[legal]")[0].split("#[[consent.trackers]]")[1:]
    tables = "".join(f"[[consent.trackers]]{re.sub('^#(?! )', '', one, flags=re.MULTILINE)}" for one in found)
    trackers = tomllib.loads(tables)["consent"]["trackers"]
    assert {(one["host"], one["category"]) for one in trackers} == {
        ("hm.baidu.com", "analytics"),
        ("googletagmanager.com", "analytics"),
    }
    # Taken as they are, they are settings.
    text, _, rest = text.partition("[legal]")
    Path("compliance.toml").write_text(f"{text}{tables}\n[legal]{rest}", encoding="utf-8")
    assert not any(key.startswith("consent") for key in left_open())


def test_owner_is_asked_and_told_at_once_what_is_wrong() -> None:
    typed = [
        *("zh_CN, xx_YY", "zh_CN"),
        "江城新闻",
        *("www.jiangcheng.example", "https://www.jiangcheng.example"),
        "江城日报社",
        *("service@", "service@jiangcheng.example"),
        *("12345", "鄂ICP备20009753号-2"),
        "-",
        "",
        *("67158993", "027-67158993、027-67158994"),
        *("maybe", "opt-in"),
    ]
    result = init(typed="".join(f"{line}\n" for line in typed))
    assert result.exit_code == 0
    for told in (
        "'xx_YY' is not the tag of a known language",
        "write the address of the home page with http:// or https://",
        "write one e-mail address",
        "write the number as it stands on the licence",
        "give one telephone number with its area or country code",
        "write one of 'notice', 'opt-in' or 'opt-out'",
        "https://beian.miit.gov.cn/",
    ):
        assert told in result.output
    assert left_open() == {"licences.news"}
    found = read()
    assert found["reporting.telephone"] == "027-67158993、027-67158994"
    assert "licences.public_security" not in found


def test_owner_confirms_or_corrects_what_was_found() -> None:
    typed = ["", "江城网", "", "江城日报社", "", "", "", "-"]
    result = init("--from", str(SITES / "city"), typed="".join(f"{line}\n" for line in typed))
    assert "Found on index.html" in result.output
    found = read()
    assert (found["site.name"], found["licences.icp"]) == ("江城网", "鄂ICP备20009753号-2")
    assert "licences.news" not in found
    assert left_open() == set()


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--icp", "12345", "write the number as it stands"),
        ("--email", "nobody", "write one e-mail address"),
        ("--mode", "maybe", "write one of"),
        ("--name", "-", None),
    ],
)
def test_answer_of_a_script_is_held_to_the_same_rules(option: str, value: str, told: str | None) -> None:
    result = init("--yes", option, value)
    assert (result.exit_code, Path("compliance.toml").exists()) == ((2, False) if told else (0, True))
    assert (told or "") in result.output
    assert option in result.output or told is None


def test_owner_who_reads_chinese_is_asked_and_explained_in_chinese() -> None:
    result = init("--language", "zh_CN", "--from", str(SITES / "city"), typed="\n" * 12)
    assert "运营单位" in result.output and "在 index.html 上看到" in result.output
    text = Path("compliance.toml").read_text(encoding="utf-8")
    assert "# 首页地址，按读者所见填写。" in text
    assert tomllib.loads(text)["site"]["operator"].startswith("<网站的运营单位")
    english = re.sub("[^\x00-\x7f]+", "", "".join(line for line in text.splitlines(True) if line.startswith("# ")))
    assert not re.search("(?:[a-z]{3,} ){3}[a-z]{3,}", english)


def test_both_files_to_start_from_set_the_same() -> None:
    """A comment has a space behind its mark; what has none is a key that is not set."""
    told = [
        [line for line in path.read_text(encoding="utf-8").splitlines() if line != "#" and not line.startswith("# ")]
        for path in (STARTER, STARTER.with_name("compliance.zh_CN.toml"))
    ]
    assert told[0] == told[1]


def test_init_writes_over_a_file_only_where_it_is_told_to() -> None:
    Path("compliance.toml").write_text("[site]\n")
    assert init("--yes").exit_code == 2
    assert Path("compliance.toml").read_text() == "[site]\n"
    assert init("--yes", "--force").exit_code == 0
    assert "site.name" in left_open()


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a site that has one number on each of its hosts, and sets a cookie."""
    app = Flask("site")

    @app.get("/")
    def home() -> Response:
        own = {"127.0.0.1": 2, "localhost": 3}[request.host.partition(":")[0]]
        foot = f"渝ICP备20009753号-{own} 渝公网安备50010402001494号"
        page = Response(f"<html lang=zh-CN><title>江城</title><body><h1>江城</h1><footer>{foot}</footer>")
        page.set_cookie("news_session", "1")
        return page

    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()


def test_numbers_of_several_hosts_stand_by_host(port: int) -> None:
    hosts = ("127.0.0.1", "localhost")
    result = init("--yes", *(part for host in hosts for part in ("--from", f"http://{host}:{port}/")))
    assert (result.exit_code, result.stderr) == (0, "")
    assert read()["licences.icp"] == {"127.0.0.1": "渝ICP备20009753号-2", "localhost": "渝ICP备20009753号-3"}
    assert read()["licences.public_security"] == "渝公网安备50010402001494号"
    assert f"# Found on http://127.0.0.1:{port}/: say what it is for" in Path("compliance.toml").read_text("utf-8")


def test_address_that_was_read_is_that_of_the_site(port: int) -> None:
    init("--yes", "--from", f"http://127.0.0.1:{port}")
    assert read()["site.url"] == f"http://127.0.0.1:{port}/"


@pytest.mark.slow
def test_plain_installation_asks_without_what_reads_pages(folder: Path) -> None:
    script = "import sys; sys.modules['lxml'] = None\nfrom compliance.__main__ import main\nmain()"
    run = partial(subprocess.run, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert run([sys.executable, "-c", script, "init"]).returncode == 0
    refused = run([sys.executable, "-c", script, "init", "--force", "--from", str(SITES / "city")])
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "flask-compliance[check]" in refused.stderr


def test_site_that_cannot_be_read_writes_nothing() -> None:
    result = init("--yes", "--from", "nowhere")
    assert (result.exit_code, Path("compliance.toml").exists()) == (2, False)
    assert "nowhere" in result.stderr


TEXTS = st.text(st.characters(exclude_categories=()), max_size=300)


@given(TEXTS)
def test_any_text_comes_back_from_toml_as_it_was(text: str) -> None:
    read = tomllib.loads(f"key = {written({text or '-': [text, True]})}\n")["key"]
    whole = "".join("\ufffd" if 0xD800 <= ord(one) <= 0xDFFF else one for one in text)
    assert read == {whole or "-": [whole, True]}


@given(TEXTS)
def test_any_comment_is_one_comment(text: str) -> None:
    line = comment(text)
    assert tomllib.loads(f"{line}\nkey = 1\n") == {"key": 1}
    assert len(line.splitlines()) == 1
    line.encode()
