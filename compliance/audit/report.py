"""What an audit says: the pages that were read, what was found on them, and the sum of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Literal, TypeAlias

from .behaviour import Behaviour
from .findings import Finding
from .readers import Reader
from .recipients import Recipient
from .rules import Rule, Severity
from .stored import Stored
from .targets import Refusals

#: What became of a finding since an earlier look.
State: TypeAlias = Literal["new", "still"]
#: What a picture shows.
Part: TypeAlias = Literal["page", "banner", "footer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A licence on a page: its *kind* (a key of `licences.KINDS`), its *number*, the address that it links to."""

    kind: str
    number: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A tracker on a page: its *host*, what it is for (a category of consent), the *element* that loads it."""

    host: str
    purpose: str
    element: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSummary:
    """What was read on one page, kept when the page itself is let go."""

    url: str
    charset: str
    lang: str | None
    licences: tuple[Number, ...] = ()
    telephones: tuple[str, ...] = ()
    trackers: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screenshot:
    """A picture, PNG in *content*, of a *part* of *page* as *reader* has it before them."""

    page: str
    reader: Reader
    part: Part
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The sum of a report: *pages* read, *findings* by severity without those *accepted*."""

    pages: int
    findings: Mapping[Severity, int]
    accepted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A finding of an earlier look that is mended, or was not looked for: its *rule* and a *page*."""

    rule: Rule
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What an earlier look at *time* saw: the *known* findings by their keys, of which *mended* are found no more.

    Recipients are hosts: *joined* is who was not there then, *left* who is not there now, *stayed* who was and is.
    """

    time: datetime
    known: frozenset[str]
    mended: Sequence[Gone]
    joined: Sequence[str]
    left: Sequence[str]
    stayed: Sequence[str]

    def state(self, findings: Sequence[Finding]) -> State | None:
        """Return whether any of *findings* of a rule is ``new``, or all are ``still`` there.

        None where only a person can judge: those are no part of a look.
        """
        if findings[0].rule.severity is Severity.MANUAL:
            return None
        return "still" if all(one.key in self.known for one in findings) else "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A *target* of which nothing could be read, and the *reason* in the language of the run."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of checking *target* at *time*.

    *pages* may be read many times over and is not held in memory; *limit* says what ended the crawl early, None where
    the whole site was read. *more* counts the findings that are too many to tell, by rule; *unread* is what was not
    read; *ours* tells whether this package is at work on the site. *baseline* says whether findings were compared with
    those that are accepted; *browser* is how many pages were opened in one; *connection* says that the site
    answered over a network, *public* that this is not its own. *recipients* are the hosts that the pages
    lead readers' browsers to; *stored* what these keep, and *behaviours* what scripts do, as far as a browser saw it.
    *screenshots* show banner and footer of the first page that a browser opened. *since* is what an
    earlier look saw, where the report is compared with one.
    """

    target: str
    time: datetime
    pages: Iterable[PageSummary]
    count: int
    findings: Sequence[Finding]
    limit: str | None = None
    more: Mapping[str, int] = field(default_factory=dict)
    unread: Refusals = field(default_factory=Refusals)
    ours: bool = False
    baseline: bool = False
    browser: int = 0
    connection: bool = False
    public: bool = False
    recipients: Sequence[Recipient] = ()
    stored: Sequence[Stored] = ()
    behaviours: Sequence[Behaviour] = ()
    screenshots: Sequence[Screenshot] = ()
    since: Since | None = None

    def held(self, rule: Rule) -> bool:
        """Return whether the site was held to *rule*; some are seen in a browser or over a network alone."""
        return (
            (not rule.browser or bool(self.browser))
            and (not rule.connection or self.connection)
            and (not rule.public or self.public)
        )

    @property
    def standing(self) -> Iterator[Finding]:
        """The findings that are not accepted."""
        return (finding for finding in self.findings if finding.accepted is None)

    @property
    def groups(self) -> Mapping[Severity, Sequence[tuple[Rule, Sequence[Finding]]]]:
        """The findings that stand, by severity and rule; a severity that has none is empty."""
        groups: dict[Severity, list[tuple[Rule, list[Finding]]]] = {severity: [] for severity in Severity}
        for rule, found in groupby(self.standing, key=lambda one: one.rule):
            groups[rule.severity].append((rule, list(found)))
        return groups

    @property
    def summary(self) -> Summary:
        """Return the counts."""
        open_ = Counter(finding.rule.severity for finding in self.standing)
        return Summary(
            pages=self.count,
            findings={severity: open_[severity] for severity in Severity},
            accepted=sum(finding.accepted is not None for finding in self.findings),
        )
