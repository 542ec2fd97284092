"""The findings that an operator accepts: a file for people, each entry with its reason and the day that it expires."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import ComplianceError, Message
from ..paths import replace_file
from .findings import Acceptance, Finding
from .report import Report
from .rules import rules

#: How long a new entry holds at first.
TERM = timedelta(days=180)
_HEAD = """\
# Findings of `flask compliance check` that are accepted. An entry counts once it has a reason, up to and with the day
# that it expires. `check --baseline THIS --update-baseline` adds what is new and takes out what is no longer found.
"""


class BaselineError(ComplianceError):
    """The baseline at *path* cannot be used; *problems* lists everything that is wrong with it."""

    def __init__(self, path: Path, problems: Sequence[Message]) -> None:
        listed = Message.joined(problems, between="\n  ")
        super().__init__(Message("%(path)s: %(what)s", path=str(path), what=listed))
        self.path = path
        self.problems = problems


class BaselineEntry(BaseModel):
    """One accepted finding; *page* and *excerpt* are for the reader of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    rule: str
    page: str
    excerpt: str = ""
    reason: str = ""
    expires: date
    accepted_by: str = ""

    @property
    def place(self) -> str:
        """What tells people which entry it is."""
        return f"{self.rule} on {self.page} ({self.fingerprint})"

    @property
    def acceptance(self) -> Acceptance:
        """Return why the finding may stand."""
        return Acceptance(reason=self.reason.strip(), expires=self.expires, by=self.accepted_by.strip())


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    accepted: tuple[BaselineEntry, ...] = Field(default=(), strict=False)


class Baseline:
    """The *entries* of a baseline, and what became of them on the day *today*."""

    def __init__(self, entries: Iterable[BaselineEntry] = (), *, today: date) -> None:
        self._entries = {entry.fingerprint: entry for entry in entries}
        self._today = today
        self._met: set[str] = set()

    def apply(self, report: Report) -> Report:
        """Return *report* with what is accepted marked so."""
        return replace(report, findings=[self._marked(finding) for finding in report.findings], baseline=True)

    def notes(self) -> Iterator[str]:
        """Yield what to do about entries that do not count, once every report was gone through."""
        for entry in self._entries.values():
            if entry.fingerprint not in self._met:
                yield Message("%(place)s is not found any more: take it out", place=entry.place)
            elif not entry.acceptance.reason:
                yield Message(
                    "%(place)s has no reason, so it does not count: write why it may stand", place=entry.place
                )
            elif entry.expires < self._today:
                yield Message(
                    "%(place)s expired on %(day)s: mend it, or accept it anew", place=entry.place, day=entry.expires
                )

    def updated(self, findings: Iterable[Finding]) -> Iterator[BaselineEntry]:
        """Yield an entry for each of *findings*: the one there is, else one that waits for a reason."""
        for finding in findings:
            yield self._entries.get(finding.fingerprint) or BaselineEntry(
                fingerprint=finding.fingerprint,
                rule=finding.rule.id,
                page=finding.page,
                excerpt=finding.excerpt,
                expires=self._today + TERM,
            )

    def _marked(self, finding: Finding) -> Finding:
        entry = self._entries.get(finding.fingerprint)
        if entry is None:
            return finding
        self._met.add(entry.fingerprint)
        acceptance = entry.acceptance
        if not acceptance.reason:
            return finding
        if acceptance.expires < self._today:
            return replace(finding, lapsed=acceptance)
        return replace(finding, accepted=acceptance)


def read(path: Path) -> tuple[BaselineEntry, ...]:
    """Return the entries of the file at *path*; `BaselineError` tells everything that is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = Message("it cannot be read: %(reason)s; --update-baseline makes a new one", reason=error.strerror)
        raise BaselineError(path, [message]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BaselineError(path, [Message("it is no TOML: %(reason)s", reason=error)]) from error
    try:
        entries = _File.model_validate(data).accepted
    except ValidationError as error:
        raise BaselineError(path, [_problem(one["loc"], one["type"]) for one in error.errors()]) from error
    problems = [
        Message(
            "accepted[%(number)s].rule is %(rule)s: there is no such rule; their list is in the documentation",
            number=number,
            rule=repr(entry.rule),
        )
        for number, entry in enumerate(entries, 1)
        if entry.rule not in rules()
    ]
    counts = Counter(entry.fingerprint for entry in entries)
    problems += [
        Message("%(fingerprint)s is there %(count)s times: keep one", fingerprint=print_, count=count)
        for print_, count in counts.items()
        if count > 1
    ]
    if problems:
        raise BaselineError(path, problems)
    return entries


def write(path: Path, entries: Iterable[BaselineEntry]) -> None:
    """Write *entries* to the file at *path*, as a whole or not at all."""
    replace_file(path, (_HEAD, *map(_table, entries)), mode=0o644)


def _table(entry: BaselineEntry) -> str:
    lines = ["", "[[accepted]]"]
    for key, value in entry:
        lines.append(f"{key} = {value.isoformat() if isinstance(value, date) else _string(value)}")
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    # A string of JSON is one of TOML, but for this character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _problem(place: Sequence[int | str], kind: str) -> Message:
    # People count from 1.
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    match kind:
        case "missing":
            return Message("%(key)s is missing", key=key)
        case "extra_forbidden":
            keys = ", ".join(BaselineEntry.model_fields)
            return Message("%(key)s: there is no such key; those of an entry are %(keys)s", key=key, keys=keys)
        case _:
            lines = {"fingerprint": 'fingerprint = "0123456789abcdef"', "expires": "expires = 2027-05-30"}
            line = lines.get(str(place[-1]), f'{place[-1]} = "…"') if len(place) > 2 else "[[accepted]]"
            return Message("%(key)s: write a line such as %(line)s", key=key, line=line)
