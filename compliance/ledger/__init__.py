"""The ledger: proof of what readers decided, and about which text."""

from .book import Ledger, Text
from .chain import Entry, Link
from .record import consent_record
from .recorder import Recorder
from .spool import Spool
from .verification import Finding, verify, walk

__all__ = [
    "Cell",
    "Entry",
    "Finding",
    "Ledger",
    "Link",
    "Recorder",
    "Spool",
    "Text",
    "chart",
    "consent_record",
    "count",
    "verify",
    "walk",
]
