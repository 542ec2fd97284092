"""Pages in Chromium, with our elements and without: what moves, and whether the footer can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ... import notes
from ...errors import Message, Problem
from ..group import missing_module
from .site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ...audit.browser import Windows

_WIDTHS = (1440, 390)
#: The boxes of the page's own elements, the banner aside: where it stands in the page it is meant to move it.
_BOXES = """() => {
    for (const banner of document.querySelectorAll("[data-compliance=banner]")) banner.remove();
    return [...document.querySelectorAll("body *:not([data-compliance], [data-compliance] *)")].map(node => {
        const box = node.getBoundingClientRect();
        const name = [node.localName, ...node.classList].join(".") + (node.id ? "#" + node.id : "");
        return [name, box.x + scrollX, box.y + scrollY, box.width, box.height];
    });
}"""
#: Whether any of the footer can be brought into view, and nothing lies over it.
_FOOTER = """() => {
    const footer = document.querySelector("[data-compliance=footer]");
    if (!footer) return true;
    const [root, body] = [document.documentElement, document.body].map(node => getComputedStyle(node).overflowY);
    const scrolls = root == "visible" ? body : root; // what the window does (CSS Overflow 3, section 3.3)
    if (!["hidden", "clip"].includes(scrolls)) footer.scrollIntoView({block: "end", behavior: "instant"});
    const box = footer.getBoundingClientRect(), x = box.x + box.width / 2;
    const ys = [box.top + 2, box.y + box.height / 2, box.bottom - 2];
    return ys.some(y => footer.contains(document.elementFromPoint(x, y)));
}"""

#: The footer is hidden until it has its place; then two frames. Evaluated whole: a page's policy may forbid eval.
_SETTLED = """() => new Promise(done => {
    const placing = () => document.documentElement.classList.contains("compliance-placing");
    const look = () => requestAnimationFrame(placing() ? look : () => requestAnimationFrame(done));
    look();
})"""


def look(site: Site, pages: Iterable[str]) -> Iterator[Problem]:
    """Yield which of the *pages* of *site*, by their addresses, lose their shape, or hide the footer.

    Raises `CannotRunError` without what drives Chromium.
    """
    try:
        from ...audit.application import Application
        from ...audit.browser import Windows
        from ...audit.serving import served
    except ModuleNotFoundError as error:
        raise missing_module(error) from None

    def bare(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return site.wsgi(notes.bare(environ), start_response)

    wrapped, plain = Application(site.wsgi, site.root), Application(bare, site.root)
    with Windows() as windows, served(wrapped) as ours, served(plain) as theirs:
        for url in pages:
            told = (_measure(windows, url, ours(url), theirs(url), width) for width in _WIDTHS)
            yield from next(filter(None, map(list, told)), ())


def _measure(windows: Windows, named: str, ours: str, theirs: str, width: int) -> Iterator[Problem]:
    boxes, seen = _boxes(windows, ours, width)
    if not seen:
        value = Message("a page whose footer cannot be seen at %(width)s px", width=width)
        remedy = Message(
            "give the page an end that readers can scroll to, or place the elements by hand where they are seen"
        )
        yield Problem(key=named, value=value, remedy=remedy)
    before, _ = _boxes(windows, theirs, width)
    if before == boxes or _boxes(windows, theirs, width)[0] != before:  # it differs from one time to the next anyhow
        return
    name = next((one[0] for one, other in zip(before, boxes, strict=False) if _moved(one, other)), None)
    if name is not None or len(before) != len(boxes):
        value = Message("a page whose <%(name)s> moves at %(width)s px", name=name or "body", width=width)
        remedy = Message(
            "it has another place or size than without our elements: look for a style or script of the page that"
            " counts or names the children of body"
        )
        yield Problem(key=named, value=value, remedy=remedy)


def _moved(one: list[Any], other: list[Any]) -> bool:
    return one[0] != other[0] or any(abs(a - b) > 1 for a, b in zip(one[1:], other[1:], strict=True))


def _boxes(windows: Windows, url: str, width: int) -> tuple[list[list[Any]], bool]:
    """Return the boxes of the page's own elements, and whether the footer can be seen."""
    with windows.window(width) as page:
        page.goto(url)
        page.evaluate(_SETTLED)
        boxes: list[list[Any]] = page.evaluate(_BOXES)
        return boxes, bool(page.evaluate(_FOOTER))
