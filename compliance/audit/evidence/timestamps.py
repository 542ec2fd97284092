"""The word of an authority that something was there at a time (RFC 3161): asked for, and looked at."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Message
from .bundle import EvidenceError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_TIMEOUT = 30  # seconds for the authority to answer
_LARGEST = 1_000_000  # bytes of an answer
_TYPES = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
#: The digests that an authority may have signed, by the length in bytes.
_DIGESTS = {32: "sha256", 48: "sha384", 64: "sha512"}


def stamped(content: bytes, authority: str) -> bytes:
    """Return the answer of the *authority*, an address, that *content* was there; DER, as `openssl ts` reads it.

    Raises `EvidenceError` where it gives none that fits, `ModuleNotFoundError` without what reads it.
    """
    import urllib3
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    from urllib3.exceptions import HTTPError

    request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        with urllib3.PoolManager(timeout=_TIMEOUT, retries=False) as pool:
            body = request.as_bytes()
            answer = pool.request("POST", authority, body=body, headers=_TYPES, redirect=False, preload_content=False)
            told = answer.read(_LARGEST)
            answer.close()
    except HTTPError as error:
        raise _refused(authority, str(error)) from error
    response = _decoded(told)
    if answer.status != 200 or response is None:
        raise _refused(authority, f"HTTP {answer.status}")
    if response.status not in (0, 1):  # granted, or granted with changes (section 2.4.2)
        raise _refused(authority, ", ".join(map(str, response.status_string)) or str(response.status))
    if not _is_of(response, content) or response.tst_info.nonce != request.nonce:
        raise _refused(authority, "the answer is to another request")
    return told


def _refused(authority: str, reason: str) -> EvidenceError:
    message = Message("%(authority)s gives no timestamp: %(reason)s", authority=authority, reason=reason)
    return EvidenceError(message)


def time_of(stamp: bytes, content: bytes, *, roots: Path | None) -> datetime:
    """Return the time at which by *stamp* the *content* was there.

    Where there are *roots*, a file of certificates (PEM), one of them has to stand behind it. Raises `EvidenceError`
    where it is of something else or its signature is wrong, `ModuleNotFoundError` without what reads it.
    """
    import rfc3161_client
    from cryptography import x509

    response = _decoded(stamp)
    if response is None or response.status not in (0, 1) or not _is_of(response, content):
        raise EvidenceError(Message("the timestamp is none of manifest.json"))
    if roots is not None:
        try:
            certificates = x509.load_pem_x509_certificates(roots.read_bytes())
        except (OSError, ValueError) as error:
            message = Message("%(path)s holds no certificates in PEM: %(error)s", path=str(roots), error=error)
            raise EvidenceError(message) from error
        verifier = rfc3161_client.VerifierBuilder(roots=certificates).build()
        try:
            verifier.verify_message(response, content)
        except (rfc3161_client.VerificationError, ValueError) as error:
            message = Message(
                "no certificate of %(path)s stands behind the timestamp: %(error)s", path=str(roots), error=error
            )
            raise EvidenceError(message) from error
    return response.tst_info.gen_time


def _decoded(told: bytes) -> TimeStampResponse | None:
    import rfc3161_client

    try:
        return rfc3161_client.decode_timestamp_response(told)
    except ValueError:
        return None


def _is_of(response: TimeStampResponse, content: bytes) -> bool:
    try:
        imprint = response.tst_info.message_imprint.message
    except ValueError:  # there is no token in it
        return False
    digest = _DIGESTS.get(len(imprint))
    return digest is not None and hashlib.new(digest, content).digest() == imprint
