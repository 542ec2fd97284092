"""Stylesheets and scripts, under names that change with their content, in the codings that browsers take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePath

from werkzeug.wrappers import Request, Response

from .page.codings import packed

# What a file is by the end of its name; the table of the system may say otherwise, and takes long to read.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".txt": "text/plain"}
_PLAIN = "identity"  # the name of no coding (RFC 9110, section 12.5.3)
BUILT = {"br": ".br", "zstd": ".zst"}  # the codings that `make assets` makes, and how a file's name then ends


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One static file, read once. *built* is its content in the codings that it came in."""

    name: str
    hashed: str  # the name with a hash, such as compliance.0a1b2c3d4e.css or 0a1b2c3d4e/guard.js
    content: bytes
    mimetype: str
    built: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def coded(self) -> Mapping[str, bytes]:
        """The content by its coding, the shortest first; what did not come so is made when it is first asked for."""
        made = {coding: self.built.get(coding) or packed(self.content, coding) for coding in (*BUILT, "gzip")}
        known = {coding: data for coding, data in made.items() if data}
        return {coding: known[coding] for coding in sorted(known, key=lambda coding: len(known[coding]))}


def load(folder: Path) -> Mapping[str, Asset]:
    """Read the files of *folder*, by the path that they have there, less the ".min" of a built file's name."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in BUILT.values()):
        name, content = path.relative_to(folder), path.read_bytes()
        built = {coding: path.with_name(path.name + suffix) for coding, suffix in BUILT.items()}
        coded = {coding: file.read_bytes() for coding, file in built.items() if file.is_file()}
        asset = _asset(name.with_name(name.name.replace(".min.", ".")), content, coded)
        found[asset.name] = asset
    return found


def fill(asset: Asset, data: Mapping[str, object]) -> Asset:
    """Return the script *asset* with each of *data* as JSON in place of a string of its name."""
    content = asset.content
    for key, value in data.items():
        text = json.dumps(value, separators=(",", ":"))
        content = content.replace(f'"{key}"'.encode(), text.encode())
    return _asset(PurePath(asset.name), content, {})


def bind(scripts: Mapping[str, Asset]) -> Mapping[str, Asset]:
    """Return *scripts* in a folder whose name changes with any of them: one asks for another by its plain name."""
    folder = _hash(b"".join(script.content for script in scripts.values()))
    return {name: replace(script, hashed=f"{folder}/{name}") for name, script in scripts.items()}


def answer(asset: Asset, name: str, request: Request) -> Response:
    """Serve *asset*, asked for as *name*, as it was compressed: for ever under its hash, this once under another."""
    coding = request.accept_encodings.best_match([*asset.coded, _PLAIN], _PLAIN)
    response = Response(asset.coded.get(coding, asset.content), mimetype=asset.mimetype)
    response.vary.add("Accept-Encoding")
    if coding != _PLAIN:
        response.content_encoding = coding
    if name == asset.hashed:
        response.cache_control.public = True
        response.cache_control.max_age = 365 * 24 * 3600
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    response.add_etag()
    return response.make_conditional(request)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def _asset(name: PurePath, content: bytes, built: Mapping[str, bytes]) -> Asset:
    return Asset(
        name=name.as_posix(),
        hashed=f"{name.with_suffix('').as_posix()}.{_hash(content)}{name.suffix}",
        content=content,
        mimetype=_TYPES.get(name.suffix, "application/octet-stream"),
        built=built,
    )


def find(assets: Mapping[str, Asset], name: str) -> Asset | None:
    """Return the asset asked for as *name*, hashed or plain, whichever content its hash stood for.

    A page from a cache may name the hash of a release before; it gets today's file rather than none.
    """
    stem, dot, suffix = name.rpartition(".")
    plain = stem.rpartition(".")[0] + dot + suffix
    return assets.get(name) or assets.get(plain) or assets.get(name.partition("/")[2])
