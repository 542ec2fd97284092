"""Is a bundle of evidence as it was sealed? Every bit of it counts."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...errors import Message, said
from .bundle import MANIFEST, SIGNATURE, STAMP, SUMS, Bundle, EvidenceError, digest_of, pack, read_sums
from .signatures import Signer, signer
from .timestamps import time_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What became of a bundle: its *problems*, how many *files* it has, who signed it, when it was *stamped*, if so."""

    problems: tuple[str, ...]
    files: int = 0
    signer: Signer | None = None
    stamped: datetime | None = None


def verify(path: Path, *, key: bytes | None = None, roots: Path | None = None) -> Verified:
    """Look whether the bundle at *path* is as it was sealed, and signed with *key*, a public one (32 bytes).

    Where there are *roots*, a file of certificates, it has to be stamped by one behind whom one of them stands. Raises
    `EvidenceError` for what is no bundle, `ModuleNotFoundError` without what reads a stamp.
    """
    with Bundle(path) as bundle:
        names = Counter(bundle.names())
        if SUMS not in names:
            raise EvidenceError(Message("%(path)s is no bundle of evidence: it has no SHA256SUMS", path=str(path)))
        content = bundle.read(SUMS)
        sums = read_sums(content.decode("ascii", "replace"))
        if sums is None:
            return Verified(problems=(Message("SHA256SUMS is not as `check` writes it"),))
        found = signer(content, bundle.read(SIGNATURE)) if SIGNATURE in names else None
        problems = [*_files(bundle, names, sums), *_signed(found, key, signed=SIGNATURE in names)]
        stamped = None
        try:
            if STAMP in names:
                stamped = time_of(bundle.read(STAMP), bundle.read(MANIFEST), roots=roots)
            elif roots is not None:
                problems.append(Message("the evidence is not stamped"))
        except EvidenceError as error:
            problems.append(said(error))
        if not problems and bundle.is_archive and not _is_packed_so(bundle, names):
            problems.append(
                Message("the files are as they were, but the archive was packed anew; unpack it and verify the folder")
            )
        return Verified(problems=tuple(problems), files=len(sums), signer=found, stamped=stamped)


def _files(bundle: Bundle, names: Mapping[str, int], sums: Mapping[str, str]) -> Iterator[str]:
    """Every file is there once, as it was, and there is no other."""
    for name, count in sorted(names.items()):
        if count > 1:
            yield Message("%(name)s is there %(count)s times", name=name, count=count)
        elif name not in sums and name not in (SUMS, SIGNATURE):
            yield Message("%(name)s is not on the list: it was added", name=name)
    for name, digest in sums.items():
        if name not in names:
            yield Message("%(name)s is missing", name=name)
            continue
        try:
            if bundle.digest(name) != digest:
                yield Message("%(name)s was changed", name=name)
        except EvidenceError as error:
            yield said(error)


def _signed(found: Signer | None, key: bytes | None, *, signed: bool) -> Iterator[Message]:
    if signed and found is None:
        yield Message("SHA256SUMS.sig is no signature of SHA256SUMS")
    elif key is not None and found is None:
        yield Message("the evidence is not signed")
    elif key is not None and found != Signer(key):
        yield Message(
            "the evidence was signed with another key, %(found)s, not with %(wanted)s",
            found=found.fingerprint if found else "",
            wanted=Signer(key).fingerprint,
        )


def _is_packed_so(bundle: Bundle, names: Mapping[str, int]) -> bool:
    """Return whether the archive is, to the bit, the one that its files make."""
    with tempfile.TemporaryFile() as again, bundle.path.open("rb") as packed:
        pack(bundle, names, again)
        again.seek(0)
        return digest_of(again) == digest_of(packed)
