"""Whose a database is: it holds the messages and the ledger of one site, and another one would spoil both.

So would the same site with other keys: it could not open what is sealed there, nor check the end of the ledger.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ..errors import Message
from .faults import RefusedError
from .tables import bucket, site

_ROW = 1  # there is one owner
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A site: known by the address of its home page and by its *keys*, called by its name.

    *keys* are digests, newest first: of those that a site has, or of the one that a database was last sealed with.
    """

    name: str
    url: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.url})"

    def is_same(self, other: Owner) -> bool:
        """Return whether *other* is the same site: its name may change, and whether it is reached with TLS."""
        return _home(self.url) == _home(other.url)

    def has_key(self, other: Owner) -> bool:
        """Return whether a key of *other* is one of ours, or one of the two has none."""
        return not (self.keys and other.keys) or not set(self.keys).isdisjoint(other.keys)


class OwnerError(RefusedError):
    """The database is that of *found*, and *wanted* would write into it."""

    def __init__(self, found: Owner, wanted: Owner) -> None:
        remedy = (
            Message(
                "the keys of this machine are none of those that it is sealed with: give it the key that the others"
                " have (COMPLIANCE_KEYS, else SECRET_KEY and SECRET_KEY_FALLBACKS) and start it again, or give"
                " storage.url the database of this site; where that key is gone for good, run"
                " `flask compliance db adopt`"
            )
            if found.is_same(wanted)
            else Message(
                "give storage.url the database of this site, and storage.schema its schema; where the site was"
                " renamed, run `flask compliance db adopt`"
            )
        )
        super().__init__(
            Message(
                "it is that of the site %(found)s, and this is %(wanted)s: %(remedy)s",
                found=str(found),
                wanted=str(wanted),
                remedy=remedy,
            )
        )
        self.found = found
        self.wanted = wanted


def claim(engine: Engine, owner: Owner) -> None:
    """Note that a database without an owner is that of *owner*. Raises `OwnerError` where it is another's."""
    while True:
        if (found := owner_of(engine)) is None:
            with suppress(IntegrityError), engine.begin() as connection:  # another process may be first
                connection.execute(insert(site).values(id=_ROW, **_values(owner)))
        elif not (owner.is_same(found) and owner.has_key(found)):
            raise OwnerError(found, owner)
        elif owner.keys and not found.keys:
            with engine.begin() as connection:
                connection.execute(update(site).where(site.c.key.is_(None)).values(key=owner.keys[0]))
        else:
            return


def adopt(engine: Engine, owner: Owner) -> Owner | None:
    """Make a database that of *owner*, whosever it was; return whose, None where it was nobody's."""
    found = owner_of(engine)
    with engine.begin() as connection:
        if found and not owner.is_same(found):
            connection.execute(delete(bucket))  # a copy: what others put into the bucket since is not its own
        connection.execute(delete(site))
        connection.execute(insert(site).values(id=_ROW, **_values(owner)))
    return found


def owner_of(engine: Engine) -> Owner | None:
    """Return whose the database is, None where that is not written down."""
    with engine.connect() as connection:
        connection = connection.execution_options(compliance_reads=True)
        row = connection.execute(select(site.c.name, site.c.url, site.c.key).where(site.c.id == _ROW)).one_or_none()
    return Owner(name=row.name, url=row.url, keys=(row.key,) if row.key else ()) if row else None


def _values(owner: Owner) -> dict[str, str | None]:
    return {"name": owner.name[:_LONGEST_NAME], "url": owner.url, "key": owner.keys[0] if owner.keys else None}


def _home(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname or "", None if parts.port in (80, 443) else parts.port, parts.path.rstrip("/")
