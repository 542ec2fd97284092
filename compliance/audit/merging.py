"""The findings of many pages as one list: what pages share is told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .findings import Finding
from .rules import Severity

#: Findings of one rule that are told apart; more are counted.
MOST = 1_000
#: Further pages that a finding names.
MOST_ALSO = 3
#: Values of findings of one who breaks a rule that are named, such as hosts.
MOST_VALUES = 10
_GRAVITY = list(Severity)


@dataclass(slots=True)
class _Shared:
    first: Finding
    last: str
    pages: int = 1
    also: list[str] = field(default_factory=list)
    told: dict[str, dict[str, None]] = field(default_factory=dict)

    def take(self, finding: Finding) -> None:
        """Keep what else one who breaks the rule does it with: further hosts, further names."""
        for name, value in finding.values.items():
            values = self.told.setdefault(name, {})
            if len(values) < MOST_VALUES:
                values[value] = None

    @property
    def values(self) -> Mapping[str, str]:
        """The values of all, each once."""
        return {name: next(iter(all_)) if len(all_) == 1 else ", ".join(all_) for name, all_ in self.told.items()}


class Findings:
    """Findings in the order of the pages, merged where rule, excerpt and values are the same."""

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared] = {}
        self._rules: Counter[str] = Counter()
        #: How many more findings there are of rules that have more than `MOST`.
        self.more: Counter[str] = Counter()

    def add(self, findings: Iterable[Finding]) -> None:
        """Take in *findings*."""
        for finding in findings:
            key = (finding.rule.id, *finding.said)
            shared = self._shared.get(key)
            if shared is None:
                if self._rules[finding.rule.id] >= MOST:
                    self.more[finding.rule.id] += 1
                    continue
                self._rules[finding.rule.id] += 1
                shared = self._shared[key] = _Shared(first=finding, last=finding.page)
            elif shared.last != finding.page:
                shared.last = finding.page
                shared.pages += 1
                if len(shared.also) < MOST_ALSO:
                    shared.also.append(finding.page)
            if finding.rule.by:
                shared.take(finding)

    def all(self) -> Sequence[Finding]:
        """Return them, the gravest first, then by rule and page."""
        merged = (
            replace(
                shared.first,
                pages=shared.pages,
                also=tuple(shared.also),
                values=shared.values if shared.first.rule.by else shared.first.values,
            )
            for shared in self._shared.values()
        )
        return sorted(merged, key=lambda finding: (_GRAVITY.index(finding.rule.severity), finding.rule.id))
