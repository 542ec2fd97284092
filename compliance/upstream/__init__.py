"""A site in any language, at an address of HTTP, as an ASGI application."""

from .answers import Answer, Fault
from .hops import Hops
from .site import Site, Timeouts

__all__ = ["Answer", "Fault", "Hops", "Site", "Timeouts"]
