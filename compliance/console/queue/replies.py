"""Answers that are given often: read by all who answer, kept by those who direct."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ...errors import Message
from ...messages import replies as kept
from ...messages.replies import ReplyError
from ...staff import Permission
from ..access import allow
from ..pages import told
from ..state import console, me, note, now, together
from .routes import languages, pages

_REASONS = {
    "name": Message("Nothing was kept: give the reply a name of at most 60 characters."),
    "text": Message("Nothing was kept: the reply needs a text of at most 10,000 characters."),
    "variable": Message("Nothing was kept: there is no place of the name %(names)s."),
}


@pages.get("/messages/replies")
@allow(Permission.HANDLE_CASES)
def replies() -> str:
    """Show all of them."""
    return _page()


@pages.post("/messages/replies")
@allow(Permission.DIRECT_CASES)
def keep_reply() -> Response | tuple[str, int]:
    """Keep one, in the place of another where it says which."""
    form = request.form
    try:
        identity = UUID(form["id"]) if form.get("id") else None
    except ValueError:
        raise BadRequest from None
    if form.get("language") not in languages():
        raise BadRequest

    def work() -> None:
        kept.keep(
            console().store.database,
            id=identity,
            name=form.get("name", ""),
            language=form["language"],
            text=form.get("text", ""),
            by=me().account.name,
            now=now(),
        )
        note("reply_kept", " ".join(form["name"].split()))

    try:
        together(work)
    except ReplyError as error:
        if error.reason == "unknown":
            raise NotFound from None
        why = Message(_REASONS[error.reason].id, **({"names": ", ".join(error.found)} if error.found else {}))
        return _page(wrong=told(why), typed=form.to_dict()), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(told(Message("The reply is kept.")))
    return redirect(url_for("queue.replies"), HTTPStatus.SEE_OTHER)


@pages.post("/messages/replies/<uuid:identity>/discard")
@allow(Permission.DIRECT_CASES)
def discard_reply(identity: UUID) -> Response:
    """Let go of one."""

    def work() -> None:
        kept.discard(console().store.database, identity)
        note("reply_discarded", str(identity))

    together(work)
    flash(told(Message("The reply is let go of.")))
    return redirect(url_for("queue.replies"), HTTPStatus.SEE_OTHER)


def _page(*, wrong: str = "", typed: dict[str, str] | None = None) -> str:
    return render_template(
        "console/replies.html",
        replies=kept.replies(console().store.database),
        variables=kept.VARIABLES,
        answer_languages=languages(),
        wrong=wrong,
        typed=typed or {},
        directs=me().may(Permission.DIRECT_CASES),
    )
