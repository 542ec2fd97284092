"""Signatures of the operator's Ed25519 key in the form of OpenSSH: `ssh-keygen -Y verify` takes them without us.

Source: PROTOCOL.sshsig of OpenSSH; RFC 4251, section 5 (strings); RFC 8709 (Ed25519).
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from ...errors import Message
from .bundle import EvidenceError

#: What the signature is for: `ssh-keygen -Y verify -n` has to name it.
NAMESPACE = "flask-compliance"
_MAGIC = b"SSHSIG"
_KIND = b"ssh-ed25519"
_HASHES = (b"sha512", b"sha256")
_COLUMNS = 70
_ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]{1,4000})-----END SSH SIGNATURE-----\n")
_LARGEST = 16_384  # bytes of a file with a key


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read the private key at *path*, in OpenSSH's format. Raises `EvidenceError` for what is none."""
    try:
        key = load_ssh_private_key(_content(path), password=None)
    except TypeError:  # how the library says that it lies under a passphrase
        message = Message(
            "%(path)s lies under a passphrase; name a key without one, or leave --key out and run "
            "`ssh-keygen -Y sign -n %(namespace)s -f %(path)s SHA256SUMS` in the folder of the evidence",
            path=str(path),
            namespace=NAMESPACE,
        )
        raise EvidenceError(message) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def public_key(path: Path) -> bytes:
    """Read the public key at *path*, a line as `ssh-keygen` writes it; 32 bytes. `EvidenceError` for what is none."""
    try:
        key = load_ssh_public_key(_content(path).strip())
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        message = Message("%(path)s cannot be read: %(reason)s", path=str(path), reason=error.strerror)
        raise EvidenceError(message) from error


def _no_key(path: Path) -> EvidenceError:
    return EvidenceError(
        Message(
            "%(path)s is no Ed25519 key in OpenSSH's format; make one: ssh-keygen -t ed25519 -N '' -f evidence-key",
            path=str(path),
        )
    )


def sign(content: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signature of *content* as the lines that `ssh-keygen -Y sign` writes."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = key.sign(_signed(content, NAMESPACE.encode(), b"sha512"))
    parts = (_public(public), NAMESPACE.encode(), b"", b"sha512", _string(_KIND) + _string(signature))
    return _armoured(_MAGIC + (1).to_bytes(4, "big") + b"".join(map(_string, parts)))


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: the *public* key, 32 bytes."""

    public: bytes

    @property
    def fingerprint(self) -> str:
        """What `ssh-keygen -l` calls the key."""
        digest = hashlib.sha256(_public(self.public)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def signer(content: bytes, signature: bytes) -> Signer | None:
    """Return who signed *content*, None where *signature* is none of it, or is written otherwise than OpenSSH does."""
    text = signature.decode("ascii", "replace")
    match = _ARMOUR.fullmatch(text)
    if match is None:
        return None
    try:
        blob = base64.b64decode(match[1].replace("\n", ""), validate=True)
        # Nothing but the signature may lie in the file, so every changed bit shows.
        if _armoured(blob) != text or not blob.startswith(_MAGIC + b"\0\0\0\1"):
            return None
        public, namespace, reserved, digest, signed = _strings(blob[len(_MAGIC) + 4 :], 5)
        kind, key = _strings(public, 2)
        signed_kind, raw = _strings(signed, 2)
        expected = (_KIND, _KIND, NAMESPACE.encode(), b"")
        if (kind, signed_kind, namespace, reserved) != expected or digest not in _HASHES:
            return None
        Ed25519PublicKey.from_public_bytes(key).verify(raw, _signed(content, namespace, digest))
    except (ValueError, InvalidSignature):
        return None
    return Signer(key)


def _public(key: bytes) -> bytes:
    return _string(_KIND) + _string(key)


def _signed(content: bytes, namespace: bytes, digest: bytes) -> bytes:
    hashed = hashlib.new(digest.decode(), content).digest()
    return _MAGIC + b"".join(map(_string, (namespace, b"", digest, hashed)))


def _armoured(blob: bytes) -> str:
    text = base64.b64encode(blob).decode()
    lines = (text[at : at + _COLUMNS] + "\n" for at in range(0, len(text), _COLUMNS))
    return f"-----BEGIN SSH SIGNATURE-----\n{''.join(lines)}-----END SSH SIGNATURE-----\n"


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _strings(blob: bytes, count: int) -> list[bytes]:
    """Return the *count* strings that *blob* is made of. Raises `ValueError` where it is made of others."""
    found = []
    for _ in range(count):
        end = 4 + int.from_bytes(blob[:4], "big")
        if len(blob) < max(end, 4):
            raise ValueError("a string that is cut off")
        found.append(blob[4:end])
        blob = blob[end:]
    if blob:
        raise ValueError("more than the strings")
    return found
