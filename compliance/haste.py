"""Whether a reader waits for what is being done: then nothing may take long. Commands and editors have more time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_READER_WAITS: ContextVar[bool] = ContextVar("compliance.haste", default=False)


@contextmanager
def haste() -> Iterator[None]:
    """Do what is in the block while a reader waits for it."""
    token = _READER_WAITS.set(True)
    try:
        yield
    finally:
        _READER_WAITS.reset(token)


def is_needed() -> bool:
    """Return whether a reader waits."""
    return _READER_WAITS.get()
