"""`python -m compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from .cli import compliance

compliance(prog_name="python -m compliance")
