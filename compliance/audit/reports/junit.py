"""A report as the result of tests, which every continuous integration shows: a rule is a test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..findings import Finding
from ..report import Report
from ..rules import Rule, Severity, rules
from .words import words
from .xml import clean

_FAILS = (Severity.ERROR, Severity.WARNING)


def junit(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield a document with a suite for each report and in it a case for each rule, those that are kept as well."""
    root = Element("testsuites", name="flask compliance check")
    for report in reports:
        root.append(_suite(report, language))
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield tostring(root, encoding="unicode")


def _suite(report: Report, language: str) -> Element:
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        found[finding.rule.id].append(finding)
    suite = Element("testsuite", name=clean(report.target), timestamp=report.time.astimezone(UTC).strftime("%FT%T"))
    suite.extend(_case(rule, found[rule.id], report, language) for rule in rules().values() if report.held(rule))
    for name, count in (("tests", len(suite)), ("failures", _count(suite, "failure")), ("errors", 0)):
        suite.set(name, str(count))
    suite.set("skipped", str(_count(suite, "skipped")))
    suite.set("time", "0")
    return suite


def _case(rule: Rule, findings: Sequence[Finding], report: Report, language: str) -> Element:
    case = Element("testcase", classname=rule.id[:2] + "xx", name=f"{rule.id} {rule.title[language]}", time="0")
    still = [finding for finding in findings if finding.accepted is None]
    if still and rule.severity in _FAILS:
        failure = SubElement(case, "failure", type=rule.severity.value, message=clean(still[0].seen(language)))
        failure.text = clean(_told(still, report, language))
    elif still and rule.severity is Severity.MANUAL:
        SubElement(case, "skipped", message=clean(still[0].remedy(language)))
    elif still:
        SubElement(case, "system-out").text = clean(_told(still, report, language))
    elif findings and (accepted := findings[0].accepted):
        SubElement(case, "skipped", message=clean(f"{accepted.reason} ({accepted.expires})"))
    mended = [one.page for one in (report.since.mended if report.since else ()) if one.rule is rule]
    if mended:
        told = "\n".join((f"{words()[language]['since_mended']}:", *mended))
        out = case.find("system-out")
        out = SubElement(case, "system-out") if out is None else out
        out.text = "\n".join(filter(None, (out.text, clean(told))))
    return case


def _told(findings: Iterable[Finding], report: Report, language: str) -> str:
    lines = []
    for one in findings:
        lines += [f"{one.page}:{one.line}" if one.line else one.page, *one.also, one.seen(language), one.excerpt]
        if report.since and (state := report.since.state([one])):
            lines.append(words()[language]["states"][state])
        lines += [one.remedy(language), ""]
    rule = one.rule
    if rest := report.more.get(rule.id):
        lines.append(f"+ {rest}")
    lines += [basis.cited(language) for basis in rule.basis]
    return "\n".join(line for line in lines if line)


def _count(suite: Element, tag: str) -> int:
    return sum(1 for _ in suite.iter(tag))
