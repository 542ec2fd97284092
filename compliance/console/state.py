"""What the console works with, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from flask import current_app, request
from flask_login import UserMixin, current_user  # type: ignore[import-untyped]  # it has no annotations

from .. import engine
from ..assets import Asset
from ..documents import Library
from ..ledger import LEDGER, TRAIL, Act, Link, Rounds, Trail, verify, verify_acts
from ..settings import Settings
from ..staff import Account, Accounts, Delays, Permission, Provider, Session, Sessions, may
from ..staff.words import ACTIONS
from ..throttle import network
from ..views import Store

T = TypeVar("T")

NAME = "compliance_console"


@dataclass(kw_only=True)
class Console:
    """Everything that the pages of one console work with.

    Args:
        store: what the site keeps: cases, the ledger, and what seals what is personal.
        assets: the files that pages load, by their plain names.
        clock: tells the time.
        provider: where people can sign in, too.
        history: the file in which `check` keeps its looks at the site.
    """

    settings: Settings
    store: Store
    assets: Mapping[str, Asset]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    provider: Provider | None = None
    history: Path | None = None
    accounts: Accounts = field(init=False)
    sessions: Sessions = field(init=False)
    delays: Delays = field(init=False)
    trail: Trail = field(init=False)
    rounds: Rounds[Link] = field(init=False)
    trail_rounds: Rounds[Act] = field(init=False)

    def __post_init__(self) -> None:
        """Open what the console alone needs."""
        database, vault = self.store.database, self.store.vault
        self.accounts = Accounts(database, vault)
        self.sessions = Sessions(database)
        self.delays = Delays(database, vault)
        self.trail = Trail(database, vault)
        ledger, trail = self.store.ledger, self.trail
        self.rounds = Rounds(database, LEDGER, ledger, partial(verify, ledger), lambda: self.clock())
        self.trail_rounds = Rounds(database, TRAIL, trail, partial(verify_acts, trail), lambda: self.clock())

    def asks_telephone(self, account: Account) -> bool:
        """Return whether *account* has a second factor here: where nobody else tells that they asked for one."""
        return account.has_password or (self.provider is not None and not self.provider.proves)

    @cached_property
    def documents(self) -> Library:
        """The legal documents of the site, read when they are first asked for."""
        return engine.library(self.settings)


class Visitor(UserMixin):  # type: ignore[misc]  # as it has no annotations
    """Somebody who is signed in, or about to be."""

    def __init__(self, key: str, account: Account, session: Session) -> None:
        self._key = key
        self.account = account
        self.session = session

    def get_id(self) -> str:
        """Return what the cookie knows them by: the key of the session."""
        return self._key

    def may(self, permission: Permission) -> bool:
        """Return whether they may do that."""
        return may(self.account.role, permission)


def console() -> Console:
    """Return the console that answers this request."""
    found = current_app.extensions[NAME]
    assert isinstance(found, Console)
    return found


def now() -> datetime:
    """Return the time."""
    return console().clock()


def visitor() -> Visitor | None:
    """Return who asks, None where nobody is signed in. Raises `StoreError`."""
    found = current_user._get_current_object()
    return found if isinstance(found, Visitor) else None


def me() -> Visitor:
    """Return who asks, on a page that needs somebody to be signed in."""
    found = visitor()
    assert found is not None
    return found


def is_unasked() -> bool:
    """Return whether a page asked by itself, by htmx, for what has changed: nobody need be there."""
    return "HX-Request" in request.headers


def asked_from() -> str:
    """Return the network that this request came from."""
    return network(request.remote_addr)


def note(action: str, about: str = "", *, by: Account | None = None, **detail: Any) -> None:
    """Write into the trail that who asks, else *by*, did *action*, one of `ACTIONS`, to what is called *about*.

    Done within `together`, it is kept with the change itself or not at all. Nothing of a reader belongs into *detail*.
    Raises `StoreError`.
    """
    assert action in ACTIONS, action
    asking = visitor()
    account = by or (asking.account if asking else None)
    console().trail.append(
        action,
        actor=account.name if account else "",
        role=account.role if account else "",
        about=about,
        network=asked_from(),
        detail={name: value for name, value in detail.items() if value is not None},
        now=now(),
    )


def together(work: Callable[[], T]) -> T:
    """Do *work* so that all that it changes is one transaction; it may be done again where another was in the way."""
    return console().store.database.together(work)
