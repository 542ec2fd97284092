"""Settings: `compliance.toml` read into frozen records, everything that is wrong with it told at once."""

from .consent import CATEGORIES, NECESSARY, Category, Consent, Cookie, Tracker
from .mourning import Mourning
from .records import Reporting, Settings, Site
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
