"""Our templates, compiled once for a user; where there is no room for what was compiled, each time."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest

from compliance import rendering
from compliance.rendering import Renderer

CREDITS = {"lang": "en", "dir": "ltr", "_": lambda text, **values: text % values, "source": "A"}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for temporary files; what is compiled while it is there is forgotten afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(rendering, "_own", rendering._own.__wrapped__)
    return tmp_path / "tmp"


def rendered() -> str:
    return Renderer().render("compliance/credits.html", CREDITS)


def test_compiled_templates_are_kept_for_their_user_alone(temporary: Path) -> None:
    temporary.mkdir()
    assert "Source: A" in rendered() == rendered()
    (folder,) = temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and len([*folder.iterdir()]) == 1


@pytest.mark.parametrize("place", ["missing", "a file"])
def test_templates_are_rendered_where_nothing_can_be_kept(place: str, temporary: Path) -> None:
    if place == "a file":
        temporary.write_text("")
    assert "Source: A" in rendered()


def test_templates_are_rendered_where_the_room_goes_meanwhile(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary.mkdir()
    kept = rendering._own()
    monkeypatch.setattr(rendering, "_own", lambda: kept)
    (folder,) = temporary.iterdir()
    folder.rmdir()
    assert "Source: A" in rendered()
