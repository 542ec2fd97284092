"""The endpoints: decisions, preferences, records, legal documents, messages, reports, receipts, static files."""

from . import legal, messages, receipts, record
from .consent import consent
from .pages import State, adopt, blueprint, harden, limit, safe_path, state

__all__ = [
    "State",
    "adopt",
    "blueprint",
    "consent",
    "harden",
    "legal",
    "limit",
    "messages",
    "receipts",
    "record",
    "safe_path",
    "state",
]
