"""What proves a report: pages as they came, what a browser asked and showed, sealed so that every change shows."""

from __future__ import annotations

from .bundle import Bundle, EvidenceError, pack
from .collector import Evidence, slug
from .personal import Personal
from .seal import seal
from .signatures import private_key, public_key
from .timestamps import stamped
from .verification import Verified, verify

__all__ = [
    "Bundle",
    "Evidence",
    "EvidenceError",
    "Personal",
    "Verified",
    "pack",
    "private_key",
    "public_key",
    "seal",
    "slug",
    "stamped",
    "verify",
]
