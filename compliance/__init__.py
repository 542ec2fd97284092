"""Compliance and privacy layer for Flask news sites."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ComplianceError, SettingsError
    from .extension import Compliance
    from .signals import consent_given, consent_withdrawn, message_received, report_received

__all__ = [
    "Compliance",
    "ComplianceError",
    "SettingsError",
    "consent_given",
    "consent_withdrawn",
    "message_received",
    "report_received",
]

# The file of each name. It is read when the name is asked for: commands need no Flask, and a wrapped site no extension.
_FILES = {
    "Compliance": "extension",
    **dict.fromkeys(("ComplianceError", "SettingsError"), "errors"),
    **dict.fromkeys(("consent_given", "consent_withdrawn", "message_received", "report_received"), "signals"),
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_FILES[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return [*globals(), *_FILES]
