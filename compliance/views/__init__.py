"""The endpoints: decisions, preferences, legal documents, messages, reports and their receipts, static files."""

from . import legal, messages, receipts
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
    "safe_path",
    "state",
]
