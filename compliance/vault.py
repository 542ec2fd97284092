"""Encryption of contact data, keyed hashes, rotation of keys.

The keys that a site gives are never used themselves: each use has a key of its own, derived with HKDF-SHA-256
(RFC 5869). What one use gives away says nothing about another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import ComplianceError

_NONCE = 12  # bytes; at random they are good for 2^32 texts under one key (NIST SP 800-38D, section 8.3)
_REMEDIES = {
    "key": "is sealed with a key that is not there; put the old key back before the new one",
    "broken": "is not what was sealed there; restore it from a backup",
}


class VaultError(ComplianceError):
    """What is kept in a column cannot be opened: *reason* is `key` (not one of ours) or `broken`.

    It names the place, never what is kept there.
    """

    def __init__(self, reason: str, *, table: str, column: str, row: str) -> None:
        super().__init__(reason, table, column, row)
        self.reason = reason
        self.table = table
        self.column = column
        self.row = row

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row} {_REMEDIES[self.reason]}"


class Vault:
    """Seals and opens single values of a table, and hashes what must be found again without being readable.

    Args:
        keys: oldest first; the newest seals, all of them open. To rotate, add a key at the end, seal again what is not
            `is_current`, and drop the old key.

    Raises `ValueError` where there is no key, or an empty one.
    """

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        if not keys or not all(keys):
            raise ValueError("the vault has no key, or an empty one: set SECRET_KEY or COMPLIANCE_KEYS")
        self._keys = tuple(key.encode() if isinstance(key, str) else key for key in reversed(keys))
        self._derived = cache(self._derive)  # a site has a handful of uses
        derived = self._derived("seal")
        self._ciphers = {hashlib.sha256(key).hexdigest()[:8]: AESGCM(key) for key in derived}
        self._current = next(iter(self._ciphers))

    def seal(self, text: str, *, table: str, column: str, row: str) -> str:
        """Return *text* encrypted with AES-256-GCM, as `<key id>.<base64url>`: it opens at this place alone."""
        nonce = secrets.token_bytes(_NONCE)
        place = _place(table, column, row)
        data = nonce + self._ciphers[self._current].encrypt(nonce, text.encode("utf-8", "surrogatepass"), place)
        return f"{self._current}.{_encoded(data)}"

    def open(self, sealed: str, *, table: str, column: str, row: str) -> str:
        """Return the text that was *sealed* at this place. Raises `VaultError`."""
        identity, _, body = sealed.partition(".")
        if (cipher := self._ciphers.get(identity)) is None:
            raise VaultError("key", table=table, column=column, row=row)
        try:
            data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            # Base64 writes the same bytes in several ways and skips what it does not know; we write it in one.
            if _encoded(data) != body:
                raise ValueError
            text = cipher.decrypt(data[:_NONCE], data[_NONCE:], _place(table, column, row))
        except (ValueError, InvalidTag):
            raise VaultError("broken", table=table, column=column, row=row) from None
        return text.decode("utf-8", "surrogatepass")

    def is_current(self, sealed: str) -> bool:
        """Return whether *sealed* was sealed with the newest key, by its key id."""
        return sealed.startswith(f"{self._current}.")

    def digest(self, use: str, text: str) -> str:
        """Return the HMAC-SHA-256 of *text* in hexadecimal, under the newest key for *use*."""
        return self.digests(use, text)[0]

    def digests(self, use: str, text: str) -> tuple[str, ...]:
        """Return the digests of *text* under every key for *use*, newest first: what was kept may be any of them."""
        data = text.encode("utf-8", "surrogatepass")
        return tuple(hmac.digest(key, data, "sha256").hex() for key in self._derived(f"digest.{use}"))

    def key(self, use: str) -> bytes:
        """Return 32 bytes for *use*, derived from the newest key."""
        return self.keys(use)[0]

    def keys(self, use: str) -> tuple[bytes, ...]:
        """Return 32 bytes for *use* from every key, newest first."""
        return self._derived(f"key.{use}")

    def _derive(self, use: str) -> tuple[bytes, ...]:
        info = f"compliance.vault.{use}".encode()
        return tuple(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key) for key in self._keys)


def _place(table: str, column: str, row: str) -> bytes:
    """Return what a text is bound to; as JSON, so that no two places run together to the same bytes."""
    return json.dumps([table, column, row]).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
