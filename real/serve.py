"""Serve one application in its own environment: `python -m real.serve NAME FOLDER [wrapped]`; prints its address."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from real.starts import PASSWORD, STARTS

ROOT = Path(__file__).resolve().parents[1]


class Quiet(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        pass


def wrapped(application: Any, folder: Path) -> Any:
    """Return *application* with the two lines on it, in the mode that holds most."""
    told = tomllib.loads((ROOT / "compliance.toml").read_text(encoding="utf-8"))
    settings = {name: told[name] for name in ("site", "licences", "reporting")}
    settings |= {"consent": {"mode": "opt-in"}, "storage": {"url": f"sqlite:///{folder}/compliance.db"}}
    if isinstance(application, Flask):
        from compliance import Compliance

        Compliance(application, settings=settings)
        return application
    from compliance import wsgi

    return wsgi.wrap(application, settings=settings, secret_key=PASSWORD)


def serve(name: str, folder: Path, *, wrap: bool) -> None:
    application = STARTS[name](folder)
    if isinstance(application, Flask):
        application.debug = False
        application.secret_key = application.secret_key or PASSWORD
    if wrap:
        application = wrapped(application, folder)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), wrap=sys.argv[3:] == ["wrapped"])
