"""A report as a terminal shows it: to its width, in its colours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import click
from jinja2 import Environment, FileSystemLoader

from ..audit import Report, Severity
from ..audit.reports.words import words
from ..audit.targets import told
from ..deadlines import minute
from ..paths import TEMPLATES
from .group import width

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
        "wrapped": lambda text, indent: _wrapped(text, indent, columns),
        "remedies": lambda findings: dict.fromkeys(one.remedy(language) for one in findings),
        "bold": lambda text: style(text, bold=True),
        "faint": lambda text: style(text, dim=True),
        "graded": lambda text, severity: style(text, bold=True, fg=_COLOURS[severity]),
    }
    written = environment.get_template("report.txt").render(
        report=report,
        summary=report.summary,
        language=language,
        words=words()[language],
        time=minute(report.time),
        laws=lambda rule: "; ".join(basis.cited(language) for basis in rule.basis),
    )
    return written.rstrip()


def _wrapped(text: str, indent: int, columns: int) -> str:
    """Return *text* in lines of at most *columns*, all but the first moved in by *indent*."""
    lines, line = [], ""
    for word in _words(text):
        if line and width(line + word.rstrip()) > columns - indent:
            lines.append(line.rstrip())
            line = ""
        line += word
    return f"\n{' ' * indent}".join((*lines, line.rstrip()))


def _words(text: str) -> Iterator[str]:
    """Yield what stays together on a line: a word with the space after it, a Chinese character with what closes it."""
    word = ""
    for character, following in zip(text, (*text[1:], ""), strict=True):
        word += character
        wide = width(character) == 2 or width(following or " ") == 2
        if character == " " or (
            wide and following not in "，。、；：？！）》」』”’,.;:?!)]>" and character not in "（《「『“‘([<"
        ):
            yield word
            word = ""
    if word:
        yield word
