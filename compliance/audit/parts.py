"""What a page is made of: its links, scripts, pictures, frames and forms, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from .tree import Element, text_of

_FIELDS = ("input", "select", "textarea")
_NO_FIELD = frozenset({"hidden", "submit", "button", "image", "reset"})


class Holder(Protocol):
    """The page that a part stands on, as far as parts ask it."""

    url: str

    def resolve(self, address: str) -> str:
        """Return *address* as an absolute one."""

    def tagged(self, *tags: str) -> Sequence[Element]:
        """Return the elements with one of *tags*."""


class Part:
    """An *element* of a *page*."""

    def __init__(self, page: Holder, element: Element) -> None:
        self.page = page
        self.element = element

    def attribute(self, name: str) -> str:
        """Return the attribute *name*, empty where it is not there."""
        return self.element.get(name) or ""

    def resolved(self, name: str) -> str:
        """Return the attribute *name* as an absolute address, empty where it is not there."""
        value = self.attribute(name)
        return self.page.resolve(value) if value.strip() else ""


class Link(Part):
    """A link: where it leads, and what it is called."""

    @cached_property
    def url(self) -> str:
        """The address, absolute, without its fragment."""
        return self.resolved("href")

    @cached_property
    def address(self) -> str:
        """The address, absolute, with its fragment: one-page applications find their pages by it."""
        _, mark, fragment = self.attribute("href").strip().partition("#")
        return f"{self.url}{mark}{fragment}"

    @cached_property
    def text(self) -> str:
        """The text, or that of its pictures."""
        return text_of(self.element) or " ".join(image.get("alt") or "" for image in self.element.iter("img")).strip()

    @cached_property
    def name(self) -> str:
        """What it is called: its text, and what its title and label add."""
        return " ".join(filter(None, (self.text, self.attribute("title"), self.attribute("aria-label"))))

    @cached_property
    def rel(self) -> frozenset[str]:
        """How the other page relates to this one."""
        return frozenset(self.attribute("rel").lower().split())


class Script(Part):
    """A script, or data in the form of one."""

    @cached_property
    def url(self) -> str:
        """Where it comes from; empty where it stands in the page."""
        return self.resolved("src")

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.element.text or ""

    @cached_property
    def type(self) -> str:
        """Its type, in lower case; empty for a plain script."""
        return self.attribute("type").partition(";")[0].strip().lower()


class Image(Part):
    """A picture."""

    @cached_property
    def url(self) -> str:
        """Where it comes from; where a script is to load it later, from there."""
        return self.resolved("src") or self.resolved("data-src")

    @property
    def alt(self) -> str | None:
        """The words for it; None where there are none, empty where it is said to be decoration."""
        return self.element.get("alt")


class Frame(Part):
    """A frame of a frameset, or a page within the page."""

    @cached_property
    def url(self) -> str:
        """The page in it."""
        return self.resolved("src")


class Form(Part):
    """A form."""

    @cached_property
    def action(self) -> str:
        """Where it is sent to."""
        return self.resolved("action") or self.page.url

    @property
    def method(self) -> str:
        """How it is sent."""
        return self.attribute("method").lower() or "get"

    @cached_property
    def fields(self) -> Sequence[Field]:
        """What a reader fills in."""
        return [
            Field(self.page, element)
            for element in self.element.iter(*_FIELDS)
            if (element.get("type") or "").lower() not in _NO_FIELD
        ]


class Field(Part):
    """A field of a form."""

    @property
    def name(self) -> str:
        """The name that it is sent under."""
        return self.attribute("name")

    @cached_property
    def type(self) -> str:
        """What kind it is: the type of an input, else the tag."""
        return (self.attribute("type").lower() or "text") if self.element.tag == "input" else str(self.element.tag)

    @cached_property
    def label(self) -> str:
        """What it is called: by its label, its own attributes, or the label around it."""
        label = label_of(self.page, self.element)
        if label is not None:
            return text_of(label)
        return self.attribute("aria-label") or self.attribute("title") or self.attribute("placeholder")


def label_of(page: Holder, element: Element) -> Element | None:
    """Return the label of the field *element*: the one that names it, else the one around it."""
    own = element.get("id")
    naming = (label for label in page.tagged("label") if own and label.get("for") == own)
    found = next(naming, None)
    return found if found is not None else next(element.iterancestors("label"), None)
