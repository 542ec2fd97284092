"""A report in SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from ...formats import to_json
from ..findings import Finding
from ..report import Gone, Report
from ..rules import Rule, Severity, rules
from ..targets import Unread, told

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAME = "flask-compliance"
_HOME = "https://pypi.org/project/flask-compliance/"
#: What relative addresses start at: the directory that the command ran in, which in a pipeline is the checkout.
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note", Severity.MANUAL: "none"}


def sarif(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield a log with one run for each report."""
    runs = [_run(report, language) for report in reports]
    yield to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}, indent=1)


def _run(report: Report, language: str) -> Mapping[str, Any]:
    order = {id_: place for place, id_ in enumerate(rules())}
    mended = report.since.mended if report.since else ()
    return {
        "tool": {
            "driver": {
                "name": _NAME,
                "version": version(_NAME),
                "informationUri": _HOME,
                "language": _language(language),
                "rules": [_rule(rule, language) for rule in rules().values()],
            }
        },
        "automationDetails": {"id": f"{_NAME}/{report.target}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": report.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "toolExecutionNotifications": _notifications(report, language),
            }
        ],
        "language": _language(language),
        "results": [
            *(_result(one, report, order[one.rule.id], language) for one in report.findings),
            *(_absent(one, report, order[one.rule.id], language) for one in mended),
        ],
        "properties": {"pages": report.count, "more": dict(report.more)},
    }


def _rule(rule: Rule, language: str) -> Mapping[str, Any]:
    bases = [basis.cited(language) for basis in rule.basis]
    remedy = _blank(rule.remedy[language])
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.title["en"].split() if word.isalnum()),
        "shortDescription": {"text": rule.title[language]},
        "fullDescription": {"text": _blank(rule.seen[language])},
        "help": {
            "text": "\n".join((remedy, *bases)),
            "markdown": "\n".join((remedy, "", *(f"- {one}" for one in bases))),
        },
        "helpUri": f"{_HOME}#{rule.id.lower()}",
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["compliance", rule.severity.value],
            "basis": [
                {"law": one.law[language], "article": one.article, "confidence": one.confidence} for one in rule.basis
            ],
            "setting": rule.setting,
        },
    }


def _result(finding: Finding, report: Report, index: int, language: str) -> Mapping[str, Any]:
    manual = finding.rule.severity is Severity.MANUAL
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        # A result that is no failure has the level "none" (SARIF 2.1.0, section 3.27.10).
        "kind": "review" if manual else "fail",
        "level": _LEVELS[finding.rule.severity],
        "message": {"text": finding.seen(language)},
        "locations": [_location(finding, report)],
        "occurrenceCount": finding.pages,
        "partialFingerprints": {"compliance/v1": finding.fingerprint},
        "properties": {"remedy": finding.remedy(language), "excerpt": finding.excerpt},
    }
    if finding.also:
        result["relatedLocations"] = [_place(_at(report, url)) for url in finding.also]
    if report.baseline:
        known = finding.accepted or finding.lapsed
        result["baselineState"] = "unchanged" if known else "new"
        result["suppressions"] = (
            [
                {
                    "kind": "external",
                    "status": "accepted",
                    "justification": finding.accepted.reason,
                    "properties": {"expires": finding.accepted.expires.isoformat(), "by": finding.accepted.by},
                }
            ]
            if finding.accepted
            else []
        )
    # Against an earlier look, if there is one, not against what is accepted (SARIF 2.1.0, section 3.27.24).
    if report.since and (state := report.since.state([finding])):
        result["baselineState"] = "unchanged" if state == "still" else "new"
    return result


def _absent(gone: Gone, report: Report, index: int, language: str) -> Mapping[str, Any]:
    """What an earlier look had, and this one has not."""
    return {
        "ruleId": gone.rule.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": _LEVELS[gone.rule.severity],
        "message": {"text": gone.rule.title[language]},
        "locations": [_place(_at(report, gone.page))],
        "baselineState": "absent",
    }


def _location(finding: Finding, report: Report) -> Mapping[str, Any]:
    if not finding.line:
        return _place(_at(report, finding.page))
    region = {"startLine": finding.line, "snippet": {"text": finding.excerpt}}
    return _place(_at(report, finding.page), region=region)


def _place(artifact: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    return {"physicalLocation": {"artifactLocation": artifact, **more}}


def _at(report: Report, page: str) -> Mapping[str, Any]:
    if "://" in page:
        return {"uri": quote(page, safe="%/:?#[]@!$&'()*+,;=~", errors="surrogateescape")}
    # The target may be the page itself.
    top = PurePath(report.target)
    path = top if top.name == page and not Path(report.target).is_dir() else top / page
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix(), errors="surrogateescape"), "uriBaseId": _ROOT}


def _notifications(report: Report, language: str) -> list[Mapping[str, Any]]:
    notes = [_unread(one, report, language) for one in report.unread.first]
    if report.limit:
        notes.append({"level": "note", "message": {"text": told(report.limit, language)}})
    return notes


def _unread(one: Unread, report: Report, language: str) -> Mapping[str, Any]:
    return {
        "level": "warning",
        "message": {"text": told(one.reason, language)},
        "locations": [_place(_at(report, one.url))],
    }


def _blank(text: str) -> str:
    """Return *text* of a rule without what only a finding knows."""
    return text.format_map(defaultdict(lambda: "…"))


def _language(language: str) -> str:
    return "zh-CN" if language == "zh_CN" else "en-US"
