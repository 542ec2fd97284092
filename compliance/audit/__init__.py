"""Is a site in order? Its pages read, what is missing found, each finding with its rule and its remedy."""

from .findings import Finding
from .report import Address, Number, PageSummary, Report, Summary
from .rules import Basis, Rule, Severity, rules

__all__ = ["Address", "Basis", "Finding", "Number", "PageSummary", "Report", "Rule", "Severity", "Summary", "rules"]
