"""The console of editors, supervisors and auditors: an application of its own, never part of the public site."""

from ..staff import Provider
from .application import create_console

__all__ = ["Provider", "create_console"]
