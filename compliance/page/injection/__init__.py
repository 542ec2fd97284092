"""Bytes of HTML in, bytes out: where a body begins and ends, and what stands there.

`opening` tells what the first bytes of a page say, `inject` changes a page in hand, `Stream` one that comes in
pieces, both with the same result, and `original` undoes that. Nothing of the page moves: less the injected nodes it
parses to the tree it had.
"""

from __future__ import annotations

from .memory import Known, Memory
from .opening import Opening, is_amp
from .original import original
from .place import Markup
from .stream import Stream
from .whole import inject, opening, placed

__all__ = ["Known", "Markup", "Memory", "Opening", "Stream", "inject", "is_amp", "opening", "original", "placed"]
