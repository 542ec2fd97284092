"""Cases handed out: those of some days that a search finds, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from http import HTTPStatus
from itertools import chain
from tempfile import TemporaryFile
from typing import Any

from babel.dates import format_skeleton
from flask import render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from ...deadlines import day
from ...errors import Message
from ...formats import as_csv, write_workbook
from ...messages.exports import COLUMNS, CONTACTS, records
from ...messages.listing import count
from ...staff import Permission
from ..access import allow
from ..pages import CSV, XLSX, case_words, file, language, reason_in, told
from ..state import console, me, note, now
from .listing import asked, choices, refused
from .routes import pages
from .search import NOBODY, Search, SearchError

#: Months that a link leads to, and rows of a workbook: somebody waits until all of it is written.
_MONTHS = 6
_MOST = 20_000
#: What columns are called.
_HEADS: Mapping[str, Message] = {
    "number": Message("Receipt number"),
    "kind": Message("Kind"),
    "category": Message("Category"),
    "language": Message("Language"),
    "state": Message("State"),
    "urgent": Message("Urgent"),
    "marks": Message("Marks"),
    "assignee": Message("With"),
    "subject": Message("Subject"),
    "body": Message("Text"),
    "page": Message("Page"),
    "page_title": Message("Title of the page"),
    "excerpt": Message("Passage"),
    "seen": Message("Seen"),
    "relation": Message("Sent by"),
    "enterprise": Message("Enterprise"),
    "credit_code": Message("Unified social credit code"),
    "harm": Message("Harm to the enterprise"),
    "created": Message("Received at"),
    "decide_due": Message("Decision due"),
    "answer_due": Message("Answer due"),
    "decided": Message("Decided at"),
    "answered": Message("Answered at"),
    "closed": Message("Closed at"),
    "hold": Message("Kept from deletion"),
    "result": Message("Result"),
    "answer": Message("Answer"),
    "pictures": Message("Pictures"),
    "name": Message("Name of the sender"),
    "contact": Message("Contact"),
}
#: Which words of the templates stand for the values of a column.
_NAMED = {
    "kind": "kinds",
    "category": "categories",
    "state": "states",
    "result": "states",
    "relation": "relations",
    "harm": "harms",
}
_FORMS = ("csv", "xlsx")
#: What the trail does not tell of a search: it may be the name of a sender, or the order, which changes nothing.
_UNTOLD = frozenset({"q", "sort", "group"})
_FLAGS = frozenset({"urgent", "overdue", "today"})


@pages.get("/messages/export")
@allow(Permission.EXPORT_CASES)
def export() -> str | tuple[str, int]:
    """Ask which cases are to be handed out, as what, and why: without a link all of the month before."""
    query = MultiDict(request.args)
    if not query.keys() - {"lang"}:
        query["state"] = "all"
    if not query.keys() & {"since", "until"}:
        first, last = _months()[1]
        query["since"], query["until"] = first.isoformat(), last.isoformat()
    return _ask(query)


@pages.post("/messages/export/count")
@allow(Permission.EXPORT_CASES)
def count_export() -> str | tuple[str, int]:
    """Tell how many cases would be handed out; what is searched for stands in no address."""
    return _ask(request.form)


@pages.post("/messages/export")
@allow(Permission.EXPORT_CASES, fresh=True)
def send_export() -> Response | str | tuple[str, int]:
    """Hand out the cases, once who took them, which and why stands in the trail."""
    form, reason, contacts = request.form.get("form", _FORMS[0]), reason_in(), "contacts" in request.form
    if form not in _FORMS:
        raise BadRequest
    if contacts and not me().may(Permission.REVEAL_CONTACTS):
        raise Forbidden
    try:
        search = asked(request.form)
    except SearchError:
        return _ask(request.form)
    if not reason:
        return _ask(request.form, wrong=Message("Say for whom the cases are, and why."))
    rows = count(console().store.database, search.which, now=now())
    if form == "xlsx" and rows > _MOST:
        most, number = format(_MOST, ","), format(rows, ",")
        long = Message(
            "A workbook holds at most %(most)s cases, not %(count)s. Choose fewer days, or CSV.",
            most=most,
            count=number,
        )
        return _ask(request.form, wrong=long)
    if days := _days(search):
        return _ask(request.form, wrong=days)
    note("cases_exported", **_said(search, form=form, rows=rows, contacts=contacts, reason=reason))
    name = f"cases-{search.values('since')[0]}-{search.values('until')[0]}.{form}"
    columns = (*COLUMNS, *(CONTACTS if contacts else ()))
    heads, found = [told(_HEADS[column]) for column in columns], _rows(search, columns, reason if contacts else "")
    if form == "csv":
        return file(as_csv((dict(zip(heads, row, strict=True)) for row in found), heads), name, CSV)
    with ExitStack() as opened:
        book = opened.enter_context(TemporaryFile())
        write_workbook(book, [(told(Message("Messages")), chain([heads], found))])
        book.seek(0)
        answer = file(FileWrapper(book), name, XLSX)
        answer.call_on_close(opened.pop_all().close)
    return answer


def _ask(query: MultiDict[str, str], *, wrong: str = "") -> str | tuple[str, int]:
    try:
        search = asked(query)
    except SearchError as error:
        search, wrong = asked(MultiDict()), refused(error)
    wrong = wrong or _days(search)
    page = render_template(
        "console/export.html",
        search=search,
        wrong=wrong,
        found=None if wrong else count(console().store.database, search.which, now=now()),
        months=[(format_skeleton("yMMMM", one[0], locale=language()), *one) for one in _months()],
        forms=_FORMS,
        may=me().may,
        **choices(),
    )
    return (page, HTTPStatus.UNPROCESSABLE_ENTITY) if wrong else page


def _days(search: Search) -> str:
    """Return what is wrong with the days of *search*: a file without any would hold all that there ever was."""
    first, end = search.which.since, search.which.until
    if first is None or end is None:
        return Message("Choose the first and the last day.")
    return "" if first < end else Message("The last day lies before the first one.")


def _months() -> list[tuple[date, date]]:
    """Return the first and last day of this month and of those before it."""
    found: list[tuple[date, date]] = []
    last = day(now())
    for _ in range(_MONTHS):
        found.append((last.replace(day=1), last))
        last = last.replace(day=1) - timedelta(days=1)
    return found


def _said(search: Search, **more: Any) -> dict[str, Any]:
    """Return what the trail tells of *search*; not what was searched for, which may be somebody's name."""
    said: dict[str, Any] = {name: " ".join(search.values(name)) for name, _ in search.asked if name not in _UNTOLD}
    said |= dict.fromkeys(said.keys() & _FLAGS, True) | more
    if search.which.search:
        said["searched"] = True
    if search.which.assignee is not None:
        said["assignee"] = search.which.assignee or NOBODY
    return {name: value for name, value in said.items() if value not in ("", False)}


def _rows(search: Search, columns: Sequence[str], reason: str) -> Iterator[list[Any]]:
    """Return *columns* of the cases of *search* in the language of this request, each read as it is asked for.

    With a *reason* names and contacts are among them, and who took them and why is noted in each case.
    """
    here, by, yes = console(), me().account.name, told(Message("yes"))
    named = case_words()
    called = {account.name: account.shown for account in here.accounts.all()}
    words = {**{name: named[key] for name, key in _NAMED.items()}, "assignee": called}

    def look(numbers: Sequence[str]) -> None:
        here.store.box.cases.viewed(numbers, by=by, reason=reason, now=here.clock())

    def cell(column: str, value: Any) -> Any:
        if column == "marks":
            return ", ".join(named["marks"].get(mark, mark) for mark in value.split())
        if isinstance(value, bool):
            return yes if value else ""
        return "" if value is None else words.get(column, {}).get(value, value)

    found = records(here.store.database, here.store.vault, search.which, look=look if reason else None, now=now())
    return ([cell(column, record[column]) for column in columns] for record in found)
