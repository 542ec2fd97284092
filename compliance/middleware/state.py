"""What the parts of the middleware share: the injection they ask, the memory they keep, the faults they report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ..page.injection import Markup, Memory
from ..page.policies import Nonces
from ..page.trackers import Gate
from .validators import DECIDED, WITH_BANNER, Stamp, Suffix

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger("compliance")

_TOLD = 100  # causes and pages; more are not told
_LONGEST_NAME = 300


class Injection(Protocol):
    """What is injected, as the middleware asks for it."""

    @property
    def digest(self) -> str:
        """A short hash of everything that may be injected."""

    @property
    def changed(self) -> datetime:
        """When that last changed: UTC, whole seconds."""

    def markup(
        self,
        *,
        lang: str | None,
        charset: str,
        environ: WSGIEnvironment,
        decided: bool,
        placed: frozenset[str],
        absolute: bool,
        calm: bool,
    ) -> Markup:
        """Return what goes into a page in *lang*, less what is *placed* already and a banner *decided* on.

        *absolute* asks for addresses with a host in them; on a *calm* page no script runs before the footer is read.
        """

    def address(self, environ: WSGIEnvironment) -> Hashable:
        """Return all of *environ* that `markup` depends on, and what it is; ``None`` where it depends on more."""

    def hints(self, environ: WSGIEnvironment, nonces: Nonces) -> str:
        """Return the value of a header `Link` for what a page loads of ours; *nonces* let it pass."""

    def decided(self, environ: WSGIEnvironment) -> bool:
        """Return whether this reader's cookie holds a valid decision."""

    def gate(self, environ: WSGIEnvironment, *, private: bool) -> Gate | None:
        """Return what holds trackers on a page: of a *private* one those that this reader has not allowed."""


class MiddlewareState:
    """What one `Middleware` keeps between requests."""

    def __init__(self, injection: Injection, raise_errors: Callable[[], bool]) -> None:
        self.injection = injection
        self.memory = Memory()
        self._raise_errors = raise_errors
        self._suffix = lru_cache(maxsize=4)(Suffix)
        self._stamp = lru_cache(maxsize=16)(Stamp)
        self._told: set[tuple[str, str]] = set()

    @property
    def suffix(self) -> Suffix:
        """The suffix of today's entity tags."""
        return self._suffix(self.injection.digest)

    def stamp(self, letter: str) -> Stamp:
        """Return what tells pages changed today for the readers of *letter* from those that the site made."""
        return self._stamp(suffix=self.suffix, letter=letter, changed=self.injection.changed)

    @property
    def changed(self) -> datetime | None:
        """When what is injected last changed; ``None`` where that cannot be told."""
        try:
            return self.injection.changed
        except Exception:
            self.fault("when our part of the pages changed could not be told")
            return None

    def decided(self, environ: WSGIEnvironment) -> bool:
        """Return whether the reader has decided; one of whom that cannot be told has not."""
        try:
            return self.injection.decided(environ)
        except Exception:
            self.fault("a reader's decision could not be read")
            return False

    def gate(self, environ: WSGIEnvironment, *, private: bool) -> Gate | None:
        """Return what holds trackers on a page, *private* to this reader or the same for all; ``None`` for nothing."""
        try:
            return self.injection.gate(environ, private=private)
        except Exception:
            self.fault("what is to be held on a page could not be told")
            return None

    def hints(self, environ: WSGIEnvironment, nonces: Nonces) -> str:
        """Return the value of a header `Link` for what a page loads of ours; empty where that cannot be told."""
        try:
            return self.injection.hints(environ, nonces)
        except Exception:
            self.fault("what a page loads of ours could not be told early")
            return ""

    def address(self, environ: WSGIEnvironment) -> Hashable:
        """Return all of *environ* that our markup depends on; ``None`` where that cannot be told."""
        try:
            return self.injection.address(environ)
        except Exception:
            self.fault("on what our part of a page depends could not be told")
            return None

    def letter(self, environ: WSGIEnvironment, gate: Gate | None) -> str:
        """Return what marks the entity tags of a page that is private to this reader and passed through *gate*."""
        return (DECIDED if self.decided(environ) else WITH_BANNER) + (gate.mark if gate is not None else "")

    def fault(self, what: str) -> None:
        """Log a fault of ours with its trace, or raise it; to be called while it is handled."""
        if self._raise_errors():
            raise
        log.exception("%s; the page goes out as the site made it", what)

    def tell(self, cause: str) -> None:
        """Log *cause*, why pages stay as they are, the first time that it comes up."""
        self._once("pages stay as they are: %s", cause)

    def bare(self, name: str) -> None:
        """Log that the page *name* lacks something of ours, once for each."""
        self._once("the page %r lacks the banner or the footer: no place in it is safe for them", name[:_LONGEST_NAME])

    def _once(self, message: str, value: str) -> None:
        if (message, value) not in self._told and len(self._told) < _TOLD:
            self._told.add((message, value))
            log.warning(message, value)
