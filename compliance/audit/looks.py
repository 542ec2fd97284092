"""Looks at a site, night after night: what one saw, what is different from an earlier one, and their history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ComplianceError, Message
from ..paths import replace_file
from .report import Report
from .rules import Severity, rules
from .targets import told

T = TypeVar("T")

#: How many looks a history keeps: a year of nights, and some.
KEPT = 400
#: What one look keeps of each kind; a site that has more of it has other worries.
_MOST = 2_000


class HistoryError(ComplianceError):
    """The history cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as it was, in words; *kind* tells programs what it is."""

    kind: Literal["unread", "number", "tracker", "new", "mended"]
    message: Message


class Seen(BaseModel):
    """A finding, as it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    page: str
    accepted: bool


class Look(BaseModel):
    """What was seen of *target* at *time*, and the labels of those who were *told* what was different.

    *findings* are known by what was found, wherever that is: one more article that lacks its source is no news. Those
    that only a person can judge are no part of it. *numbers* are licences as ``kind number``, *trackers* hosts that
    pages load from, both with a page; *unread* are addresses that could not be read, with the reason. *recipients* are
    all hosts that learn of readers, with a page, None in looks that are older than that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    time: datetime
    findings: Mapping[str, Seen]
    numbers: Mapping[str, str]
    trackers: Mapping[str, str]
    unread: Mapping[str, str]
    recipients: Mapping[str, str] | None = None
    told: tuple[str, ...] = ()


def look_of(report: Report, before: Look | None, language: str) -> Look:
    """Return what *report* saw; why a page could not be read is kept in *language*.

    What the look *before* saw on pages that were not read this time is taken over: nothing is known of it.
    """
    numbers: dict[str, str] = {}
    trackers: dict[str, str] = {}
    asked = _pages(before) if before else set[str]()
    read = set[str]()
    for page in report.pages:
        if page.url in asked:
            read.add(page.url)
        for licence in page.licences:
            if len(numbers) < _MOST:
                numbers.setdefault(f"{licence.kind} {licence.number}", page.url)
        for tracker in page.trackers:
            if len(trackers) < _MOST:
                trackers.setdefault(tracker.host, page.url)
    findings: dict[str, Seen] = {}
    for finding in report.findings:
        if finding.rule.severity is not Severity.MANUAL and len(findings) < _MOST:
            seen = Seen(rule=finding.rule.id, page=finding.page, accepted=finding.accepted is not None)
            findings.setdefault(finding.key, seen)
    recipients = {one.host: one.first for one in islice(report.recipients, _MOST)}
    if before:
        if before.recipients:
            gone = {host for host, page in before.recipients.items() if page in read}
            recipients |= _unseen(before.recipients, recipients, gone)
        findings |= _unseen(before.findings, findings, {k for k, seen in before.findings.items() if seen.page in read})
        numbers |= _unseen(before.numbers, numbers, {k for k, page in before.numbers.items() if page in read})
        trackers |= _unseen(before.trackers, trackers, {k for k, page in before.trackers.items() if page in read})
    return Look(
        target=report.target,
        time=report.time,
        findings=findings,
        numbers=numbers,
        trackers=trackers,
        unread={one.url: told(one.reason, language) for one in islice(report.unread.first, _MOST)},
        recipients=recipients,
    )


def _pages(look: Look) -> set[str]:
    pages = {*look.numbers.values(), *look.trackers.values(), *(look.recipients or {}).values()}
    return pages.union(seen.page for seen in look.findings.values())


def _unseen(before: Mapping[str, T], now: Mapping[str, T], looked: Collection[str]) -> Mapping[str, T]:
    """Return what of *before* is not in *now* and was not looked for, as far as there is room."""
    left = ((key, value) for key, value in before.items() if key not in now and key not in looked)
    return dict(islice(left, max(0, _MOST - len(now))))


def differences(before: Look, now: Look, language: str) -> Iterator[Difference]:
    """Yield what *now* has that *before* had not, and what is gone; rules are named in *language*."""
    for address in sorted(now.unread.keys() - before.unread.keys()):
        message = Message("%(page)s cannot be read any more: %(reason)s", page=address, reason=now.unread[address])
        yield Difference(kind="unread", message=message)
    for key in sorted(before.numbers.keys() - now.numbers.keys()):
        kind, _, number = key.partition(" ")
        message = Message(
            "%(number)s (%(kind)s) is gone from %(page)s", number=number, kind=kind, page=before.numbers[key]
        )
        yield Difference(kind="number", message=message)
    hosts, known_hosts = now.trackers, before.trackers
    if now.recipients is not None and before.recipients is not None:
        hosts, known_hosts = now.recipients, before.recipients
    for host in sorted(hosts.keys() - known_hosts.keys()):
        message = Message("pages load from %(host)s now, such as %(page)s", host=host, page=hosts[host])
        yield Difference(kind="tracker", message=message)
    known = {key: seen for key, seen in before.findings.items() if not seen.accepted}
    for key, seen in now.findings.items():
        if key not in known and not seen.accepted:
            yield Difference(kind="new", message=_said(Message("new"), seen, language))
    for key, seen in known.items():
        if key not in now.findings:
            yield Difference(kind="mended", message=_said(Message("mended"), seen, language))


def _said(what: Message, seen: Seen, language: str) -> Message:
    rule = rules().get(seen.rule)
    title = rule.title[language] if rule else ""
    return Message("%(what)s: %(rule)s %(title)s, %(page)s", what=what, rule=seen.rule, title=title, page=seen.page)


class History:
    """The looks that lie in the file at *path*, the oldest first, each on a line; none where there is no file.

    Raises `HistoryError` for a file that is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looks: list[Look] = []
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise HistoryError(Message("%(path)s cannot be read: %(reason)s", path=str(path), reason=reason)) from error
        for number, line in enumerate(lines, 1):
            try:
                self._looks.append(Look.model_validate_json(line))
            except ValidationError as error:
                message = Message(
                    "%(path)s, line %(number)s: is no look of `check`; name another file, or take the line out",
                    path=str(path),
                    number=number,
                )
                raise HistoryError(message) from error

    def last(self, target: str, told: str | None = None) -> Look | None:
        """Return the newest look at *target*, or the newest of which *told*, a label, was told."""
        found = (look for look in reversed(self._looks) if look.target == target)
        return next((look for look in found if told is None or told in look.told), None)

    def newest(self) -> Mapping[str, Look]:
        """Return the newest look at each target."""
        return {look.target: look for look in self._looks}

    def latest(self) -> list[tuple[Look | None, Look]]:
        """Return the newest look at each target, each with the one before it, if any; the last one first."""
        found: dict[str, list[Look]] = {}
        for look in self._looks:
            found.setdefault(look.target, []).append(look)
        pairs = [(looks[-2] if len(looks) > 1 else None, looks[-1]) for looks in found.values()]
        return sorted(pairs, key=lambda pair: pair[1].time, reverse=True)

    def first_seen(self, target: str) -> Mapping[str, datetime]:
        """Return since when each look at *target* has seen the hosts that pages load from, as far as looks are kept."""
        looks = [look for look in self._looks if look.target == target]
        since: dict[str, datetime] = {}
        for look in looks:
            since = {host: since.get(host, look.time) for host in look.trackers}
        return since

    def add(self, look: Look) -> None:
        """Keep *look*, as a whole or not at all. Raises `HistoryError` where that cannot be."""
        self._looks = [*self._looks, look][-KEPT:]
        self._keep()

    def note(self, told: Sequence[str]) -> None:
        """Note that those with the labels *told* know the newest look. Raises `HistoryError` where that cannot be."""
        self._looks[-1] = self._looks[-1].model_copy(update={"told": tuple(told)})
        self._keep()

    def _keep(self) -> None:
        try:
            replace_file(self._path, (one.model_dump_json() + "\n" for one in self._looks), mode=0o600)
        except OSError as error:
            message = Message("%(path)s cannot be written: %(reason)s", path=str(self._path), reason=error.strerror)
            raise HistoryError(message) from error
