"""The report as a workbook: findings, rules and what was seen, each a sheet that filters and sorts (openpyxl)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from ..findings import Finding
from ..report import Report
from .overview import Overview
from .tables import behaviour_row, recipient_row, said, stored_row
from .words import words
from .xml import clean

_WIDEST = 60  # characters of a column
_SHEET = 31  # characters of the name of a sheet


def xlsx(reports: Sequence[Report], language: str) -> bytes:
    """Return the workbook. Raises `ModuleNotFoundError` without openpyxl."""
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    book = Workbook()
    book.remove(book.active)
    for name, rows in _sheets(reports, language):
        sheet = book.create_sheet(name[:_SHEET])
        widths: dict[int, int] = {}
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(number, column)
                cell.value = value if isinstance(value, int) else clean(str(value))
                if not isinstance(value, int):
                    cell.data_type = "s"  # what a page wrote is text, whatever it begins with
                cell.alignment = Alignment(vertical="top", wrap_text=True)
                cell.font = Font(bold=number == 1)
                widths[column] = min(_WIDEST, max(widths.get(column, 8), len(str(value)) + 2))
        for column, width in widths.items():
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = sheet.dimensions
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _sheets(reports: Sequence[Report], language: str) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
    say = words()[language]
    yield say["findings"], _findings(reports, language)
    yield say["by_rule"], _rules(reports, language)
    tables = (("recipients", "recipient", recipient_row), ("stored", "stored", stored_row))
    for name, table, row_of in (*tables, ("behaviours", "behaviour", behaviour_row)):
        rows = [(report.target, row_of(one, language)) for report in reports for one in getattr(report, name)]
        if rows:
            columns = say["columns"][table]
            head = [columns["target"], *(columns[key] for key in rows[0][1])]
            yield say[name], [head, *([target, *(said(one, say) for one in row.values())] for target, row in rows)]


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
    yield "; ".join(basis.cited(language) for basis in rule.basis)
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
