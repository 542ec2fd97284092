"""The WSGI boundary: which responses change, and what their headers then say.

Knows no Flask, so that any WSGI application can be wrapped. What the application and what stands around it tell
each other goes through the environment: ``compliance.exempt`` (leave this response alone), ``compliance.placed`` (the
elements that the page placed by hand), ``compliance.locale`` (the language of a page that names none) and
``compliance.injected`` (what has left already, for a page that is still being made).
"""

from __future__ import annotations

from .boundary import Middleware
from .state import Injection

__all__ = ["Injection", "Middleware"]
