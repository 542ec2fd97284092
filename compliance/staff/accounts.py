"""Accounts of the console: made, changed, disabled, and asked whether who signs in is who they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from uuid6 import uuid7

from ..errors import ReasonError
from ..receipts import code_hash
from ..store import Database
from ..store.staff import recovery_code, staff
from ..vault import Vault
from . import passwords, second_factor
from .roles import Permission, Role, may

#: What an account is called: small letters, digits and what mailboxes have, so that one is not taken for another.
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_SUBJECT = re.compile("[0-9a-f]{64}")
LONGEST_NAME = 100  # characters of a full name


class StaffError(ReasonError):
    """What cannot be done with an account.

    *reason*: `unknown` (there is none of this name), `taken` (there is one), `name`, `full_name`, `short`, `long`,
    `like` (a password that is the name), `same` (it is the one before), `last` (the only administrator left), `subject`
    (what a provider of identities calls nobody so), `linked` (it is somebody else's account already).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who works in the console."""

    id: UUID
    name: str
    full_name: str
    role: Role
    temporary: bool
    has_password: bool
    has_second_factor: bool
    created: datetime
    signed_in: datetime | None
    disabled: datetime | None

    @property
    def shown(self) -> str:
        """What others call them."""
        return self.full_name or self.name

    @property
    def handles(self) -> bool:
        """Whether cases can be given to them: they are let in, and may work on some."""
        return self.disabled is None and may(self.role, Permission.HANDLE_CASES)

    @property
    def is_ready(self) -> bool:
        """Whether nothing is left to be set up: a password of one's own, and the second factor."""
        return not self.has_password or (not self.temporary and self.has_second_factor)


class Accounts:
    """The accounts of one site's console. Each method raises `StoreError`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(self, name: str, role: Role, *, full_name: str = "", elsewhere: bool = False, now: datetime) -> str:
        """Make an account, and return its password, which is to be changed at the first sign-in.

        One whose owner signs in *elsewhere*, at a provider of identities, has none: an empty text. Raises `StaffError`.
        """
        if not NAME.fullmatch(name):
            raise StaffError("name")
        full_name = " ".join(full_name.split())
        if len(full_name) > LONGEST_NAME:
            raise StaffError("full_name")
        password = "" if elsewhere else passwords.new_password()
        values = {
            "id": uuid7(),
            "name": name,
            "full_name": full_name,
            "role": role,
            "password": passwords.hashed(password) if password else None,
            "temporary": bool(password),
            "last_step": 0,
            "created": now,
        }

        def work(connection: Connection) -> None:
            if connection.scalar(select(staff.c.id).where(staff.c.name == name)):
                raise StaffError("taken")
            connection.execute(insert(staff).values(values))

        self._database.write(work)
        return password

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        with self._database.reading() as connection:
            return [account_of(row) for row in connection.execute(select(staff).order_by(staff.c.name))]

    def get(self, name: str) -> Account:
        """Return the account *name*; `StaffError` where there is none."""
        with self._database.reading() as connection:
            return account_of(_row(connection, name))

    def known_as(self, subject: str) -> Account | None:
        """Return the account that is *subject* at the provider of identities."""
        with self._database.reading() as connection:
            row = connection.execute(select(staff).where(staff.c.subject == subject)).one_or_none()
        return account_of(row) if row else None

    def bind(self, name: str, subject: str) -> Account | None:
        """Give the account *name*, if its owner signs in elsewhere and has not yet, to who is *subject* there."""
        waiting = staff.c.name == name, staff.c.password.is_(None), staff.c.subject.is_(None)

        def work(connection: Connection) -> Account | None:
            if connection.execute(update(staff).where(*waiting).values(subject=subject)).rowcount != 1:
                return None
            return account_of(_row(connection, name))

        if not NAME.fullmatch(name):  # as in `_row`: the address of somebody else
            return None
        return self._database.write(work)

    def link(self, name: str, subject: str) -> None:
        """Give the account *name* to who is *subject* at the provider of identities; it has no password from then on.

        Raises `StaffError`.
        """
        if not _SUBJECT.fullmatch(subject):
            raise StaffError("subject")

        def work(connection: Connection) -> None:
            row = _row(connection, name)
            if connection.scalar(select(staff.c.id).where(staff.c.subject == subject, staff.c.id != row.id)):
                raise StaffError("linked")
            _update(connection, row.id, {"subject": subject, "password": None, "temporary": False})

        self._database.write(work)

    def reset(self, name: str) -> str:
        """Give the account a new password, to be changed at once, and let it in again; return the password.

        Its second factor and recovery codes are gone, and whose it was elsewhere. Raises `StaffError`.
        """
        password = passwords.new_password()
        values: dict[str, Any] = {"password": passwords.hashed(password), "temporary": True, "second_factor": None}
        values |= {"subject": None, "disabled": None}

        def work(connection: Connection) -> None:
            row = _row(connection, name)
            _update(connection, row.id, values)
            connection.execute(delete(recovery_code).where(recovery_code.c.staff_id == row.id))

        self._database.write(work)
        return password

    def disable(self, name: str, *, now: datetime) -> None:
        """Let the account in no more. Raises `StaffError`, for the last administrator, too."""

        def work(connection: Connection) -> None:
            row = _row(connection, name)
            _leave_one(connection, row)
            _update(connection, row.id, {"disabled": now})

        self._database.write(work)

    def set_role(self, name: str, role: Role) -> None:
        """Give the account another *role*. Raises `StaffError`, for the last administrator, too."""

        def work(connection: Connection) -> None:
            row = _row(connection, name)
            if role is not Role.ADMINISTRATOR:
                _leave_one(connection, row)
            _update(connection, row.id, {"role": role})

        self._database.write(work)

    def is_password(self, account: Account | None, password: str) -> bool:
        """Return whether *password* is that of *account*; it takes as long where there is none."""
        kept = None
        if account is not None:
            with self._database.reading() as connection:
                kept = connection.scalar(select(staff.c.password).where(staff.c.id == account.id))
        if not passwords.matches(password, kept):
            return False
        if account is not None and kept and passwords.is_outdated(kept):
            again = {"password": passwords.hashed(password)}
            self._database.write(lambda connection: _update(connection, account.id, again))
        return True

    def set_password(self, account: Account, password: str) -> None:
        """Give *account* the *password* that its owner chose. Raises `StaffError`."""
        if len(password) < passwords.SHORTEST:
            raise StaffError("short")
        if len(password) > passwords.LONGEST:
            raise StaffError("long")
        if account.name in password.casefold():
            raise StaffError("like")
        if self.is_password(account, password):
            raise StaffError("same")
        values = {"password": passwords.hashed(password), "temporary": False}
        self._database.write(lambda connection: _update(connection, account.id, values))

    def is_code(self, account: Account, code: str, *, now: datetime) -> bool:
        """Return whether *code* is one of the telephone of *account*, and use it up."""

        def work(connection: Connection) -> bool:
            query = select(staff.c.second_factor).where(staff.c.id == account.id)
            if (sealed := connection.scalar(query)) is None:
                return False
            step = second_factor.step_of(self._opened(account, sealed), code, now=now)
            if step is None:
                return False
            unused = update(staff).where(staff.c.id == account.id, staff.c.last_step < step)
            return connection.execute(unused.values(last_step=step)).rowcount == 1

        return self._database.write(work)

    def set_second_factor(self, account: Account, secret: str, code: str, *, now: datetime) -> list[str]:
        """Take *secret* for the second factor where *code* shows that a telephone has it, and return recovery codes.

        None at all where it does not.
        """
        step = second_factor.step_of(secret, code, now=now)
        if step is None:
            return []
        sealed = self._vault.seal(secret, table="staff", column="second_factor", row=str(account.id))

        def work(connection: Connection) -> list[str]:
            _update(connection, account.id, {"second_factor": sealed, "last_step": step})
            return _recovery(connection, account)

        return self._database.write(work)

    def new_recovery_codes(self, account: Account) -> list[str]:
        """Return new recovery codes, in the place of all that there were."""
        return self._database.write(lambda connection: _recovery(connection, account))

    def recovery_codes(self, account: Account) -> int:
        """Return how many recovery codes are left."""
        query = select(func.count()).select_from(recovery_code).where(recovery_code.c.staff_id == account.id)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def is_recovery_code(self, account: Account, code: str) -> bool:
        """Return whether *code* is a recovery code of *account*, and use it up."""
        used = delete(recovery_code).where(
            recovery_code.c.staff_id == account.id, recovery_code.c.code_hash == code_hash(code)
        )
        return self._database.write(lambda connection: connection.execute(used).rowcount == 1)

    def note_sign_in(self, account: Account, *, now: datetime) -> None:
        """Note when the owner of *account* last signed in."""
        self._database.write(lambda connection: _update(connection, account.id, {"signed_in": now}))

    def rekey(self) -> int:
        """Seal every second factor with the newest key; return how many were not."""

        def work(connection: Connection) -> int:
            columns = (staff.c.id, staff.c.second_factor)
            done = 0
            for row in connection.execute(select(*columns).where(staff.c.second_factor.is_not(None))).all():
                if not self._vault.is_current(row.second_factor):
                    place = {"table": "staff", "column": "second_factor", "row": str(row.id)}
                    sealed = self._vault.seal(self._vault.open(row.second_factor, **place), **place)
                    _update(connection, row.id, {"second_factor": sealed})
                    done += 1
            return done

        return self._database.write(work)

    def _opened(self, account: Account, sealed: str) -> str:
        return self._vault.open(sealed, table="staff", column="second_factor", row=str(account.id))


def _row(connection: Connection, name: str) -> Row[Any]:
    # MariaDB takes an accented letter for the plain one: what cannot be a name is looked for nowhere.
    row = connection.execute(select(staff).where(staff.c.name == name)).one_or_none() if NAME.fullmatch(name) else None
    if row is None:
        raise StaffError("unknown")
    return row


def account_of(row: Row[Any]) -> Account:
    """Return the account in *row*."""
    kept = {name: getattr(row, name) for name in ("id", "name", "full_name", "created", "signed_in", "disabled")}
    return Account(
        **kept,
        role=Role(row.role),
        temporary=row.temporary,
        has_password=row.password is not None,
        has_second_factor=row.second_factor is not None,
    )


def _update(connection: Connection, identity: UUID, values: dict[str, Any]) -> None:
    connection.execute(update(staff).where(staff.c.id == identity).values(values))


def _leave_one(connection: Connection, row: Row[Any]) -> None:
    """Refuse to take the last administrator away: nobody could make another one in the console."""
    others = (
        select(func.count())
        .select_from(staff)
        .where(staff.c.role == Role.ADMINISTRATOR, staff.c.disabled.is_(None), staff.c.id != row.id)
    )
    if row.role == Role.ADMINISTRATOR and not connection.scalar(others):
        raise StaffError("last")


def _recovery(connection: Connection, account: Account) -> list[str]:
    codes = second_factor.new_recovery_codes()
    connection.execute(delete(recovery_code).where(recovery_code.c.staff_id == account.id))
    rows = [{"staff_id": account.id, "code_hash": code_hash(code)} for code in codes]
    connection.execute(insert(recovery_code), rows)
    return codes
