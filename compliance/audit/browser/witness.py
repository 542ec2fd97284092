"""Who is shown every page that a reader sees, to keep evidence of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..readers import Reader
from ..targets import Reason

if TYPE_CHECKING:
    from playwright.async_api import Page


class Witness:
    """Is shown the pages; this one keeps nothing. *named* is what reports call a page.

    All that it does is done in the thread of the browser, while the reader waits.
    """

    def profile(self, named: str, reader: Reader) -> Mapping[str, Any]:
        """Return what else the reader's profile is made with: arguments of Playwright's `Browser.new_context`."""
        return {}

    async def opened(self, page: Page, named: str, reader: Reader) -> None:
        """The *page* is there as it first comes, and nothing has been pressed."""

    async def deciding(self, named: str, profile: Reader, reader: Reader) -> None:
        """The reader for whom *profile* was made is about to decide, and is *reader* from now on."""

    async def decided(self, page: Page, named: str, reader: Reader) -> None:
        """The *page* is there again after the reader's decision."""

    async def failed(self, named: str, reason: Reason) -> None:
        """The page could not be opened."""
