"""A blog with accounts: SQLite, sessions, flashed messages, forms."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from . import accounts, database, posts


def create_app(instance: Path) -> Flask:
    """Make the blog, its database in *instance*."""
    app = Flask(__name__, instance_path=str(instance))
    app.config.update(SECRET_KEY="blog", DATABASE=instance / "blog.sqlite")
    database.create(app)
    app.teardown_appcontext(database.close)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(posts.blueprint)
    app.register_error_handler(HTTPException, show_error)
    return app


def show_error(error: HTTPException) -> tuple[str, int]:
    """An error as a page of the blog."""
    return render_template("error.html", error=error), error.code or 500
