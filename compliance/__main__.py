"""`python -m compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from .cli import Alone, compliance
from .extension import alone

compliance(prog_name="python -m compliance", obj=Alone(alone))
