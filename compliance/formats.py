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
from itertools import chain, islice
from typing import IO, Any

from .characters import INVISIBLE, UNPRINTABLE, width
from .deadlines import SHANGHAI
from .outside.text import normalised

# What a spreadsheet begins a formula with, and what it may overlook before it: space, quotes, what is not seen.
_TRIGGERS = frozenset("=+-@\t\r\n\u2212")
_OVERLOOKED = re.compile(f"[\\s\"'`\u2018\u2019\u201c\u201d\uff02\uff07{INVISIBLE}]")
_WIDEST = 60  # characters of a column
_LOOKED = 1_000  # rows
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


def write_workbook(file: IO[bytes], sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> None:
    """Write *sheets*, each a name and rows of which the first is the head, as a workbook that filters and sorts.

    Numbers, days and times (those of China) are such; everything else is text, whatever it begins with. However many
    rows there are, few of them are held at once: columns are as wide as the first `_LOOKED` want them.

    Raises `ModuleNotFoundError` without openpyxl.
    """
    from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name[:_SHEET])
        left = iter(rows)
        first = list(islice(left, _LOOKED))
        widths: dict[int, int] = {}
        for row in first:
            for column, value in enumerate(row, 1):
                widths[column] = min(_WIDEST, max(widths.get(column, 8), width(str(value)) + 2))
        for column, widest in widths.items():
            sheet.column_dimensions[get_column_letter(column)].width = widest
        sheet.freeze_panes = "A2"
        # A cell is written as soon as it is asked for: one of each type is enough, and to style one takes long.
        styled: dict[object, Any] = {}

        def cell(value: Any, *, bold: bool, sheet: Any = sheet, styled: dict[object, Any] = styled) -> Any:
            if isinstance(value, datetime) and value.tzinfo:  # a workbook knows no zones
                value = value.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
            typed = isinstance(value, int | float | date)
            key = (type(value) if typed else str, bold)
            if key not in styled:
                styled[key] = WriteOnlyCell(sheet)
                styled[key].alignment = Alignment(vertical="top", wrap_text=True)
                styled[key].font = Font(bold=bold)
            found = styled[key]
            found.value = value if typed else UNPRINTABLE.sub("", str(value))
            if not typed:
                found.data_type = "s"
            return found

        number = 0
        for number, row in enumerate(chain(first, left), 1):
            sheet.append(cell(value, bold=number == 1) for value in row)
        if widths:
            sheet.auto_filter.ref = f"A1:{get_column_letter(max(widths))}{number}"
    book.save(file)


def workbook(sheets: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> bytes:
    """Return what `write_workbook` writes."""
    file = BytesIO()
    write_workbook(file, sheets)
    return file.getvalue()
