"""Accessibility, as far as markup shows it: languages, names, labels, contrast, zoom, focus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ...characters import HAN
from ..findings import Finding
from ..page import Page
from ..site import Context
from ..tree import Element, elements, text_of

_HAN = re.compile(f"[{HAN}]")
_NOT_SEEN = ("aria-hidden", "role", "aria-label")
_COLOURED = elements("//font[@color] | //body//*[contains(@style, 'color')]")
_NO_LABEL = frozenset({"hidden", "submit", "button", "image", "reset"})
_NO_ZOOM = re.compile(
    r"user-scalable\s*=\s*(?:no|0)|maximum-scale\s*=\s*(?:1(?:\.0*)?|0[.\d]*)(?![.\d])", re.IGNORECASE
)
_NO_OUTLINE = re.compile(
    r":focus(?![-\w])[^{}]{0,200}\{[^}]{0,400}outline\s*:\s*(?:0|none)\b[^}]{0,400}\}", re.IGNORECASE
)
_FOREGROUND = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_COLOURS = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "yellow": "ffff00", "blue": "0000ff", "green": "008000",
    "gray": "808080", "grey": "808080", "silver": "c0c0c0", "orange": "ffa500", "navy": "000080", "maroon": "800000",
}  # fmt: skip
_MOST = 3  # findings of one kind on a page


def language(page: Page, context: Context) -> Iterator[Finding]:
    """The language of the page, and its title."""
    if not page.lang:
        yield page.found("C701", excerpt="")
    else:
        # Nearly all that is not ASCII on a Chinese page are Han characters.
        text, said = page.text, page.lang.lower()
        latin = len(text.encode("ascii", "ignore"))
        han = len(text) - latin
        chinese, other = said.startswith("zh"), said[:2] in ("en", "fr", "de", "es", "pt")
        foreign = other and han > max(200, latin) and len(_HAN.findall(text)) > latin
        if (chinese and latin > 500 and han * 12 < latin) or foreign:
            yield page.found("C702", excerpt="", lang=page.lang)
    if not page.title and not page.tagged("frameset"):
        yield page.found("C706", excerpt="")


def names(page: Page, context: Context) -> Iterator[Finding]:
    """Pictures, fields, links and buttons without a name."""
    images = (one for one in page.tagged("img") if one.get("alt") is None and not any(map(one.get, _NOT_SEEN)))
    for image in islice((one for one in images if next(one.iterancestors("noscript"), None) is None), 1):
        yield page.found("C703", image, excerpt="")
    labelled = {label.get("for") for label in page.tagged("label")}
    unnamed = (one for one in page.tagged("input", "select", "textarea") if _is_unlabelled(one, labelled))
    for element in islice(unnamed, _MOST):
        yield page.found("C704", element, name=element.get("name") or element.get("id") or element.tag)
    nameless = (element for element in page.tagged("a", "button") if _is_nameless(element))
    for element in islice(nameless, _MOST):
        yield page.found("C708", element, link=element.get("href") or element.get("class") or element.tag)


def appearance(page: Page, context: Context) -> Iterator[Finding]:
    """Zoom, focus and contrast."""
    viewport = page.metas.get("viewport", "")
    if _NO_ZOOM.search(viewport):
        yield page.found("C707", excerpt=viewport, text=viewport)
    for style in page.tagged("style"):
        text = style.text or ""
        match = _NO_OUTLINE.search(text) if "outline" in text.lower() else None
        if match and ":focus-visible" not in page.source:
            rule = text[text.rfind("}", 0, match.start()) + 1 : match.end()].strip()
            yield page.found("C709", style, excerpt=rule, text=rule)
            break
    if page.tagged("font") or any("color" in (one.get("style") or "") for one in page.styled):
        yield from islice(_contrasts(page), _MOST)


PAGE = (language, names, appearance)


def _is_nameless(element: Element) -> bool:
    text = element.text
    if (text and not text.isspace()) or (element.tag == "a" and element.get("href") is None):
        return False
    if any(map(element.get, ("aria-label", "aria-labelledby", "title", "aria-hidden", "value"))) or text_of(element):
        return False
    within = element.iterdescendants("img", "svg", "object")
    if any(one.tag != "img" or (one.get("alt") or "").strip() for one in within):
        return False
    return not any(one.get("aria-label") or one.get("title") for one in element.iterdescendants("*"))


def _is_unlabelled(element: Element, labelled: set[str | None]) -> bool:
    if (element.get("type") or "").lower() in _NO_LABEL or element.get("style", "").replace(" ", "") == "display:none":
        return False
    if any(element.get(name) for name in ("aria-label", "aria-labelledby", "title", "placeholder")):
        return False
    own = element.get("id")
    if own and own in labelled:
        return False
    return next(element.iterancestors("label"), None) is None


def _contrasts(page: Page) -> Iterator[Finding]:
    styled = bool(page.tagged("style")) or any("stylesheet" in (one.get("rel") or "") for one in page.tagged("link"))
    for element in _COLOURED(page.root):
        colour = _foreground(element)
        text = (element.text or "").strip() or ("" if len(element) else text_of(element))
        if colour is None or not text:
            continue
        background = _background(element, styled)
        if background is None:
            continue
        ratio = _ratio(colour, background)
        if ratio < (3 if _is_large(element) else 4.5):
            yield page.found(
                "C705",
                element,
                text=text[:40],
                colour=f"#{colour}",
                background=f"#{background}",
                ratio=f"{ratio:.1f}",
            )


def _foreground(element: Element) -> str | None:
    match = _FOREGROUND.search(element.get("style") or "")
    return _colour(match[1] if match else element.get("color") or "")


def _background(element: Element, styled: bool) -> str | None:
    """Return the colour behind *element*; None where a stylesheet or a picture may set another."""
    for one in (element, *element.iterancestors()):
        style = one.get("style") or ""
        if one.get("background") or "url(" in style or "gradient" in style:
            return None
        match = _BACKGROUND.search(style)
        if match or one.get("bgcolor"):
            return _colour(match[1] if match else one.get("bgcolor") or "")
        if styled and (one.get("class") or one.get("id") or one.tag == "body"):
            return None
    return None if styled else "ffffff"


def _colour(text: str) -> str | None:
    """Return the six digits of a colour; None for what is no plain colour."""
    text = text.strip().lower()
    text = _COLOURS.get(text, text).removeprefix("#")
    if re.fullmatch("[0-9a-f]{3}", text):
        text = "".join(digit * 2 for digit in text)
    return text if re.fullmatch("[0-9a-f]{6}", text) else None


def _ratio(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, contrast ratio)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _is_large(element: Element) -> bool:
    size = element.get("size", "")
    match = re.search(r"font-size\s*:\s*(\d+)px", element.get("style") or "")
    return (
        size in ("5", "6", "7", "+2", "+3", "+4") or bool(match and int(match[1]) >= 24) or element.tag in ("h1", "h2")
    )
