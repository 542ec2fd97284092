"""A stamped folder holds what the wrapped application would send, and every other file as it was."""

from __future__ import annotations

import gzip
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, send_file
from hypothesis import given
from hypothesis import strategies as st

from compliance import Compliance
from compliance.cli import STARTER
from compliance.stamp import Did, Folder, FolderError, Outcome, Press
from support.documents import documents, suite
from support.host import SETTINGS

TRACKED = '<script src="//hm.baidu.com/hm.js"></script><iframe src=//www.youtube.com/embed/x></iframe>'
PAGE = "<!doctype html><html lang={lang}><head><title>新闻</title>{more}</head><body>\n<h1>重庆</h1>\n</body></html>"


def page(lang: str = "en", more: str = "") -> str:
    return PAGE.format(lang=lang, more=more)


PAGES = {
    "plain.html": page().encode(),
    "chinese.htm": page("zh-CN").encode(),
    "crlf.html": page().replace("\n", "\r\n").replace("<h1>", "\r\n\r\n<h1>").encode(),
    "gbk.html": page("zh-CN", "<meta charset=gbk>").encode("gbk"),
    "big5.html": page("zh-TW", "<meta charset=big5>").replace("闻", "聞").replace("庆", "慶").encode("big5"),
    "utf-16.html": page().encode("utf-16"),
    "utf-16be.html": b"\xfe\xff" + page().encode("utf-16-be"),
    "iso-2022-jp.html": page("ja", "<meta charset=iso-2022-jp>")
    .replace("闻", "聞")
    .replace("庆", "慶")
    .encode("iso2022_jp"),
    "bom.html": page().encode("utf-8-sig"),
    "undeclared.html": b"<!doctype html><title>\xd6\xd0</title><p>\xb9\xfa",
    "unknown.html": b"<!doctype html><meta charset=klingon><title>x</title><p>x",
    "fragment.html": b"<p>A fragment, for another page to load",
    "frames.html": b"<!doctype html><frameset cols=1,1><frame src=plain.html></frameset>",
    "empty.html": b"",
    "bare.html": b"<!doctype html>",
    "emptybody.html": b"<html><body></body></html>",
    "open.html": b"<!doctype html><p>1<b><i>2<table><tr><td>3",
    "comment.html": b"<!doctype html><p>1<!-- 2",
    "script.html": b"<!doctype html><p>1<script>x",
    "trailing.html": b"<!doctype html><body><p>1</body></html><!-- cached --> \n",
    "late.html": b"<!doctype html><body><p>1</body></html><p>2",
    "template.html": b"<!doctype html><body><template><p>1</template><textarea></body>",
    "trackers.html": page(more=TRACKED).encode(),
    "placed.html": b'<!doctype html><body><footer data-compliance="footer">ours</footer><p>1</body></html>',
    "long.html": b"<!doctype html><body>" + b"<p>Two rivers meet.</p>" * 30_000 + b"</body></html>",
    "中文 name.html": page().encode(),
}


@pytest.fixture(params=["notice", "opt-in", "opt-out"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in PAGES.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, ns=(10**18, 10**18 + 7))
    (folder / "news" / "deep").mkdir(parents=True)
    (folder / "news" / "deep" / "index.html").write_bytes(PAGES["plain.html"])
    (folder / "two\nlines\\n.html").write_bytes(PAGES["plain.html"])
    (folder / "news" / "photo.jpg").write_bytes(b"\xff\xd8 data-compliance")
    (folder / "latest").symlink_to("news/deep")
    (folder / "outside").symlink_to("/etc/hostname")
    (folder / "nothing").mkdir()
    return folder


def wrapped(folder: Path, settings: dict[str, Any]) -> Flask:
    """An application that serves the files of *folder* as a server does that knows only that they are HTML."""
    app = Flask("files", root_path=str(folder), static_folder=None)
    app.config.update(SECRET_KEY="key", TESTING=True)

    @app.get("/<path:name>")
    def file(name: str) -> Any:
        response = send_file(folder / name)
        response.headers["Content-Type"] = "text/html"
        return response

    Compliance(app, settings=settings)
    return app


def press(app: Flask) -> Press:
    elements = app.extensions["compliance"].elements
    return Press(
        partial(elements.uniform, host="localhost"), gate=elements.uniform_gate("localhost"), digest=elements.digest
    )


def folder(source: Path, target: Path, app: Flask, jobs: int = 1) -> Folder:
    ours = {"compliance/static/style.css": b"p {}", "compliance/legal/terms/index.html": b"<!doctype html><p>Terms"}
    return Folder(source, target, press(app), ours=ours, lasting="compliance/static/", jobs=jobs)


def states(outcomes: Iterator[Outcome]) -> dict[str, Did]:
    return {outcome.path: outcome.did for outcome in outcomes}


def content(folder: Path) -> dict[str, Any]:
    """What lies in *folder*, but for what stamping notes: bytes, where links lead, modes and times."""
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else path.is_file() and (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if ".compliance" not in path.parts
    }


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.slow
def test_a_folder_holds_what_the_application_would_send(
    source: Path, tmp_path: Path, settings: dict[str, Any], mode: str, jobs: int
) -> None:
    settings["consent"]["mode"] = mode
    app = wrapped(source, settings)
    target = tmp_path / "target"
    before = content(source)
    did = states(folder(source, target, app, jobs).stamp())
    client = app.test_client()
    for name in [*PAGES, "news/deep/index.html"]:
        with client.get(f"/{quote(name)}") as response:
            assert (target / name).read_bytes() == response.data, name
    assert (target / "two\nlines\\n.html").read_bytes() == (target / "plain.html").read_bytes()
    assert content(source) == before
    after = content(target)
    assert after.keys() - before.keys() == {
        *("compliance", "compliance/static", "compliance/legal", "compliance/legal/terms"),
        *("compliance/static/style.css", "compliance/legal/terms/index.html"),
    }
    assert {name: after[name][1:] for name in PAGES} == {name: before[name][1:] for name in PAGES}
    assert (after["latest"], after["outside"], after["nothing"]) == ("news/deep", "/etc/hostname", False)
    assert (target / "news/photo.jpg").samefile(source / "news/photo.jpg")
    assert {name for name, what in did.items() if what is Did.LEFT} == {"empty.html", "fragment.html", "frames.html"}
    assert did["plain.html"] is Did.STAMPED


@pytest.mark.slow
def test_stamping_twice_changes_nothing(source: Path, tmp_path: Path, settings: dict[str, Any], mode: str) -> None:
    settings["consent"]["mode"] = mode
    app = wrapped(source, settings)
    target, again = tmp_path / "target", tmp_path / "again"
    list(folder(source, target, app).stamp())
    first = content(target)
    assert set(states(folder(source, target, app).stamp()).values()) == {Did.KEPT}
    (target / ".compliance" / "manifest").unlink()
    list(folder(source, target, app).stamp())
    assert content(target) == first
    list(folder(target, again, app).stamp())
    assert {name: content(again)[name] for name in content(source)} == {name: first[name] for name in content(source)}
    list(folder(target, target, app).stamp())
    list(folder(target, target, app).stamp())
    assert content(target) == first
    assert set(states(folder(source, target, app).check()).values()) == {Did.KEPT}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.slow
def test_other_settings_replace_what_was_stamped_before(
    source: Path, tmp_path: Path, settings: dict[str, Any], mode: str, in_place: bool
) -> None:
    app = wrapped(source, settings)
    settings["consent"]["mode"] = mode
    settings["site"]["slogan"] = "Another slogan"
    settings["licences"]["icp"] = "渝ICP备20009753号-3"
    other = wrapped(source, settings)
    target, fresh = tmp_path / "target", tmp_path / "fresh"
    list(folder(source, fresh, other).stamp())
    list(folder(source, target, app).stamp())
    stale = states(folder(source, target, other).check())
    assert stale["plain.html"] is Did.DIFFERS
    assert stale["fragment.html"] is Did.KEPT
    list(folder(target if in_place else source, target, other).stamp())
    for name in PAGES:
        assert (target / name).read_bytes() == (fresh / name).read_bytes(), name
    # Caches tell by the time that it is another page.
    assert (target / "plain.html").stat().st_mtime > (source / "plain.html").stat().st_mtime
    assert (target / "fragment.html").stat().st_mtime == (source / "fragment.html").stat().st_mtime


def test_only_what_changed_is_done_again(source: Path, tmp_path: Path, app: Flask) -> None:
    target = tmp_path / "target"
    list(folder(source, target, app).stamp())
    (source / "plain.html").write_text(page("en", "<!-- new -->"))
    (source / "new.html").write_text(page())
    (source / "gbk.html").unlink()
    (target / "bom.html").write_text("another hand")
    for name in ("news/deep/index.html", "news/photo.jpg"):
        (source / name).unlink()
    (source / "news" / "deep").rmdir()
    (source / "news").rmdir()
    (source / "news").write_text("a file now")
    (target / "theirs.txt").write_text("not ours")
    done = {name: what for name, what in states(folder(source, target, app).stamp()).items() if what is not Did.KEPT}
    assert done == {
        **dict.fromkeys(("plain.html", "new.html", "bom.html"), Did.STAMPED),
        **dict.fromkeys(("gbk.html", "news/deep/index.html", "news/photo.jpg"), Did.REMOVED),
        "news": Did.PLACED,
    }
    assert (target / "news").read_text() == "a file now"
    assert (target / "theirs.txt").read_text() == "not ours"
    assert b"<!-- new -->" in (target / "plain.html").read_bytes()


def test_assets_stay_for_pages_in_caches_and_documents_go(source: Path, tmp_path: Path, app: Flask) -> None:
    target = tmp_path / "target"
    for place in (target, source):
        list(folder(source, place, app).stamp())
        newer = {"compliance/static/style.2.css": b""}
        for _ in range(2):
            list(Folder(source, place, press(app), ours=newer, lasting="compliance/static/", jobs=1).stamp())
        assert sorted(path.name for path in (place / "compliance").rglob("*.*")) == ["style.2.css", "style.css"]


@pytest.mark.parametrize(("suffix", "pack", "unpack"), [(".gz", gzip.compress, gzip.decompress)])
def test_packed_pages_are_packed_again(
    source: Path,
    tmp_path: Path,
    app: Flask,
    suffix: str,
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes], bytes],
) -> None:
    (source / f"plain.html{suffix}").write_bytes(pack(PAGES["plain.html"]))
    (source / f"fragment.html{suffix}").write_bytes(pack(PAGES["fragment.html"]))
    (source / f"gbk.html{suffix}").write_bytes(b"not packed at all")
    target = tmp_path / "target"
    done = states(folder(source, target, app).stamp())
    assert unpack((target / f"plain.html{suffix}").read_bytes()) == (target / "plain.html").read_bytes()
    assert (target / f"fragment.html{suffix}").samefile(source / f"fragment.html{suffix}")
    # In the place of the stamped page it would be sent.
    assert done[f"gbk.html{suffix}"] is Did.SKIPPED
    assert not (target / f"gbk.html{suffix}").exists()
    assert states(folder(source, target, app).stamp())[f"plain.html{suffix}"] is Did.KEPT


def test_a_file_that_is_linked_is_never_written_to(source: Path, tmp_path: Path, app: Flask) -> None:
    target = tmp_path / "target"
    list(folder(source, target, app).stamp())
    (source / "fragment.html").unlink()
    (source / "fragment.html").write_text(page())
    os.link(source / "plain.html", tmp_path / "kept.html")
    list(folder(source, target, app).stamp())
    assert b"banner" in (target / "fragment.html").read_bytes()
    assert (source / "fragment.html").read_text() == page()
    list(folder(source, source, app).stamp())
    assert (tmp_path / "kept.html").read_bytes() == PAGES["plain.html"]


@pytest.mark.parametrize("name", ["lock", "journal", "manifest", "manifest.new", "PID.new"])
@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_no_link_among_the_notes_of_a_run_is_written_through(
    make: Callable[..., None], name: str, source: Path, tmp_path: Path, app: Flask
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("kept")
    (source / ".compliance").mkdir()
    make(kept, source / ".compliance" / name.replace("PID", str(os.getpid())))
    with suppress(FolderError, OSError):
        list(folder(source, source, app).stamp())
    assert kept.read_text() == "kept"


def test_a_folder_of_notes_that_is_a_link_is_refused(source: Path, tmp_path: Path, app: Flask) -> None:
    (tmp_path / "elsewhere").mkdir()
    (source / ".compliance").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="link"):
        list(folder(source, source, app).stamp())
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_written_or_removed_behind_a_link(jobs: int, source: Path, tmp_path: Path, app: Flask) -> None:
    target, elsewhere = tmp_path / "target", tmp_path / "elsewhere"
    list(folder(source, target, app).stamp())
    (target / "news").rename(elsewhere)
    (target / "news").symlink_to(elsewhere)
    before = content(elsewhere)
    (source / "news" / "deep" / "index.html").write_text(page(more="<p>new"))
    (source / "news" / "photo.jpg").unlink()
    done = states(folder(source, target, app, jobs).stamp())
    assert content(elsewhere) == before
    assert done["news/deep/index.html"] in (Did.FAILED, Did.SKIPPED)


def test_our_own_files_are_not_written_behind_a_link(source: Path, tmp_path: Path, app: Flask) -> None:
    (tmp_path / "elsewhere").mkdir()
    (source / "compliance").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="link"):
        list(folder(source, source, app).stamp())
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("inner", ["source", "target"])
def test_folders_inside_each_other_are_refused(tmp_path: Path, app: Flask, inner: str) -> None:
    places = {"source": tmp_path, "target": tmp_path, inner: tmp_path / "inner"}
    with pytest.raises(FolderError, match="inside"):
        folder(places["source"], places["target"], app)


def test_one_run_at_a_time(source: Path, tmp_path: Path, app: Flask) -> None:
    first = folder(source, tmp_path / "target", app).stamp()
    next(first)
    with pytest.raises(FolderError, match="already"):
        next(folder(source, tmp_path / "target", app).stamp())
    first.close()
    assert list(folder(source, tmp_path / "target", app).stamp())


def test_what_is_neither_file_nor_folder_is_told(source: Path, tmp_path: Path, app: Flask) -> None:
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
    done = states(folder(source, tmp_path / "target", app).stamp())
    assert (done["pipe"], done["socket"]) == (Did.SKIPPED, Did.SKIPPED)


def test_a_page_that_names_its_charset_in_the_body_stays(source: Path, tmp_path: Path, app: Flask) -> None:
    """No header repeats what the browser would not find any more behind our markup."""
    (source / "body.html").write_bytes("<!doctype html><body><meta charset=gbk><p>重庆</p></body>".encode("gbk"))
    assert states(folder(source, tmp_path / "target", app).stamp())["body.html"] is Did.LEFT


@suite
@pytest.mark.slow
def test_no_page_of_the_parser_suite_is_changed_by_stamping_it_again(app: Flask) -> None:
    stamp = press(app).stamped
    assert [name for name, page in documents() if stamp(stamp(page)[0])[0] != stamp(page)[0]] == []


@pytest.mark.parametrize(
    "page",
    [
        # No place in a script that never ends is safe for our markup; what it holds is held all the same.
        b"<script><noscript><img src=//hm.baidu.com/hm.gif></noscript>",
        b"<script>fetch('//hm.baidu.com/hm.gif')",
        b"<style>p{background:url(//hm.baidu.com/hm.gif)}",
        b"<iframe srcdoc='<img src=//hm.baidu.com/hm.gif>'>",
        b"<p style='background:url(//hm.baidu.com/hm.gif)'>a",
        b"<textarea><img src=//hm.baidu.com/hm.gif>",
        b"<svg><image href=//hm.baidu.com/hm.gif>",
        b"<plaintext><img src=//hm.baidu.com/hm.gif>",
        b"<!-- <img src=//hm.baidu.com/hm.gif>",
    ],
)
def test_a_page_stamped_under_another_mode_is_stamped_as_if_for_the_first_time(
    again: dict[str, Press], page: bytes
) -> None:
    page = b"<!doctype html><html lang=en><meta charset=utf-8>" + page
    for first, second in permutations(again, 2):
        stamped = again[first].stamped(page)[0]
        assert again[second].stamped(stamped)[0].lower() == again[second].stamped(page)[0].lower(), (first, second)


@given(data=st.data())
@pytest.mark.slow
def test_what_is_stamped_again_stays(again: dict[str, Press], data: st.DataObject) -> None:
    """Whatever the pieces and the settings before: the result is that of the page as it was."""
    pieces = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda parts: "".join(parts).encode())
    page = data.draw(pieces.map(lambda body: b"<!doctype html><html lang=en><meta charset=utf-8>" + body))
    first, second = (again[data.draw(st.sampled_from(sorted(again)))] for _ in range(2))
    stamped, _ = first.stamped(page)
    assert first.stamped(stamped)[0] == stamped
    renewed, _ = second.stamped(stamped)
    assert second.stamped(renewed)[0] == renewed
    assert renewed.lower() == second.stamped(page)[0].lower()
    # But for the names of attributes that were held, which come back in small letters.
    assert first.stamped(renewed)[0].lower() == stamped.lower()


PIECES = [
    *(
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<div>",
        "</div>",
        "<a href=x>",
        "</a>",
        "<table>",
        "<td>",
        "</table>",
        "<!-- -->",
        "<!--",
    ),
    *("<body>", "</body>", "</html>", "<script>", "</script>", "<textarea>", "</textarea>", "text", " ", "\n", "重庆"),
    *("<script src=//hm.baidu.com/hm.js></script>", "<noscript><img src=//hm.baidu.com/hm.gif></noscript>"),
    *('<script type="text/plain" data-category="analytics">1</script>', "<IFRAME SRC='//www.youtube.com/embed/x'>"),
    *(
        '<footer data-compliance="footer">by hand</footer>',
        '<p data-compliance="message">by hand</p>',
        "<select><option>",
    ),
    *("<style>p{background:url(//hm.baidu.com/a)}</style>", "<iframe srcdoc='<img src=//hm.baidu.com/a>'>", "<script>"),
    *("<p style='background:url(//hm.baidu.com/a)'>", "<base href=//hm.baidu.com/>", "<img src=a.gif>", "</style>"),
    *('<script type="module" src="//www.googletagmanager.com/gtag/js?id=1"></script>', "<svg>", "</svg>", "<template>"),
]


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Press]:
    """What stamps pages under several settings."""
    presses = {}
    for mode in ("notice", "opt-in", "opt-out"):
        settings = {**SETTINGS, "consent": {"mode": mode}, "licences": {"icp": "渝ICP备20009753号-2"}}
        presses[mode] = press(wrapped(tmp_path_factory.mktemp(mode), settings))
    return presses


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_whole_files_and_is_gone_on_with(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (tmp_path / "compliance.toml").write_bytes(STARTER.read_bytes())
    for number in range(600):
        (source / f"{number:03d}.html").write_text(page(more=f"<!-- {number} -->{'<p>Two rivers meet.</p>' * 400}"))
    command = [sys.executable, "-m", "compliance", "stamp", "--jobs", "2", "source", "target"]
    whole = set()
    journal = target / ".compliance" / "journal"

    def noted() -> int:
        return journal.read_text().count(".html") if journal.exists() else 0

    for count in (1, 20, 60):
        run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, start_new_session=True)
        while run.poll() is None and (len(list(target.glob("*.html"))) < count or (count == 60 and not noted())):
            pass
        if count == 60:
            run.kill()  # the workers see it, and end
        else:
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        whole |= {path.read_bytes().endswith(b"</footer>\n</body></html>") for path in target.glob("*.html")}
    assert whole == {True}
    before = noted()
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    kept = int(re.search(r"(\d+) unchanged", run.stdout)[1])  # type: ignore[index]
    assert kept >= before > 0
    assert {path.name for path in target.glob("*.html")} == {path.name for path in source.glob("*.html")}
    assert subprocess.run([*command, "--check"], cwd=tmp_path, check=False).returncode == 0
