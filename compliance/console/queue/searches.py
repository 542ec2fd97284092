"""Searches that editors keep under a name."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl
from uuid import UUID

from flask import flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ...errors import Message
from ...messages import bookmarks
from ...messages.bookmarks import BookmarkError
from ...staff import Permission
from ..access import allow
from ..pages import told
from ..state import console, me, now
from .listing import asked
from .routes import pages
from .search import SearchError

_REASONS = {
    "name": Message("Nothing was kept: give the search a name of at most 60 characters."),
    "query": Message("Nothing was kept: the search is too long."),
    "many": Message("Nothing was kept: you have 50 searches already; let go of one."),
}


@pages.post("/messages/searches")
@allow(Permission.READ_CASES)
def keep_search() -> Response:
    """Keep a search, as its link has it."""
    try:
        query = asked(MultiDict(parse_qsl(request.form.get("query", "")[: bookmarks.LONGEST_QUERY]))).query()
        bookmarks.keep(
            console().store.database,
            editor=me().account.name,
            name=request.form.get("name", ""),
            query=query,
            shared="shared" in request.form,
            now=now(),
        )
    except SearchError:
        raise BadRequest from None
    except BookmarkError as error:
        flash(told(_REASONS[error.reason]))
    else:
        flash(told(Message("The search is kept.")))
    return redirect(f"{url_for('queue.queue')}?{query}", HTTPStatus.SEE_OTHER)


@pages.post("/messages/searches/<uuid:identity>/discard")
@allow(Permission.READ_CASES)
def discard_search(identity: UUID) -> Response:
    """Let go of a search of one's own, or with more rights of any that is shared."""
    asking = me()
    shared = asking.may(Permission.DIRECT_CASES)
    bookmarks.discard(console().store.database, identity, editor=asking.account.name, shared=shared)
    flash(told(Message("The search is let go of.")))
    return redirect(url_for("queue.queue"), HTTPStatus.SEE_OTHER)
