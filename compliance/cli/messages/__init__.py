"""`flask compliance messages …`: the editors' work with the message box."""

from . import changes, exports, listing, report
from .group import messages

__all__ = ["changes", "exports", "listing", "messages", "report"]
