"""A server that does not answer is waited for by one thread at a time: the others are told at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from ..errors import StoreError

#: Seconds that a new connection may take, and one that was kept may take to show that it lives.
LIMIT = 2.0
_SLOW = LIMIT / 2  # a refusal that comes sooner costs nobody time
_PAUSE = 1.0  # seconds until somebody asks again


class Breaker:
    """Knows whether a server left somebody waiting for a connection a moment ago.

    Then whoever comes is refused for a second, for the same reason; after that one asks again while the others are
    still refused, until a connection is there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: StoreError | None = None
        self._until = 0.0

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Get a connection within the block. Raises `StoreError` at once where there is none to be had."""
        with self._lock:
            if self._reason and monotonic() < self._until:
                raise StoreError(self._reason.reason)
            begun = monotonic()
            self._until = begun + 2 * LIMIT  # the turn of this thread
        try:
            yield
        except StoreError as error:
            with self._lock:
                self._reason = error if monotonic() - begun >= _SLOW else None
                self._until = monotonic() + _PAUSE
            raise
        with self._lock:
            self._reason = None
