"""The JSON API."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from . import files

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/files")
def index() -> Response:
    """The files and their sizes."""
    found = sorted(files.folder().iterdir())
    return jsonify(files=[{"name": path.name, "size": path.stat().st_size} for path in found])


@blueprint.put("/files/<name>")
def put(name: str) -> ResponseReturnValue:
    """Write a text into a file."""
    body = request.get_json()
    if not isinstance(body, dict) or "text" not in body:
        abort(422)
    (files.folder() / secure_filename(name)).write_text(body["text"], encoding="utf-8")
    return jsonify(name=name), 201, {"Location": url_for("files.download", name=name)}


@blueprint.delete("/files/<name>")
def delete(name: str) -> ResponseReturnValue:
    """Delete a file."""
    files.find(name).unlink()
    return "", 204
