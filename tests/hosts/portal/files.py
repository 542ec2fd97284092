"""The files: list, upload, download, preview, delete."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

blueprint = Blueprint("files", __name__)


def folder() -> Path:
    """Where the files lie."""
    path: Path = current_app.config["FOLDER"]
    return path


def find(name: str) -> Path:
    """The file *name*, or 404."""
    path = folder() / secure_filename(name)
    return path if path.is_file() else abort(404)


@blueprint.get("/")
def index() -> str:
    """The list of files."""
    return render_template("index.html", files=sorted(folder().iterdir()))


@blueprint.post("/upload")
def upload() -> ResponseReturnValue:
    """Take a file in."""
    for sent in request.files.getlist("file"):
        if name := secure_filename(sent.filename or ""):
            sent.save(folder() / name)
            flash(f"{name} is here.")
    return redirect(url_for("files.index"), 303)


@blueprint.get("/files/<name>")
def download(name: str) -> ResponseReturnValue:
    """A file to be saved."""
    return send_file(find(name), as_attachment=True, conditional=True)


@blueprint.get("/preview/<name>")
def preview(name: str) -> ResponseReturnValue:
    """A file to be looked at."""
    return send_file(find(name), conditional=True)


@blueprint.get("/rows")
def rows() -> str:
    """The rows of the list alone, for a script that puts them in place."""
    return render_template("rows.html", files=sorted(folder().iterdir()))


@blueprint.post("/reader")
def reader() -> ResponseReturnValue:
    """Remember the reader's name."""
    response = redirect(url_for("files.index"))
    response.set_cookie("reader", request.form["name"], httponly=True, samesite="Lax")
    return response
