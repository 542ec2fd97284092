"""What a reader is told in place of an answer of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .fields import Fields

#: Why there is no answer of the site: the request is none that goes on; the site is away, or slow, or makes no sense.
Fault = Literal["method", "host", "request", "away", "slow", "odd"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is there as a whole."""

    status: int
    fields: Fields
    body: bytes
