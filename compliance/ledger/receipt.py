"""A reader's own record as others can read it: the consent record of ISO/IEC TS 27560:2023, clause 6.3.

The names of the fields are those of the standard; what it leaves open is in the table of docs/consent.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..settings import Settings
from .book import Text
from .chain import Entry, Link

SCHEMA = "flask-compliance/1, ISO/IEC TS 27560:2023"
_OPERATOR = "operator"
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
            "purposes": [_purpose(name, settings, language, address) for name in entry.choices],
        },
        "party_identification": [party],
        "events": [*_events(entry.time, entry.method, entry.choices, lifetime), *_earlier(history, lifetime)],
    }


def _purpose(name: str, settings: Settings, language: str, address: str) -> dict[str, Any]:
    category = settings.consent.categories[name]
    cookies = [cookie for cookie in settings.consent.cookies if cookie.category == name]
    providers = [cookie.provider.get(language) for cookie in cookies if cookie.provider]
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
        "recipient_third_parties": list(dict.fromkeys(providers)),
        "withdrawal_method": f"{address}/consent",
        "privacy_rights": f"{address}/legal/privacy",
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
