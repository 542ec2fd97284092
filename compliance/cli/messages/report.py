"""`flask compliance messages report`: the figures of a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from ... import deadlines
from ...errors import Message
from ...formats import to_json
from ...i18n import translate
from ...messages.names import CATEGORIES, KINDS, STATES, of
from ...messages.statistics import Figures, Spread, Year, chart, of_year
from ..columns import padded
from ..group import figures_format, output, state, written
from .group import messages, now


@messages.command()
@click.option("--year", type=click.IntRange(2000, 9000), help="In China; without it, the one that it is.")
@figures_format
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
    yield translate(
        Message("Received in %(year)s, as of %(time)s (China)", year=year.year, time=deadlines.minute(year.made))
    )
    for name, figures in ((Message("all"), year.total), *year.kinds.items()):
        yield ""
        yield f"{translate(of(KINDS, name))}: {figures.received}"
        if figures.received:
            yield from (
                f"  {padded(translate(label), 13)} {translate(value)}" for label, value in _rows(figures) if value
            )


def _rows(figures: Figures) -> Iterator[tuple[str, str]]:
    counts = {"answered": figures.answered, "in_time": figures.in_time, "late": figures.late}
    yield (
        Message("answered"),
        Message(
            "%(answered)s (%(in_time)s in time, %(late)s late; %(share)s in time)",
            share=format(figures.in_time / figures.answered, ".1%"),
            **counts,
        )
        if figures.answered
        else Message("%(answered)s (%(in_time)s in time, %(late)s late)", **counts),
    )
    yield Message("results"), _counts(figures.results, STATES)
    yield (
        Message("pending"),
        Message("%(pending)s (%(overdue)s overdue)", pending=figures.pending, overdue=figures.overdue),
    )
    yield Message("spam"), str(figures.spam)
    yield Message("no answer"), str(figures.ended)
    yield Message("working days"), _spread(figures.working_days)
    yield Message("hours"), _spread(figures.hours)
    yield Message("categories"), _counts(figures.categories, CATEGORIES)
    yield Message("states"), _counts(figures.states, STATES)
    yield Message("months"), " ".join(map(str, figures.months))


def _counts(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    return ", ".join(f"{translate(of(words, name))} {count}" for name, count in counts.items())


def _spread(spread: Spread) -> str:
    if spread.median is None:
        return ""
    return Message("median %(median)s, 90th percentile %(ninetieth)s", median=spread.median, ninetieth=spread.ninetieth)
