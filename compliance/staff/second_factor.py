"""The second factor: codes of a telephone that change every thirty seconds (TOTP, RFC 6238), and what replaces them."""

from __future__ import annotations

import secrets
from datetime import datetime

from ..receipts import grouped, random_characters

_SECONDS = 30
_DRIFT = 1  # steps that the clock of a telephone may be off (RFC 6238, section 5.2)
#: How many recovery codes one is given.
RECOVERY_CODES = 10


def new_secret() -> str:
    """Return a secret of 160 bits in base 32 (RFC 4226, section 4)."""
    import pyotp  # an extra

    return pyotp.random_base32()


def address(secret: str, *, name: str, site: str) -> str:
    """Return what a telephone reads from a QR code, as Google Authenticator's wiki has it: `otpauth://totp/…`."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=site)


def code_of(secret: str, *, now: datetime) -> str:
    """Return the code that a telephone shows for *secret*."""
    import pyotp

    return pyotp.TOTP(secret).at(now)


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the time step that *code* belongs to, None where it is none of the last, this and the next one."""
    import pyotp
    from pyotp.utils import strings_equal

    typed = "".join(code.split())[:8]
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // _SECONDS
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    found = [step for step in steps if strings_equal(typed, totp.generate_otp(step))]
    return found[-1] if found else None


def new_recovery_codes() -> list[str]:
    """Return codes such as `ABCD-EFGH-JKLM`, of 60 random bits each."""
    return [grouped(random_characters(secrets.token_bytes(8), 12)) for _ in range(RECOVERY_CODES)]
