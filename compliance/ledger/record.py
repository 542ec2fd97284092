"""A reader's own record as others can read it: the consent record of ISO/IEC TS 27560:2023, clause 6.3.

The names of the fields are those of the standard; what it leaves open is in the table of docs/consent.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..recipients import recipients
from ..settings import Settings
from .chain import Entry, Link
from .reading import Text

SCHEMA = "flask-compliance/1, ISO/IEC TS 27560:2023"
_OPERATOR = "operator"
_ThirdParty = tuple[str, str | None, str | None]
_STATES = {"withdraw": "withdrawn", "reject": "refused"}


def consent_record(
    entry: Entry,
    texts: Sequence[Text],
    *,
    settings: Settings,
    lifetime: timedelta,
    address: str,
    history: Sequence[Link],
) -> dict[str, Any]:
    """Return the consent record of *entry*.

    Args:
        texts: what it is about.
        lifetime: how long it holds.
        address: where our own pages lie, with scheme and host.
        history: the rows that the ledger has of it and of the decisions before it, the newest first.
    """
    language, site = entry.language, settings.site
    party = {
        "party_id": _OPERATOR,
        "party_name": site.operator.get(language),
        "party_role": "PII controller",
        "party_type": "operator of the site",
        "party_address": site.address.get(language) if site.address else None,
        "party_email": site.email,
        "party_url": site.url,
        "party_contact": site.email,
    }
    others = {key: number for number, key in enumerate(_third_parties(settings, language), 1)}
    notices = [
        {
            "name": text.name,
            "version": text.version,
            "language": text.language,
            "url": f"{address}/legal/{text.name}/{text.version}",
            "sha256": text.hash,
        }
        for text in texts
    ]
    return {
        "schema_version": SCHEMA,
        "record_id": entry.record,
        "pii_principal_id": entry.record,  # nothing else is known of the reader
        "pii_processing": {
            "privacy_notice": notices,
            "language": language,
            "purposes": [_purpose(name, settings, language, address, others) for name in entry.choices],
        },
        "party_identification": [party, *(_third_party(number, *key) for key, number in others.items())],
        "events": [*_events(entry.time, entry.method, entry.choices, lifetime), *_earlier(history, lifetime)],
    }


def _purpose(
    name: str, settings: Settings, language: str, address: str, others: Mapping[_ThirdParty, int]
) -> dict[str, Any]:
    category = settings.consent.categories[name]
    cookies = [cookie for cookie in settings.consent.cookies if cookie.category == name]
    told = _third_parties(settings, language, name)
    return {
        "purpose": category.description.get(language) if category.description else name,
        "purpose_type": name,
        "lawful_basis": "consent",
        "pii_information": [
            {
                "pii_type": f"cookie {cookie.name}",
                "pii_optional": True,
                "retention_period": cookie.lifetime.get(language) if cookie.lifetime else "session",
            }
            for cookie in cookies
        ],
        "pii_controllers": [_OPERATOR],
        "collection_method": "cookies and scripts in the reader's browser",
        "jurisdiction": "CN",
        "recipient_third_parties": [f"recipient-{others[key]}" for key in told],
        "withdrawal_method": f"{address}/consent",
        "privacy_rights": f"{address}/legal/privacy",
    }


def _third_parties(settings: Settings, language: str, category: str | None = None) -> list[_ThirdParty]:
    """Return who receives what readers send in *category*, without one in any, each once: name, country, statement."""
    keys = [
        (one.category, (one.name.get(language) if one.name else ", ".join(one.hosts), one.country, one.policy))
        for one in recipients(settings)
    ]
    known = {key[0]: key for _, key in keys}
    providers = [(one.category, one.provider.get(language)) for one in settings.consent.cookies if one.provider]
    keys += [(of, known.get(name, (name, None, None))) for of, name in providers]
    return list(dict.fromkeys(key for of, key in keys if category in (None, of)))


def _third_party(number: int, name: str, country: str | None, policy: str | None) -> dict[str, Any]:
    return {
        "party_id": f"recipient-{number}",
        "party_name": name,
        "party_role": "third party",
        "party_type": "recipient",
        "party_address": country,
        "party_url": policy,
    }


def _earlier(history: Sequence[Link], lifetime: timedelta) -> Iterator[dict[str, Any]]:
    for link in history[1:]:
        if said := link.said:
            yield from _events(link.at, said["method"], said["choices"], lifetime)


def _events(time: datetime, method: str, choices: Mapping[str, bool], lifetime: timedelta) -> Iterator[dict[str, Any]]:
    """Yield what happened, once for each purpose."""
    event = {
        "event_time": time.isoformat(),
        "validity_duration": f"P{lifetime.days}D",
        "entity_id": _OPERATOR,
        "event_type": "explicit consent",
    }
    refused = _STATES.get(method, "refused")
    for name, allowed in choices.items():
        yield event | {"purpose_type": name, "event_state": "given" if allowed else refused}
    if not choices:
        yield event | {"event_state": "given" if method == "accept" else refused}
