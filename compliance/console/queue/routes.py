"""What all pages about messages have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from babel import Locale
from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ...errors import Message
from ...messages import Case, CaseError
from ...receipts import read_number
from ...staff import Account
from ..pages import language
from ..state import console

pages = Blueprint("queue", __name__)

#: Why a change of a case was refused, by the reason of a `CaseError`.
REFUSED: Mapping[str, Message] = {
    "unknown": Message("there is no such case"),
    "move": Message("from where it stands this cannot be done"),
    "changed": Message("somebody changed it in the meantime"),
    "text": Message("its sender needs a text of at most 10,000 characters"),
}


def known(number: str) -> str:
    """Return a receipt number in an address as it is kept; 404 for what is none."""
    return read_number(number[:64]) or abort(404)


def opened(number: str) -> Case:
    """Return a case without its sender's name and contact; 404 where there is none."""
    try:
        return console().store.box.cases.get(known(number), opened=False)
    except CaseError:
        abort(404)


def version() -> int:
    """Return the version of a case that a form was filled in for; 400 for what is none."""
    text = request.form.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        abort(400)
    return int(text)


def to_case(number: str, *, anchor: str | None = None) -> Response:
    """Lead to the page of a case."""
    return redirect(url_for("queue.case", number=number, _anchor=anchor), 303)


def editors(accounts: list[Account]) -> dict[str, str]:
    """Return those who can be given cases, and what others call them."""
    return {account.name: account.shown for account in accounts if account.handles}


def languages(*wanted: str) -> dict[str, str]:
    """Return the languages *wanted*, and those of the site, as they are called in the language of this request."""
    found = dict.fromkeys((*wanted, *console().settings.site.languages))
    return {one: Locale.parse(one).get_display_name(language()) or one for one in found}


def words(accounts: list[Account]) -> dict[str, Any]:
    """Return what the templates about messages are told beside what every template is."""
    return {
        "shown_as": {account.name: account.shown for account in accounts},
        "editors": editors(accounts),
        "minute": timedelta(minutes=1),
        "own_categories": console().settings.messages.categories,
    }
