"""The endpoints: decisions, preferences, records, legal documents, messages, reports, receipts, static files."""

from . import consent, legal, messages, receipts, record
from .application import Application
from .pages import safe_path
from .requests import routes
from .state import Bare, Host, State

__all__ = [
    "Application",
    "Bare",
    "Host",
    "State",
    "consent",
    "legal",
    "messages",
    "receipts",
    "record",
    "routes",
    "safe_path",
]
