from __future__ import annotations

from pathlib import Path

import pytest

from compliance import assets


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
        ("compliance.0123456789.js", False),
        ("other.css", False),
        ("css", False),
        ("", False),
    ],
)
def test_asset_is_found_under_its_name_and_under_any_hash(tmp_path: Path, asked: str, found: bool) -> None:
    (tmp_path / "compliance.css").write_text("a {}")
    known = assets.load(tmp_path)
    assert assets.find(known, asked) is (known["compliance.css"] if found else None)


def test_asset_knows_its_type(tmp_path: Path) -> None:
    (tmp_path / "compliance.js").write_text("")
    assert assets.load(tmp_path)["compliance.js"].mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("/* why */\na {}\n  /* so */\nb {}\n", "a {}\nb {}\n"),
        ("/* why */\r\na {}\r\n", "a {}\r\n"),
        ("/*! Copyright */\na {}\n", "/*! Copyright */\na {}\n"),
        ("/* a */ b {} /* c */\n", "/* a */ b {} /* c */\n"),
        ("a {} /* why */\n", "a {} /* why */\n"),
        ("/* two\nlines */\n", "/* two\nlines */\n"),
    ],
)
def test_lines_that_are_comments_are_not_sent(tmp_path: Path, source: str, sent: str) -> None:
    (tmp_path / "style.css").write_bytes(source.encode())
    assert assets.load(tmp_path)["style.css"].content == sent.encode()


def test_a_file_in_a_folder_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "widget").mkdir()
    (tmp_path / "widget" / "worker.min.js").write_text("")
    known = assets.load(tmp_path)
    asset = known["widget/worker.min.js"]
    assert asset.hashed.startswith("widget/worker.min.") and asset.hashed.endswith(".js")
    assert assets.find(known, asset.hashed) is assets.find(known, "widget/worker.min.0123456789.js") is asset
