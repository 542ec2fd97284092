"""What the parts of the middleware share: the injection they ask, the memory they keep, the faults they report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..page.injection import Markup, Memory
from ..page.policies import Nonces
from ..page.trackers import Gate
from . import headers
from .headers import Fields, Head, Layout
from .validators import DECIDED, UNIFORM, WITH_BANNER, Stamp, Suffix

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_Kept = TypeVar("_Kept")

log = logging.getLogger("compliance")

_TOLD = 100  # causes and pages; more are not told
_LONGEST_NAME = 300
_KEPT = 256  # outlines, and addresses: readers may name any host, and any path


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
        """Return all of *environ* that `markup`, `hints` and the gate of a page that is the same for all depend on.

        It is another whenever `digest` or `changed` is; ``None`` where they depend on more.
        """

    def hints(self, environ: WSGIEnvironment, nonces: Nonces) -> str:
        """Return the value of a header `Link` for what a page loads of ours; *nonces* let it pass."""

    def decided(self, environ: WSGIEnvironment) -> bool:
        """Return whether this reader's cookie holds a valid decision."""

    def gate(self, environ: WSGIEnvironment, *, private: bool) -> Gate | None:
        """Return what holds trackers on a page: of a *private* one those that this reader has not allowed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Uniform:
    """What holds of every page at one *address* that is the same for all readers: there is one at each address."""

    address: Hashable
    gate: Gate | None
    stamp: Stamp
    hints: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """What is known of a page by the head that it came with, *status* and *fields*."""

    status: str
    fields: tuple[tuple[str, str], ...]
    head: Head
    layout: Layout
    uniform: Uniform
    length: float  # bytes of its body; infinite where they do not tell
    repeats: bool  # the same bytes become the same page again
    sent: Fields | None  # the fields of the changed page, less its length; `None` where they are not always the same


class MiddlewareState:
    """What one `Middleware` keeps between requests."""

    def __init__(self, injection: Injection, raise_errors: Callable[[], bool]) -> None:
        self.injection = injection
        self.memory = Memory()
        self._raise_errors = raise_errors
        self._suffix = lru_cache(maxsize=4)(Suffix)
        self._stamp = lru_cache(maxsize=16)(Stamp)
        self._told: set[tuple[str, str]] = set()
        self._uniform: dict[Hashable, Uniform] = {}
        self._outlines: dict[Hashable, Outline] = {}
        self._faults = 0

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

    def outline(self, environ: WSGIEnvironment, status: str, fields: Fields) -> Outline | None:
        """Return what the head of an answer tells; ``None`` for one that is no page, or one to leave alone.

        It is found out once, as long as answers to the same request come with the same head.
        """
        try:
            address = self.injection.address(environ)
        except Exception:
            self.fault("on what our part of a page depends could not be told")
            address = None
        path = environ.get("PATH_INFO", "")
        known = self._outlines.get((path, address))
        if known is not None and known.status == status and known.fields == tuple(fields):
            return known
        layout = headers.layout(fields)
        head = headers.read(status, fields, layout, self.tell)
        if head is None:
            return None
        uniform = self._uniformed(address, environ)
        length = headers.length(fields, layout)
        alike = not head.private and head.nonces.style is None
        outline = Outline(
            status=status,
            fields=tuple((name, value) for name, value in fields),
            head=head,
            layout=layout,
            uniform=uniform,
            length=inf if length is None else length,
            repeats=head.coding is None and not any(head.nonces) and address is not None,
            sent=headers.changed(fields, layout, uniform.stamp, uniform.hints) if alike else None,
        )
        if address is not None and not layout.personal and len(path) <= _LONGEST_NAME:
            _keep(self._outlines, (path, address), outline)
        return outline

    def _uniformed(self, address: Hashable, environ: WSGIEnvironment) -> Uniform:
        known = self._uniform.get(address)
        if known is None:
            faults = self._faults
            known = Uniform(
                address=address,
                gate=self.gate(environ, private=False),
                stamp=self.stamp(UNIFORM),
                hints=self.hints(environ, Nonces()),
            )
            if address is not None and faults == self._faults:
                _keep(self._uniform, address, known)
        return known

    def letter(self, environ: WSGIEnvironment, gate: Gate | None) -> str:
        """Return what marks the entity tags of a page that is private to this reader and passed through *gate*."""
        return (DECIDED if self.decided(environ) else WITH_BANNER) + (gate.mark if gate is not None else "")

    def fault(self, what: str) -> None:
        """Log a fault of ours with its trace, or raise it; to be called while it is handled."""
        self._faults += 1
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


def _keep(kept: dict[Hashable, _Kept], key: Hashable, value: _Kept) -> None:
    """Keep *value*, in the place of the oldest where there are too many; threads may pass here at once."""
    if len(kept) >= _KEPT:
        kept.pop(next(iter([*kept])), None)
    kept[key] = value
