"""Accounts: register, log in, log out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from .database import connect

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


@blueprint.before_app_request
def load_author() -> None:
    """Find who is logged in."""
    number = session.get("author")
    g.author = connect().execute("SELECT * FROM author WHERE id = ?", (number,)).fetchone() if number else None


def author_required(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Send visitors to the login form."""

    @wraps(view)
    def guarded(**values: object) -> ResponseReturnValue:
        if g.author is None:
            return redirect(url_for("accounts.login"))
        return view(**values)

    return guarded


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account."""
    if request.method == "POST":
        name, password = request.form["name"].strip(), request.form["password"]
        if not (name and password):
            flash("Name and password are required.", "error")
        else:
            # A cheap hash: these accounts live as long as a test.
            hashed = generate_password_hash(password, "pbkdf2:sha256:1000")
            try:
                with connect() as database:
                    database.execute("INSERT INTO author (name, password) VALUES (?, ?)", (name, hashed))
            except sqlite3.IntegrityError:
                flash(f"The name {name} is taken.", "error")
            else:
                flash("Welcome! Please log in.", "success")
                return redirect(url_for("accounts.login"))
    return render_template("account.html", title="Register")


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Log in."""
    if request.method == "POST":
        found = connect().execute("SELECT * FROM author WHERE name = ?", (request.form["name"].strip(),)).fetchone()
        if found and check_password_hash(found["password"], request.form["password"]):
            session.clear()
            session["author"] = found["id"]
            return redirect(url_for("posts.index"))
        flash("Name or password is wrong.", "error")
    return render_template("account.html", title="Log in")


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out."""
    session.clear()
    return redirect(url_for("posts.index"))
