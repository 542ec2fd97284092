"""`flask compliance …`: settings, legal documents, folders of pages, messages and their delivery, proof of consent.

Exit status: 0 fine, 1 findings, 2 cannot run.
"""

from .group import STARTER, Alone, compliance

__all__ = ["STARTER", "Alone", "compliance"]
