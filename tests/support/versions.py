"""Versions of the package side by side, and servers of one site that run them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections import Counter
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from compliance.store.migrations import newest

from .host import ROOT

_STEPS = Path("compliance", "store", "migrations", "versions")
_PARTS = ("compliance", "templates", "translations")
_STEP = '''
"""A step that is not there yet."""

import sqlalchemy as sa

from compliance.store.migrations.steps import add_column, add_table

revision = "next"
down_revision = "{before}"
takes_away = {takes_away}


def upgrade() -> None:
    add_column("message", sa.Column("mood", sa.String(length=20), nullable=False, server_default=""))
    add_table("mood", sa.Column("id", sa.Integer(), primary_key=True))
'''


@cache
def commit_before() -> str | None:
    """Return the commit before the newest step was made, where the history of the package is here."""
    [step] = [path for path in (ROOT / _STEPS).glob("*.py") if f'revision = "{newest()}"' in path.read_text("utf-8")]
    try:
        made = _git("log", "--diff-filter=A", "--format=%H", "--", str(step.relative_to(ROOT))).decode().split()
        return _git("rev-parse", "--verify", f"{made[-1]}~").decode().strip()
    except (FileNotFoundError, subprocess.CalledProcessError, IndexError):
        return None


def older(folder: Path) -> Path:
    """Return where the package is as it was before it had its newest step, for which its history has to be here."""
    commit = commit_before()
    assert commit is not None
    with tarfile.open(fileobj=BytesIO(_git("archive", commit, *_PARTS))) as files:
        files.extractall(folder, filter="data")
    return folder


def newer(folder: Path, *, takes_away: bool) -> Path:
    """Return where the package is with one step more, which adds a table and a column, or says that it takes some."""
    shutil.copytree(ROOT / "compliance", folder / "compliance", ignore=shutil.ignore_patterns("__pycache__"))
    for part in _PARTS[1:]:
        (folder / part).symlink_to(ROOT / part)
    (folder / _STEPS / "next.py").write_text(_STEP.format(before=newest(), takes_away=takes_away), encoding="utf-8")
    return folder


class Server:
    """One of the servers of a site: a *folder* of its own, and a process of the version that it was last given."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        self._settings = settings
        #: What was acknowledged, by kind.
        self.done: Counter[str] = Counter()
        folder.mkdir()

    def start(self, code: Path) -> None:
        """Start it with the version of the package in *code*."""
        script = ROOT / "tests" / "support" / "rolling.py"
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script), str(self._folder), json.dumps(self._settings)],
            env={**os.environ, "PYTHONPATH": str(code)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> str:
        """End it in order, and return what it logged."""
        assert self._process.stdin and self._process.stderr
        with self._process:
            self._process.stdin.close()
            said = self._process.stderr.read()
            self._reader.join()
        assert self._process.returncode == 0, said
        return said

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.done[line.strip()] += 1


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True).stdout
