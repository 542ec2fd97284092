"""`python -m compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from .cli import Alone, compliance
from .extension import alone

if __name__ == "__main__":  # the processes of `check` read this file, too
    compliance(prog_name="python -m compliance", obj=Alone(alone))
