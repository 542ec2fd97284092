"""The conditions of a request: what the site sees of them, and whether its answer to them holds."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from . import headers
from .reply import Reply
from .state import MiddlewareState
from .validators import UNIFORM, date, opaque

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONDITIONS = frozenset({"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_RANGE", "HTTP_RANGE"})
# Destinations of a request that may be a page (Fetch standard, section 2.2.5); "empty" is that of a script's fetch.
_PAGES = frozenset({"document", "embed", "empty", "frame", "iframe", "object"})


class Conditions:
    """The conditions of requests to one site."""

    def __init__(self, state: MiddlewareState) -> None:
        self._state = state

    def shown(self, environ: WSGIEnvironment) -> tuple[WSGIEnvironment, dict[str, str]]:
        """Return the request as the site is to see it, and the tags in it that were ours.

        A suffix of another day, or of a page that this reader would not get now, stays: it matches nothing. Where a
        fault of ours is in the way, the site sees the request as it came.
        """
        try:
            return self._shown(environ)
        except Exception:
            self._state.fault("the conditions of a request could not be read")
            return environ, {}

    def _shown(self, environ: WSGIEnvironment) -> tuple[WSGIEnvironment, dict[str, str]]:
        suffix, shown = self._state.suffix, dict(environ)
        asked = environ.get("HTTP_IF_NONE_MATCH", "")
        fitting = {UNIFORM}
        if suffix.letters(asked) - fitting:
            fitting.add(self._state.letter(environ, self._state.gate(environ, private=True)))
        shown["HTTP_IF_NONE_MATCH"], sent = suffix.strip(asked, fitting)
        if not asked:
            del shown["HTTP_IF_NONE_MATCH"]
        # What a reader may change is the site's page, whatever was added to it for whom. A piece of the site's page
        # must not complete one that we changed, though.
        if "HTTP_IF_MATCH" in environ and "HTTP_RANGE" not in environ:
            shown["HTTP_IF_MATCH"], _ = suffix.strip(environ["HTTP_IF_MATCH"], None)
        if date(environ.get("HTTP_IF_RANGE")) is not None and "text/html" in environ.get("HTTP_ACCEPT", ""):
            shown.pop("HTTP_RANGE", None)
        return shown, sent

    def is_stale(self, environ: WSGIEnvironment, reply: Reply) -> bool:
        """Return whether "304 Not Modified" may be for a copy of a page without what goes into it now."""
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or reply.notes.exempt
            or environ.get("CONTENT_LENGTH", "") not in ("", "0")
            or mimetypes.guess_type(environ.get("PATH_INFO", ""))[0] not in (None, "text/html")
        ):
            return False
        accepted = environ.get("HTTP_ACCEPT", "")
        if "HTTP_IF_NONE_MATCH" in environ:
            tag = opaque(headers.value(reply.fields, "etag") or "")
            return "text/html" in accepted and tag in environ["HTTP_IF_NONE_MATCH"] and not reply.restores(tag)
        since, changed = date(environ.get("HTTP_IF_MODIFIED_SINCE")), self._state.changed
        return (
            since is not None
            and changed is not None
            and since < changed
            and environ.get("HTTP_SEC_FETCH_DEST", "document") in _PAGES
        )
