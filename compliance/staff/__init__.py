"""Those who work in the console: their accounts, sessions, roles, and how they prove who they are."""

from .accounts import Account, Accounts, StaffError
from .delays import Delays
from .provider import Provider, ProviderError
from .roles import ALLOWED, Permission, Role, may
from .sessions import Session, Sessions, Stage

__all__ = [
    "ALLOWED",
    "Account",
    "Accounts",
    "Delays",
    "Permission",
    "Provider",
    "ProviderError",
    "Role",
    "Session",
    "Sessions",
    "StaffError",
    "Stage",
    "may",
]
