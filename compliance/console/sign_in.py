"""Signing in and out: a name and a password, then the code of a telephone."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import login_user, logout_user  # type: ignore[import-untyped]  # it has no annotations
from werkzeug.wrappers import Response

from ..staff import Account, StaffError, Stage
from .access import LONGEST_CODE, InsecureError, anybody, attempt, during, is_private, local
from .state import Visitor, asked_from, console, me, note, now, visitor

pages = Blueprint("sign_in", __name__)

#: What the cookie calls the secret that somebody is about to give to a telephone.
SECRET = "second_factor"
_SHOWN = 64  # characters of a name that nobody has which the trail keeps


@pages.get("/sign-in")
@anybody
def sign_in() -> Response | str:
    """Show the form."""
    if not is_private():
        raise InsecureError
    asking = visitor()
    if asking is not None and asking.session.stage is Stage.FULL:
        return redirect(local(request.args.get("next", "")) or url_for("home.home"), 303)
    return _form()


@pages.post("/sign-in")
@anybody
def send() -> Response | tuple[str, int]:
    """Look at a name and a password."""
    if not is_private():
        raise InsecureError
    name, password = request.form.get("name", "").strip().lower(), request.form.get("password", "")
    account = _account(name)
    if not attempt(name[:_SHOWN], lambda: console().accounts.is_password(account, password)):
        note("sign_in_failed", name[:_SHOWN] if account else "", by=account)
        return _form(failed=True), 401
    assert account is not None
    if account.disabled:
        note("sign_in_failed", account.name, by=account)
        return _form(failed=True), 401
    session["next"] = local(request.args.get("next", ""))
    begin(account, Stage.PASSWORD if account.has_second_factor else Stage.SET_UP)
    return redirect(url_for("sign_in.second_factor" if account.has_second_factor else "account.set_up"), 303)


@pages.get("/sign-in/code")
@during(Stage.PASSWORD)
def second_factor() -> str:
    """Ask for the code of a telephone."""
    return render_template("console/code.html", failed=False)


@pages.post("/sign-in/code")
@during(Stage.PASSWORD)
def send_code() -> Response | tuple[str, int]:
    """Look at the code of a telephone, or at a recovery code."""
    account, code, here = me().account, request.form.get("code", "")[:LONGEST_CODE], console()
    by_telephone = code.replace(" ", "").isdigit()

    def check() -> bool:
        if by_telephone:
            return here.accounts.is_code(account, code, now=now())
        return here.accounts.is_recovery_code(account, code)

    if not attempt(f"{account.name}/code", check):
        note("sign_in_failed", "code")
        return render_template("console/code.html", failed=True), 401
    if not by_telephone:
        note("recovery_code_used")
    return enter(account)


@pages.post("/sign-out")
@during(*Stage)
def sign_out() -> Response:
    """End the session."""
    asking = me()
    console().sessions.end(asking.session.key_hash, asking.account)
    note("signed_out")
    logout_user()
    return redirect(url_for("sign_in.sign_in"), 303)


def begin(account: Account, stage: Stage, *, proved: bool = True) -> None:
    """Begin a session of *account* in the place of the one that this browser may have: nobody hands one to another.

    *proved*: whether who is there has just shown who they are.
    """
    asking, here = visitor(), console()
    if asking is not None:
        here.sessions.end(asking.session.key_hash, asking.account)
    key = here.sessions.begin(
        account, stage, proved=proved, agent=request.headers.get("User-Agent", ""), network=asked_from(), now=now()
    )
    found = here.sessions.find(key, now=now())
    assert found is not None
    session.pop(SECRET, None)  # who was here before has seen it
    login_user(Visitor(key, *found))


def enter(account: Account) -> Response:
    """Let *account* in, or lead it to what is to be set up first."""
    account = console().accounts.get(account.name)
    if account.is_ready:
        return enter_fully(account)
    begin(account, Stage.SET_UP)
    return redirect(url_for("account.set_up"), 303)


def enter_fully(account: Account, *, proved: bool = True) -> Response:
    """Let *account* in, and lead it to where it wanted to go; *proved* as in `begin`."""
    begin(account, Stage.FULL, proved=proved)
    console().accounts.note_sign_in(account, now=now())
    note("signed_in", by=account)
    return redirect(session.pop("next", "") or url_for("home.home"), 303)


def _account(name: str) -> Account | None:
    try:
        return console().accounts.get(name)
    except StaffError:
        return None


def _form(*, failed: bool = False) -> str:
    name = request.form.get("name", "")
    return render_template("console/sign_in.html", failed=failed, local_only=not request.is_secure, name=name)
