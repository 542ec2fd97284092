"""The WSGI boundary: which responses change, and what their headers then say.

Knows no Flask, so that any WSGI application can be wrapped. What the application and what stands around it tell
each other goes through the environment: ``compliance.exempt`` (leave this response alone), ``compliance.omitted``
(elements that this page does without), ``compliance.placed`` (those that a page still being made has placed by hand),
``compliance.injected`` (what has left of it already), ``compliance.locale`` (the language of a page that names none),
``compliance.personal`` (it read what this reader decided), ``compliance.changed`` (an inner middleware did the work).
"""

from __future__ import annotations

from .around import Around
from .boundary import Middleware
from .state import Injection

__all__ = ["Around", "Injection", "Middleware"]
