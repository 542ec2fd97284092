"""What a page loads from others, and how it is held until the reader agrees.

`Catalogue` knows trackers by their addresses, `Gate` changes the tags that would load them: ``whole`` a page in hand,
``stream`` one that comes in pieces, both with the same result. Only attributes of held elements change, and `released`
changes them back.
"""

from __future__ import annotations

from .calm import is_calm
from .catalogue import DATA, Catalogue, Tracker, abroad
from .gate import Gate, GateStream, released

__all__ = ["DATA", "Catalogue", "Gate", "GateStream", "Tracker", "abroad", "is_calm", "released"]
