"""What a legal document says of itself to programs, in the words of schema.org."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..languages import tag
from ..settings import Settings
from .library import Document

_PAGES = {"about": "AboutPage", "contact": "ContactPage"}


def metadata(document: Document, settings: Settings, *, address: str, versions: Sequence[Document]) -> dict[str, Any]:
    """Return the page of *document* at *address* as a web page of schema.org, for JSON-LD.

    *versions* are those in force, the newest first; one to come has no day on which it was published.
    """
    site, reporting, language = settings.site, settings.reporting, document.language
    operator = site.operator.get(language)
    points = [_point("inquiries", site.email)]
    if reporting.telephone:
        points.append(
            _point("reports of illegal information", reporting.email or site.email, reporting.telephone.printed)
        )
    page = {
        "@context": "https://schema.org",
        "@type": _PAGES.get(document.name, "WebPage"),
        "url": address,
        "name": document.title,
        "description": document.summary,
        "inLanguage": tag(language),
        "version": document.version,
        "isPartOf": {"@type": "WebSite", "name": site.name.get(language), "url": site.url},
        "publisher": {
            "@type": "Organization",
            "name": operator,
            "legalName": operator,
            "url": site.url,
            "email": site.email,
            **({"address": site.address.get(language)} if site.address else {}),
            "contactPoint": points,
        },
    }
    if document in versions:
        published, modified = versions[-1].effective, document.effective
        page |= {"datePublished": published.isoformat(), "dateModified": modified.isoformat()}
    return page


def _point(purpose: str, email: str, telephone: str | None = None) -> dict[str, str]:
    point = {"@type": "ContactPoint", "contactType": purpose, "email": email}
    return point | {"telephone": telephone} if telephone else point
