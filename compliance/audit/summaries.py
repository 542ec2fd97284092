"""What a report keeps of a page."""

from __future__ import annotations

from .checks.reporting import reporting_lines
from .loaded import loaded
from .page import Page
from .report import Address, Number, PageSummary
from .site import Context


def summarise(page: Page, context: Context) -> PageSummary:
    """Return the licences, telephones and trackers of *page*."""
    numbers = (
        Number(kind=one.kind, number=one.number, link=one.link.address if one.link else None) for one in page.numbers
    )
    trackers = (
        Address(host=one.host, purpose=one.tracker.category, element=str(one.element.tag))
        for one in loaded(page, context.catalogue)
    )
    return PageSummary(
        url=page.url,
        charset=page.charset,
        lang=page.lang,
        licences=tuple(dict.fromkeys(numbers)),
        telephones=tuple(line.printed for line in reporting_lines(page) if not line.public),
        trackers=tuple(dict.fromkeys(trackers)),
    )
