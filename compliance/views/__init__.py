"""The endpoints: decisions, preferences, records, legal documents, messages, reports, receipts, static files."""

from .application import Application
from .pages import safe_path
from .requests import Route, routes
from .state import Bare, Host, SiteState, Store

__all__ = ["Application", "Bare", "Host", "Route", "SiteState", "Store", "routes", "safe_path"]
