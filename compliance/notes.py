"""What the parts that serve one page tell each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY = "compliance.notes"
_BARE = "compliance.bare"
_NOTHING: frozenset[str] = frozenset()


class Notes:
    """What is known of one exchange, a request and its answer; what is not noted of one takes no time."""

    #: The request came through the middleware.
    through: bool = False
    #: The page is to stay as it is.
    exempt: bool = False
    #: The page depends on what its reader decided.
    personal: bool = False
    #: The application has made the headers.
    complete: bool = False
    #: The page has our elements: whatever is placed from here on would come twice.
    changed: bool = False
    #: The language that the application chose.
    locale: str | None = None
    #: Elements, and parts of them, that the page is not to have.
    omitted: frozenset[str] = _NOTHING
    #: Elements that a template has placed by hand, with their parts.
    placed: frozenset[str] = _NOTHING
    #: "articles" where a template has written into one what the law wants it to say: the page then loads its style.
    written: frozenset[str] = _NOTHING
    #: Notes what else is known of a page of the application, when its response begins.
    ending: Callable[[Notes], None] | None = None

    def finish(self) -> None:
        """Find out what else is to be known of a page of the application, once its response begins."""
        if (ending := self.ending) is not None:
            self.ending = None
            ending(self)


def opened(environ: WSGIEnvironment) -> Notes:
    """Return the notes of an exchange that comes through the middleware: new ones, in *environ* from here on."""
    notes = environ[_KEY] = Notes()
    notes.through = True
    if is_bare(environ):
        notes.exempt = True
    return notes


def bare(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return *environ* asking for what the application answers without us."""
    return {**environ, _BARE: True}


def is_bare(environ: WSGIEnvironment) -> bool:
    """Return whether *environ* asks for what the application answers without us."""
    return _BARE in environ


def noted(environ: WSGIEnvironment) -> Notes:
    """Return the notes of the exchange that *environ* belongs to."""
    notes: Notes | None = environ.get(_KEY)
    if notes is None:
        notes = environ[_KEY] = Notes()
    return notes
