"""`python -m compliance` and `flask-compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .cli import Alone, compliance


def main() -> None:
    """Run a command; click tells by how it was started what it is called in messages."""
    # The extension comes with Flask, which few commands need.
    compliance(obj=Alone(lambda settings: import_module(".extension", "compliance").alone(settings), serve=_serve))


def _serve(**options: Any) -> None:
    from .serving import Options, run  # with a server and a client, which an extra brings

    bind, workers, grace = (options.pop(name) for name in ("bind", "workers", "grace"))
    run(Options(**options), bind=bind, workers=workers, grace=grace)


if __name__ == "__main__":  # the processes of `check` read this file, too
    main()
