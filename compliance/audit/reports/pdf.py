"""The report for people on paper, printed by Chromium."""

from __future__ import annotations

from collections.abc import Sequence

from ..report import Failed, Report
from .html import html

_NUMBERS = (
    '<div style="width:100%;font-size:7pt;text-align:center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def pdf(reports: Sequence[Report], language: str, failed: Sequence[Failed] = ()) -> bytes:
    """Return the pages of *reports*. Raises `browser.BrowserError` where no Chromium starts."""
    from ..browser.chromium import Windows  # which is long to load

    with Windows() as windows, windows.window(1280) as page:
        page.set_content(html(reports, language, failed).decode())
        return page.pdf(
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_NUMBERS,
            tagged=True,
            outline=True,
        )
