"""Legal documents: Markdown that is found, filled from the settings, rendered once, and kept in all its versions."""

from .library import POLICIES, Document, Library, load
from .marks import Heading
from .metadata import metadata

__all__ = ["POLICIES", "Document", "Heading", "Library", "load", "metadata"]
