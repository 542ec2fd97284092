"""Consent: the choices a reader can make, the signed cookie that keeps them, what they allow."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any

from itsdangerous import BadData, Serializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, want_bytes

from .errors import ConsentError

COOKIE = "compliance_consent"
NECESSARY = "necessary"
METHODS = ("accept", "reject", "custom", "withdraw")
_SALT = "compliance.consent"
_LONGEST = 380  # bytes; with the name and a little room, a cookie stays under 400
_NOTICE = "notice"
# A browser sends one for each path and domain; a signed value has no other characters.
_VALUES = re.compile(rf'(?:^|[;\s]){COOKIE}="?([\w.-]{{1,{_LONGEST - 1}}})"?(?=[;\s]|$)', re.ASCII)
_MOST_VALUES = 16
# Browsers send some 16 KB of cookies at most.
_LONGEST_HEADER = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One decision of one reader, as the cookie keeps it.

    *noticed* says that it was made where browsing on counts as agreement.
    """

    id: str
    policy: str
    choices: Mapping[str, bool]
    method: str
    time: datetime
    noticed: bool = False

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
        self._notices = mode == _NOTICE
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
        return Record(
            id=secrets.token_urlsafe(12),
            policy=policy,
            choices=choices,
            method=method,
            time=now.replace(microsecond=0),
            noticed=self._notices,
        )

    def sign(self, record: Record) -> str:
        """Return the cookie's value for *record*; the time of signing is the serializer's own."""
        payload = {"id": record.id, "policy": record.policy, "choices": record.choices, "method": record.method}
        return self._serializer.dumps(payload | ({"mode": _NOTICE} if record.noticed else {}))

    def read(self, cookies: str | None, *, policy: str | None, now: datetime) -> Record | None:
        """Return the decision in a `Cookie` header, or None: unsigned, stale, about something else, garbled, too long.

        It is about something else where it is about another policy than *policy*, was made under a notice that the
        site has given up, or before a category was there. Without a *policy*, one about anything is returned.

        A browser that holds several cookies of the name, by path or domain, sends them all, and a stranger on a
        neighbouring host may have set one: only what all that are valid allow is allowed.
        """
        found = [record for value in _values(cookies) if (record := self._verify(value, policy, now))]
        if len(found) < 2:
            return found[0] if found else None
        strictest = min(found, key=lambda record: (sum(record.choices.values()), record.given))
        choices = {
            name: chosen and all(record.choices.get(name, True) for record in found)
            for name, chosen in strictest.choices.items()
        }
        return replace(strictest, choices=choices)

    def owns(self, cookies: str | None) -> bool:
        """Return whether a `Cookie` header holds decisions of this site, whatever their age, and nobody else's."""
        values = _values(cookies)
        return bool(values) and all(self._loads(value) is not None for value in values)

    def _loads(self, value: str) -> tuple[dict[str, Any], datetime] | None:
        try:
            payload, signed = self._serializer.loads(value, return_timestamp=True)
        except BadData:
            return None
        return payload, signed

    def _verify(self, value: str, policy: str | None, now: datetime) -> Record | None:
        loaded = self._loads(value)
        if loaded is None or now - loaded[1] > self.lifetime:
            return None
        payload, signed = loaded
        noticed = payload.get("mode") == _NOTICE
        # A category dropped since is no longer there to allow.
        choices = {name: payload["choices"][name] for name in self.categories if name in payload["choices"]}
        asked = payload["policy"] == policy and noticed <= self._notices and len(choices) == len(self.categories)
        if policy is not None and not asked:
            return None
        return Record(
            id=payload["id"],
            policy=payload["policy"],
            choices=choices,
            method=payload["method"],
            time=signed,
            noticed=noticed,
        )

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


def _values(cookies: str | None) -> list[str]:
    return [found[1] for found in islice(_VALUES.finditer((cookies or "")[:_LONGEST_HEADER]), _MOST_VALUES)]
