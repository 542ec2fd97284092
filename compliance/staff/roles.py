"""Who may do what in the console: one table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is in the console."""

    VIEWER = "viewer"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that can be done there."""

    OWN = "own"  # the first page, and one's own account
    READ_CASES = "read_cases"
    HANDLE_CASES = "handle_cases"  # move, answer, note, take, also many at once
    DIRECT_CASES = "direct_cases"  # give to others, undo what others did, hold, keep replies
    REVEAL_CONTACTS = "reveal_contacts"
    EXPORT_CASES = "export_cases"
    READ_HEALTH = "read_health"
    RETRY_DELIVERIES = "retry_deliveries"
    READ_FIGURES = "read_figures"
    EXPORT_FIGURES = "export_figures"
    READ_CONSENTS = "read_consents"
    EXPORT_CONSENTS = "export_consents"
    ERASE_CONSENTS = "erase_consents"
    MANAGE_STAFF = "manage_staff"
    READ_ACTS = "read_acts"
    EXPORT_ACTS = "export_acts"


_VIEWER = frozenset({Permission.OWN, Permission.READ_CASES, Permission.READ_FIGURES})
_HANDLER = _VIEWER | {Permission.HANDLE_CASES, Permission.REVEAL_CONTACTS}
_SUPERVISOR = _HANDLER | {
    Permission.DIRECT_CASES,
    Permission.EXPORT_CASES,
    Permission.READ_HEALTH,
    Permission.RETRY_DELIVERIES,
    Permission.EXPORT_FIGURES,
    Permission.READ_CONSENTS,
    Permission.EXPORT_CONSENTS,
    Permission.ERASE_CONSENTS,
}

#: What each role may do.
ALLOWED: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: _VIEWER,
        Role.HANDLER: _HANDLER,
        Role.SUPERVISOR: _SUPERVISOR,
        Role.ADMINISTRATOR: frozenset(Permission),
        # Reads what was done and what came of it, no letter of a reader, and changes nothing.
        Role.AUDITOR: frozenset(
            {
                Permission.OWN,
                Permission.READ_HEALTH,
                Permission.READ_FIGURES,
                Permission.EXPORT_FIGURES,
                Permission.READ_CONSENTS,
                Permission.READ_ACTS,
                Permission.EXPORT_ACTS,
            }
        ),
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Return whether *role* has *permission*."""
    return permission in ALLOWED[role]
