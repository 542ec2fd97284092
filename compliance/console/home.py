"""The first page."""

from __future__ import annotations

from flask import Blueprint, render_template

from ..staff import Permission
from .access import allow

pages = Blueprint("home", __name__)


@pages.get("/")
@allow(Permission.OWN)
def home() -> str:
    """Show what there is to be done."""
    return render_template("console/home.html")
