"""What can go wrong with a database, in words that hold nothing of what is kept in it."""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError

from ..errors import Message, StoreError

_HELD = Message("another process has held the database for too long; look for one that does not end")
_FULL = Message("the disk of the database is full; make room on it")
_UNWRITABLE = Message(
    "the database cannot be written; let the user that the site runs as write its file and the file's folder"
)
_DAMAGED = Message("the file of the database is damaged or none; put a backup in its place")
_LOGIN = Message("the server of the database refuses the log-in; see to user, password and name in the address")
_DENIED = Message("the user of the database lacks a right; grant it all of them on its own database")
_ONLY_READS = Message("the server of the database takes no changes now; name the one that does in the address")
_CROWDED = Message("the server of the database takes no more connections; raise its limit or run fewer workers")
_LACKING = Message("a table or column is missing; put a backup in the place of the database, or name an empty one")
_POOLED = Message("a pooler such as PgBouncer stands before the server of the database; set storage.pooler = true")
_APART = Message(
    "the node of the Galera cluster that was asked is apart from the others and takes nothing; see that they reach each"
    " other (wsrep_cluster_status), and let the proxy in front lead to nodes that are Synced alone"
)
GONE = Message("the database does not answer; see that its server runs, can be reached and lets this site in")

#: MySQL's number for a node of Galera that takes no part.
NOT_READY = 1047
#: By SQLite's name, SQLSTATE (or its class), MySQL's number.
_REASONS: dict[object, str] = {
    **dict.fromkeys(("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "57014", 1205), _HELD),
    **dict.fromkeys(("SQLITE_FULL", "53100", 1021, 1114), _FULL),
    **dict.fromkeys(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM"), _UNWRITABLE),
    **dict.fromkeys(("SQLITE_CORRUPT", "SQLITE_NOTADB"), _DAMAGED),
    "SQLITE_IOERR": Message("the disk of the database cannot be read or written; see to it"),
    **dict.fromkeys(("28", "3D", 1044, 1045, 1049), _LOGIN),
    **dict.fromkeys(("42501", 1142, 1227), _DENIED),
    **dict.fromkeys(("25006", 1290, 1792, 1836), _ONLY_READS),
    **dict.fromkeys(("53300", 1040, 1203), _CROWDED),
    **dict.fromkeys(("26000", "42P05", "pooler"), _POOLED),  # what was prepared is gone, or there already
    **dict.fromkeys(("42P01", "42703", 1054, 1146), _LACKING),
    NOT_READY: _APART,
}
# Another transaction got in the way: serialization failure and deadlock, MySQL's deadlock and changed row.
_CONFLICTS = {"40001", "40P01", 1020, 1213}
# A fault of ours, unless the database says that it is its own.
_OURS = (ProgrammingError, DataError, NotSupportedError)


class RefusedError(StoreError):
    """The database is not to be written by this process as it is set up: waiting does not help, a person has to."""


class ConflictError(StoreError):
    """Another transaction got in the way; the same work may well pass when it is tried again."""


def fault(error: DBAPIError) -> StoreError | None:
    """Return *error* as one of ours, None where the statement was at fault."""
    codes = _codes(error)
    if isinstance(error, IntegrityError) or not _CONFLICTS.isdisjoint(codes):
        return ConflictError(Message("another transaction got in the way"))
    reason = next((_REASONS[code] for code in codes if code in _REASONS), None)
    if reason is None and isinstance(error, _OURS) and not error.connection_invalidated:
        return None
    return StoreError(reason or Message("%(gone)s (%(error)s)", gone=GONE, error=type(error.orig).__name__))


def _codes(error: DBAPIError) -> tuple[object, ...]:
    origin = error.orig
    if name := getattr(origin, "sqlite_errorname", None):
        if str(origin).startswith("no such "):
            return ("42P01",)
        return ("_".join(name.split("_")[:2]),)
    if "unsupported startup parameter" in str(origin):
        return ("pooler",)
    state = getattr(origin, "sqlstate", None) or ""
    return (*getattr(origin, "args", ())[:1], state, state[:2])
