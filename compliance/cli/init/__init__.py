"""`flask compliance init`: a settings file from what the owner answers, and from what the site says already."""

from .command import init

__all__ = ["init"]
