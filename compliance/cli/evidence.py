"""Evidence of a check: gathered into a folder or an archive, and verified."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from ..audit import Report
from ..audit.evidence import (
    Bundle,
    Evidence,
    EvidenceError,
    Personal,
    pack,
    private_key,
    public_key,
    seal,
    slug,
    stamped,
    verify,
)
from ..audit.report import Failed
from ..audit.reports import FORMS, PRINTED
from ..audit.reports.words import words
from ..errors import Message, said
from .group import CannotRunError, missing_module, one_line, say, warn, written

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The name of an archive ends so; any other is that of a folder.
_ARCHIVE = ".zip"


class Gathering:
    """The evidence of one run, target by target, in the folder *root*."""

    def __init__(
        self,
        root: Path,
        *,
        personal: Personal,
        signed_in: bool,
        key: Ed25519PrivateKey | None,
        authority: str | None,
    ) -> None:
        self._signed_in = signed_in
        self.root = root
        self._authority = authority
        self._personal = personal
        self._key = key
        self._started = datetime.now(UTC)
        self._targets: dict[str | None, tuple[str, Evidence]] = {}

    def of(self, target: str | None) -> Evidence:
        """Return what keeps the evidence on *target*, the application itself where it is None."""
        name = "application" if target is None else f"target-{slug(target)}"
        evidence = Evidence(self.root / name, personal=self._personal, signed_in=self._signed_in)
        self._targets[target] = name, evidence
        return evidence

    def close(self, reports: Sequence[Report], failed: Sequence[Failed], language: str, *, browser: str | None) -> None:
        """Put *reports* beside what proves them, and seal all of it; *browser* is the version of one that was used.

        Of a target that *failed* the manifest has the reason.
        """
        (self.root / "report.html").write_bytes(PRINTED["html"](reports, language, failed))
        text = "".join((*FORMS["json"](reports, language), "\n"))
        (self.root / "report.json").write_bytes(text.encode("utf-8", "backslashreplace"))
        (self.root / "README.txt").write_text(words()[language]["evidence"], encoding="utf-8", newline="\n")
        reasons: dict[str | None, dict[str, str]] = {one.target: {"failed": one.reason} for one in failed}
        read = iter(reports)
        about = {
            "started": self._started.isoformat(),
            "ended": datetime.now(UTC).isoformat(),
            "browser": browser,
            "personal_data": self._personal,
            "targets": [
                {
                    "target": target if target in reasons else next(read).target,
                    "folder": name,
                    "clock": evidence.finish(),
                    **reasons.get(target, {}),
                }
                for target, (name, evidence) in self._targets.items()
            ],
        }
        seal(self.root, about, key=self._key, stamp=self._stamp)

    def _stamp(self, manifest: bytes) -> bytes | None:
        """Return the word of the authority; what was gathered is not lost where there is none today."""
        try:
            return stamped(manifest, self._authority) if self._authority else None
        except EvidenceError as error:
            warn(said(error))
            return None


@contextmanager
def gathering(
    path: Path, *, personal: Personal, signed_in: bool, key: Path | None, authority: str | None
) -> Iterator[Gathering]:
    """Yield what gathers evidence; once it is closed, it lies at *path*, signed with the *key* in a file.

    The *authority* at an address, if there is one, says when. Cookies of readers that are *signed_in* are not kept.

    Nothing is left there where the check does not come to its end. Raises `CannotRunError` where *path* is taken or
    cannot be written, `EvidenceError` for a key that is none.
    """
    made = partial(
        Gathering,
        personal=personal,
        signed_in=signed_in,
        key=private_key(key) if key else None,
        authority=authority,
    )
    if authority is not None and find_spec("rfc3161_client") is None:
        raise missing_module(ModuleNotFoundError(name="rfc3161_client"), "timestamp")
    if path.suffix.lower() == _ARCHIVE:
        with written(path) as archive, TemporaryDirectory(prefix="compliance-") as folder:
            yield made(Path(folder))
            with Bundle(Path(folder)) as bundle:
                pack(bundle, bundle.names(), archive)
        return
    if path.exists():
        raise CannotRunError(Message("%(path)s exists already; move it away or name another path", path=str(path)))
    try:
        beside = TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent, ignore_cleanup_errors=True)
    except OSError as error:
        message = Message("%(path)s cannot be written: %(reason)s", path=str(path), reason=error.strerror)
        raise CannotRunError(message) from error
    with beside as folder:
        yield made(Path(folder))
        os.rename(folder, path)


def verified(path: Path, key: Path | None, roots: Path | None) -> bool:
    """Say whether the bundle at *path* is as it was sealed, and signed with the public *key*; return it, too.

    Where there are *roots*, one of these certificates has to stand behind its timestamp.
    """
    try:
        found = verify(path, key=public_key(key) if key else None, roots=roots)
    except ModuleNotFoundError as error:
        raise missing_module(error, "timestamp") from None
    for problem in found.problems:
        click.echo(one_line(problem), err=True)  # names of files are what somebody else wrote
    if not found.problems:
        say(Message("%(count)s files are as they were sealed", count=found.files))
    if found.signer is not None:
        say(Message("signed with the key %(key)s", key=found.signer.fingerprint))
        if key is None:
            say(Message("compare it with the operator's own: ssh-keygen -l -f KEY.pub, or name that with --key"))
    else:
        say(Message("nobody signed it, so whoever changed a file could change the list, too"), err=True)
    if found.stamped is not None:
        say(Message("stamped at %(time)s", time=found.stamped.isoformat()))
        if roots is None:
            say(Message("that is the stamp's own word; name the certificate of its authority with --roots"))
    return not found.problems


#: The options of `check` that are about evidence.
def options(command: click.decorators.FC) -> click.decorators.FC:
    """Add them to *command*."""
    for option in (
        click.option(
            "--verify",
            "bundle",
            type=click.Path(path_type=Path),
            metavar="BUNDLE",
            help="Check nothing but whether evidence is as it was written.",
        ),
        click.option(
            "--personal-data",
            "personal",
            type=click.Choice([one.value for one in Personal]),
            default=Personal.KEEP.value,
            show_default=True,
            help="What becomes of it in evidence: it is kept, covered, or left out with pictures and contents.",
        ),
        click.option(
            "--roots",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Certificates in PEM, one of which has to stand behind the timestamp; with --verify.",
        ),
        click.option("--timestamp", metavar="URL", help="An authority of RFC 3161 that says when evidence was there."),
        click.option(
            "--key",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="The Ed25519 key of OpenSSH that signs evidence; with --verify, the public one that signed it.",
        ),
        click.option(
            "--evidence",
            type=click.Path(path_type=Path),
            metavar="PATH",
            help="Keep what proves the report, in a new folder or a file .zip.",
        ),
    ):
        command = option(command)
    return command
