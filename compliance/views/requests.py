"""A request to one of our addresses: what is read of it, and which endpoint answers it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from werkzeug import wrappers
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, Rule

from .state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bytes of a form; the longest decision has a few hundred, the longest message some sixty thousand, and its pictures.
_LARGEST_FORM = 16 * 1024
_LARGEST_TEXTS = 128 * 1024
_LARGEST_MESSAGE = 26 * 1024 * 1024
FILES = "multipart/form-data"
MOST_PARTS = 40
_LARGEST_COOKIES = 64 * 1024  # browsers send some 16 KB at most

View = Callable[..., wrappers.Response]
V = TypeVar("V", bound=View)


class Request(wrappers.Request):
    """A request to one of our addresses, of which no more is read than its endpoint can use."""

    max_form_memory_size = _LARGEST_TEXTS
    max_form_parts = MOST_PARTS
    max_content_length = _LARGEST_FORM

    def __init__(self, environ: WSGIEnvironment, state: State) -> None:
        if len(environ.get("HTTP_COOKIE", "")) > _LARGEST_COOKIES:
            environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"][:_LARGEST_COOKIES]
        super().__init__(environ)
        self.state = state
        self.trusted_hosts = state.host.trusted_hosts

    def expect_message(self) -> None:
        """Let what is sent be as long as a message, and with pictures where it is a form with files."""
        self.max_content_length = _LARGEST_MESSAGE if self.mimetype == FILES else _LARGEST_TEXTS


class Routes:
    """The endpoints, each under the name of its function."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.of_messages: set[str] = set()
        # No slash is added or left out for anybody: a redirect would be built before the host is known to be one.
        self.map = Map(strict_slashes=True, merge_slashes=False)

    def get(self, path: str) -> Callable[[V], V]:
        """Let a function answer GET and HEAD at *path*, below the prefix."""
        return self._at(path, "GET")

    def post(self, path: str, *, message: bool = False) -> Callable[[V], V]:
        """Let a function answer POST at *path*, below the prefix; what is sent there may be a *message*."""
        return self._at(path, "POST", message)

    def _at(self, path: str, method: str, message: bool = False) -> Callable[[V], V]:
        def add(view: V) -> V:
            if message:
                self.of_messages.add(view.__name__)
            self.views[view.__name__] = view
            self.map.add(Rule(path, endpoint=view.__name__, methods=[method]))
            return view

        return add


routes = Routes()

current: ContextVar[Request] = ContextVar("request")
#: The request that is being answered; `RuntimeError` where none is.
request = cast(Request, LocalProxy(current, unbound_message="no request to one of our addresses is being answered"))


def state() -> State:
    """Return the state of the site that is asked."""
    return current.get().state


def base() -> str:
    """Return the path under which our own pages lie, for this request's mount point."""
    return state().elements.base(request.environ)


def address(endpoint: str, lang: str | None = None, **values: str | None) -> str:
    """Return the path of *endpoint* below `base`, in the language *lang* where one is named."""
    path = routes.map.bind("", script_name=base()).build(endpoint, values)
    return f"{path}?lang={quote(lang)}" if lang else path
