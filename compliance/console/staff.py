"""The accounts of all who work in the console, for administrators."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..cases import PENDING
from ..errors import Message
from ..messages.listing import Filter, count
from ..staff import Account, Permission, Role, StaffError
from ..staff.words import DUTIES, ROLES
from .access import allow
from .pages import told
from .state import console, note, now, together

pages = Blueprint("staff", __name__)


@pages.get("/accounts")
@allow(Permission.MANAGE_STAFF)
def accounts() -> str:
    """Show all accounts, and the form for another one."""
    return _list()


@pages.post("/accounts")
@allow(Permission.MANAGE_STAFF, fresh=True)
def add() -> str | tuple[str, int] | Response:
    """Make an account, and show its password once, if it has one."""
    name, full_name = request.form.get("name", "").strip().lower(), request.form.get("full_name", "")
    elsewhere = console().provider is not None and "elsewhere" in request.form

    def work() -> str:
        role = _role()
        password = console().accounts.add(name, role, full_name=full_name, elsewhere=elsewhere, now=now())
        note("account_added", name, given=role)
        return password

    try:
        password = together(work)
    except StaffError as error:
        return _list(reason=error.reason), 422
    if elsewhere:
        flash(told(Message("%(name)s is let in once the provider of identities names its owner so.", name=name)))
        return redirect(url_for("staff.accounts"), 303)
    return render_template("console/new_password.html", name=name, password=password)


@pages.get("/accounts/<name>")
@allow(Permission.MANAGE_STAFF)
def one(name: str) -> str:
    """Show one account."""
    return _one(_account(name))


@pages.post("/accounts/<name>/role")
@allow(Permission.MANAGE_STAFF, fresh=True)
def change_role(name: str) -> Response | tuple[str, int]:
    """Give an account another role."""
    account = _account(name)

    def work() -> None:
        role = _role()
        console().accounts.set_role(name, role)
        note("role_changed", name, before=account.role, given=role)

    try:
        together(work)
    except StaffError as error:
        return _one(account, reason=error.reason), 422
    flash(told(Message("%(name)s is %(role)s now.", name=account.shown, role=ROLES[_role()])))
    return redirect(url_for("staff.one", name=name), 303)


@pages.post("/accounts/<name>/reset")
@allow(Permission.MANAGE_STAFF, fresh=True)
def reset(name: str) -> str:
    """Give an account a new password, show it once, and end its sessions."""
    account = _account(name)

    def work() -> str:
        password = console().accounts.reset(name)
        console().sessions.end_all(account)
        note("account_reset", name)
        return password

    return render_template("console/new_password.html", name=name, password=together(work))


@pages.post("/accounts/<name>/disable")
@allow(Permission.MANAGE_STAFF, fresh=True)
def disable(name: str) -> Response | tuple[str, int]:
    """Let an account in no more, and end its sessions."""
    account = _account(name)

    def work() -> None:
        console().accounts.disable(name, now=now())
        console().sessions.end_all(account)
        note("account_disabled", name)

    try:
        together(work)
    except StaffError as error:
        return _one(account, reason=error.reason), 422
    flash(told(Message("%(name)s is let in no more.", name=account.shown)))
    return redirect(url_for("staff.one", name=name), 303)


def _account(name: str) -> Account:
    try:
        return console().accounts.get(name)
    except StaffError:
        raise NotFound from None


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise StaffError("role") from None


def _list(*, reason: str = "") -> str:
    return render_template("console/accounts.html", accounts=console().accounts.all(), duties=DUTIES, reason=reason)


def _one(account: Account, *, reason: str = "") -> str:
    sessions = console().sessions.of(account, now=now())
    left = (
        0
        if account.handles
        else count(console().store.database, Filter(states=PENDING, assignee=account.name), now=now())
    )
    return render_template(
        "console/one_account.html", account=account, sessions=sessions, duties=DUTIES, left=left, reason=reason
    )
