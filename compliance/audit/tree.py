"""Markup as a tree, and the text of a tree.

The tree is lxml's: BeautifulSoup's own takes ten times as long, and an audit reads tens of thousands of pages. Markup
that lxml gives up on is read by BeautifulSoup, and handed on as lxml's tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TypeAlias, cast

from bs4.builder import ParserRejectedMarkup
from lxml import etree
from lxml.html import soupparser

from ..characters import without_invisible

Element: TypeAlias = etree._Element

# What starts no new line: a number that is cut up by such tags is still one number, one in the next cell another.
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|nobr|q|s|samp|small|span|strike|"
    "strong|sub|sup|time|tt|u|var|wbr"
)
_IN_HEAD = frozenset(
    ("base", "basefont", "bgsound", "link", "meta", "noscript", "script", "style", "template", "title")
)
# Our own banner, which readers with scripts see though it stands in a template.
_FOLDED = '<template data-compliance="folded">'
_TAG = re.compile("<[^<>]*>")
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = f"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="text"/>
<xsl:template match="*"><xsl:text> </xsl:text><xsl:apply-templates/><xsl:text> </xsl:text></xsl:template>
<xsl:template match="{_INLINE}"><xsl:apply-templates/></xsl:template>
<xsl:template match="head|script|style|template|noscript|noframes|comment()|processing-instruction()" priority="2"/>
</xsl:stylesheet>"""


def parse(markup: str) -> Element:
    """Return the root of *markup*; of what holds no element, an empty one."""
    # Libxml2 reads bytes; what it is told of the charset goes before what the page says.
    content = markup.encode("utf-8", "replace")
    try:
        root = etree.fromstring(content, _parser())
    except etree.LxmlError:
        root = None
    if root is None:
        root = _soup(markup) if markup.strip() else etree.Element("html")
    _close_head(root)
    if _FOLDED in markup:
        for template in root.iter("template"):
            if template.get("data-compliance") == "folded":
                template.tag = "div"
    return root


def _soup(markup: str) -> Element:
    """Return what BeautifulSoup reads; where no tree can be made of that either, the text between what looks like tags.

    XML has no element for `<?>` and no character for NUL, which a file that is no page may well hold.
    """
    try:
        return cast(Element, soupparser.fromstring(markup))
    except (ValueError, ParserRejectedMarkup):
        root = etree.Element("html")
        root.text = _NOT_XML.sub("\ufffd", _TAG.sub(" ", markup))
        return root


def visible(element: Element, *, among: Iterable[Element] | None = None, without: Iterable[Element] = ()) -> str:
    """Return the text of *element* that a reader sees, as it stands: without scripts, styles and what is hidden.

    *among* are what is `styled` in the tree, where that is known; what is in the elements *without* is left out, too.
    """
    # A stylesheet that looks at attributes takes three times as long: what is hidden goes by another name meanwhile.
    hidden = [(one, one.tag) for one in (styled(element) if among is None else among) if _is_hidden(one)]
    hidden += [(one, one.tag) for one in without if not _is_hidden(one)]
    try:
        for one, _ in hidden:
            one.tag = "template"
        return str(_transform()(element))
    except etree.XSLTApplyError:  # nested deeper than XSLT goes
        return text_of(element)
    finally:
        for one, tag in hidden:
            one.tag = tag


def styled(element: Element) -> list[Element]:
    """Return *element* and what is in it as far as it has a style of its own or may be hidden."""
    return _styled()(element)


def elements(path: str) -> Callable[[Element], list[Element]]:
    """Return what finds the elements at the XPath *path*, which names no attribute and no text."""
    return cast("Callable[[Element], list[Element]]", etree.XPath(path))


def holder(root: Element, text: str) -> Element | None:
    """Return the last element of the body that has *text* in one of its own pieces of text; None where none has."""
    found = cast("list[Element]", _holders()(root, text=text))
    return next((one for one in reversed(found) if one.tag not in ("script", "style", "template")), None)


def copied_holder(root: Element, text: str) -> Element | None:
    """Return the element of the body that has *text* with something invisible in it; None where none has."""
    for element in root.iter("*"):
        own = [element.text, *(child.tail for child in element)]
        if any(one and text in without_invisible(one) for one in own):
            return element
    return None


def text_of(element: Element) -> str:
    """Return all text within *element*, with single spaces."""
    text = _string()(element) if len(element) else element.text or ""
    return " ".join(text.split())


def _close_head(root: Element) -> None:
    """Move what no head can hold, and all behind it, to the body (HTML standard, section 13.2.6.4.4).

    Libxml2 knows the elements of HTML 4 alone: where no body is opened it leaves a <footer> behind scripts in the head.
    """
    head = root.find("head")
    strange = () if head is None else (one for one in head if one.tag not in _IN_HEAD)
    first = next(iter(strange), None)
    if head is None or first is None:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    for place, element in enumerate([*head][head.index(first) :]):
        body.insert(place, element)


@cache
def _parser() -> etree.HTMLParser:
    return etree.HTMLParser(encoding="utf-8", huge_tree=True)


@cache
def _holders() -> etree.XPath:
    return etree.XPath("//body//text()[contains(., $text)]/..")


@cache
def _string() -> Callable[[Element], str]:
    return cast("Callable[[Element], str]", etree.XPath("string()", smart_strings=False))


def _is_hidden(element: Element) -> bool:
    style = element.get("style") or ""
    return element.get("hidden") is not None or "display:none" in style.replace(" ", "").lower()


@cache
def _styled() -> Callable[[Element], list[Element]]:
    # From the attributes up: three times as fast as to ask every element.
    return elements("descendant-or-self::*/@hidden/.. | descendant-or-self::*/@style/..")


@cache
def _transform() -> etree.XSLT:
    return etree.XSLT(etree.XML(_TEXT))
