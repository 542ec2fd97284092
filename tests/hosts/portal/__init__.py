"""A small portal for documents: uploads, downloads, a JSON API, streams, error pages."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from . import api, files, reports


def create_app(instance: Path) -> Flask:
    """Make the portal, its files in *instance*."""
    app = Flask(__name__, instance_path=str(instance))
    app.config.update(SECRET_KEY="portal", MAX_CONTENT_LENGTH=64 * 1024, FOLDER=instance / "files")
    app.config["FOLDER"].mkdir(exist_ok=True)
    app.jinja_env.undefined = StrictUndefined
    app.before_request(note_reader)
    app.after_request(finish)
    app.register_blueprint(files.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(reports.blueprint)
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(Exception, show_fault)
    return app


def note_reader() -> None:
    """Read who is reading from a cookie of the portal's own."""
    g.reader = request.cookies.get("reader", "guest")


def finish(response: Response) -> Response:
    """Every answer names the portal and may not be framed."""
    response.headers["X-Portal"] = "1"
    response.headers["X-Frame-Options"] = "DENY"
    return response


def show_error(error: HTTPException) -> ResponseReturnValue:
    """An error, as JSON for the API and as a page for the rest."""
    if request.path.startswith("/api/"):
        return jsonify(error=error.name, code=error.code), error.code or 500
    return render_template("error.html", code=error.code, name=error.name), error.code or 500


def show_fault(error: Exception) -> ResponseReturnValue:
    """An exception that nobody caught, as a page."""
    return render_template("error.html", code=500, name=type(error).__name__), 500
