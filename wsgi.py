"""Serve a site with compliance: ``gunicorn wsgi:app``.

``COMPLIANCE_SITE="package.module:app"`` names the site, an application or a factory of one; by default it is the demo.
A Flask application is wrapped as such, any other by ``compliance.wsgi``, and one that speaks ASGI by
``compliance.asgi``: ``uvicorn wsgi:app``.
"""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from flask import Flask

from compliance import Compliance, SettingsError, asgi, wsgi
from compliance.errors import Problem

DEMO = "demo:create_app"
DEMOS = (DEMO, "demo.trackers:create_app")


def load_site(site: str) -> Any:
    """Import the application that *site* names, or call its factory; `SettingsError` where there is none."""

    def wrong(remedy: str) -> SettingsError:
        return SettingsError("environment", (Problem(key="COMPLIANCE_SITE", value=repr(site), remedy=remedy),))

    module_name, colon, name = site.strip().partition(":")
    if not (colon and name and all(part.isidentifier() for part in module_name.split("."))):
        raise wrong("name the module and the application or factory in it, such as 'package.module:app'")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        # A module that the site itself misses is the site's own error.
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise wrong(f"there is no module {error.name!r} on the import path; start from the site's folder") from error
    found: object = getattr(module, name, None)
    if found is None:
        raise wrong(f"the module {module_name!r} has no {name!r}; name an application or a factory in it")
    return found if _speaks(found) else _make(found, wrong)


def _make(factory: Any, wrong: Callable[[str], SettingsError]) -> Any:
    if not callable(factory):
        raise wrong(f"it is of type {type(factory).__name__}; name an application or a function that makes one")
    if not _takes(factory, 0):
        raise wrong("the factory cannot be called without arguments; name one that can")
    made = factory()
    if not _speaks(made):
        raise wrong(f"calling it gave a {type(made).__name__}; name a factory that returns an application")
    return made


def _speaks(found: Any) -> str | None:
    """Return what *found* is called by, ``None`` where it is no application: by the arguments that it takes."""
    if isinstance(found, Flask):
        return "Flask"
    if not callable(found) or isinstance(found, type):
        return None
    return "WSGI" if _takes(found, 2) else "ASGI" if _takes(found, 3) else None


def _takes(found: Callable[..., object], arguments: int) -> bool:
    try:
        inspect.signature(found, follow_wrapped=False).bind(*range(arguments))
    except (TypeError, ValueError):
        return False
    return True


def demo_key(app: Flask) -> str:
    """Make a random key for the demo, kept in its instance folder so that all workers sign with the same one."""
    key, path = secrets.token_hex(32), Path(app.instance_path, "secret_key")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as file, suppress(FileExistsError):
            file.write(key)
            file.flush()
            os.link(file.name, path)  # workers start together: the first one's key is everybody's
            app.logger.warning("SECRET_KEY is not set: the demo signs consent with a random key, kept in %s", path)
        return path.read_text()
    except OSError as error:
        app.logger.warning(
            "SECRET_KEY is not set and no key can be kept (%s): consent is signed with one that this process alone "
            "knows and that ends with it; set SECRET_KEY",
            error,
        )
        return key


site = os.environ.get("COMPLIANCE_SITE") or DEMO
app = load_site(site)
if isinstance(app, Flask):
    if not app.secret_key:
        app.secret_key = os.environ.get("SECRET_KEY") or (demo_key(app) if site in DEMOS else None)
    compliance = Compliance(app)
else:
    wrap = wsgi.wrap if _speaks(app) == "WSGI" else asgi.wrap
    app = wrap(app, secret_key=os.environ.get("SECRET_KEY"))
