"""Figures: what was received, answered and decided, and the report of a year."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ..deadlines import day, midnight
from ..errors import Message
from ..formats import as_csv, workbook
from ..ledger.statistics import Cell, chosen
from ..messages.statistics import Days, by_day, of_days
from ..staff import Permission
from . import drawings, tables
from .access import allow
from .pages import CSV, XLSX, day_in, file
from .state import console, note, now
from .tables import Table

pages = Blueprint("figures", __name__)

#: How many days are shown at first, and at most.
_SHOWN = 30
_MOST = 366
_LONGEST = 5_000  # characters of what is written into a report
_PARTS = ("work", "duties", "voices")
_YEAR = "int(min=2000, max=9000)"


@pages.get("/figures")
@allow(Permission.READ_FIGURES)
def figures() -> str:
    """Show what was received, answered and decided within some days."""
    first, last = _span()
    today = day(now())
    return render_template(
        "console/figures.html",
        first=first,
        last=last,
        today=today,
        spans=[(count, today - timedelta(days=count - 1)) for count in (7, 30, 90, 365)],
        years=range(today.year, today.year - 3, -1),
        **_shown(first, last),
    )


@pages.get("/figures/charts/<name>.svg")
@allow(Permission.READ_FIGURES)
def chart(name: str) -> Response:
    """Draw one of the charts of `figures`."""
    first, last = _span()
    theme = request.args.get("theme", "light")
    if theme not in drawings.THEMES:
        raise BadRequest
    database = console().store.database
    if name == "days":
        drawn = drawings.days(by_day(database, first, last), theme)
    elif name == "categories":
        drawn = drawings.categories(tables.by_category(of_days(database, first, last, now=now())), theme)
    elif name == "agreement":
        drawn = drawings.agreement(_decided(first, last), theme)
    else:
        raise NotFound
    return Response(drawn, mimetype="image/svg+xml")


@pages.post("/figures/export")
@allow(Permission.EXPORT_FIGURES, fresh=True)
def export() -> Response:
    """Hand out the tables of `figures`: one as CSV, or all of them as a workbook."""
    first, last = _span()
    wanted = request.form.get("table", "")
    found = {one.key: one for one in _shown(first, last).values()}
    if wanted and wanted not in found:
        raise BadRequest
    note("figures_exported", since=first.isoformat(), until=last.isoformat(), table=wanted or "all")
    name = f"figures-{first}-{last}"
    if not wanted:
        return file(workbook(one.sheet() for one in found.values()), f"{name}.xlsx", XLSX)
    table = found[wanted]
    return file(b"".join(as_csv(table.records(), table.head)), f"{name}-{wanted}.csv", CSV)


@pages.get(f"/figures/<{_YEAR}:year>")
@allow(Permission.READ_FIGURES)
def report(year: int) -> str:
    """Show the yearly report on the governance of content, to be printed and signed."""
    return _report(year)


@pages.post(f"/figures/<{_YEAR}:year>")
@allow(Permission.READ_FIGURES)
def written(year: int) -> str:
    """Show the same with what somebody has written into it; nothing of that is kept."""
    return _report(year)


@pages.post(f"/figures/<{_YEAR}:year>/export")
@allow(Permission.EXPORT_FIGURES, fresh=True)
def export_report(year: int) -> Response:
    """Hand out the yearly report as a workbook."""
    found = _of_year(year)
    note("figures_exported", str(year))
    return file(workbook(one.sheet() for one in found.values()), f"governance-report-{year}.xlsx", XLSX)


def _report(year: int) -> str:
    texts = {name: request.form.get(name, "").strip()[:_LONGEST] for name in _PARTS}
    return render_template("console/report.html", year=year, made=now(), texts=texts, **_of_year(year))


def _of_year(year: int) -> dict[str, Table]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = of_days(console().store.database, first, last, results=True, now=now())
    months: dict[tuple[str, str], Cell] = {}
    for (one, language), cell in _decided(first, last).items():
        months.setdefault((one[:7], language), Cell()).add(cell)
    return {
        **_counted(found),
        "results": tables.by_result(found),
        "months": tables.by_month(found),
        "agreement": tables.agreement(months, what=Message("Month")),
    }


def _shown(first: date, last: date) -> dict[str, Table]:
    database = console().store.database
    return {
        "days": tables.daily(by_day(database, first, last)),
        **_counted(of_days(database, first, last, now=now())),
        "agreement": tables.agreement(_decided(first, last), what=Message("Day")),
    }


def _counted(found: Days) -> dict[str, Table]:
    return {"kinds": tables.by_kind(found), "categories": tables.by_category(found)}


def _decided(first: date, last: date) -> dict[tuple[str, str], Cell]:
    since, until = midnight(first), midnight(last + timedelta(days=1))
    return chosen(console().store.database, by="day", since=since, until=until)


def _span() -> tuple[date, date]:
    """Return the days that are asked for, the last ones where none are; refuse what are none, and too many."""
    last = day_in("until") or day(now())
    first = day_in("since") or last - timedelta(days=_SHOWN - 1)
    if not (first <= last <= day(now()) and (last - first).days < _MOST):
        raise BadRequest
    return first, last
