"""`flask compliance doctor`: look at the application as it is."""

from .command import doctor

__all__ = ["doctor"]
