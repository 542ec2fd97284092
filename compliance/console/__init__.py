"""The console of editors, supervisors and auditors: an application of its own, never part of the public site."""

from .application import create_console

__all__ = ["create_console"]
