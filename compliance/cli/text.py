"""A report as a terminal shows it: to its width, in its colours."""

from __future__ import annotations

import shutil

import click
from jinja2 import Environment, FileSystemLoader

from ..audit import Report, Severity
from ..audit.reports.overview import Overview
from ..audit.reports.tables import behaviour_row, recipient_row, stored_row
from ..audit.reports.words import words
from ..audit.targets import told
from ..deadlines import minute
from ..paths import TEMPLATES
from .columns import wrapped

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan", Severity.MANUAL: "magenta"}


def text(report: Report, language: str, *, painted: bool) -> str:
    """Return *report* in lines; where it is *painted*, with what colours them on a terminal."""
    columns = min(max(shutil.get_terminal_size((100, 24)).columns, 40), 120)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "audit"), trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    style = click.style if painted else lambda text, **_: str(text)
    environment.filters |= {
        "told": told,
        "recipient": lambda one: recipient_row(one, language),
        "stored": lambda one: stored_row(one, language),
        "behaviour": lambda one: behaviour_row(one, language),
        "wrapped": lambda text, indent: wrapped(text, indent, columns),
        "remedies": lambda findings: dict.fromkeys(one.remedy(language) for one in findings),
        "bold": lambda text: style(text, bold=True),
        "faint": lambda text: style(text, dim=True),
        "graded": lambda text, severity: style(text, bold=True, fg=_COLOURS[severity]),
    }
    written = environment.get_template("report.txt").render(
        report=report,
        summary=report.summary,
        overview=Overview(report, language),
        since=minute(report.since.time) if report.since else "",
        language=language,
        words=words()[language],
        time=minute(report.time),
        laws=lambda rule: words()[language]["semicolon"].join(basis.cited(language) for basis in rule.basis),
    )
    return written.rstrip()
