"""Whether the parts that a site works with do, for programs beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from .. import deadlines
from ..deliveries import STUCK, endings, waiting
from ..errors import StoreError
from ..ledger import LATE
from ..outside.hosts import is_private
from ..settings import Settings
from .pages import Refusal, json_response, private
from .requests import request, state
from .state import Store

# What a proxy adds: whoever it asks for is no program beside the site.
_FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")

Part = Mapping[str, Any]


def health() -> Response:
    """Tell of each part whether it is `ok`, and what is known of it.

    503 where the database takes nothing, or the site behind us is away.

    Only a program on this machine or in its private network (RFC 1918, RFC 4193) that asks without a proxy is told. For
    all others there is nothing at this address.
    """
    if not _is_beside():
        raise Refusal("document")
    found, now = state(), datetime.now(UTC)
    own = found.host.health()
    told = {**own, **parts(found.settings, found.store, now)}
    response = private(json_response({"ok": all(part["ok"] for part in told.values()), "parts": told}))
    if not all(told[name]["ok"] for name in ("store", *own)):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return response


def parts(settings: Settings, store: Store, now: datetime) -> Mapping[str, Part]:
    """Return of each part that a site works with whether it is `ok`, and what is known of it."""
    return {**_kept(settings, store, now), **_around(settings, store, now)}


def _is_beside() -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    if not request.remote_addr:  # a socket of this machine
        return True
    try:
        return is_private(request.remote_addr)
    except ValueError:
        return False


def _kept(settings: Settings, store: Store, now: datetime) -> Mapping[str, Part]:
    """What is in the database; nothing but that it is away where it is."""
    try:
        head, sealed = store.ledger.head()
        rows = waiting(store.database, settings)
        pictures = _pictures(store, now)
    except StoreError as error:
        return {"store": {"ok": False, "reason": str(error.reason)}}
    oldest = min((row.oldest for row in rows if row.oldest), default=None)
    dead = sum(row.dead for row in rows)
    return {
        "store": {"ok": True},
        "ledger": {"ok": sealed or not head},
        "outbox": {
            "ok": not dead and (oldest is None or oldest >= now - STUCK),
            "waiting": sum(row.waiting for row in rows),
            "oldest": oldest and oldest.isoformat(),
            "dead": dead,
        },
        **pictures,
    }


def _pictures(store: Store, now: datetime) -> Mapping[str, Part]:
    """What waits for the bucket, where there is one: the database takes what it does not."""
    if not store.box.attachments.outside:
        return {}
    count, oldest = store.box.attachments.waiting()
    ok = oldest is None or oldest >= now - STUCK
    return {"pictures": {"ok": ok, "waiting": count, "oldest": oldest and oldest.isoformat()}}


def _around(settings: Settings, store: Store, now: datetime) -> Mapping[str, Part]:
    missing = deadlines.unannounced(now)
    ending = endings(settings, deadlines.day(now))
    waits = store.recorder.backlog
    return {
        "spool": {
            "ok": not store.recorder.away and (waits.oldest is None or waits.oldest >= now - LATE),
            "waiting": waits.size,
            "oldest": waits.oldest and waits.oldest.isoformat(),
        },
        "limits": {"ok": store.throttle.answers},
        "calendar": {"ok": not missing, "missing": missing},
        "licences": {
            "ok": not ending,
            "ending": [{"kind": one.licence.kind, "number": one.licence.number, "days": one.days} for one in ending],
        },
    }
