"""Any program that listens: JSON, signed as Standard Webhooks has it."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from .notices import Notice
from .posts import Poster, encoded

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A program at *url*; with a *secret*, it can tell our notices from those of others.

    The headers are those of the Standard Webhooks specification 1.0, and the signature its `v1`: HMAC with SHA-256 over
    identifier, time and body. A secret that begins with `whsec_` is base64, any other is taken as it is.
    """

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    poster: Poster
    per_minute: ClassVar[int] = 60

    def send(self, notice: Notice, *, now: datetime) -> None:
        """Post *notice* and its data. Raises `DeliveryError`."""
        document = {
            "type": "compliance.notice",
            "subject": notice.subject,
            "text": notice.text,
            "link": notice.link,
            "data": dict(notice.data),
        }
        body = encoded(document)
        headers = {"Webhook-Id": notice.dedupe, "Webhook-Timestamp": str(int(now.timestamp()))}
        if self.secret:
            signed = f"{notice.dedupe}.{headers['Webhook-Timestamp']}.".encode() + body
            digest = hmac.digest(_key(self.secret), signed, "sha256")
            headers["Webhook-Signature"] = f"v1,{b64encode(digest).decode()}"
        self.poster.post(self.url, body, headers).check()


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        try:
            return b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
