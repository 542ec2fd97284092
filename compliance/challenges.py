"""Proofs of work, and tickets for forms that are sent without a script.

A proof is ALTCHA, protocol 2, in its deterministic mode: the number to be found is drawn here, so that solving a
challenge never takes more than twice the average, and checking the answer takes one HMAC. The first protocol is
refused: there a parameter of the signed text can be cut off, and with it what a challenge is bound to.

Neither a proof nor a ticket knows whether it was used before: whoever takes one keeps `Proof.signature_hash`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from itsdangerous import BadData, URLSafeSerializer

from .errors import ReasonError

ALGORITHM = "PBKDF2/SHA-256"
LIFETIME = timedelta(minutes=20)
TICKET_LIFETIME = timedelta(hours=2)
LARGEST = 4096  # characters of a payload; an honest one has some 900
_ATTEMPTS = 256  # of the given cost each, on average, where the factor is 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A challenge that was solved, or a ticket that is ours: good once, so its hash is kept until it expires."""

    signature_hash: str
    expires: datetime
    #: How much work was done: 0 for a ticket.
    factor: int = 0


class ChallengeError(ReasonError):
    """A proof or a ticket is not taken.

    *reason* is `missing`, `size`, `format`, `wrong`, `form` (it belongs to another form or site), `expired` or `weak`
    (less work than is asked for now).
    """


class Challenges:
    """The challenges of one site.

    Args:
        keys: newest first; the newest signs, all of them verify.
        site: what the challenges are bound to, such as the host's name.
        cost: rounds of PBKDF2 for one attempt.
    """

    def __init__(self, keys: Sequence[bytes], *, site: str, cost: int = 5000) -> None:
        # The signature of the parameters and that of the answer are both public: each has a key of its own.
        self._keys = [(_derive(key, b"parameters"), _derive(key, b"answer")) for key in keys]
        self._tickets = URLSafeSerializer(
            list(reversed(keys)), salt="compliance.ticket", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._site = site
        self._cost = cost

    def issue(self, form: str, *, factor: int, now: datetime) -> dict[str, Any]:
        """Return a challenge for *form* as the widget takes it; *factor* multiplies the work, not our own."""
        parameters, answer = self._keys[0]
        expires = int((now + LIFETIME).timestamp())
        challenge = altcha.create_challenge(
            ALGORITHM,
            self._cost,
            # Every number is as likely as the next: giving up early and asking for another challenge gains nothing.
            counter=secrets.randbelow(2 * _ATTEMPTS * factor),
            data={"expires": expires, "factor": factor, "form": form, "site": self._site},
            hmac_secret=parameters,
            hmac_key_secret=answer,
        )
        # The library holds `expiresAt` against the machine's clock. The widget needs it; what counts is in the data.
        challenge.parameters.expires_at = expires
        return challenge.to_dict()

    def verify(self, payload: str, form: str, *, factor: int, now: datetime) -> Proof:
        """Return the proof that *payload*, the widget's field, holds for *form* and at least *factor*.

        Raises `ChallengeError`.
        """
        try:
            proof = altcha.Payload.from_dict(json.loads(base64.b64decode(_sized(payload), validate=True)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ChallengeError("format") from error
        parameters = proof.challenge.parameters
        expires, parameters.expires_at = parameters.expires_at, None
        if not any(altcha.verify_solution(proof, key, hmac_key_secret=answer).verified for key, answer in self._keys):
            raise ChallengeError("wrong")
        bound = parameters.data or {}
        if expires != bound["expires"]:
            raise ChallengeError("wrong")
        taken = self._taken(bound, proof.challenge.signature or "", form, now=now)
        if taken.factor < factor:
            raise ChallengeError("weak")
        return taken

    def ticket(self, form: str, *, now: datetime) -> str:
        """Return a ticket for *form*: no work, only that the form was asked for in the last two hours."""
        expires = int((now + TICKET_LIFETIME).timestamp())
        return str(
            self._tickets.dumps(
                {"expires": expires, "factor": 0, "form": form, "id": secrets.token_urlsafe(12), "site": self._site}
            )
        )

    def read_ticket(self, ticket: str, form: str, *, now: datetime) -> Proof:
        """Return what *ticket* proves for *form*. Raises `ChallengeError`."""
        try:
            bound = self._tickets.loads(_sized(ticket))
        except (BadData, ValueError) as error:
            raise ChallengeError("wrong") from error
        # Base64 writes one signature in several ways: what makes a ticket itself is its id.
        return self._taken(bound, bound["id"], form, now=now)

    def _taken(self, bound: dict[str, Any], identity: str, form: str, *, now: datetime) -> Proof:
        if (bound["form"], bound["site"]) != (form, self._site):
            raise ChallengeError("form")
        expires = datetime.fromtimestamp(bound["expires"], UTC)
        if expires <= now:
            raise ChallengeError("expired")
        return Proof(
            signature_hash=hashlib.sha256(identity.encode()).hexdigest(), expires=expires, factor=bound["factor"]
        )


def _derive(key: bytes, use: bytes) -> bytes:
    return hmac.digest(key, b"compliance.challenge." + use, "sha256")


def _sized(text: str) -> str:
    if not text:
        raise ChallengeError("missing")
    if len(text) > LARGEST:
        raise ChallengeError("size")
    return text
