"""The report for people as a document that they go on writing in (Office Open XML, python-docx)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from io import BytesIO
from typing import TYPE_CHECKING

from ..findings import Finding
from ..report import Failed, Report
from ..rules import Severity
from .html import day_and_time
from .overview import Line, Overview, Sites
from .words import words
from .xml import clean

if TYPE_CHECKING:
    from docx.document import Document

_WIDTH = 152  # mm, between the margins
_MOST = 20  # places of one rule that are told; a spreadsheet has them all


def docx(reports: Sequence[Report], language: str, failed: Sequence[Failed] = ()) -> bytes:
    """Return the document. Raises `ModuleNotFoundError` without python-docx."""
    from docx import Document
    from docx.enum.text import WD_BREAK

    document = Document()
    _set_fonts(document)
    written = [_Written(document, report, language) for report in reports]
    sites = Sites([one.overview for one in written], failed, language)
    if sites.count > 1:
        _together(document, sites, language)
    for number, one in enumerate(written):
        if number or sites.count > 1:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        one.write(alone=sites.count == 1)
    text = words()[language]
    unsure = dict.fromkeys(rule.id for one in written for rule in one.overview.unsure)
    if unsure:
        document.add_paragraph(text["unsure"].format(rules=text["comma"].join(unsure)))
    document.add_paragraph(text["advice"])
    document.add_paragraph(text["made"].format(version=version("flask-compliance")))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _together(document: Document, sites: Sites, language: str) -> None:
    """Write what the sites come to together."""
    say = words()[language]
    document.add_heading(say["title"], 0)
    document.add_paragraph().add_run(clean(sites.verdict)).bold = True
    document.add_heading(say["sites"]["title"], 1)
    head, *rows = sites.rows
    _table(document, head, rows)
    if sites.common:
        document.add_heading(say["sites"]["common"], 1)
        rules = [
            (f"{one.rule.id} {one.rule.title[language]}", say["grades"][one.rule.severity], str(one.sites))
            for one in sites.common
        ]
        _table(document, (say["rule"], say["grade"], say["sites"]["sites"]), rules)


def _table(document: Document, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table with columns as wide as what they hold; its head stands on every page."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table = document.add_table(1, len(head), style="Light Grid Accent 1")
    table.autofit = False
    rows = list(rows)
    # No word of the head is broken; a Chinese character takes the room of two others.
    most = 160 // len(head)
    shares = [
        max((*(_room(word) + 6 for word in name.split()), *(min(_room(row[place]), most) for row in rows)))
        for place, name in enumerate(head)
    ]
    widths = [Mm(_WIDTH * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in (head, *rows):
        line = table.rows[0] if row is head else table.add_row()
        marks = ("w:tblHeader", "w:cantSplit") if row is head else ("w:cantSplit",)
        line._tr.get_or_add_trPr().extend(OxmlElement(mark) for mark in marks)
        for cell, text, width in zip(line.cells, row, widths, strict=True):
            cell.text = clean(text)
            cell.width = width


def _room(text: str) -> int:
    return len(text.encode("gb18030", "replace"))


def _set_fonts(document: Document) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for name in ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3"):
        font = document.styles[name].font
        font.name = "Arial"
        # Chinese is set in a face of its own.
        font.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Microsoft YaHei")
    document.styles["Normal"].font.size = Pt(10)


class _Written:
    """One report in a document."""

    def __init__(self, document: Document, report: Report, language: str) -> None:
        self._document = document
        self._report = report
        self._language = language
        self._words = words()[language]
        self.overview = Overview(report, language)

    def write(self, *, alone: bool) -> None:
        """Write it: what a manager reads, a line for each rule, the details. Where it is *alone*, it has the title."""
        say, report, overview = self._words, self._report, self.overview
        if alone:
            self._document.add_heading(say["title"], 0)
            self._text(report.target)
        else:
            self._document.add_heading(clean(report.target), 0)
        self._text(overview.verdict, bold=True)
        summary = report.summary
        counts = [self._pair(say[severity], count) for severity, count in summary.findings.items()]
        time = day_and_time(report.time, self._language)
        self._text(" · ".join((*counts, self._pair(say["pages"], summary.pages), self._pair(say["time"], time))))
        if overview.first:
            self._document.add_heading(say["do_first"], 1)
            for line in overview.first:
                who = say["who"][line.rule.who]
                remedy = line.findings[0].remedy(self._language)
                title = say["aside"].format(text=line.rule.title[self._language], aside=who)
                self._text(self._pair(title, remedy), style="List Number")
        self._document.add_heading(say["in_order"], 1)
        kept = ((topic.name, say["of"].format(kept=len(topic.kept), held=topic.held)) for topic in overview.topics)
        _table(self._document, (say["topic"], say["kept"]), kept)
        self._pictures()
        self._changes()
        if overview.lines:
            self._document.add_heading(say["by_rule"], 1)
            head = (say["rule"], say["grade"], say["places"], say["who_can"])
            _table(self._document, head, map(self._row, overview.lines))
            self._document.add_heading(say["appendix"], 1)
            for line in overview.lines:
                self._details(line)

    def _pair(self, name: str, value: object) -> str:
        return str(self._words["pair"].format(name=name, value=value))

    def _row(self, line: Line) -> Sequence[str]:
        state = f" · {self._words['states'][line.state]}" if line.state else ""
        title = f"{line.rule.id} {line.rule.title[self._language]}{state}"
        places = len(line.findings) + self._report.more.get(line.rule.id, 0)
        return title, self._words["grades"][line.rule.severity], str(places), self._words["who"][line.rule.who]

    def _pictures(self) -> None:
        from docx.shared import Mm

        for part, shot in self.overview.screenshots.items():
            self._document.add_picture(BytesIO(shot.content), width=Mm(150))
            self._text(f"{self._words['parts'][part]} · {shot.page} · {self._words['readers'][shot.reader]}")

    def _changes(self) -> None:
        since = self._report.since
        if since is None:
            return
        self._document.add_heading(self._words["since"].format(time=day_and_time(since.time, self._language)), 1)
        counts = {"new": self.overview.new, "mended": len(since.mended), "still": self.overview.still}
        self._text(self._words["since_counts"].format_map(counts))
        for heading, entries in self.overview.changes:
            self._document.add_heading(heading, 2)
            for entry in entries:
                self._text(entry, style="List Bullet")

    def _details(self, line: Line) -> None:
        rule = line.rule
        box = "☐ " if rule.severity is Severity.MANUAL else ""
        self._document.add_heading(clean(f"{box}{rule.id} {rule.title[self._language]}"), 2)
        for finding in line.findings[:_MOST]:
            self._text(self._place(finding), bold=True)
            self._text(finding.seen(self._language))
            if finding.excerpt:
                self._text(finding.excerpt, style="Quote")
        more = len(line.findings[_MOST:]) + self._report.more.get(rule.id, 0)
        if more:
            self._text(self._words["more_findings"].format(count=more))
        for remedy in dict.fromkeys(finding.remedy(self._language) for finding in line.findings[:_MOST]):
            self._text(self._pair(self._words["remedy"], remedy))
        cited = self._words["semicolon"].join(basis.cited(self._language) for basis in rule.basis)
        self._text(self._pair(self._words["basis"], cited))

    def _place(self, finding: Finding) -> str:
        line = f" {self._words['line'].format(line=finding.line)}" if finding.line else ""
        if finding.pages == 1:
            return f"{finding.page}{line}"
        others = " · ".join(finding.also)
        return f"{finding.page}{line} {self._words['more_pages'].format(count=finding.pages - 1)} {others}"

    def _text(self, text: str, *, style: str | None = None, bold: bool = False) -> None:
        self._document.add_paragraph(style=style).add_run(clean(text)).bold = bold or None
