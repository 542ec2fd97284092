"""The banner that asks a reader for consent, and its buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.consent import AGREE, REFUSE
from ..checks.doubles import TOOLS
from ..page import shorten

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

#: What is asked of a page: an expression with functions.
SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
_SMALLER = 0.75  # of the area of the button beside it, and of its letters
_AGREES = ", ".join(tool["agree"] for tool in TOOLS)


async def buttons(page: Page) -> tuple[Locator | None, Locator | None]:
    """Return the buttons of the banner to agree and to refuse: of a tool that is known, else by what they say."""
    if await page.locator(_AGREES).locator("visible=true").count():
        for tool in TOOLS:
            agree = page.locator(tool["agree"]).locator("visible=true").first
            if await agree.count():
                refuse = page.locator(tool["refuse"]).locator("visible=true").first
                return agree, refuse if await refuse.count() else None
    found: Sequence[str] = await page.evaluate(f"{SCRIPT}.buttons()")
    refusing = next((place for place, text in enumerate(found) if REFUSE.search(text)), None)
    agreeing = next((place for place, text in enumerate(found) if AGREE.search(text) and not REFUSE.search(text)), None)
    if agreeing is None:
        return None, None
    agree = page.locator(f'[data-compliance-found="{agreeing}"]')
    return agree, None if refusing is None else page.locator(f'[data-compliance-found="{refusing}"]')


async def text_of(button: Locator) -> str:
    """Return what is on *button*."""
    return shorten(await button.inner_text() or await button.get_attribute("value") or "")


async def is_weaker(refuse: Locator, agree: Locator) -> bool:
    """Return whether one is made to be seen less: smaller, in smaller letters, or not filled where the other is."""
    less, more = await _weight(refuse), await _weight(agree)
    return bool(
        less["area"] < more["area"] * _SMALLER
        or less["letters"] < more["letters"] * _SMALLER
        or (more["filled"] and not less["filled"])
    )


async def _weight(button: Locator) -> Mapping[str, Any]:
    weight: Mapping[str, Any] = await button.evaluate(f"element => {SCRIPT}.weight(element)")
    return weight
