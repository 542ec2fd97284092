"""What axe-core finds on a page that hinders people with disabilities, in a wide window and in a narrow one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..wording import Wording

if TYPE_CHECKING:
    from playwright.async_api import Page

_FOLDER = Path(__file__).with_name("axe")
# WCAG 2.2 up to level AA; what axe-core thinks better beyond it is no rule of anybody.
_STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_CRITERION = re.compile(r"wcag(\d)(\d)(\d+)")
_NARROW = {"width": 390, "height": 844}
_MOST = 50  # of a page
# GB/T 37668-2019 asks for the same four things as WCAG, whose criteria begin with the number of each.
_GROUPS = {
    "1": Wording(en="perceivable", zh_CN="可感知性"),
    "2": Wording(en="operable", zh_CN="可操作性"),
    "3": Wording(en="understandable", zh_CN="可理解性"),
    "4": Wording(en="robust", zh_CN="兼容性"),
}
#: What checks of ours tell of markup, by the name that axe-core has for it.
OURS: Mapping[str, str] = {
    "button-name": "C708",
    "color-contrast": "C705",
    "document-title": "C706",
    "html-has-lang": "C701",
    "image-alt": "C703",
    "label": "C704",
    "link-name": "C708",
    "meta-viewport": "C707",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """What is found by the rule *id* of axe-core: what it asks for, the *criteria* of WCAG and the *group* of
    requirements of GB/T 37668-2019 that it belongs to, how many elements fail, and the markup of the *first*.
    """

    id: str
    help: Wording
    criteria: str
    group: Wording
    count: int
    first: str


async def barriers(page: Page) -> tuple[Barrier, ...]:
    """Return what hinders on *page*, which has its size back afterwards."""
    await page.evaluate(_script())
    found = await _run(page)
    size = page.viewport_size
    if size is not None and size["width"] > _NARROW["width"]:
        await page.set_viewport_size({"width": 390, "height": 844})
        found = {**await _run(page), **found}
        await page.set_viewport_size(size)
    return tuple(found[id_] for id_ in sorted(found))[:_MOST]


async def _run(page: Page) -> dict[str, Barrier]:
    options = {"runOnly": {"type": "tag", "values": _STANDARDS}, "resultTypes": ["violations"], "elementRef": False}
    told = await page.evaluate(
        """options => axe.run(document, options).then(found => found.violations.map(one => ({
            id: one.id, tags: one.tags, help: one.help, count: one.nodes.length, first: one.nodes[0].html.slice(0, 400),
        })))""",
        options,
    )
    return {one["id"]: _barrier(one) for one in told}


def _barrier(one: Mapping[str, Any]) -> Barrier:
    criteria = [".".join(match.groups()) for tag in one["tags"] if (match := _CRITERION.fullmatch(tag))]
    return Barrier(
        id=one["id"],
        help=Wording(en=one["help"], zh_CN=_chinese().get(one["id"], {}).get("help", one["help"])),
        criteria=", ".join(criteria),
        group=_GROUPS[criteria[0][0] if criteria else "4"],
        count=one["count"],
        first=one["first"],
    )


@cache
def _script() -> str:
    return (_FOLDER / "axe.min.js").read_text(encoding="utf-8")


@cache
def _chinese() -> Mapping[str, Mapping[str, str]]:
    rules: Mapping[str, Mapping[str, str]] = json.loads((_FOLDER / "zh_CN.json").read_text(encoding="utf-8"))["rules"]
    return rules
