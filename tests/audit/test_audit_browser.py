"""What `check --browser` sees of a site."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance.audit import rules
from compliance.audit.browser import Browser
from compliance.audit.collected import Collected
from compliance.audit.site import Context, SiteFacts
from compliance.cli import compliance
from compliance.page.trackers import Catalogue
from support.browser import CHROMIUM as CHROMIUM
from support.browser import serving
from support.recorder import Recorder

pytestmark = pytest.mark.browser

ICP = "<footer>渝ICP备20009753号-2</footer>"
# A banner as sites write them: what a button does is the script's affair.
BANNER = """<div id=bar style="{place};left:0;right:0;height:90px;background:#fff">我们使用 Cookie，详见隐私政策。
<button onclick="{agreed};bar.remove()" style="background:#06c;color:#fff;width:90px;height:40px">同意</button>
{refuse}</div>"""
REFUSE = """<button onclick="{refused};bar.remove()" style="{style};height:40px;width:90px">拒绝</button>"""
PLAIN = "background:#06c;color:#fff"
LOAD = "document.head.append(Object.assign(document.createElement('script'),{src:'https://hm.baidu.com/hm.js?1'}))"
KEEP = "document.cookie='choice={}'"


def banner(*, place: str = "position:static", agreed: str = "", refuse: str = "", script: str = "") -> str:
    shown = f"<script>if(document.cookie.includes('choice='))bar.remove();{script}</script>"
    return BANNER.format(place=place, agreed=agreed or KEEP.format("yes"), refuse=refuse) + shown


def refusing(style: str = PLAIN, refused: str = "") -> str:
    return REFUSE.format(style=style, refused=refused or KEEP.format("no"))


HEAD = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title>"
TEXT = "<p>新闻</p>" * 60
PAGES = {
    # What is right: nothing before, the tracker after a yes, nothing after a no.
    "kept": TEXT
    + banner(agreed=f"{KEEP.format('yes')};{LOAD}", refuse=refusing(), script=f"/yes/.test(document.cookie)&&{LOAD}")
    + ICP,
    "at once": f"<script>{LOAD}</script>" + TEXT + banner() + ICP,
    "unasked": f"<script>{LOAD}</script>" + TEXT + ICP,
    "refused in vain": TEXT + banner(refuse=refusing(), script=f"/no/.test(document.cookie)&&{LOAD}") + ICP,
    "weak": TEXT + banner(refuse=refusing("background:none;border:0")) + ICP,
    "covering": TEXT + ICP + banner(place="position:fixed;bottom:0", refuse=refusing()),
    "wall": TEXT + banner(refuse=refusing(refused=f"{KEEP.format('no')};document.body.style.overflow='hidden'")) + ICP,
    "forgetful": TEXT + banner(refuse=refusing(refused="0")) + ICP,
    # A form of the page: "agree" there is not a decision about cookies.
    "other": TEXT + "<form><p>投稿须知</p><button>同意</button></form>" + ICP,
}
PAGES |= {
    # Pale by a stylesheet, which no markup shows; the background is that of what is around it.
    "pale": "<style>.b{background:#06c}.b p{color:#05b}.c{color:#bbb}</style><div class=b><p>blue</p></div>"
    "<p class=c>grey</p><p>black</p>" + TEXT + ICP,
    # Only after a yes, and with a cookie that the browser refuses to keep for another site.
    "recipient": TEXT + banner(agreed=f"{KEEP.format('yes')};{LOAD}", refuse=refusing()) + ICP,
}
PAGES |= {
    "stores": """<script>document.cookie = "visitor=8f14e45fceea167a5a36dedd4bea2543; max-age=86400000";
    localStorage.setItem("theme", "dark"); sessionStorage.tab = "1764526000"; indexedDB.open("drafts");
    window.caches?.open("offline");</script>"""
    + TEXT,
}
PAGES["barrier"] = (
    TEXT
    + """<div role=checkbox aria-checked=false tabindex=0></div><script>document.body.append(
    Object.assign(document.createElement("img"), {src: "data:,"}))</script>"""
)
EXPECTED = {
    # A name that is missing, by markup that no check of ours reads, and by what only a script adds.
    "barrier": [("C710", "aria-toggle-field-name"), ("C710", "image-alt")],
    "stores": [],
    "pale": [("C705", "blue"), ("C705", "grey"), ("C710", "color-contrast")],
    "recipient": [],
    "kept": [],
    "at once": [("C404", "同意"), ("C501", "hm.baidu.com"), ("C503", "HMACCOUNT"), ("C503", "Hm_lvt_1")],
    "unasked": [("C501", "hm.baidu.com"), ("C503", "HMACCOUNT"), ("C503", "Hm_lvt_1")],
    "refused in vain": [("C591", "hm.baidu.com"), ("C592", "HMACCOUNT"), ("C592", "Hm_lvt_1")],
    "weak": [("C405", "拒绝")],
    "covering": [("C593", "渝ICP备20009753号-2")],
    "wall": [("C594", "")],
    "forgetful": [("C595", "同意")],
    "other": [],
}


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with Recorder(tmp_path_factory.mktemp("certificates")).running() as recorder:
        recorder.cookies = {"hm.baidu.com/hm.js": "HMACCOUNT=1; Path=/; SameSite=Lax"}
        recorder.scripts = {"hm.baidu.com/hm.js": "document.cookie = 'Hm_lvt_1=1'"}
        yield recorder


@pytest.fixture(scope="module")
def reader(recorder: Recorder) -> Iterator[Browser]:
    """The browser of the command, for which every other host is the recorder."""
    rules = f"MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1"
    with Browser(["--ignore-certificate-errors", f"--host-resolver-rules={rules}"]) as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    app = Flask("site")
    app.add_url_rule("/<name>", "page", lambda name: f"{HEAD}{PAGES[name]}")
    with serving(app) as url:
        yield url


@pytest.mark.parametrize("name", PAGES)
def test_a_browser_sees_what_a_decision_changes(name: str, reader: Browser, site: str) -> None:
    context = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
    seen = reader.visit(f"{site}/{name}", context, named="home")
    found = sorted((one.rule.id, one.values.get("barrier", one.excerpt)) for one in seen.findings)
    assert found == EXPECTED[name]
    assert all(one.page == "home" and one.seen("zh_CN") for one in seen.findings)
    # Whoever is asked counts: before a decision, after a yes, after a no.
    if name in ("unasked", "recipient", "refused in vain"):
        recipients = [one.value.split("\t")[2] for one in seen.facts if one.name == "recipient"]
        assert set(recipients) == {"hm.baidu.com"}
    if name == "recipient":
        # Of another site, and of a kind that the browser keeps for the site itself alone.
        assert "HMACCOUNT" in {one.value for one in seen.facts if one.name == "cookie"}
    if name == "kept":
        assert {"choice", "Hm_lvt_1"} <= {one.value for one in seen.facts}


def test_what_is_kept_is_told_with_lifetime_setter_and_shape(reader: Browser, site: str) -> None:
    context = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
    collected = Collected(context)
    for sighting in reader.visit(f"{site}/stores", context, named="home").sightings:
        collected.add(sighting)
    kept = {one.name: one for one in collected.stored(SiteFacts())}
    assert {name: (one.store.value, one.shape.value, one.lifetime, one.line) for name, one in kept.items()} == {
        "visitor": ("cookie", "identifier", 34_560_000, 1),  # no browser keeps one for longer than 400 days
        "theme": ("localStorage", "text", None, 2),
        "tab": ("sessionStorage", "time", None, None),  # nobody tells who set it so
        "drafts": ("IndexedDB", "empty", None, 2),
        "offline": ("Cache", "empty", None, 3),
    }
    assert {one.host for one in kept.values()} == {"127.0.0.1"} and not any(one.third for one in kept.values())
    assert kept["visitor"].setter == f"{site}/stores" and not kept["visitor"].header
    # Two readers of the page had the same: it tells nobody from anybody.
    assert kept["visitor"].distinct is False


def alone(*arguments: str) -> Result:
    return CliRunner().invoke(compliance, arguments)


def run(invoke: Callable[..., Result], *arguments: str) -> Result:
    """Run the command where no other browser is driven: a thread drives one at a time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(invoke, *arguments).result()


def test_command_opens_a_folder(tmp_path: Path) -> None:
    page = (HEAD + TEXT + banner(refuse=refusing("background:none;border:0"))).replace("utf-8", "gbk")
    (tmp_path / "index.html").write_bytes(page.encode("gbk"))
    (tmp_path / "带 空格.html").write_text(f"{HEAD}<article><h1>新闻</h1></article>", "utf-8")
    told = json.loads(run(alone, "check", str(tmp_path), "--browser", "--format", "json").stdout)
    assert told["unread"] == []
    assert [one["page"] for one in told["findings"] if one["id"] == "C405" and "拒绝" in one["seen"]] == ["index.html"]


def test_command_opens_the_application(app: Flask) -> None:
    def in_app(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=arguments)

    told = json.loads(run(in_app, "compliance", "check", "--browser", "--limit", "5", "--format", "json").stdout)
    assert told["unread"] == []
    assert not [one for one in told["findings"] if rules()[one["id"]].browser or one["id"] in ("C404", "C405")]
    # What it keeps is the site's own, wherever this machine served it from.
    assert {one["host"] for one in told["stored"]} == {"www.ichongqing.info"}
    assert not [one for one in told["stored"] if "127.0.0.1" in one["setter"]]


def test_without_a_browser_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text(HEAD, "utf-8")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    result = run(alone, "check", str(tmp_path), "--browser")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "install Chromium or Chrome" in result.stderr
