"""The WSGI boundary: which responses change, and what their headers then say.

Knows no Flask, so that any WSGI application can be wrapped. What the application and what stands around it tell
each other of one exchange is in its `notes`.
"""

from __future__ import annotations

from .around import Around
from .boundary import Middleware
from .state import Injection

__all__ = ["Around", "Injection", "Middleware"]
