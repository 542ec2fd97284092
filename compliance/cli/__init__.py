"""`flask compliance …`: write a settings file, list the legal documents, handle and deliver messages, prove consents.

Exit status: 0 fine, 1 findings, 2 cannot run.
"""

from . import consents, database, deliver, legal, messages, purge, settings
from .group import compliance
from .settings import STARTER

__all__ = ["STARTER", "compliance", "consents", "database", "deliver", "legal", "messages", "purge", "settings"]
