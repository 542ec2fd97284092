"""Posts: read them, write, change and delete one's own."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .accounts import author_required
from .database import connect

blueprint = Blueprint("posts", __name__)

_POSTS = "SELECT post.*, author.name FROM post JOIN author ON author.id = post.author"


@blueprint.get("/")
def index() -> str:
    """All posts, newest first."""
    return render_template("index.html", posts=connect().execute(f"{_POSTS} ORDER BY post.id DESC").fetchall())


@blueprint.get("/posts/<int:number>")
def show(number: int) -> str:
    """One post."""
    return render_template("post.html", post=find(number))


@blueprint.route("/posts/new", methods=["GET", "POST"])
@author_required
def write() -> ResponseReturnValue:
    """Write a post."""
    if request.method == "POST" and is_complete():
        with connect() as database:
            added = database.execute(
                "INSERT INTO post (author, title, body) VALUES (?, ?, ?)",
                (g.author["id"], request.form["title"], request.form["body"]),
            )
        flash("Published.", "success")
        return redirect(url_for("posts.show", number=added.lastrowid))
    return render_template("edit.html", post=None)


@blueprint.route("/posts/<int:number>/edit", methods=["GET", "POST"])
@author_required
def edit(number: int) -> ResponseReturnValue:
    """Change a post."""
    post = find_own(number)
    if request.method == "POST" and is_complete():
        with connect() as database:
            database.execute(
                "UPDATE post SET title = ?, body = ? WHERE id = ?",
                (request.form["title"], request.form["body"], number),
            )
        return redirect(url_for("posts.show", number=number))
    return render_template("edit.html", post=post)


@blueprint.post("/posts/<int:number>/delete")
@author_required
def delete(number: int) -> ResponseReturnValue:
    """Delete a post."""
    find_own(number)
    with connect() as database:
        database.execute("DELETE FROM post WHERE id = ?", (number,))
    flash("Deleted.", "success")
    return redirect(url_for("posts.index"))


def find(number: int) -> sqlite3.Row:
    """The post, or 404."""
    post: sqlite3.Row | None = connect().execute(f"{_POSTS} WHERE post.id = ?", (number,)).fetchone()
    return post or abort(404, f"There is no post {number}.")


def find_own(number: int) -> sqlite3.Row:
    """The post, if the author is its author, or 403."""
    post = find(number)
    if post["author"] != g.author["id"]:
        abort(403, "This post is somebody else's.")
    return post


def is_complete() -> bool:
    """Whether the form that was sent has a title; a message is flashed where it has none."""
    if request.form["title"].strip():
        return True
    flash("A title is required.", "error")
    return False
