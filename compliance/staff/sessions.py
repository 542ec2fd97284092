"""Sessions of the console: rows that can be looked at and ended, not cookies that say everything themselves."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from ..characters import UNPRINTABLE
from ..store import Database
from ..store.staff import staff, staff_session
from .accounts import Account, account_of

#: How long a session lasts that nobody uses, and one at all.
IDLE, LONGEST = timedelta(hours=1), timedelta(hours=12)
#: How long a half-finished sign-in waits.
HALF = timedelta(minutes=15)
#: How long who is there counts as having just proved it.
FRESH = timedelta(minutes=10)
_SPARING = timedelta(minutes=1)  # no page waits for the disk to note that it was asked for more often
_LONGEST_AGENT = 200
_SHOWN = 40
# By what is in the name that a browser gives itself; most name those that came before them, too.
_BROWSERS = (
    *(("MicroMessenger", "WeChat"), ("DingTalk", "DingTalk"), ("Edg", "Edge"), ("OPR/", "Opera")),
    *(("Firefox/", "Firefox"), ("QQBrowser", "QQ"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
_SYSTEMS = (
    *(("OpenHarmony", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")),
)


class Stage(StrEnum):
    """How far a sign-in has come."""

    PASSWORD = "password"  # the second factor is to follow
    SET_UP = "set_up"  # there is something to be set up first
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that somebody is signed in with."""

    key_hash: str
    stage: Stage
    created: datetime
    seen: datetime
    confirmed: datetime | None
    agent: str
    network: str

    @property
    def browser(self) -> str:
        """What the browser calls itself and its system, such as `Firefox, Windows`; it may say what it likes."""
        named = (next((name for mark, name in marks if mark in self.agent), "") for marks in (_BROWSERS, _SYSTEMS))
        return ", ".join(filter(None, named)) or self.agent[:_SHOWN]

    def is_fresh(self, now: datetime) -> bool:
        """Return whether who is there has just proved it."""
        return self.confirmed is not None and now - self.confirmed < FRESH


class Sessions:
    """The sessions of one site's console. Each method raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, account: Account, stage: Stage, *, proved: bool = True, agent: str, network: str, now: datetime
    ) -> str:
        """Begin a session and return its key, 256 random bits, of which only the hash is kept.

        *proved*: whether who is there has just shown who they are, where the sign-in is complete.
        """
        key = secrets.token_urlsafe(32)
        values = {
            "key_hash": _hash(key),
            "staff_id": account.id,
            "stage": stage,
            "created": now,
            "seen": now,
            "confirmed": now if stage is Stage.FULL and proved else None,
            "agent": UNPRINTABLE.sub("", agent[:_LONGEST_AGENT]),
            "network": network,
        }
        over = delete(staff_session).where(staff_session.c.seen < now - IDLE)

        def work(connection: Connection) -> None:
            connection.execute(over)
            connection.execute(insert(staff_session).values(values))

        self._database.write(work)
        return key

    def find(self, key: str, *, used: bool = True, now: datetime) -> tuple[Account, Session] | None:
        """Return whose session *key* is, None where it is over, or theirs no more; note where it was *used*."""
        query = (
            select(staff, *(staff_session.c[name].label(f"session_{name}") for name in Session.__dataclass_fields__))
            .join(staff_session, staff_session.c.staff_id == staff.c.id)
            .where(staff_session.c.key_hash == _hash(key), staff.c.disabled.is_(None))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        values = {name: getattr(row, f"session_{name}") for name in Session.__dataclass_fields__}
        found = Session(**{**values, "stage": Stage(values["stage"])})
        if _is_over(found, now):
            return None
        if used and now - found.seen > _SPARING:
            seen = update(staff_session).where(staff_session.c.key_hash == found.key_hash).values(seen=now)
            self._database.write(lambda connection: connection.execute(seen))
        return account_of(row), found

    def confirm(self, session: Session, *, now: datetime) -> None:
        """Note that who is there has just proved it."""
        confirmed = update(staff_session).where(staff_session.c.key_hash == session.key_hash).values(confirmed=now)
        self._database.write(lambda connection: connection.execute(confirmed))

    def end(self, key_hash: str, account: Account) -> bool:
        """End the session of that hash, if it is one of *account*; return whether it was."""
        mine = staff_session.c.staff_id == account.id
        ended = delete(staff_session).where(staff_session.c.key_hash == key_hash, mine)
        return self._database.write(lambda connection: connection.execute(ended).rowcount == 1)

    def end_all(self, account: Account, *, but: Session | None = None) -> None:
        """End all sessions of *account*, *but* that one."""
        ended = delete(staff_session).where(staff_session.c.staff_id == account.id)
        if but is not None:
            ended = ended.where(staff_session.c.key_hash != but.key_hash)
        self._database.write(lambda connection: connection.execute(ended))

    def of(self, account: Account, *, now: datetime) -> list[Session]:
        """Return the sessions of *account*, the one used last first."""
        columns = (staff_session.c[name] for name in Session.__dataclass_fields__)
        query = select(*columns).where(staff_session.c.staff_id == account.id).order_by(staff_session.c.seen.desc())
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = (Session(**{**row._mapping, "stage": Stage(row.stage)}) for row in rows)
        return [session for session in found if not _is_over(session, now)]


def _is_over(session: Session, now: datetime) -> bool:
    if session.stage is Stage.PASSWORD:
        return now - session.created > HALF
    return now - session.seen > IDLE or now - session.created > LONGEST


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
