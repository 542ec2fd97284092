"""The checks, by topic: those of a page, and those of what all pages say together.

A check of a page yields findings, made with `Page.found`, and facts for the checks of the site, which run once at the
end. A finding that many pages share (the same rule, excerpt and values) is merged into one that counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from ..findings import Finding
from ..page import Page
from ..site import Context, Fact, SiteFacts
from . import (
    accessibility,
    articles,
    consent,
    delivery,
    doubles,
    filings,
    forms,
    labels,
    manual,
    policies,
    reporting,
    trackers,
)

PageCheck: TypeAlias = Callable[[Page, Context], Iterable[Finding | Fact]]
SiteCheck: TypeAlias = Callable[[SiteFacts, Context], Iterable[Finding]]

_TOPICS = (
    filings,
    doubles,
    reporting,
    articles,
    labels,
    policies,
    consent,
    trackers,
    forms,
    accessibility,
    delivery,
    manual,
)
PAGE: tuple[PageCheck, ...] = tuple(check for topic in _TOPICS for check in topic.PAGE)
SITE: tuple[SiteCheck, ...] = tuple(check for topic in _TOPICS for check in getattr(topic, "SITE", ()))
