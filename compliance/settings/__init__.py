"""Settings: `compliance.toml` read into frozen records, everything that is wrong with it told at once."""

from .records import CATEGORIES, NECESSARY, Category, Consent, Cookie, Reporting, Settings, Site, Tracker
from .sources import find, load
from .texts import Text

__all__ = [
    "CATEGORIES",
    "NECESSARY",
    "Category",
    "Consent",
    "Cookie",
    "Reporting",
    "Settings",
    "Site",
    "Text",
    "Tracker",
    "find",
    "load",
]
