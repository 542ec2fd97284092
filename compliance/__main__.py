"""`python -m compliance` and `flask-compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from .cli import Alone, compliance
from .extension import alone


def main() -> None:
    """Run a command; click tells by how it was started what it is called in messages."""
    compliance(obj=Alone(alone))


if __name__ == "__main__":  # the processes of `check` read this file, too
    main()
