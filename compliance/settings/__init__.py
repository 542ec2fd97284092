"""Settings: `compliance.toml` read into frozen records, everything that is wrong with it told at once."""

from .mourning import Mourning
from .records import CATEGORIES, NECESSARY, Category, Consent, Cookie, Reporting, Settings, Site, Tracker
from .sources import find, load
from .texts import Text

__all__ = [
    "CATEGORIES",
    "NECESSARY",
    "Category",
    "Consent",
    "Cookie",
    "Mourning",
    "Reporting",
    "Settings",
    "Site",
    "Text",
    "Tracker",
    "find",
    "load",
]
