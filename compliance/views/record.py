"""The reader's own record: read from the cookie, shown, erased; and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ..consent import COOKIE, Record
from ..cookies import expired
from ..documents import POLICIES
from ..errors import StoreError
from ..ledger import Entry, Link, Text, consent_record
from ..outside.hosts import host_of
from .pages import (
    Refusal,
    body,
    json_response,
    page,
    private,
    reader_locale,
    require_same_site,
    secret,
    source,
    wants_json,
)
from .requests import base, request, state

_LONGEST_PATH = 200
_MOST_EARLIER = 100  # decisions that a consent record tells of, the last ones


def decision() -> Record | None:
    """Return the valid decision that this request's cookie holds."""
    return _read(state().elements.policy)


def last_decision() -> Record | None:
    """Return the decision that this request's cookie holds, even where it is about an earlier policy."""
    return _read(None)


def forget(response: Response, *, but: str | None = "") -> None:
    """Take the consent cookie away for every domain and path that it may be for, *but* that domain at the root.

    Where one of those sent is not this site's, another application beside it works with the same name: then only that
    which this site sets by itself goes.
    """
    sent = request.cookies.getlist(COOKIE)
    if not sent:
        return
    host = host_of(request.host_url)
    alone, kept = request.decided_here, cookie_path()
    ours = (None, state().settings.consent.domain_for(host))
    paths = [kept, *([_mount()] if alone else ()), *([base()] if alone and len(sent) > 1 else ())]
    for path in dict.fromkeys(paths):
        for domain, line in expired(COOKIE, host, path=path, secure=request.is_secure):
            if (path, domain) != (kept, but) and (alone or domain in ours):
                response.headers.add("Set-Cookie", line)


def cookie_path() -> str:
    """Return the path that the consent cookie is for: the whole host, where none of another application is there.

    One that is mounted beside another, which has other keys, keeps its own below its mount point: each would overwrite
    the other's.
    """
    return "/" if not request.cookies.getlist(COOKIE) or request.decided_here else _mount()


def _mount() -> str:
    """Return the path below which the application lies."""
    return state().elements.home(request.environ).rstrip("/") or "/"


def texts() -> list[Text]:
    """Return what this reader could read before deciding."""
    locale, library = reader_locale(), state().documents
    found = (library.get(name, locale) for name in POLICIES)
    return [
        Text(name=one.name, version=one.version, language=one.language, text=one.text, hash=one.text_hash)
        for one in found
        if one
    ]


def entry(made: Record, texts: Iterable[Text], *, before: str | None, target: str) -> Entry:
    return Entry(
        record=made.id,
        before=before,
        time=made.time,
        policy=made.policy,
        mode=state().settings.consent.mode,
        method=made.method,
        choices=dict(made.choices),
        language=reader_locale(),
        path=urlsplit(target).path[:_LONGEST_PATH],
        texts={text.name: text.hash for text in texts},
        source=source(made.time) if state().settings.consent.keep_source else None,
    )


def each_once(form: MultiDict[str, str], *names: str) -> None:
    """Refuse a form that says one thing twice: which of both was meant is anybody's guess."""
    for name in names:
        if len(form.getlist(name)) > 1:
            raise Refusal(name)
    if len(chosen := form.getlist("category")) > len(set(chosen)):
        raise Refusal("category")


def record() -> Response:
    """Show the reader's own record, as a page or as JSON (ISO/IEC TS 27560:2023)."""
    held = decision()
    if held is None:
        raise Refusal("record")
    here = state()
    until = held.time + here.decisions.lifetime
    if not wants_json():
        own = _history(held, whole=False)
        return secret(page("record", record=held, until=until, link=own[0] if own else None))
    history = _history(held, whole=True)
    about = texts()
    told = consent_record(
        entry(held, about, before=None, target="/"),
        about,
        settings=here.settings,
        lifetime=here.decisions.lifetime,
        address=request.host_url.rstrip("/") + request.script_root + here.settings.site.prefix,
        history=history or (),
    )
    chosen = {
        "id": held.id,
        "policy": held.policy,
        "method": held.method,
        "given": held.given,
        "choices": dict(held.choices),
        "time": held.time.isoformat(),
        "until": until.isoformat(),
    }
    return secret(json_response(told | {"decision": chosen, "ledger": _place(history)}))


def erase() -> Response:
    """Erase the reader's own record and those of the decisions before it, from the ledger and from the browser."""
    require_same_site()
    body()
    each_once(request.form, "choice")
    if request.form.get("choice") != "erase":
        raise Refusal("choice")
    held, here = last_decision(), state()
    if held is None:
        raise Refusal("record")
    try:
        here.recorder.drain()
        here.ledger.erase(held.id, now=datetime.now(UTC))
    except StoreError as error:
        raise Refusal("store") from error
    target = here.elements.link("preferences", reader_locale(), request.environ)
    response = Response(status=HTTPStatus.NO_CONTENT) if wants_json() else redirect(target, HTTPStatus.SEE_OTHER)
    forget(response)
    return private(response)


def _read(policy: str | None) -> Record | None:
    return state().decisions.read(request.environ.get("HTTP_COOKIE"), policy=policy, now=datetime.now(UTC))


def _history(held: Record, *, whole: bool) -> list[Link] | None:
    """Return the row of *held* in the ledger, and with the *whole* history those of earlier decisions.

    None where the ledger cannot be looked into just now.
    """
    here = state()
    if here.recorder.away:
        return None
    try:
        return here.ledger.history(held.id, most=_MOST_EARLIER if whole else 1, since=held.time)
    except StoreError:
        return None


def _place(history: list[Link] | None) -> dict[str, object]:
    """Return where the ledger has the record: with this a reader can prove it was there."""
    if not history:
        return {"state": "unknown" if history is None else "waiting"}
    link = history[0]
    state = "kept" if link.content is not None else "erased"
    return {"state": state, "sequence": link.sequence, "hash": link.hash, "previous": link.previous}
