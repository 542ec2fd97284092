"""What an earlier look at a site saw, wherever it was kept: a history, a report in JSON, a bundle of evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ..errors import Message
from .evidence import Bundle, EvidenceError
from .looks import History, HistoryError, Look, Seen, look_of
from .report import Gone, Report, Since
from .rules import Severity, rules


class _Finding(BaseModel):
    """A finding as a report in JSON has it."""

    model_config = ConfigDict(frozen=True)

    id: str
    severity: Severity
    page: str
    key: str
    accepted: Mapping[str, Any] | None = None


class _Recipient(BaseModel):
    model_config = ConfigDict(frozen=True)

    host: str
    first: str


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)

    target: str
    time: datetime
    findings: Sequence[_Finding]
    recipients: Sequence[_Recipient]

    def look(self) -> Look:
        """Return the same as a look."""
        return Look(
            target=self.target,
            time=self.time,
            findings={
                one.key: Seen(rule=one.id, page=one.page, accepted=one.accepted is not None)
                for one in self.findings
                if one.severity is not Severity.MANUAL
            },
            numbers={},
            trackers={},
            unread={},
            recipients={one.host: one.first for one in self.recipients},
        )


_REPORTS = TypeAdapter(Sequence[_Report])


def earlier(path: Path) -> Mapping[str, Look]:
    """Return the newest look at each target that the file or folder at *path* keeps.

    Raises `HistoryError` where there is none: neither a history, nor a report in JSON, nor a bundle with one.
    """
    if (found := _reported(path)) is not None:
        return {one.target: one.look() for one in found}
    if not path.is_file():
        raise _unknown(path)
    try:
        return History(path).newest()
    except HistoryError:
        raise _unknown(path) from None


def _reported(path: Path) -> Sequence[_Report] | None:
    """Return the reports in the file or bundle at *path*, None where there are none."""
    try:
        with Bundle(path) as bundle:
            content = bundle.read("report.json")
    except EvidenceError:
        try:
            content = path.read_bytes()
        except OSError:
            return None
    try:
        told = json.loads(content)
        return _REPORTS.validate_python(told if isinstance(told, list) else [told])
    except (ValueError, ValidationError, RecursionError):
        return None


def _unknown(path: Path) -> HistoryError:
    return HistoryError(
        Message(
            "%(path)s keeps no earlier look: name a file of --history, a report of this version in JSON, or evidence",
            path=str(path),
        )
    )


def since(report: Report, before: Look) -> Since:
    """Return what the look *before* saw, beside what *report* sees.

    What stood on pages that were not read this time is not taken for mended.
    """
    now = look_of(report, before, "en")
    known = {key: seen for key, seen in before.findings.items() if not seen.accepted}
    every = rules()
    then, there = before.recipients or {}, now.recipients or {}
    return Since(
        time=before.time,
        known=frozenset(known),
        mended=[
            Gone(rule=every[seen.rule], page=seen.page)
            for key, seen in known.items()
            if key not in now.findings and seen.rule in every
        ],
        joined=sorted(there.keys() - then.keys()) if before.recipients is not None else (),
        left=sorted(then.keys() - there.keys()),
        stayed=sorted(then.keys() & there.keys()),
    )
