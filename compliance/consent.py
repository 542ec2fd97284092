"""Consent: the choices a reader can make, the signed cookie that keeps them, what they allow."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from itsdangerous import BadData, Serializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, want_bytes
from werkzeug.http import parse_cookie

from .errors import ConsentError

COOKIE = "compliance_consent"
NECESSARY = "necessary"
METHODS = ("accept", "reject", "custom", "withdraw")
_SALT = "compliance.consent"
_LONGEST = 380  # bytes; with the name and a little room, a cookie stays under 400
# What is read of a header: browsers send some 16 KB of cookies at most, and one of a name for each path and domain.
_LONGEST_HEADER = 64 * 1024
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision of one reader, as the cookie keeps it."""

    id: str
    policy: str
    choices: Mapping[str, bool]
    method: str
    time: datetime

    @property
    def given(self) -> bool:
        """Whether the reader agreed, to everything or to a part."""
        return self.method == "accept" or (self.method == "custom" and any(self.choices.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What one reader allows, for a view to ask.

    *choices* holds every optional category: as decided, and before a decision as the mode assumes.

    .. versionadded:: 0.1
    """

    given: bool
    choices: Mapping[str, bool]
    policy: str | None
    record_id: str | None

    def allows(self, category: str) -> bool:
        """Return whether *category* may run now: what is necessary always, what the settings do not name never."""
        return category == NECESSARY or self.choices.get(category, False)


class _Uncompressed(URLSafeTimedSerializer):
    """URL-safe and timed, but never compressed, so that the script can read what the server signed."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(Serializer.dump_payload(self, obj))


class Decisions:
    """The decisions that readers can make on one site, and their cookie.

    Args:
        categories: the optional ones, which a reader may refuse.
        mode: `notice`, `opt-in` or `opt-out`.
        keys: for signing, oldest first; the last one signs, all of them verify.

    Raises `ValueError` where the categories are too many or too long for a cookie to hold.
    """

    def __init__(
        self, *, categories: Iterable[str], mode: str, lifetime: timedelta, keys: Sequence[str | bytes]
    ) -> None:
        self.categories = tuple(category for category in categories if category != NECESSARY)
        self.lifetime = lifetime
        self._assumed = mode != "opt-in"
        self._serializer = _Uncompressed(
            [want_bytes(key) for key in keys], salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256}
        )
        if len(self.sign(self.decide("withdraw", (), policy="x" * 40, now=datetime.now(UTC)))) >= _LONGEST:
            raise ValueError(f"do not fit in a cookie of {_LONGEST} bytes; give fewer categories, or shorter names")

    def decide(self, method: str | None, chosen: Iterable[str], *, policy: str, now: datetime) -> Record:
        """Make the record of a decision: *method* is the button, *chosen* the categories ticked for `custom`.

        Raises `ConsentError` (reason `choice` or `category`) for a button or a category that is not there.
        """
        if method not in METHODS:
            raise ConsentError("choice")
        ticked = set(chosen)
        if not ticked <= {NECESSARY, *self.categories}:
            raise ConsentError("category")
        choices = {name: method == "accept" or (method == "custom" and name in ticked) for name in self.categories}
        identity = secrets.token_urlsafe(12)
        return Record(id=identity, policy=policy, choices=choices, method=method, time=now.replace(microsecond=0))

    def sign(self, record: Record) -> str:
        """Return the cookie's value for *record*; the time of signing is the serializer's own."""
        payload = {"id": record.id, "policy": record.policy, "choices": record.choices, "method": record.method}
        return self._serializer.dumps(payload)

    def read(self, cookies: str | None, *, policy: str | None, now: datetime) -> Record | None:
        """Return the decision in a `Cookie` header, or None: unsigned, stale, for another policy, garbled, too long.

        Without a *policy*, one about any policy is returned.

        A browser that holds several cookies of the name (by path) sends them all: the first valid one counts.
        """
        if not cookies or COOKIE not in cookies:
            return None
        values = parse_cookie(cookies[:_LONGEST_HEADER]).getlist(COOKIE)[:_MOST]
        return next((record for value in values if (record := self._verify(value, policy, now))), None)

    def _verify(self, value: str, policy: str | None, now: datetime) -> Record | None:
        if len(value) > _LONGEST:
            return None
        try:
            payload, signed = self._serializer.loads(value, return_timestamp=True)
        except BadData:
            return None
        if payload["policy"] != (policy or payload["policy"]) or now - signed > self.lifetime:
            return None
        # A category added since was never asked about, one dropped since is no longer there to allow.
        choices = {name: payload["choices"].get(name, False) for name in self.categories}
        identity, about, method = payload["id"], payload["policy"], payload["method"]
        return Record(id=identity, policy=about, choices=choices, method=method, time=signed)

    def of(self, cookies: str | None, *, policy: str, refuses: bool, now: datetime) -> Consent:
        """Return what the reader allows who sends *cookies*, by today's decision, else by an earlier one and the mode.

        Args:
            refuses: whether the browser does, by its own signal (Sec-GPC).
        """
        record = self.read(cookies, policy=policy, now=now)
        earlier = None if record else self.read(cookies, policy=None, now=now)
        return self.consent(record, refuses=refuses, earlier=earlier)

    def consent(self, record: Record | None, *, refuses: bool, earlier: Record | None = None) -> Consent:
        """Return what *record* allows; without one, what the mode assumes unless the browser *refuses* (Sec-GPC).

        What an *earlier* decision, about another policy, refused is never assumed.
        """
        if record is None:
            refused = {name for name, chosen in earlier.choices.items() if not chosen} if earlier else set()
            assumed = {name: self._assumed and not refuses and name not in refused for name in self.categories}
            return Consent(given=False, choices=MappingProxyType(assumed), policy=None, record_id=None)
        return Consent(
            given=record.given,
            choices=MappingProxyType(dict(record.choices)),
            policy=record.policy,
            record_id=record.id,
        )
