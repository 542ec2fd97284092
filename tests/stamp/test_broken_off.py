"""A run that breaks off, at each of its steps: the next one makes what an undisturbed one would have made."""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from compliance import Compliance
from compliance.stamp import Did, Folder, FolderError, Outcome, Press
from support.examples import examples
from support.host import SETTINGS

PAGE = "<!doctype html><html lang=en><head><title>a</title></head><body><p>{}</p></body></html>"
#: What Python tells before it does it: each is a step that a run may not get to.
STEPS = {
    "open",
    *(f"os.{name}" for name in ("chmod", "link", "mkdir", "remove", "rename", "rmdir", "symlink", "utime")),
}
BROKEN = 9


@pytest.fixture(scope="module")
def presses() -> list[Press]:
    """What stamps pages under two settings."""
    made = []
    for slogan in ("One river", "Two rivers"):
        app = Flask("site", static_folder=None)
        app.config["SECRET_KEY"] = "a key of sixteen"
        Compliance(app, settings={**SETTINGS, "site": {**SETTINGS["site"], "slogan": slogan}})
        elements = app.extensions["compliance"].elements
        made.append(Press(partial(elements.uniform, host="localhost"), gate=None, digest=elements.digest))
    return made


def stamped(source: Path, target: Path, press: Press, style: str) -> Iterator[Outcome]:
    ours = {f"compliance/static/{style}": b"p {}", "compliance/legal/terms/index.html": PAGE.format(style).encode()}
    return Folder(source, target, press, ours=ours, lasting="compliance/static/", jobs=1).stamp()


def finished(source: Path, target: Path, press: Press) -> None:
    list(stamped(source, target, press, "2.css"))


def first(folder: Path, outside: Path) -> None:
    """A site as it was stamped once."""
    (folder / "news" / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in ("kept.html", "changed.html", "gone.html", "news/a.html", "news/deep/b.html", "turns.html"):
        (folder / name).write_text(PAGE.format(name))
    (folder / "packed.html.gz").write_bytes(gzip.compress(PAGE.format("packed").encode()))
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / "part.html").write_text("<p>A part of a page")
    (folder / "latest").symlink_to("news")
    (folder / "away").symlink_to(outside)
    os.link(outside / "linked.html", folder / "linked.html")


def second(folder: Path) -> None:
    """The same site as it is built the next time: pages new, changed and gone, what was a folder a file and back."""
    (folder / "changed.html").write_text(PAGE.format("another text"))
    (folder / "new.html").write_text(PAGE.format("new"))
    for name in ("gone.html", "turns.html", "latest", "photo.jpg"):
        (folder / name).unlink()
    shutil.rmtree(folder / "news")
    (folder / "news").write_text("a file now")
    (folder / "turns.html").mkdir()
    (folder / "turns.html" / "index.html").write_text(PAGE.format("below"))
    (folder / "latest").symlink_to("empty")
    (folder / "packed.html.gz").write_bytes(gzip.compress(PAGE.format("packed anew").encode()))


def lying(folder: Path) -> dict[str, Any]:
    """What lies in *folder*, but for what stamping notes."""
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else path.is_file() and (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if ".compliance" not in path.parts
    }


def whole(path: Path) -> bool:
    """Return whether a page is one that was written to its end."""
    read = gzip.open if path.suffix == ".gz" else open
    with read(path, "rb") as file:
        return file.read().endswith(b"</html>")


def broken_off(work: Callable[[], object], prepare: Callable[[], Callable[[], bool]]) -> bool:
    """Do *work* in a process that is this one's copy, after what *prepare* does; return whether it broke off."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            broke = prepare()
            with suppress(OSError, FolderError):
                work()
            status = BROKEN if broke() else 0
        finally:
            os._exit(status)  # as a kill would: nothing that waits in memory is written
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, BROKEN)
    return status == BROKEN


def killed(step: int, root: Path) -> Callable[[], bool]:
    """End this process at its *step*-th step in *root*."""
    return _at(step, root, lambda: os._exit(BROKEN))


def failing(step: int, root: Path) -> Callable[[], bool]:
    """Have the *step*-th step of this process in *root* fail, as on a disk that is broken."""

    def fail() -> None:
        raise OSError(5, "Input/output error")

    return _at(step, root, fail)


def _at(step: int, root: Path, act: Callable[[], None]) -> Callable[[], bool]:
    count = 0

    def heard(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in STEPS and (isinstance(arguments[0], int) or os.fsdecode(arguments[0]).startswith(str(root))):
            count += 1
            if count == step:
                act()

    sys.addaudithook(heard)
    return lambda: count >= step


def full(step: int, _: Path) -> Callable[[], bool]:
    """Let no file grow past a length, as on a disk that is full."""
    length = 150 * (step - 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, resource.RLIM_INFINITY))
    return lambda: length < 3_200  # as long as a stamped page is


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("breaks", [killed, failing, full])
@pytest.mark.slow
def test_a_run_that_breaks_off_at_any_step_is_gone_on_with(
    breaks: Callable[[int, Path], Callable[[], bool]], in_place: bool, tmp_path: Path, presses: list[Press]
) -> None:
    one, two = presses
    outside, before = tmp_path / "outside", tmp_path / "before"
    outside.mkdir()
    (outside / "linked.html").write_text(PAGE.format("of others"))
    (outside / "theirs.html").write_text(PAGE.format("of others"))
    untouched = lying(outside)
    first(before / "source", outside)
    target = "source" if in_place else "target"
    list(stamped(before / "source", before / target, one, "1.css"))
    second(before / "source")

    def copied(name: str) -> tuple[Path, Path]:
        shutil.copytree(before, tmp_path / name, symlinks=True)
        return tmp_path / name / "source", tmp_path / name / target

    source, made = copied("undisturbed")
    list(stamped(source, made, two, "2.css"))
    expected = lying(made)
    apart = 30 // examples(30)
    for step in count(random.randint(1, apart), apart):
        source, made = copied(f"{step}")
        broke = broken_off(partial(finished, source, made, two), partial(breaks, step, made.parent))
        for path in made.rglob("*.html*"):
            assert ".compliance" in path.parts or path.is_dir() or path.name == "part.html" or whole(path), (step, path)
        finished(source, made, two)
        assert lying(made) == expected, step
        assert [one for one in stamped(source, made, two, "2.css") if one.did is not Did.KEPT] == [], step
        assert not list((made / ".compliance").glob("*.new")), step
        shutil.rmtree(made.parent)
        if not broke:
            break
    assert lying(outside) == untouched
    assert step > 20
