"""Stylesheets and scripts, under names that change with their content."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

# A line that is a comment is for those who read the source; "/*!" marks one that every copy must carry.
_COMMENT = re.compile(rb"^[ \t]*/\*(?!!)(?:(?!\*/).)*\*/\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One static file, read once."""

    hashed: str  # its name with the hash of its content, such as compliance.0a1b2c3d4e.css
    content: bytes
    mimetype: str


def load(folder: Path) -> Mapping[str, Asset]:
    """Read the files of *folder*, by the path that they have there, without the lines that are comments."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder): _COMMENT.sub(b"", path.read_bytes()) for path in files}
    return {name.as_posix(): _asset(name, content) for name, content in found.items()}


def fill(asset: Asset, name: str, **data: object) -> Asset:
    """Return *asset*, the script *name*, with each of *data* as JSON in place of a string of its name."""
    content = asset.content
    for key, value in data.items():
        text = json.dumps(value, separators=(",", ":"))
        content = content.replace(f'"{key}"'.encode(), text.encode())
    return _asset(PurePath(name), content)


def _asset(name: PurePath, content: bytes) -> Asset:
    return Asset(
        hashed=f"{name.with_suffix('').as_posix()}.{hashlib.sha256(content).hexdigest()[:10]}{name.suffix}",
        content=content,
        mimetype=mimetypes.guess_type(name.name)[0] or "application/octet-stream",
    )


def find(assets: Mapping[str, Asset], name: str) -> Asset | None:
    """Return the asset asked for as *name*, hashed or plain, whichever content its hash stood for.

    A page from a cache may name the hash of a release before; it gets today's file rather than none.
    """
    stem, dot, suffix = name.rpartition(".")
    return assets.get(name) or assets.get(stem.rpartition(".")[0] + dot + suffix)
