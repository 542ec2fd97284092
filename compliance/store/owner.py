"""Whose a database is: it holds the messages and the ledger of one site, and another one would spoil both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from .faults import RefusedError
from .tables import site

_ROW = 1  # there is one owner
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A site: known by the address of its home page, called by its name."""

    name: str
    url: str

    def __str__(self) -> str:
        return f"{self.name} ({self.url})"

    def is_same(self, other: Owner) -> bool:
        """Return whether *other* is the same site: its name may change, and whether it is reached with TLS."""
        return _home(self.url) == _home(other.url)


class OwnerError(RefusedError):
    """The database is that of *found*, and *wanted* would write into it."""

    def __init__(self, found: Owner, wanted: Owner) -> None:
        super().__init__(
            f"it is that of the site {found}, and this is {wanted}: give storage.url the database of this site;"
            " where the site was renamed, run `flask compliance db adopt`"
        )
        self.found = found
        self.wanted = wanted


def claim(engine: Engine, owner: Owner) -> None:
    """Note that a database without an owner is that of *owner*. Raises `OwnerError` where it is another's."""
    while (found := owner_of(engine)) is None:
        try:
            with engine.begin() as connection:
                connection.execute(insert(site).values(id=_ROW, **_values(owner)))
        except IntegrityError:  # another process was first
            continue
        return
    if not owner.is_same(found):
        raise OwnerError(found, owner)


def adopt(engine: Engine, owner: Owner) -> Owner | None:
    """Make a database that of *owner*, whosever it was; return whose, None where it was nobody's."""
    found = owner_of(engine)
    with engine.begin() as connection:
        connection.execute(delete(site))
        connection.execute(insert(site).values(id=_ROW, **_values(owner)))
    return found


def owner_of(engine: Engine) -> Owner | None:
    """Return whose the database is, None where that is not written down."""
    with engine.connect() as connection:
        connection = connection.execution_options(compliance_reads=True)
        row = connection.execute(select(site.c.name, site.c.url).where(site.c.id == _ROW)).one_or_none()
    return Owner(name=row.name, url=row.url) if row else None


def _values(owner: Owner) -> dict[str, str]:
    return asdict(owner) | {"name": owner.name[:_LONGEST_NAME]}


def _home(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname or "", None if parts.port in (80, 443) else parts.port, parts.path.rstrip("/")
