"""Compliance and privacy layer for Flask news sites."""

from __future__ import annotations

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
