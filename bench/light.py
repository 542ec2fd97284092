"""A site whose page costs next to nothing, as httpbin's `/html` does: here what is added to a request shows most."""

from __future__ import annotations

from flask import Flask, Response, request

from compliance import Compliance

from .injection import SETTINGS

PATH = "/html"
_TEXT = "Availing himself of the mild, summer-cool weather that now reigned in these latitudes, he went to work. "
_PAGE = f"<!DOCTYPE html>\n<html>\n<head></head>\n<body>\n<h1>Moby-Dick</h1>\n<p>\n{_TEXT * 34}\n</p>\n</body>\n</html>"


def bare() -> Flask:
    """Return the site without us."""
    app = Flask(__name__)
    app.secret_key = "a key of sixteen bytes or more"
    app.add_url_rule(PATH, view_func=lambda: Response(_PAGE, content_type="text/html; charset=utf-8"), endpoint="html")
    app.before_request(lambda: None)

    @app.after_request
    def _share(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        response.headers["Access-Control-Allow-Credentials"] = "true"
        return response

    return app


def wrapped() -> Flask:
    """Return the site with us."""
    app = bare()
    Compliance(app, settings=SETTINGS)
    return app
