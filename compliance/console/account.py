"""One's own account: what is to be set up at first, then password, telephone, recovery codes and sessions."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import Message
from ..staff import Account, Permission, StaffError, Stage
from ..staff.second_factor import address, new_secret
from .access import CONFIRMATION, allow, attempt, during, local, proved
from .pages import told
from .sign_in import SECRET, enter
from .state import console, me, note, now, together

pages = Blueprint("account", __name__)


@pages.get("/set-up")
@during(Stage.SET_UP)
def set_up() -> Response | str:
    """Ask for what is missing: a password of one's own, then a telephone; let in who has both."""
    account = me().account
    if account.temporary:
        return render_template("console/password.html", reason="")
    if not account.has_second_factor:
        return _telephone()
    return enter(account)


@pages.get("/account")
@allow(Permission.OWN)
def show() -> str:
    """Show one's own account."""
    here, account = console(), me().account
    return render_template(
        "console/account.html",
        sessions=here.sessions.of(account, now=now()),
        codes=here.accounts.recovery_codes(account),
    )


@pages.get("/account/password")
@allow(Permission.OWN, fresh=True)
def password() -> str:
    """Ask for a new password."""
    _with_password()
    return render_template("console/password.html", reason="")


@pages.post("/set-up/password", endpoint="first_password")
@during(Stage.SET_UP)
def first_password() -> Response | tuple[str, int]:
    """Take a password in the place of the one that somebody else made."""
    return _set_password("account.set_up")


@pages.post("/account/password")
@allow(Permission.OWN, fresh=True)
def new_password() -> Response | tuple[str, int]:
    """Take a new password, and end all other sessions."""
    return _set_password("account.show")


@pages.get("/account/telephone")
@allow(Permission.OWN, fresh=True)
def telephone() -> str:
    """Show the secret for another telephone."""
    return _telephone()


@pages.post("/set-up/telephone")
@during(Stage.SET_UP)
def first_telephone() -> str | tuple[str, int]:
    """Take the first telephone."""
    return _set_telephone()


@pages.post("/account/telephone")
@allow(Permission.OWN, fresh=True)
def new_telephone() -> str | tuple[str, int]:
    """Take another telephone, and end all other sessions."""
    return _set_telephone()


@pages.post("/account/recovery-codes")
@allow(Permission.OWN, fresh=True)
def recovery_codes() -> str:
    """Make new recovery codes, in the place of all that there were."""

    def work() -> list[str]:
        note("recovery_codes_made")
        return console().accounts.new_recovery_codes(_with_telephone())

    return render_template("console/recovery_codes.html", codes=together(work))


@pages.post("/account/sessions/<key_hash>/end")
@allow(Permission.OWN)
def end_session(key_hash: str) -> Response:
    """End one of one's own sessions."""
    if not console().sessions.end(key_hash, me().account):
        raise NotFound
    note("session_ended")
    flash(told(Message("The session is over.")))
    return redirect(url_for("account.show"), 303)


@pages.post("/account/sessions/end")
@allow(Permission.OWN)
def end_sessions() -> Response:
    """End all sessions of one's own but this one."""
    console().sessions.end_all(me().account, but=me().session)
    note("session_ended")
    flash(told(Message("All other sessions are over.")))
    return redirect(url_for("account.show"), 303)


@pages.post("/account/confirm")
@allow(Permission.OWN)
def confirm() -> Response | tuple[str, int]:
    """Look at a password before a page that only who has just proved who they are may see."""
    back = local(request.args.get("next", "")) or url_for("account.show")
    if proved(me(), request.form.get(CONFIRMATION, "")):
        return redirect(back, 303)
    return render_template("console/confirm.html", fields=(), failed=True, action=request.full_path), 403


def _with_password() -> Account:
    """Return one's own account; what concerns a password is not there for who signs in elsewhere."""
    if not me().account.has_password:
        raise NotFound
    return me().account


def _with_telephone() -> Account:
    """Return one's own account; what concerns a telephone is not there for who proves elsewhere who they are."""
    if not console().asks_telephone(me().account):
        raise NotFound
    return me().account


def _set_password(after: str) -> Response | tuple[str, int]:
    account, typed = _with_password(), request.form.get("password", "")

    def work() -> None:
        console().accounts.set_password(account, typed)
        console().sessions.end_all(account, but=me().session)
        note("password_changed")

    try:
        if typed != request.form.get("again", ""):
            raise StaffError("again")
        together(work)
    except StaffError as error:
        return render_template("console/password.html", reason=error.reason), 422
    flash(told(Message("The password is changed.")))
    return redirect(url_for(after), 303)


def _telephone(*, failed: bool = False) -> str:
    secret = session.setdefault(SECRET, new_secret())
    leads_to = address(secret, name=_with_telephone().name, site=console().settings.site.name.get())
    picture = Markup(segno.make(leads_to, micro=False).svg_inline(scale=4, border=2, omitsize=True))
    return render_template("console/telephone.html", secret=secret, address=leads_to, picture=picture, failed=failed)


def _set_telephone() -> str | tuple[str, int]:
    account, secret, code = _with_telephone(), session.get(SECRET, ""), request.form.get("code", "")

    def work() -> list[str]:
        codes = console().accounts.set_second_factor(account, secret, code, now=now()) if secret else []
        if codes:
            # One that began before there was a telephone, or with the one before, has not shown that it has this one.
            console().sessions.end_all(account, but=me().session)
            note("second_factor_set")
        return codes

    codes = attempt(f"{account.name}/telephone", lambda: together(work))
    if not codes:
        return _telephone(failed=True), 422
    session.pop(SECRET)
    return render_template("console/recovery_codes.html", codes=codes)
