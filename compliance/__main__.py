"""`python -m compliance` and `flask-compliance`: the commands where there is no Flask application."""

from __future__ import annotations

from typing import Any

from .cli import Alone, compliance
from .extension import alone


def main() -> None:
    """Run a command; click tells by how it was started what it is called in messages."""
    compliance(obj=Alone(alone, serve=_serve))


def _serve(**options: Any) -> None:
    from .serving import Options, run  # with a server and a client, which an extra brings

    bind, workers, grace = (options.pop(name) for name in ("bind", "workers", "grace"))
    run(Options(**options), bind=bind, workers=workers, grace=grace)


if __name__ == "__main__":  # the processes of `check` read this file, too
    main()
