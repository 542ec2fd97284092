"""`flask compliance …`: write a settings file, list the legal documents, handle and deliver messages.

Exit status: 0 fine, 1 findings, 2 cannot run.
"""

from . import database, deliver, legal, messages, purge, settings
from .group import compliance
from .settings import STARTER

__all__ = ["STARTER", "compliance", "database", "deliver", "legal", "messages", "purge", "settings"]
