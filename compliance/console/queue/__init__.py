"""The messages: what waits, one case, many at once, and what editors keep beside them."""

from . import answers, bulk, case, exports, listing, replies, searches
from .routes import pages

__all__ = ["answers", "bulk", "case", "exports", "listing", "pages", "replies", "searches"]
