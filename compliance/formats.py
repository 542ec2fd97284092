"""Records written for others: as CSV that no spreadsheet takes for formulas, as JSON, as JSON one a line."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

from .characters import INVISIBLE, UNPRINTABLE, width
from .deadlines import SHANGHAI
from .outside.text import normalised

# What a spreadsheet begins a formula with, and what it may overlook before it: space, quotes, what is not seen.
_TRIGGERS = frozenset("=+-@\t\r\n\u2212")
_OVERLOOKED = re.compile(f"[\\s\"'`\u2018\u2019\u201c\u201d\uff02\uff07{INVISIBLE}]")
_WIDEST = 60  # characters of a column
_SHEET = 31  # characters of the name of a sheet
_BOM = "\ufeff"  # without it Excel reads Chinese as the system's old code page


def as_csv(records: Iterable[dict[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    """Yield *records* as CSV in UTF-8, with times of China, as a spreadsheet reads them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow(columns)
    for record in records:
        writer.writerow([neutral(_cell(record[column])) for column in columns])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def as_json(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield *records* as one JSON array, times in ISO 8601."""
    before = b"[\n"
    for record in records:
        yield before + _json(record)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def as_lines(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield *records* as JSON, one a line."""
    return (_json(record) + b"\n" for record in records)


#: How records are written: as text for spreadsheets, as JSON for programs.
FORMS: Mapping[str, Callable[[Iterable[dict[str, Any]], Sequence[str]], Iterator[bytes]]] = {
    "csv": as_csv,
    "json": lambda records, _: as_json(records),
    "jsonl": lambda records, _: as_lines(records),
}


def as_text(value: object) -> str:
    """Return what JSON has no type for as text: a time in ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def neutral(cell: str) -> str:
    """Return *cell* with an apostrophe before it where a spreadsheet could take it for a formula."""
    for character in cell:
        if normalised(character, longest=1, form="NFKC")[:1] in _TRIGGERS:
            return f"'{cell}"
        if not _OVERLOOKED.match(character) and unicodedata.category(character) != "Cf":
            break
    return cell


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return *value* as JSON, with characters as they are but for those that a terminal would obey."""
    written = json.dumps(value, ensure_ascii=False, indent=indent, default=as_text)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _json(record: dict[str, Any]) -> bytes:
    return to_json(record).encode()


def workbook(sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> bytes:
    """Return *sheets*, each a name and rows of which the first is the head, as a workbook that filters and sorts.

    Numbers and days are such; everything else is text, whatever it begins with. Raises `ModuleNotFoundError` without
    openpyxl.
    """
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name[:_SHEET])
        widths: dict[int, int] = {}
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                cell = sheet.cell(number, column)
                typed = isinstance(value, int | float | date)
                cell.value = value if typed else UNPRINTABLE.sub("", str(value))
                if not typed:
                    cell.data_type = "s"
                cell.alignment = Alignment(vertical="top", wrap_text=True)
                cell.font = Font(bold=number == 1)
                widths[column] = min(_WIDEST, max(widths.get(column, 8), width(str(value)) + 2))
        for column, widest in widths.items():
            sheet.column_dimensions[get_column_letter(column)].width = widest
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = sheet.dimensions
    file = BytesIO()
    book.save(file)
    return file.getvalue()
