"""Passwords: hashed with Argon2id (RFC 9106), by the parameters that its library recommends."""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: Characters that a password has: NIST SP 800-63B, section 3.1.1.2, asks for 8 beside a second factor, better 15.
SHORTEST, LONGEST = 12, 200
_GROUPS, _GROUP = 5, 4
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no two look alike


@cache
def hasher() -> PasswordHasher:
    """Return what hashes passwords, and knows again which it has hashed."""
    from argon2 import PasswordHasher  # an extra

    return PasswordHasher()


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody has: to look at one takes as long where there is no such account."""
    return hasher().hash(secrets.token_hex())


def new_password() -> str:
    """Return a password such as `h7kq-2mzp-…`, of 99 random bits, that somebody is told and changes at once."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hashed(password: str) -> str:
    """Return the hash of *password*, with its salt and parameters."""
    return hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Return whether *password* is the one whose hash was *kept*; it takes as long where none was."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST:
        password = ""
    try:
        hasher().verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Return whether the hash that was *kept* was made with weaker parameters than today's."""
    return hasher().check_needs_rehash(kept)
