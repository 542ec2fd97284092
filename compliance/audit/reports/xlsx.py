"""The report as a workbook: findings, rules and what was seen, each a sheet that filters and sorts (openpyxl)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...formats import workbook
from ..findings import Finding
from ..report import Failed, Report
from .overview import Overview, Sites
from .tables import COLUMNS, rows, said
from .words import words
from .xml import clean


def xlsx(reports: Sequence[Report], language: str, failed: Sequence[Failed] = ()) -> bytes:
    """Return the workbook. Raises `ModuleNotFoundError` without openpyxl."""
    return workbook((name, map(_clean, rows)) for name, rows in _sheets(reports, failed, language))


def _clean(row: Sequence[Any]) -> list[Any]:
    return [clean(value) if isinstance(value, str) else value for value in row]


def _sheets(
    reports: Sequence[Report], failed: Sequence[Failed], language: str
) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
    say = words()[language]
    sites = Sites([Overview(report, language) for report in reports], failed, language)
    if sites.count > 1:
        yield say["sites"]["title"], ([_number(cell) for cell in row] for row in sites.rows)
    yield say["findings"], _findings(reports, language)
    yield say["by_rule"], _rules(reports, language)
    for table, name in COLUMNS.items():
        seen = [(report.target, row) for report in reports for row in rows(report, table, language)]
        if seen:
            columns = say["columns"][name]
            head = [columns["target"], *(columns[key] for key in seen[0][1])]
            yield say[table], [head, *([target, *(said(one, say) for one in row.values())] for target, row in seen)]


def _number(cell: str) -> str | int:
    return int(cell) if cell.isdecimal() else cell


def _findings(reports: Sequence[Report], language: str) -> Iterator[Sequence[Any]]:
    say = words()[language]
    names = ("target", "rule", "grade", "title_of", "page", "line_of", "pages", "seen", "excerpt", "remedy", "basis")
    yield [*(say["sheet"][name] for name in names), say["who_can"], say["state"], say["accepted"]]
    for report in reports:
        for one in report.findings:
            yield [report.target, *_cells(one, language), _state(report, one, say), _accepted(one)]


def _cells(one: Finding, language: str) -> Iterator[Any]:
    say, rule = words()[language], one.rule
    yield from (rule.id, say["grades"][rule.severity], rule.title[language])
    yield from (one.page, one.line or "", one.pages, one.seen(language), one.excerpt, one.remedy(language))
    yield say["semicolon"].join(basis.cited(language) for basis in rule.basis)
    yield say["who"][rule.who]


def _state(report: Report, one: Finding, say: Mapping[str, Any]) -> str:
    state = report.since.state([one]) if report.since else None
    return str(say["states"][state]) if state else ""


def _accepted(one: Finding) -> str:
    return f"{one.accepted.reason} ({one.accepted.expires})" if one.accepted else ""


def _rules(reports: Sequence[Report], language: str) -> Iterator[Sequence[Any]]:
    say = words()[language]
    yield [say["sheet"]["target"], say["rule"], say["sheet"]["title_of"], say["grade"], say["places"], say["who_can"]]
    for report in reports:
        for line in Overview(report, language).lines:
            places = len(line.findings) + report.more.get(line.rule.id, 0)
            grade, who = say["grades"][line.rule.severity], say["who"][line.rule.who]
            yield [report.target, line.rule.id, line.rule.title[language], grade, places, who]
