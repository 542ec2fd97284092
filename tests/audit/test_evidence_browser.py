"""Evidence of what a browser showed: pictures and records for each of three readers, the same where nothing changed."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, make_response, request
from PIL import Image

from compliance.audit.evidence import verify
from compliance.cli import compliance
from support.browser import serving

pytestmark = pytest.mark.browser

READERS = ("undecided", "agreeing", "refusing")
TELEPHONE = "13912345678"
PAGE = f"""<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title>
<p style="position:absolute;top:20px;left:20px;margin:0;font:20px monospace;background:#0f0">{TELEPHONE}</p>
<div style="height:1800px;padding-top:60px">新闻</div><img loading=lazy src=/picture.svg width=40 height=40>
<footer style="background:#00f;height:90px">渝ICP备20009753号-2</footer>
<div id=bar style="position:fixed;bottom:0;left:0;right:0;height:80px;background:#f00">我们使用 Cookie，详见隐私政策。
<button onclick="document.cookie='choice=yes';fetch('/chosen?yes');bar.remove()">同意</button>
<button onclick="document.cookie='choice=no';fetch('/chosen?no');bar.remove()">拒绝</button></div>
<script>if (document.cookie.includes('choice=')) bar.remove()</script>"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    app = Flask("site")
    visitors = itertools.count()

    @app.get("/")
    def home() -> object:
        answer = make_response(PAGE)
        answer.set_cookie("visitor", str(next(visitors)), max_age=60)
        return answer

    app.add_url_rule("/picture.svg", "picture", lambda: ("<svg xmlns='http://www.w3.org/2000/svg'/>", 200, SVG))
    app.add_url_rule("/chosen", "chosen", lambda: "")
    with serving(app) as url:
        yield url


SVG = {"Content-Type": "image/svg+xml"}


def gathered(site: str, path: Path, *options: str) -> Path:
    """The folder of the one target in a bundle at *path*."""
    arguments = ["check", site, "--browser", "--delay", "0", "--evidence", str(path), *options]
    result = CliRunner().invoke(compliance, arguments, catch_exceptions=False)
    assert result.exit_code == 1, result.output
    (target,) = json.loads((path / "manifest.json").read_text())["targets"]
    return path / target["folder"]


@pytest.fixture(scope="module")
def kept(site: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gathered(site, tmp_path_factory.mktemp("evidence") / "bundle")


def colours(content: bytes) -> set[tuple[int, ...]]:
    return {colour for _, colour in Image.open(io.BytesIO(content)).convert("RGB").getcolors(1 << 20) or ()}


def test_each_reader_is_shown(kept: Path) -> None:
    (readers,) = (kept / "readers").iterdir()
    shown = {path.stem: path.read_bytes() for path in readers.glob("*.png")}
    assert set(shown) == {f"{reader}-{part}" for reader in READERS for part in ("page", "footer")} | {
        "undecided-banner"
    }
    assert (255, 0, 0) in colours(shown["undecided-banner"])
    assert (255, 0, 0) not in colours(shown["agreeing-page"]) | colours(shown["refusing-page"])
    assert (0, 0, 255) in colours(shown["refusing-footer"])
    assert Image.open(io.BytesIO(shown["undecided-page"])).height > 1800


def test_what_each_asked_is_told_apart(kept: Path) -> None:
    (readers,) = (kept / "readers").iterdir()
    asked = {}
    for path in readers.glob("*.har"):
        log = json.loads(path.read_text())["log"]
        asked[path.stem] = {entry["request"]["url"].partition("/chosen")[2] for entry in log["entries"]} - {""}
        for entry in log["entries"]:
            if name := entry["response"]["content"].get("_file"):
                assert (path.parent / name).is_file()
            assert not [one for one in entry["response"]["headers"] if one["name"].lower() == "date"]
    assert asked == {"undecided": set(), "agreeing": {"?yes"}, "undecided-2": set(), "refusing": {"?no"}}
    passing = json.loads((kept / "passing.json").read_text())
    assert {one["reader"] for one in passing if "reader" in one} == set(asked)
    assert any("visitor=" in str(one["cookies"]) for one in passing)


def test_two_runs_are_the_same_where_nothing_changed(site: str, kept: Path, tmp_path: Path) -> None:
    again = gathered(site, tmp_path / "again")
    one, other = ({p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in (kept, again))
    assert {str(name) for name in one | other if one.get(name) != other.get(name)} == {"passing.json"}


def test_personal_data_is_covered_on_pictures_and_in_records(site: str, kept: Path, tmp_path: Path) -> None:
    blurred = gathered(site, tmp_path / "blurred", "--personal-data", "blur")
    (one,), (other,) = (list(folder.glob("readers/*/undecided-page.png")) for folder in (kept, blurred))
    assert (0, 255, 0) in colours(one.read_bytes()) and (0, 255, 0) not in colours(other.read_bytes())
    texts = "".join(path.read_text("utf-8") for path in blurred.rglob("*") if path.suffix != ".png" and path.is_file())
    assert TELEPHONE not in texts
    records = "".join(path.read_text() for path in (blurred / "passing.json", *blurred.rglob("*.har")))
    assert "visitor=*" in records and not re.search("(?:visitor|choice)=[0-9a-z]", records)
    left_out = gathered(site, tmp_path / "left out", "--personal-data", "omit")
    assert not [*left_out.rglob("*.png"), *left_out.rglob("*.html"), *left_out.glob("bodies/*")]
    assert all(verify(tmp_path / name).problems == () for name in ("blurred", "left out"))


def test_no_cookie_of_a_reader_who_is_signed_in_is_kept(site: str, tmp_path: Path) -> None:
    (tmp_path / "steps.toml").write_text('[[steps]]\nopen = "/"\n')
    folder = gathered(site, tmp_path / "bundle", "--steps", str(tmp_path / "steps.toml"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "bodies"]
    assert not [path for path in files if re.search(rb"visitor(?:=|\", \"value\": \")\d", path.read_bytes())]
    assert "visitor=*" in "".join(path.read_text() for path in folder.rglob("*.har"))


def test_a_page_that_fails_is_named_and_the_bundle_is_whole(tmp_path: Path) -> None:
    app = Flask("site")
    app.add_url_rule("/", "home", lambda: ("<title>News</title>", 200 if "flask" in str(request.user_agent) else 410))
    with serving(app) as url:
        folder = gathered(url, tmp_path / "bundle")
    assert [one["page"] for one in json.loads((folder / "missing.json").read_text())] == [f"{url}/"]
    assert verify(tmp_path / "bundle").problems == ()
