"""The address of a database as a site writes it: read, or refused with what to write instead.

Nothing of an address is ever repeated but the names of its options: the rest may be a password.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import Message, StoreError

#: The driver of each kind that an extra of this package installs, where the address names none.
_DRIVERS = {
    **{"sqlite": "sqlite", "postgresql": "postgresql+psycopg"},
    **{"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"},
}
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_EXAMPLES = Message("sqlite:///compliance.db, postgresql://user@host/name or mysql://user@host/name")
_PARTS = re.compile(r"(?P<user>[^/?#]*@)?(?P<hosts>[^/?#@]*)(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>.*))?")
#: What Python's `sqlite3` is told in an address; how transactions begin is up to this package.
_SQLITE = {"timeout", "cached_statements", "uri"}


def read(text: str, *, pooler: bool = False, schema: str | None = None) -> URL:
    """Return the address *text* with a driver that is installed. Raises `StoreError`, which says what to write.

    Args:
        pooler: whether one that gives a connection for a transaction stands before PostgreSQL.
        schema: that of PostgreSQL which the tables are in, where the settings name one.
    """
    scheme, _, rest = text.partition("://")
    kind, _, driver = scheme.lower().replace("postgres+", "postgresql+").partition("+")
    kind = "postgresql" if kind == "postgres" else kind
    if kind not in _DRIVERS:
        raise StoreError(
            Message("it names no database that this package works with; write %(examples)s", examples=_EXAMPLES)
        )
    rest = _several_hosts(kind, rest)
    if kind == "sqlite" and not rest.startswith("/"):
        raise StoreError(Message("a file stands behind three slashes: write sqlite:///compliance.db"))
    try:
        url = make_url(f"{f'{kind}+{driver}' if driver else _DRIVERS[kind]}://{rest}")
    except (ArgumentError, ValueError):
        raise StoreError(
            Message("it cannot be read; write %(examples)s, and %(password)s", examples=_EXAMPLES, password=_PASSWORD)
        ) from None
    if kind == "sqlite" and (not url.database or "memory" in (url.query.get("mode"), url.database.strip(":"))):
        raise StoreError(
            Message("each process would have a database of its own in its memory: write sqlite:///compliance.db")
        )
    _see_to_driver(url, kind)
    _see_to_options(url, kind)
    if pooler and "options" in url.query:
        raise StoreError(
            Message(
                "a pooler passes on no options; leave them out of the address, name a schema in storage.schema, and"
                " give what else they say to the user, as in ALTER ROLE news SET work_mem = '8MB'"
            )
        )
    if schema and kind != "postgresql":
        raise StoreError(
            Message(
                "PostgreSQL alone has schemas in a database (one of MySQL or MariaDB is a database); leave out"
                " storage.schema, and name a database of this site alone"
            )
        )
    if schema and "search_path" in str(url.query.get("options", "")):
        raise StoreError(Message("storage.schema names the schema; leave search_path out of the options"))
    return url


_PASSWORD = Message(
    "each of / ? # @ : in a password as %(signs)s",
    signs="%2F %3F %23 %40 %3A",
)


def _several_hosts(kind: str, rest: str) -> str:
    """Return *rest*, what follows the scheme, with several hosts written as SQLAlchemy wants it."""
    match = _PARTS.fullmatch(rest)
    assert match is not None
    hosts = [_HOST.fullmatch(host) for host in match["hosts"].split(",")]
    for host in hosts:
        if host is None or (host["port"] is not None and not _is_port(host["port"])):
            raise StoreError(
                Message(
                    "what stands behind a host is no port, a number up to 65535; write %(password)s", password=_PASSWORD
                )
            )
    if len(hosts) == 1:
        return rest
    if kind != "postgresql":
        raise StoreError(
            Message("the driver for %(kind)s takes one host; name the one of a proxy in front of them", kind=kind)
        )
    named = "&".join(f"host={quote(host[0], safe=':[]')}" for host in hosts if host)
    place, _, query = match["rest"].partition("?")
    return f"{match['user'] or ''}{place or '/'}?{named}{'&' if query else ''}{query}"


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 65535


def _see_to_driver(url: URL, kind: str) -> None:
    extra = Message("install flask-compliance[%(extra)s] and write %(kind)s://", extra=_EXTRAS.get(kind, ""), kind=kind)
    try:
        dialect = url.get_dialect()
        if dialect.is_async:
            raise StoreError(
                Message("its driver waits as asyncio does, and this package does not; %(remedy)s", remedy=extra)
            )
        dialect.import_dbapi()
    except (NoSuchModuleError, ImportError):
        raise StoreError(
            Message(
                "the driver for %(kind)s that it names, or needs, is not installed; %(remedy)s", kind=kind, remedy=extra
            )
        ) from None


def _see_to_options(url: URL, kind: str) -> None:
    """Raise `StoreError` for an option that the driver does not know, which it would drop or fail over later."""
    driver, given = url.get_driver_name(), set(url.query)
    if unknown := sorted(given - set(_options(url, driver, given))):
        raise StoreError(
            Message(
                "the driver %(driver)s knows no option %(options)s; leave it out of the address",
                driver=driver,
                options=", ".join(unknown),
            )
        )
    if kind in ("mysql", "mariadb") and url.query.get("charset", "utf8mb4") != "utf8mb4":
        raise StoreError(
            Message("messages need charset=utf8mb4, which is set without being named; leave it out of the address")
        )


def _options(url: URL, driver: str, given: Iterable[str]) -> Iterable[str]:
    if driver == "psycopg":
        from psycopg import pq  # an extra

        return [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    if driver == "pymysql":
        known = inspect.signature(url.get_dialect().import_dbapi().connect).parameters
        _, taken = url.get_dialect()().create_connect_args(url)
        return [*known, *(name for name in given if name not in taken)]  # SQLAlchemy has read those: `ssl_ca`
    if driver == "pysqlite" and not url.query.get("uri"):
        return _SQLITE
    return given


def given(url: URL) -> dict[str, object]:
    """Return what *url* itself says to its driver: it counts before what this package would say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, arguments = url.get_dialect()().create_connect_args(url)
    return dict(arguments)
