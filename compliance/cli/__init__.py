"""`flask compliance …`: settings, legal documents, folders of pages, messages and their delivery, proof of consent.

Exit status: 0 fine, 1 findings, 2 cannot run.
"""

from . import check, consents, database, deliver, legal, messages, purge, settings, stamp
from .group import Alone, compliance
from .settings import STARTER

__all__ = [
    "STARTER",
    "Alone",
    "check",
    "compliance",
    "consents",
    "database",
    "deliver",
    "legal",
    "messages",
    "purge",
    "settings",
    "stamp",
]
