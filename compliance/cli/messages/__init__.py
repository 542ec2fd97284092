"""`flask compliance messages …`: the editors' work with the message box."""

from . import changes, listing
from .group import messages

__all__ = ["changes", "listing", "messages"]
