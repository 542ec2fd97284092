"""What the endpoints of one site work with, and what they ask of the host around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from blinker import Signal

from ..assets import Asset
from ..consent import Decisions
from ..cookies import Cookies
from ..corrections import Corrections
from ..documents import Library
from ..elements import Elements
from ..errors import Problem
from ..page.trackers import Catalogue
from ..rendering import Renderer
from ..settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..ledger import Ledger, Recorder
    from ..messages import Box
    from ..store import Database
    from ..throttle import Throttle
    from ..vault import Vault

Fields = Sequence[tuple[str, str]]


class Host(Protocol):
    """The application that the site is, as far as our pages need it."""

    @property
    def chooses(self) -> bool:
        """Whether it chooses the language of its pages by itself, other than by their addresses."""

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The hosts that it answers, ``None`` where it does not say."""

    @property
    def cookies(self) -> Iterable[str]:
        """The names of the cookies that it works with itself, as far as its configuration says."""

    def locale(self, environ: WSGIEnvironment) -> str | None:
        """Return the language that it would answer this request in, ``None`` where it does not choose."""

    def page(
        self, name: str, values: Mapping[str, Any], context: Mapping[str, Any], environ: WSGIEnvironment
    ) -> tuple[str, Fields]:
        """Render the template *name* of a page, the site's own where it has one; the HTML, and headers to go with it.

        *context* is what every template is told, *values* what this one is.
        """

    def send(self, signal: Signal, environ: WSGIEnvironment, **values: Any) -> None:
        """Send *signal* with the host as its sender."""

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the parts that only it has, each with what is known of it, and whether it is `ok`."""


class Bare:
    """A host of which nothing is known but its *health*: *application* is the sender of its signals."""

    chooses = False
    trusted_hosts = None
    cookies = ()

    def __init__(
        self, application: object, renderer: Renderer, health: Callable[[], Mapping[str, Mapping[str, Any]]] = dict
    ) -> None:
        self.health = health
        self._application = application
        self._renderer = renderer

    def locale(self, environ: WSGIEnvironment) -> str | None:
        """Return ``None``: it does not choose a language."""
        return None

    def page(
        self, name: str, values: Mapping[str, Any], context: Mapping[str, Any], environ: WSGIEnvironment
    ) -> tuple[str, Fields]:
        """Render the template *name* of a page."""
        return self._renderer.render(name, {**values, **context}), ()

    def send(self, signal: Signal, environ: WSGIEnvironment, **values: Any) -> None:
        """Send *signal* with the wrapped application as its sender."""
        signal.send(self._application, **values)


@dataclass(slots=True, kw_only=True)
class Store:
    """What a site keeps, and what it needs for it.

    Args:
        database: where everything lies; the *vault* seals what is personal in it.
        throttle: how often one source may do what.
        box: what takes and keeps messages and reports.
        ledger: what proves decisions, and the *recorder* that puts them there.
    """

    database: Database
    vault: Vault
    throttle: Throttle
    box: Box
    ledger: Ledger
    recorder: Recorder


@dataclass(kw_only=True)
class SiteState:
    """What the endpoints of one site work with; of a Flask application it lies in `app.extensions["compliance"]`.

    Args:
        cookies: those that wait for a consent.
        elements: what is injected, the policy of the moment, and what every template is told.
        open: opens what is kept, when it is first asked for.
        corrections: the corrections that the editors have published.
        raise_errors: whether a fault of ours is raised, for a developer to see, rather than logged and answered.
    """

    settings: Settings
    documents: Library
    decisions: Decisions
    catalogue: Catalogue
    assets: Mapping[str, Asset]
    cookies: Cookies
    elements: Elements
    renderer: Renderer
    host: Host
    open: Callable[[], Store]
    corrections: Corrections
    raise_errors: Callable[[], bool]
    #: What was doubtful at the start.
    doubts: tuple[Problem, ...] = field(default=(), init=False)
    _opened: Store | None = field(default=None, init=False)
    _opening: Lock = field(default_factory=Lock, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    def tells(self, cause: str) -> bool:
        """Return whether *cause*, one of few, was not told yet; it counts as told from here on."""
        fresh = cause not in self._told
        self._told.add(cause)
        return fresh

    @property
    def store(self) -> Store:
        """What is kept, opened by who first asks."""
        if self._opened is None:
            with self._opening:
                if self._opened is None:
                    self._opened = self.open()
        return self._opened

    @property
    def database(self) -> Database:
        """Where everything lies."""
        return self.store.database

    @property
    def vault(self) -> Vault:
        """What seals what is personal."""
        return self.store.vault

    @property
    def throttle(self) -> Throttle:
        """How often one source may do what."""
        return self.store.throttle

    @property
    def box(self) -> Box:
        """What takes and keeps messages and reports."""
        return self.store.box

    @property
    def ledger(self) -> Ledger:
        """What proves decisions."""
        return self.store.ledger

    @property
    def recorder(self) -> Recorder:
        """What puts decisions into the ledger."""
        return self.store.recorder
