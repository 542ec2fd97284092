"""A report for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...formats import to_json
from ..behaviour import Behaviour
from ..findings import Acceptance, Finding
from ..recipients import Recipient
from ..report import Report, Since
from ..rules import NO_ARTICLE
from ..stored import Stored
from ..targets import told


def json(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield each report as an object, page by page: their number has no bound. Several are a list."""
    if len(reports) > 1:
        yield "["
    for number, report in enumerate(reports):
        yield f'{{"target": {_text(report.target)}, "time": {_text(report.time.isoformat())}, "pages": ['
        rest = report.count
        for page in report.pages:
            rest -= 1
            yield _text(asdict(page)) + ("," if rest else "")
        yield f'], "findings": {_text([_plain(one, report, language) for one in report.findings])},'
        limit = report.limit and told(report.limit, language)
        for name in ("recipients", "stored", "behaviours"):
            yield f'"{name}": {_text([_record(one) for one in getattr(report, name)])},'
        if report.since:
            yield f'"since": {_text(_since(report.since, language))},'
        summary = asdict(report.summary) | {"more": report.more, "unread": report.unread.count, "limit": limit}
        unread = [{"url": one.url, "reason": told(one.reason, language)} for one in report.unread.first]
        yield f'"unread": {_text(unread)}, "summary": {_text(summary)}}}' + ("," if number < len(reports) - 1 else "")
    if len(reports) > 1:
        yield "]"


def _text(value: Any) -> str:
    return to_json(value)


def _record(one: Recipient | Stored | Behaviour) -> Mapping[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(one).items()}


def _since(since: Since, language: str) -> Mapping[str, Any]:
    return {
        "time": since.time.isoformat(),
        "mended": [{"id": one.rule.id, "title": one.rule.title[language], "page": one.page} for one in since.mended],
        "recipients": {"new": since.joined, "gone": since.left, "still": since.stayed},
    }


def _plain(finding: Finding, report: Report, language: str) -> Mapping[str, Any]:
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
            "article": "; ".join(basis.article for basis in rule.basis if basis.article != NO_ARTICLE),
        },
        "remedy": finding.remedy(language),
        "setting": rule.setting,
        "fingerprint": finding.fingerprint,
        "key": finding.key,
        "state": report.since.state([finding]) if report.since else None,
        "accepted": _acceptance(finding.accepted),
        "lapsed": _acceptance(finding.lapsed),
    }


def _acceptance(acceptance: Acceptance | None) -> Mapping[str, str | None] | None:
    if acceptance is None:
        return None
    return {"reason": acceptance.reason, "expires": acceptance.expires.isoformat(), "by": acceptance.by}
