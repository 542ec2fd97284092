"""`flask compliance messages report`: the figures of a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from ... import deadlines
from ...formats import to_json
from ...messages.statistics import Figures, Spread, Year, chart, of_year
from ..group import output, state, written
from .group import messages, now


@messages.command()
@click.option("--year", type=click.IntRange(2000, 9000), help="In China; without it, the one that it is.")
@click.option("--format", "form", type=click.Choice(["text", "json", "svg"]), default="text", show_default=True)
@output
@click.pass_context
def report(context: click.Context, year: int | None, form: str, output: Path | None) -> None:
    """Count what was received in a year, and how it was handled."""
    figures = of_year(state(context).database, year or deadlines.day(now()).year, now=now())
    if form == "svg":
        content = chart(figures)
    elif form == "json":
        content = to_json(asdict(figures), indent=2).encode() + b"\n"
    else:
        content = "".join(f"{line}\n" for line in _lines(figures)).encode()
    with written(output) as file:
        file.write(content)


def _lines(year: Year) -> Iterator[str]:
    yield f"Received in {year.year}, as of {deadlines.minute(year.made)} (China)"
    for name, figures in (("all", year.total), *year.kinds.items()):
        yield ""
        yield f"{name}: {figures.received}"
        if figures.received:
            yield from (f"  {label:<13} {value}" for label, value in _rows(figures) if value)


def _rows(figures: Figures) -> Iterator[tuple[str, str]]:
    share = f"; {figures.in_time / figures.answered:.1%} in time" if figures.answered else ""
    yield "answered", f"{figures.answered} ({figures.in_time} in time, {figures.late} late{share})"
    yield "results", _counts(figures.results)
    yield "pending", f"{figures.pending} ({figures.overdue} overdue)"
    yield "spam", str(figures.spam)
    yield "no answer", str(figures.ended)
    yield "working days", _spread(figures.working_days)
    yield "hours", _spread(figures.hours)
    yield "categories", _counts(figures.categories)
    yield "states", _counts(figures.states)
    yield "months", " ".join(map(str, figures.months))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _spread(spread: Spread) -> str:
    return "" if spread.median is None else f"median {spread.median}, 90th percentile {spread.ninetieth}"
