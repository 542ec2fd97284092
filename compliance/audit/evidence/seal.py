"""What holds a bundle of evidence together: a manifest, the digests of all files, a signature of these."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ...formats import to_json
from ...page.trackers.catalogue import DATA as TRACKERS
from ..rules import DATA as RULES
from .bundle import MANIFEST, SIGNATURE, STAMP, SUMS, Bundle, digest_of, sums_of
from .signatures import sign

_FORMAT = 1


def seal(
    folder: Path,
    about: Mapping[str, Any],
    *,
    key: Ed25519PrivateKey | None,
    stamp: Callable[[bytes], bytes | None] = lambda manifest: None,
) -> None:
    """Close the bundle in *folder*: its manifest says what is *about* it and has a digest of every file.

    *stamp* is given the manifest and returns the word of an authority on it, if there is one. Where there is a *key*,
    the list of digests, that of the stamp among them, is signed.
    """
    with Bundle(folder) as bundle:
        digests = {name: bundle.digest(name) for name in sorted(bundle.names())}
        files = [
            {"name": name, "bytes": (folder / name).stat().st_size, "sha256": digest}
            for name, digest in digests.items()
        ]
        manifest = to_json({"format": _FORMAT, **_versions(), **about, "files": files}, indent=1) + "\n"
        (folder / MANIFEST).write_text(manifest, encoding="utf-8", errors="backslashreplace", newline="\n")
        written = [MANIFEST]
        if (word := stamp(manifest.encode("utf-8", "backslashreplace"))) is not None:
            (folder / STAMP).write_bytes(word)
            written.append(STAMP)
        sums = sums_of({**digests, **{name: bundle.digest(name) for name in written}})
    (folder / SUMS).write_text(sums, encoding="ascii", newline="\n")
    if key is not None:
        (folder / SIGNATURE).write_text(sign(sums.encode(), key), encoding="ascii", newline="\n")


def _versions() -> Mapping[str, Any]:
    """Return what the evidence was made with: this package, its rules and trackers, the interpreter, the system."""
    return {
        "tool": {"name": "flask-compliance", "version": version("flask-compliance")},
        "rules": _digest(RULES),
        "trackers": _digest(TRACKERS),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest_of(file)
