"""A report for people: one file that asks nothing of the network and can be read, printed and handed on."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...deadlines import SHANGHAI
from ...languages import tag
from ...paths import TEMPLATES
from ..findings import Finding
from ..report import Failed, Report, Screenshot
from ..targets import told
from .overview import Overview, Sites
from .tables import COLUMNS, rows, said
from .words import words

#: What of the tables finds room on paper; all of them are there as CSV.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "recipients": (
        "host",
        "provider",
        "country",
        "before",
        "agreed",
        "refused",
        "named",
        "conduct",
        "through",
        "pages",
    ),
    "stored": ("name", "store", "host", "lifetime", "before", "agreed", "refusal", "named", "setter"),
    "behaviours": ("act", "script", "to", "before", "agreed", "refused", "pages"),
}
_MOST_ROWS = 200  # of a table of licences or trackers


def html(reports: Sequence[Report], language: str, failed: Sequence[Failed] = ()) -> bytes:
    """Return a page with every report and, where there are several or some *failed*, before them one of all sites."""
    template = _environment().get_template("report.html")
    shown = [_Shown(report, language) for report in reports]
    text = template.render(
        reports=shown,
        sites=Sites([one.overview for one in shown], failed, language),
        language=language,
        lang=tag(language),
        words=words()[language],
        version=version("flask-compliance"),
        unsure=list(dict.fromkeys(rule.id for one in shown for rule in one.overview.unsure)),
    )
    # A name of a file need not be text; what stands for its bytes cannot be encoded.
    return f"{text}\n".encode("utf-8", "backslashreplace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "audit"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"told": told, "said": said, "address": _address}
    return environment


class _Shown:
    """A report as the template asks for it."""

    def __init__(self, report: Report, language: str) -> None:
        self.report = report
        self.summary = report.summary
        self.accepted = [finding for finding in report.findings if finding.accepted]
        self.groups = report.groups
        self.overview = Overview(report, language)
        self.since = day_and_time(report.since.time, language) if report.since else ""
        self.time = day_and_time(report.time, language)
        self.licences, self.trackers = _tables(report)
        self.names = COLUMNS
        self.columns = _COLUMNS
        self.seen = {table: list(rows(report, table, language)) for table in _COLUMNS}
        self._language = language

    def state(self, finding: Finding) -> str | None:
        """Return whether *finding* is new, where that is known."""
        return self.report.since.state([finding]) if self.report.since else None

    def remedies(self, findings: Iterable[Finding]) -> Iterable[str]:
        """Return each remedy of *findings* once."""
        return dict.fromkeys(finding.remedy(self._language) for finding in findings)


def _address(shot: Screenshot) -> str:
    """Return the picture as an address that holds it, so that the report is one file."""
    return f"data:image/png;base64,{base64.b64encode(shot.content).decode()}"


def day_and_time(time: datetime, language: str) -> str:
    """Return *time* in China, as the *language* writes it."""
    return time.astimezone(SHANGHAI).strftime("%Y年%-m月%-d日 %H:%M" if language == "zh_CN" else "%Y-%m-%d %H:%M")


Table = Sequence[tuple[Any, int, str]]


def _tables(report: Report) -> tuple[Table, Table]:
    """Return each licence and each tracker with the number of its pages and the first of them."""
    licences: dict[Any, list[Any]] = {}
    trackers: dict[Any, list[Any]] = {}
    for page in report.pages:
        _count(licences, page.licences, page.url)
        _count(trackers, page.trackers, page.url)
    return _rows(licences), _rows(trackers)


def _count(table: dict[Any, list[Any]], found: Iterable[Any], url: str) -> None:
    for one in found:
        if one in table:
            table[one][0] += 1
        elif len(table) < _MOST_ROWS:
            table[one] = [1, url]


def _rows(table: Mapping[Any, Sequence[Any]]) -> Table:
    rows = [(one, count, first) for one, (count, first) in table.items()]
    return sorted(rows, key=lambda row: -row[1])
