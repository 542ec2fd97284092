"""What stands twice, or contradicts itself: what a page prints by hand beside what this package prints for a site."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from .. import numbers
from ..findings import Finding
from ..hotlines import hotlines
from ..page import Page, tidy
from ..rules import rules
from ..site import Context, Fact, Seen, SiteFacts
from ..tree import Element, visible
from .consent import asking

#: Tools that sites ask for consent with: their names, their buttons, their scripts.
TOOLS = tomllib.loads(Path(__file__).parents[1].joinpath("banners.toml").read_text(encoding="utf-8"))["tools"]
_OURS = "data-compliance"
_MOST_OURS = 50  # elements of ours that are read
_MOST = 8  # numbers of a page that are told apart
_FOOT = 1_500  # characters of a page that marks no foot
CONSENT, TELEPHONE = "consent", "reporting.telephone"
# Of these a host has one.
_SINGLE = frozenset({"licences.icp", "licences.public_security", "licences.news"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A *value* that stands on a page, with the *key* of the settings that prints it, and the *element* it stands in.

    *same* is what it is told from others by: the number itself, of a telephone its address.
    """

    key: str
    value: str
    same: str
    element: Element | None


def doubles(page: Page, context: Context) -> Iterator[Finding]:
    """What the page prints beside what this package prints: the same once more, or something else."""
    ours = list(by_us(page))
    own = list(by_hand(page)) if ours else [*_tools(page)]
    printed: dict[str, list[Printed]] = {}
    for one in ours:
        printed.setdefault(one.key, []).append(one)
    for one in own:
        beside = printed.get(one.key, ()) if one.key != CONSENT else ()
        if any(other.same == one.same for other in beside):
            yield page.found("C027", one.element, excerpt=one.value, number=one.value)
        elif beside and one.key in _SINGLE and not numbers.is_of_an_app(one.same):
            yield page.found("C028", one.element, excerpt=one.value, number=one.value, other=beside[0].value)
    asked = [one for one in (*ours, *own) if one.key == CONSENT]
    if len(asked) > 1:
        yield page.found("C410", asked[-1].element, name=asked[0].value, other=asked[-1].value)


def filed(page: Page, context: Context) -> Iterator[Fact]:
    """Yield the numbers on *page* of which a host has one."""
    for kind, numbered in numbers.of_a_site(page.numbers).items():
        if f"licences.{kind}" in _SINGLE:
            yield Fact("filed", "\t".join((kind, page.host or "", *sorted(numbered)[:_MOST])))


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """Pages of one host that contradict each other: what fewer pages say is told, and on which."""
    counted: dict[tuple[str, str], dict[tuple[str, ...], Seen]] = {}
    for value, seen in site.values("filed").items():
        kind, host, *numbered = value.split("\t")
        counted.setdefault((kind, host), {})[tuple(numbered)] = seen
    for sets in counted.values():
        usual = max(sets, key=lambda shown: sets[shown].count)
        for shown, seen in sets.items():
            if not set(shown) & set(usual):
                values = {"number": shown[0], "other": usual[0]}
                yield Finding(rule=rules()["C028"], page=seen.pages[0], excerpt=shown[0], values=values)


PAGE = (doubles, filed)
SITE = (of_the_site,)


def by_hand(page: Page) -> Iterator[Printed]:
    """Yield what *page*, or the template of one, prints itself of what this package prints: each once."""
    ours = _elements(page)
    text = _own_text(page, ours) if ours else page.own if page.home else page.footer
    inside = {inner for one in ours for inner in one.iter("*")}
    yield from _printed(page, text, outside=inside)
    if tools := list(_tools(page)):
        yield from tools
        return  # the banner is theirs
    for element in asking(page):
        if element not in inside:
            name = element.get("id") or element.get("class") or element.tag
            yield Printed(key=CONSENT, value=name, same=name, element=element)
            return


def by_us(page: Page) -> Iterator[Printed]:
    """Yield what this package prints on *page*."""
    if ours := _elements(page):
        yield from _printed(page, tidy(" ".join(map(visible, ours))), outside=())
    for one in ours:
        if one.get(_OURS) == "banner":
            yield Printed(key=CONSENT, value="flask-compliance", same="", element=one)


def _elements(page: Page) -> list[Element]:
    """Return the outermost elements of ours on *page*; no more of them than there are on any."""
    marked = (one for one in page.root.iter("*") if one.get(_OURS) is not None) if page.ours else ()
    found: dict[Element, None] = {}
    for one in islice(marked, _MOST_OURS):
        if not any(up in found for up in one.iterancestors()):
            found[one] = None
    return list(found)


def _tools(page: Page) -> Iterator[Printed]:
    """Yield the tools of others that ask for consent on *page*, each with its first script."""
    for name, expression in _scripts().items():
        for script in page.scripts:
            if expression.search(script.attribute("src")):
                yield Printed(key=CONSENT, value=name, same=name, element=script.element)
                break


def _printed(page: Page, text: str, *, outside: Collection[Element]) -> Iterator[Printed]:
    """Yield what stands in *text*, a part of that of *page*, with where it stands *outside* of some elements."""
    for kind, number, valid, start in numbers.found(text):
        if valid:
            shown = numbers.Shown(page=page, kind=kind, number=number, valid=valid, start=start)
            place = _holder(page, shown.digits, outside) if outside else shown.element
            yield Printed(key=f"licences.{kind}", value=number, same=number, element=place)
    for line in hotlines(text):
        if not line.public and line.uri:
            place = _holder(page, line.printed, outside) if outside else page.where(line.printed)
            yield Printed(key=TELEPHONE, value=line.printed, same=line.uri, element=place)


def _holder(page: Page, text: str, outside: Collection[Element]) -> Element | None:
    """Return the first element with *text* in one piece that is none of those *outside* of which it is looked for."""
    for one in page.root.iter("*"):
        if one not in outside and text in (one.text or ""):
            return one
        if text in (one.tail or "") and (above := one.getparent()) is not None and above not in outside:
            return above
    return None


def _own_text(page: Page, ours: list[Element]) -> str:
    """Return what the site itself says in the text of a home page, in the foot of another: nothing of *ours*."""
    if page.home:
        return tidy(visible(page.root, among=page.styled, without=[*page.tagged("article"), *ours]))
    feet = [one for one in page.footers if one not in ours]
    if feet:
        return tidy(" ".join(visible(one, among=page.styled, without=ours) for one in feet))
    # A document of ours, which has no foot of the site, names licences and telephones in its text.
    document = [one for one in page.tagged("main") if one.get("class") == "compliance-page"]
    return tidy(visible(page.root, among=page.styled, without=[*document, *ours]))[-_FOOT:]


@cache
def _scripts() -> dict[str, re.Pattern[str]]:
    return {tool["name"]: re.compile(tool["scripts"], re.IGNORECASE) for tool in TOOLS if "scripts" in tool}
