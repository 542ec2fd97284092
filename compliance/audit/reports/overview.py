"""A report as a manager reads it: a verdict, what to do first and who can, what is in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..findings import Finding
from ..report import Failed, Report, Screenshot, State
from ..rules import Rule, Severity, rules
from .words import words

#: How many things to do come first.
FIRST = 5
_COMMON = 10  # rules that most sites do not keep
_GRAVE = (Severity.ERROR, Severity.WARNING)
#: How well a rule is known where its text was not read: said once, at the end.
_UNSURE = ("practice", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule that is not kept: its *findings*, on how many *pages*, and its *state* since last time, if known."""

    rule: Rule
    findings: Sequence[Finding]
    pages: int
    state: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The rules of one *name*: how many of those that the site was held to are kept."""

    name: str
    kept: Sequence[Rule]
    held: int


class Overview:
    """What *report* comes to, in *language*."""

    def __init__(self, report: Report, language: str) -> None:
        self.report = report
        self._words = words()[language]
        self.lines: Sequence[Line] = [
            Line(
                rule=rule,
                findings=found,
                pages=max(len({one.page for one in found}), *(one.pages for one in found)),
                state=report.since.state(found) if report.since else None,
            )
            for rule, found in (
                (rule, list(found)) for rule, found in groupby(report.standing, key=lambda one: one.rule)
            )
        ]
        self.language = language

    @property
    def verdict(self) -> str:
        """The report in one sentence."""
        counts = Counter(line.rule.severity for line in self.lines)
        found = [self._counted(str(severity), counts[severity]) for severity in _GRAVE if counts[severity]]
        manual = self._counted("manual", self.report.summary.findings[Severity.MANUAL])
        if not found:
            return str(self._words["verdict"]["clear"].format(manual=manual))
        joined = self._words["verdict"]["and"].join(found)
        return str(self._words["verdict"]["wrong"].format(found=joined, first=self.first[0].rule.title[self.language]))

    def _counted(self, kind: str, count: int) -> str:
        one, many = self._words["counted"][kind]
        return str((one if count == 1 else many).format(count=count))

    @property
    def first(self) -> Sequence[Line]:
        """What to do first: the gravest, then what is on most pages."""
        grave = [line for line in self.lines if line.rule.severity is not Severity.MANUAL]
        order = list(Severity)
        return sorted(grave, key=lambda line: (order.index(line.rule.severity), -line.pages, line.rule.id))[:FIRST]

    @property
    def gravest(self) -> Severity | None:
        """How grave the worst is of what is an error or a warning, None where nothing is."""
        return next((grave for grave in _GRAVE if any(line.rule.severity is grave for line in self.lines)), None)

    @property
    def topics(self) -> Sequence[Topic]:
        """Every topic to which the site was held, with what is kept of it."""
        broken = {line.rule.id for line in self.lines}
        held = [rule for rule in rules().values() if self.report.held(rule) and rule.severity is not Severity.MANUAL]
        return [
            Topic(
                name=topic[self.language],
                kept=[rule for rule in inside if rule.id not in broken],
                held=len(inside),
            )
            for topic, inside in ((topic, list(some)) for topic, some in groupby(held, key=lambda rule: rule.topic))
        ]

    @property
    def new(self) -> int:
        """How many rules are broken where they were not."""
        return sum(line.state == "new" for line in self.lines)

    @property
    def still(self) -> int:
        """How many rules are broken as they were."""
        return sum(line.state == "still" for line in self.lines)

    @property
    def changes(self) -> Sequence[tuple[str, Sequence[str]]]:
        """What is mended, and who came and went among the recipients, each list with its heading."""
        since = self.report.since
        if since is None:
            return ()
        mended = [f"{one.rule.id} {one.rule.title[self.language]} · {one.page}" for one in since.mended]
        lists = (("since_mended", mended), ("since_joined", since.joined), ("since_left", since.left))
        return [(str(self._words[name]), entries) for name, entries in lists if entries]

    @property
    def unsure(self) -> Sequence[Rule]:
        """Rules on the lines of which a source is known from practice or memory alone."""
        return [line.rule for line in self.lines if any(one.confidence in _UNSURE for one in line.rule.basis)]

    @property
    def screenshots(self) -> Mapping[str, Screenshot]:
        """The picture of the banner as a new reader has it, and that of the footer where no banner lies over it."""
        shots: dict[str, Screenshot] = {}
        for shot in self.report.screenshots:
            if shot.part != "page":
                shots[shot.part] = shots.get(shot.part, shot) if shot.part == "banner" else shot
        return shots


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """A *rule* that is not kept, and on how many *sites*."""

    rule: Rule
    sites: int


class Sites:
    """What the reports on several sites come to together, in *language*; *failed* are those of which there is none."""

    def __init__(self, overviews: Sequence[Overview], failed: Sequence[Failed], language: str) -> None:
        self._words = words()[language]
        self.overviews = overviews
        self.failed = failed

    @property
    def count(self) -> int:
        """How many sites were asked for."""
        return len(self.overviews) + len(self.failed)

    @property
    def verdict(self) -> str:
        """All of them in one sentence."""
        say = self._words["sites"]
        return str(say["total"].format(of=self.count, said=say["and"].join(self._said())))

    def _said(self) -> Iterator[str]:
        grades = Counter(one.gravest for one in self.overviews)
        for name, count in (
            *((str(severity), grades[severity]) for severity in _GRAVE),
            ("clear", grades[None]),
            ("failed", len(self.failed)),
        ):
            if count:
                one, many = self._words["sites"][name]
                yield (one if count == 1 else many).format(count=count)

    @property
    def rows(self) -> Iterator[Sequence[str]]:
        """A table of the sites, its head first: findings by their severity, pages, or why nothing was read."""
        say = self._words
        last = [say["not_read"]] if self.failed else []
        yield say["sites"]["site"], *(say[severity] for severity in Severity), say["pages"], *last
        for one in self.overviews:
            summary = one.report.summary
            counts = [str(summary.findings[severity]) for severity in Severity]
            yield one.report.target, *counts, str(summary.pages), *[""] * len(last)
        for failed in self.failed:
            yield failed.target, *[""] * (len(Severity) + 1), failed.reason

    @property
    def common(self) -> Sequence[Common]:
        """The rules that most sites do not keep, the gravest first among equals."""
        counted = Counter(line.rule.id for one in self.overviews for line in one.lines)
        order = list(Severity)
        found = [
            Common(rule=rules()[name], sites=sites)
            for name, sites in counted.items()
            if rules()[name].severity is not Severity.MANUAL
        ]
        return sorted(found, key=lambda one: (-one.sites, order.index(one.rule.severity), one.rule.id))[:_COMMON]
