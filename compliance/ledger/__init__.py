"""The ledger: proof of what readers decided, and about which text."""

from .book import Ledger, SealError, Text
from .chain import Entry, Link
from .record import consent_record
from .recorder import Recorder
from .spool import LATE, Backlog, Spool
from .verification import Finding, Walk, verify

__all__ = [
    "LATE",
    "Backlog",
    "Entry",
    "Finding",
    "Ledger",
    "Link",
    "Recorder",
    "SealError",
    "Spool",
    "Text",
    "Walk",
    "consent_record",
    "verify",
]
