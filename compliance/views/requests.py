"""A request to one of our addresses: what is read of it, and which endpoint answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cache, cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlsplit

from werkzeug import wrappers
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, Rule

from .addresses import ADDRESSES, Address
from .state import SiteState

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


class Request(wrappers.Request):
    """A request to one of our addresses, of which no more is read than its endpoint can use."""

    max_form_memory_size = _LARGEST_TEXTS
    max_form_parts = MOST_PARTS
    max_content_length = _LARGEST_FORM
    #: The language of the answer, where something else than the address of a page of ours says it.
    wanted: str | None = None

    def __init__(self, environ: WSGIEnvironment, state: SiteState) -> None:
        if len(environ.get("HTTP_COOKIE", "")) > _LARGEST_COOKIES:
            environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"][:_LARGEST_COOKIES]
        super().__init__(environ)
        self.state = state
        self.trusted_hosts = state.host.trusted_hosts

    @cached_property
    def decided_here(self) -> bool:
        """Whether all decisions that were sent are this site's: their signatures are checked once."""
        return self.state.decisions.owns(self.environ.get("HTTP_COOKIE"))

    def expect_message(self) -> None:
        """Let what is sent be as long as a message, and with pictures where it is a form with files."""
        self.max_content_length = _LARGEST_MESSAGE if self.mimetype == FILES else _LARGEST_TEXTS


class Route(Rule):
    """An address of ours. Werkzeug compiles a function that builds it, which takes longer than all else that starts a
    site: only once an address is built."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(partial(super()._compile_builder, append_unknown))
        return lambda route, **values: compiled()(route, **values)


class Routes:
    """The addresses by the name of the function that answers each, its *endpoint*.

    The file of a function is read when it is first asked for: most of what forms and the ledger need is needed by no
    page of the site.
    """

    def __init__(self, addresses: Iterable[Address]) -> None:
        self.addresses = tuple(addresses)
        self._files = {address.endpoint: address.file for address in self.addresses}
        self.of_messages = frozenset(address.endpoint for address in self.addresses if address.message)

    @cached_property
    def map(self) -> Map:
        """The addresses as Werkzeug matches them."""
        rules = (Route(one.path, endpoint=one.endpoint, methods=[one.method]) for one in self.addresses)
        # No slash is added or left out for anybody: a redirect would be built before the host is known to be one.
        return Map(tuple(rules), strict_slashes=True, merge_slashes=False)

    def answer(self, endpoint: str, **values: str) -> wrappers.Response:
        """Answer the current request by *endpoint*."""
        view: View = getattr(import_module(f".{self._files[endpoint]}", __package__), endpoint)
        return view(**values)


routes = Routes(ADDRESSES)

current: ContextVar[Request] = ContextVar("request")
#: The request that is being answered; `RuntimeError` where none is.
request = cast(Request, LocalProxy(current, unbound_message="no request to one of our addresses is being answered"))


def state() -> SiteState:
    """Return the state of the site that is asked."""
    return current.get().state


def base() -> str:
    """Return the path under which our own pages lie, for this request's mount point."""
    return state().elements.base(request.environ)


def absolute(path: str) -> str:
    """Return *path*, one of ours, as readers find it: below the address of the site, whose own path stands once."""
    site = state().settings.site.url
    below = urlsplit(site).path
    return site + (path[len(below) :] if path.startswith(f"{below}/") else path)


def address(endpoint: str, lang: str | None = None, **values: str | None) -> str:
    """Return the path of *endpoint* below `base`, in the language *lang* where one is named."""
    path = routes.map.bind("", script_name=base()).build(endpoint, values)
    return f"{path}?lang={quote(lang)}" if lang else path
