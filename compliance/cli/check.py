"""`flask compliance check`: hold a site to the rules."""

from __future__ import annotations

import json
import locale
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from flask.cli import ScriptInfo
from jinja2 import Environment, FileSystemLoader

from ..audit import Basis, Finding, Report, Severity
from ..audit.rules import LANGUAGES, NO_ARTICLE
from ..deadlines import SHANGHAI
from ..i18n import catalogue
from ..paths import TEMPLATES
from ..trackers import Catalogue
from .group import CannotRunError, compliance, progress, state, width, written

if TYPE_CHECKING:
    from ..audit.runner import Audit

#: What makes the command fail, and all that is graver.
_FAILS = {name: tuple(Severity)[: place + 1] for place, name in enumerate(("error", "warning", "notice"))}
_PAGES = 500  # of a site that is crawled


def _language() -> str:
    """Return the language of the terminal, as far as reports are written in it."""
    found = locale.getlocale()[0] or ""
    return "zh_CN" if found.lower().startswith(("zh", "chinese")) else "en"


@compliance.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.option("--language", type=click.Choice(LANGUAGES), default=_language, show_default="that of the terminal")
@click.option("--limit", type=click.IntRange(min=1), help=f"Pages to read at most; {_PAGES} of a site that is crawled.")
@click.option(
    "--delay", type=click.FloatRange(min=0), default=0.2, show_default=True, help="Seconds between two requests."
)
@click.option("--connections", type=click.IntRange(1, 16), default=2, show_default=True, help="Requests at once.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that read a folder; one for each processor.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILS)),
    default="warning",
    show_default=True,
    help="The least finding that makes the exit status 1.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file; without it, standard output.")
@click.pass_context
def check(
    context: click.Context,
    targets: tuple[str, ...],
    form: str,
    language: str,
    limit: int | None,
    delay: float,
    connections: int,
    jobs: int | None,
    fail_on: str,
    output: Path | None,
) -> None:
    """Hold the pages of each TARGET to the rules: an address, a folder of HTML, or the application itself.

    Without a TARGET the application is checked, in this process. Exit status 1 says that there are findings.
    """
    audit = partial(_audit, context, limit=limit, delay=delay, connections=connections, jobs=jobs)
    with nullcontext() if output is None else written(output) as file:
        reports = [_run(audit(target)) for target in targets or (None,)]
        write: Callable[[str], object] = click.echo if file is None else lambda text: file.write(f"{text}\n".encode())
        if form == "json":
            _write_json(reports, language, write)
        else:
            for report in reports:
                write(_text(report, language))
    graves = _FAILS[fail_on]
    context.exit(int(any(report.summary.findings[severity] for report in reports for severity in graves)))


def _audit(
    context: click.Context, target: str | None, *, limit: int | None, delay: float, connections: int, jobs: int | None
) -> Audit:
    try:
        from ..audit.application import Application
        from ..audit.folder import Folder
        from ..audit.runner import Audit
        from ..audit.site import Context
        from ..audit.website import Website
    except ModuleNotFoundError as error:
        raise CannotRunError(f"{error.name} is missing; pip install 'flask-compliance[check]'") from None
    today = datetime.now(SHANGHAI).date()
    if target is None:
        if context.find_object(ScriptInfo) is None:
            raise CannotRunError("name a folder or an address, or run `flask --app … compliance check`")
        found = state(context)
        app = context.ensure_object(ScriptInfo).load_app()
        url = found.settings.site.url.rstrip("/") + (app.config["APPLICATION_ROOT"] or "").rstrip("/")
        return Audit(
            Application(app.wsgi_app, url),
            Context(catalogue=found.catalogue, today=today, hosts=_hosts(url), settings=found.settings),
            limit=limit or _PAGES,
        )
    if "://" in target:
        site = Website(target, delay=delay, connections=connections)
        return Audit(
            site,
            Context(catalogue=Catalogue(host=urlsplit(site.start).hostname), today=today, hosts=_hosts(site.start)),
            limit=limit or _PAGES,
            connections=connections,
        )
    return Audit(Folder(Path(target)), Context(catalogue=Catalogue(), today=today), limit=limit, jobs=jobs)


def _hosts(url: str) -> frozenset[str]:
    return frozenset(filter(None, [urlsplit(url).hostname]))


def _run(audit: Audit) -> Report:
    with progress(audit, audit.length(), "Checking") as pages:
        for _ in pages:
            pass
    report = audit.report(now=datetime.now(UTC))
    if not report.count:
        first = report.unread.first[0]
        raise CannotRunError(f"{report.target}: no page could be read. {first.url}: {first.reason}")
    return report


# JSON


def _write_json(reports: Sequence[Report], language: str, write: Callable[[str], object]) -> None:
    """Write each report as an object, page by page: their number has no bound. Several are a list."""
    if len(reports) > 1:
        write("[")
    for number, report in enumerate(reports):
        write(f'{{"target": {_json(report.target)}, "time": {_json(report.time.isoformat())}, "pages": [')
        rest = report.count
        for page in report.pages:
            rest -= 1
            write(_json(asdict(page)) + ("," if rest else ""))
        write(f'], "findings": {_json([_plain(one, language) for one in report.findings])},')
        summary = asdict(report.summary) | {"more": report.more, "unread": report.unread.count, "limit": report.limit}
        unread = [asdict(one) for one in report.unread.first]
        write(f'"unread": {_json(unread)}, "summary": {_json(summary)}}}' + ("," if number < len(reports) - 1 else ""))
    if len(reports) > 1:
        write("]")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(finding: Finding, language: str) -> Mapping[str, Any]:
    rule = finding.rule
    return {
        "id": rule.id,
        "severity": rule.severity,
        "title": rule.title[language],
        "page": finding.page,
        "pages": finding.pages,
        "also": finding.also,
        "line": finding.line,
        "excerpt": finding.excerpt,
        "seen": finding.seen(language),
        "rule": {
            "law": "; ".join(basis.law[language] for basis in rule.basis),
            "article": "; ".join(filter(None, map(_article, rule.basis))),
        },
        "remedy": finding.remedy(language),
        "setting": rule.setting,
        "fingerprint": finding.fingerprint,
        "accepted": finding.accepted,
    }


def _article(basis: Basis) -> str:
    return "" if basis.article == NO_ARTICLE else basis.article


# Text


def _text(report: Report, language: str) -> str:
    columns = min(max(shutil.get_terminal_size((100, 24)).columns, 40), 120)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "compliance"), trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    messages = catalogue(language)
    environment.filters["wrapped"] = lambda text, indent: _wrapped(text, indent, columns)
    environment.filters["remedies"] = lambda findings: dict.fromkeys(one.remedy(language) for one in findings)
    groups = [
        (severity, [(rule, list(found)) for rule, found in groupby(findings, key=lambda finding: finding.rule)])
        for severity, findings in groupby(
            (finding for finding in report.findings if finding.accepted is None), key=lambda one: one.rule.severity
        )
    ]
    text = environment.get_template("audit.txt").render(
        report=report,
        summary=report.summary,
        groups=groups,
        language=language,
        time=report.time.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        laws=lambda rule: "; ".join(f"{one.law[language]} {_article(one)}".rstrip() for one in rule.basis),
        _=lambda message, **values: messages.gettext(message) % values,
    )
    return text.rstrip()


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
