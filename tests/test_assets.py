from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from compliance import Compliance, assets
from compliance.page import codings
from compliance.paths import CONSOLE_STATIC, STATIC

ROOT = Path(__file__).resolve().parents[1]
UNDO: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "zstd": zstd.decompress,
    "gzip": lambda data: zlib.decompress(data, wbits=31),
    "identity": bytes,
}
STYLE = "/compliance/static/held.css"  # so small that no two of its codings are of one length


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def loaded(page: str) -> list[str]:
    """The addresses of the stylesheets and scripts that *page* loads by itself, each once."""
    found = re.findall(
        r'<(?:link|script)[^>]* (?:href|src)="([^"]*)"', re.sub(r"(?s)<template.*?</template>", "", page)
    )
    return [str(address) for address in dict.fromkeys(found)]


def known_as(address: str) -> str:
    """The name of the file at *address*, without its hash."""
    return re.sub(r"\.[0-9a-f]{10}\.", ".", address.rpartition("/")[2])


# Files


def test_name_changes_with_the_content(tmp_path: Path) -> None:
    names = set()
    for content in ("a {}", "b {}", "a {}"):
        (tmp_path / "style.css").write_text(content)
        names.add(assets.load(tmp_path)["style.css"].hashed)
    assert len(names) == 2


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("compliance.css", True),
        ("compliance.0123456789.css", True),
        ("0123456789/compliance.css", True),
        ("compliance.0123456789.js", False),
        ("other.css", False),
        ("css", False),
        ("", False),
    ],
)
def test_asset_is_found_under_its_name_and_under_any_hash(tmp_path: Path, asked: str, found: bool) -> None:
    (tmp_path / "compliance.min.css").write_text("a {}")
    known = assets.load(tmp_path)
    assert assets.find(known, asked) is (known["compliance.css"] if found else None)


def test_asset_knows_its_type(tmp_path: Path) -> None:
    (tmp_path / "compliance.js").write_text("")
    assert assets.load(tmp_path)["compliance.js"].mimetype == "text/javascript"


def test_a_file_in_a_folder_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "widget").mkdir()
    (tmp_path / "widget" / "worker.min.js").write_text("")
    known = assets.load(tmp_path)
    asset = known["widget/worker.js"]
    assert asset.hashed.startswith("widget/worker.") and asset.hashed.endswith(".js")
    assert assets.find(known, asset.hashed) is assets.find(known, "widget/worker.0123456789.js") is asset


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.slow
def test_what_is_loaded_is_what_was_written(tmp_path: Path) -> None:
    subprocess.run(["make", "--quiet", "assets", f"ARGS={tmp_path}"], cwd=ROOT, check=True)
    known, built = files(STATIC), files(tmp_path)
    known |= {f"console/{name}": data for name, data in files(CONSOLE_STATIC).items()}
    stale = {name for name, data in built.items() if not name.endswith((".br", ".zst")) and known.get(name) != data}
    assert not stale, "run `make assets`"
    # Another version of a library may compress otherwise, to the same content.
    for suffix, coding in ((".br", "br"), (".zst", "zstd")):
        for name in (name.removesuffix(suffix) for name in built if name.endswith(suffix)):
            assert UNDO[coding](known[name + suffix]) == known[name], f"{name + suffix}: run `make assets`"
    assert {name for name in known if ".min." in name} <= built.keys()


# Answers


@pytest.fixture
def client(host: Flask, settings: dict[str, Any]) -> FlaskClient:
    Compliance(host, settings=settings)
    return host.test_client()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, zstd", "gzip"),  # the shortest: zstd has more of a frame
        ("zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, zstd;q=0.001", "zstd"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("*", "br"),
        ("identity, br;q=0.5", "identity"),
        ("deflate", "identity"),
        ("br;q=0", "identity"),
        ("*;q=0", "identity"),
        ("", "identity"),
        (None, "identity"),
    ],
)
def test_each_client_gets_the_coding_that_it_wants(accepted: str | None, coding: str, client: FlaskClient) -> None:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer, plain = client.get(STYLE, headers=headers), client.get(STYLE)
    assert answer.headers.get("Content-Encoding", "identity") == coding
    assert UNDO[coding](answer.data) == plain.data
    assert answer.mimetype == "text/css"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    # The same headers without the body; and nothing at all for who has it.
    head = client.head(STYLE, headers=headers)
    del head.headers["Date"], answer.headers["Date"]
    assert (head.data, head.headers) == (b"", answer.headers)
    again = client.get(STYLE, headers=headers | {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["Vary"]) == (304, b"", "Accept-Encoding")
    # A part of one coding is no part of another: the whole is sent.
    part = client.get(STYLE, headers=headers | {"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (200, answer.data)


def test_every_coding_has_a_tag_of_its_own(client: FlaskClient) -> None:
    answers = [client.get(STYLE, headers={"Accept-Encoding": coding}) for coding in UNDO]
    assert len({answer.headers["ETag"] for answer in answers}) == len(UNDO)
    assert len({len(answer.data) for answer in answers}) == len(UNDO)


def test_a_hashed_name_is_kept_for_ever(client: FlaskClient) -> None:
    page = client.get("/").text
    for address in loaded(page):
        answer = client.get(address, headers={"Accept-Encoding": "br"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "br"
        other = client.get(re.sub(r"\b[0-9a-f]{10}\b", "0123456789", address))
        assert other.headers["Cache-Control"] == "no-cache"


def test_without_libraries_what_is_built_is_small_all_the_same(
    host: Flask, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("brotli", zstd.__name__):
        monkeypatch.setitem(sys.modules, name, None)
    codings.packed.cache_clear()
    Compliance(host, settings=settings | {"consent": {"mode": "opt-in"}})
    known = host.extensions["compliance"].assets
    assert set(known["compliance.css"].coded) == {"br", "zstd", "gzip"}
    assert list(known["guard.js"].coded) == ["gzip"]  # made at start: it has the site's list of trackers in it


# Weight


def weight(content: bytes) -> int:
    return len(brotli.compress(content))


def test_banner_and_footer_weigh_little(client: FlaskClient) -> None:
    addresses = loaded(client.get("/").text)
    assert [address.rpartition(".")[2] for address in addresses] == ["css", "js"]
    weights = [len(client.get(address, headers={"Accept-Encoding": "br"}).data) for address in addresses]
    assert sum(weights) <= 2000, weights
    # What follows once the page is parsed, and keeps nothing from being painted.
    code = assets.load(STATIC)
    later = {name: weight(code[name].content) for name in ("place.js", "clothes.js")}
    assert later["place.js"] <= 3200 and later["clothes.js"] <= 1100, later


def test_what_styles_marks_of_articles_weighs_next_to_nothing(client: FlaskClient) -> None:
    assert len(client.get("/compliance/static/articles.css", headers={"Accept-Encoding": "br"}).data) <= 250


@pytest.mark.parametrize("mode", ["opt-in", "opt-out"])
def test_holding_trackers_weighs_little_more(mode: str, host: Flask, settings: dict[str, Any]) -> None:
    Compliance(host, settings=settings | {"consent": {"mode": mode, "categories": ["analytics"]}})
    names = [known_as(one) for one in loaded(host.test_client().get("/").text)]
    assert names == ["compliance.css", "compliance.js", "guard.js"]
    code, filled = assets.load(STATIC), host.extensions["compliance"].assets
    weights = {name: weight(code[name].content) for name in names}
    assert sum(weights.values()) <= 4000, weights
    # What few readers load, as they need it: what releases, what stands in held frames, what takes cookies away.
    later = {name: weight(code[name].content) for name in ("release.js", "frames.js", "held.css", "cookies.js")}
    assert later["release.js"] <= 1100 and sum(later.values()) <= 2300, later
    # The lists of trackers and of their cookies.
    lists = {name: weight(filled[name].content) - weight(code[name].content) for name in ("guard.js", "cookies.js")}
    assert lists["guard.js"] <= 1750 and lists["cookies.js"] <= 1150, lists


def test_scripts_ask_for_what_lies_beside_them(host: Flask, settings: dict[str, Any]) -> None:
    Compliance(host, settings=settings | {"consent": {"mode": "opt-in"}})
    known = host.extensions["compliance"].assets
    for name, needed in (("compliance.js", "place.js"), ("guard.js", "release.js")):
        modules = re.findall(r'import\("\./([^"]*)"\)', known[name].content.decode())
        assert needed in modules
        folder = known[name].hashed.removesuffix(name)
        assert {known[module].hashed for module in modules} == {folder + module for module in modules}
    # Their folder is another where one of them is.
    scripts = {name: known[name] for name in ("guard.js", "note.js")}
    changed = scripts | {"note.js": assets.fill(known["note.js"], {"status": "alert"})}
    assert assets.bind(changed)["guard.js"].hashed != assets.bind(scripts)["guard.js"].hashed
