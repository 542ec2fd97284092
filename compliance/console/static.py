"""The stylesheet and the scripts of the console."""

from __future__ import annotations

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from ..assets import answer, find
from .access import anybody
from .state import console

pages = Blueprint("static", __name__)


@pages.get("/static/<path:name>")
@anybody
def static(name: str) -> Response:
    """Serve a stylesheet or script."""
    asset = find(console().assets, name)
    return answer(asset, name, request) if asset else abort(404)
