"""Who is let in where: every endpoint says itself what it needs, and one that says nothing is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, Forbidden, TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from ..staff import Permission, Stage
from ..views.pages import safe_path
from .state import Visitor, asked_from, console, is_unasked, note, now, visitor

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_MARK = "_compliance_access"
_SHOWN = 100  # characters of a path that the trail keeps
#: Where a sign-in that is half done goes on.
_NEXT = {Stage.PASSWORD: "sign_in.second_factor", Stage.SET_UP: "account.set_up"}
#: The field of the password that confirms a form, and what it is sent with.
CONFIRMATION = "confirmation"
LONGEST_CODE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an endpoint needs.

    Args:
        permission: what one must be allowed to do, None where anybody may ask.
        stages: how far one must have come with signing in.
        fresh: whether one must just have proved who one is.
    """

    permission: Permission | None = None
    stages: frozenset[Stage] = frozenset()
    fresh: bool = False


class InsecureError(Forbidden):
    """The console was asked over plain HTTP from another machine."""


def allow(permission: Permission, *, fresh: bool = False) -> Callable[[F], F]:
    """Let those who have *permission* ask for a view, and with *fresh* only who has just proved who they are."""
    return _marked(Access(permission=permission, stages=frozenset({Stage.FULL}), fresh=fresh))


def during(*stages: Stage) -> Callable[[F], F]:
    """Let those ask for a view whose sign-in has come to one of *stages*."""
    return _marked(Access(permission=Permission.OWN, stages=frozenset(stages)))


def anybody(view: F) -> F:
    """Let anybody ask for *view*."""
    return _marked(Access())(view)


def _marked(access: Access) -> Callable[[F], F]:
    def mark(view: F) -> F:
        setattr(view, _MARK, access)
        return view

    return mark


def access_of(view: Callable[..., Any]) -> Access | None:
    """Return what *view* says that it needs, None where it says nothing."""
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Access) else None


def admit() -> AnyResponse | None:
    """Let a request through to its view, or answer it: before every request."""
    if request.endpoint is None:
        return None
    fields = (request.args, request.form)
    if "\0" in request.path or any("\0" in value for field in fields for _, value in field.items(multi=True)):
        raise BadRequest  # no text has it, and PostgreSQL takes none
    access = access_of(current_app.view_functions[request.endpoint])
    if access is None:
        raise Forbidden
    if access.permission is None:
        return None
    if not is_private():
        raise InsecureError
    asking = visitor()
    if asking is None:
        return _away(url_for("sign_in.sign_in", next=_here() or None))
    if asking.session.stage not in access.stages:
        return _away(url_for(_NEXT.get(asking.session.stage, "home.home")))
    if not asking.may(access.permission):
        note("refused", request.path[:_SHOWN])
        raise Forbidden
    return _confirmed(asking) if access.fresh else None


def is_private() -> bool:
    """Return whether nobody on the way can read along: it is HTTPS, or has not left this machine."""
    return request.is_secure or (_is_local(request.remote_addr) and _is_local(urlsplit(f"//{request.host}").hostname))


def _is_local(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def _away(address: str) -> AnyResponse:
    """Send a browser on to another page; where a page asked by itself, what is being written there stays."""
    if is_unasked():
        raise Unauthorized
    return redirect(address, 303)


def _here() -> str:
    """Return where to come back to: this page, if it can be asked for again."""
    return request.script_root + request.full_path.rstrip("?") if request.method == "GET" else ""


def _confirmed(asking: Visitor) -> AnyResponse | None:
    """Let through who has just proved who they are; ask the others, and keep what they had filled in."""
    if asking.session.is_fresh(now()):
        return None
    current_app.extensions["csrf"].protect()  # nobody is asked to confirm what a page elsewhere filled in
    typed = request.form.get(CONFIRMATION) if request.method == "POST" else None
    if typed is not None and proved(asking, typed):
        return None
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in (CONFIRMATION, "csrf_token")]
    action = _here() and url_for("account.confirm", next=_here())
    back = _here() or urlsplit(request.referrer or "").path
    page = render_template("console/confirm.html", fields=fields, failed=typed is not None, action=action, back=back)
    return Response(page, status=HTTPStatus.FORBIDDEN)


def attempt(what: str, check: Callable[[], T]) -> T:
    """Return what *check* returns, an attempt at *what*, such as the password of an account; nothing is a vain one.

    Raises `TooManyRequests` where there were too many from this network, or at this.
    """
    keys = {"account": what, "network": asked_from()}
    if wait := console().delays.take(keys, now=now()):
        raise TooManyRequests(retry_after=wait)
    found = check()
    if found:
        console().delays.forget(keys, now=now())
    return found


def proved(asking: Visitor, typed: str) -> bool:
    """Return whether *typed* is the password of who asks, and remember for a while that they have proved it.

    Of who has none here, as they sign in elsewhere, it is the code of their telephone.
    """
    account, accounts = asking.account, console().accounts

    def check() -> bool:
        if account.has_password:
            return accounts.is_password(account, typed)
        return console().asks_telephone(account) and accounts.is_code(account, typed[:LONGEST_CODE], now=now())

    if not attempt(account.name if account.has_password else f"{account.name}/code", check):
        note("confirmation_failed")
        return False
    console().sessions.confirm(asking.session, now=now())
    return True


def local(address: str) -> str:
    """Return *address* where it lies on this console, else an empty text: nobody is led elsewhere."""
    return address if safe_path(address) else ""
