"""The messages: what waits, one case, many at once, and what editors keep beside them."""

from . import answers, bulk, case, listing, replies, searches
from .routes import pages

__all__ = ["answers", "bulk", "case", "listing", "pages", "replies", "searches"]
