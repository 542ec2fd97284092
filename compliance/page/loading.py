"""What an element loads without anybody's doing: an element and its attributes in, addresses out.

The one rule for the gate, which holds what loads, and for ``check``, which reports it. What a reader has to press first
loads nothing: a link, a form, a button with an address of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

# Attributes with addresses that the browser asks for by itself, by the element (HTML standard, section 4; SVG 2).
_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "audio": ("src",),
    "embed": ("src",),
    "feimage": ("href", "xlink:href"),
    "frame": ("src",),
    "iframe": ("src",),
    "image": ("src", "srcset", "href", "xlink:href"),  # "img" where it stands in HTML
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href", "imagesrcset"),
    "meta": ("content",),
    "object": ("data",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "video": ("src", "poster"),
    # Sent with the click, to others than the link leads to.
    "a": ("ping",),
    "area": ("ping",),
    # As HTML was written before there were styles (section 15.3).
    **dict.fromkeys(("body", "table", "tbody", "td", "tfoot", "th", "thead", "tr"), ("background",)),
}
_SCRIPT, _SVG_SCRIPT = ("src",), ("href", "xlink:href", "src")
_SEVERAL = frozenset({"srcset", "imagesrcset", "ping"})
#: The attributes in which addresses stand that an element loads.
ATTRIBUTES = frozenset({*chain.from_iterable(_ATTRIBUTES.values()), *_SVG_SCRIPT})
#: The elements whose attributes may load something; any element may by its style.
ELEMENTS = frozenset({*_ATTRIBUTES, "script"})
# What an element <link> fetches or prepares by itself (HTML standard, section 4.6.7).
_HINTS = frozenset({"preconnect", "dns-prefetch"})
_FETCHED = _HINTS | {
    "apple-touch-icon", "apple-touch-icon-precomposed", "icon", "manifest", "mask-icon", "modulepreload", "prefetch",
    "preload", "prerender", "stylesheet",
}  # fmt: skip
# Types of scripts that run (HTML standard, section 4.12.1; MIME Sniffing standard, section 4.6), and of rules that
# fetch. All others are data. One with "nomodule" counts: there are browsers that run it.
_RUN = re.compile(
    r"module|speculationrules|(?:application|text)/(?:x-)?(?:ecma|java)script|text/(?:javascript1\.[0-5]|jscript|livescript)"
)
_SPACE = " \t\n\f\r"
# The address in a refresh (section 4.2.5.3).
_REFRESH = re.compile(
    r"[ \t\n\f\r]*+[0-9.]*+[;, \t\n\f\r]++(?:url[ \t\n\f\r]*+=[ \t\n\f\r]*+)?([\"']?)(.*+)", re.DOTALL | re.IGNORECASE
)
# Attributes without whose value the element loads nothing.
_ONLY = {"meta": ("http-equiv", "refresh"), "input": ("type", "image")}
# A candidate of a srcset: its address, which may hold commas, and what describes it (section 4.8.4.2.2).
_CANDIDATE = re.compile(r"[ \t\n\f\r,]*+([^ \t\n\f\r]++)")
_DESCRIPTOR = re.compile(r"(?:[^,(]|\([^)]*+\)?)*+")
# The parts of a stylesheet with addresses in them (CSS Syntax 3, section 4.3; CSS Images 4, section 2.4), and those in
# which what looks like one is none.
_STRING = r"\"((?:[^\"\\\n]|\\.)*+)\"?|'((?:[^'\\\n]|\\.)*+)'?"
_STYLE = re.compile(
    r"/\*.*?(?:\*/|\Z)"
    r"|(?i:@import)(?:\s|/\*.*?\*/)*+(?:" + _STRING + r")"
    r"|(?i:(?<![\w-])url)\(\s*+(?:" + _STRING + r"|((?:[^\s\"')(\\]|\\.)*+))"
    r"|(?i:image-set)\(\s*+(?:" + _STRING + r")"
    r"|(?:" + _STRING + r")(?=\s*+(?:[0-9.]++(?i:x|dppx|dpi|dpcm)|(?i:type)\())"
    r"|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|(\n|[^0-9a-fA-F\n]))")


class Load(NamedTuple):
    """An *address* that an element loads, the *attribute* in which it stands, and whether it is only got ready for."""

    attribute: str
    address: str
    hint: bool = False


def loads(name: str, attributes: Mapping[str, str], *, foreign: bool = False) -> Iterator[Load]:
    """Yield what the element *name* with *attributes*, decoded and both in lower case, loads.

    *foreign* says that it is one of SVG. A script that does not run loads nothing.
    """
    if name == "script":
        if runs(attributes):
            for attribute in _SVG_SCRIPT if foreign else _SCRIPT:
                if attribute in attributes:
                    yield Load(attribute, attributes[attribute])
        return
    relations = frozenset(attributes.get("rel", "").lower().split()) if name == "link" else _HINTS
    if relations.isdisjoint(_FETCHED):
        return
    hint = name == "link" and _FETCHED.isdisjoint(relations - _HINTS)
    attribute, needed = _ONLY.get(name, ("", ""))
    if attributes.get(attribute, "").strip(_SPACE).lower() == needed:
        for attribute in _ATTRIBUTES.get(name, ()):
            if value := attributes.get(attribute):
                for address in _addresses(name, attribute, value):
                    yield Load(attribute, address, hint)
    if "style" in attributes:
        for address, _ in styled(attributes["style"]):
            yield Load("style", address)


def runs(attributes: Mapping[str, str]) -> bool:
    """Return whether a browser runs a script with *attributes* (HTML standard, section 4.12.1.1)."""
    kind = attributes.get("type")
    if kind is None:
        language = attributes.get("language", "")
        return not language or _RUN.fullmatch(f"text/{language.lower()}") is not None
    return not kind or _RUN.fullmatch(kind.strip(_SPACE).lower()) is not None


def styled(style: str) -> Iterator[tuple[str, int]]:
    """Yield every address that *style*, a stylesheet or the style of one element, loads, and where it begins there."""
    for found in _STYLE.finditer(style):
        group = found.lastindex
        if group is not None and found[group]:
            yield _ESCAPE.sub(_character, found[group]), found.start(group)


def _addresses(name: str, attribute: str, value: str) -> Iterator[str]:
    if attribute == "ping":
        yield from value.split()
    elif attribute in _SEVERAL:
        yield from _candidates(value)
    elif name == "meta":
        refresh = _REFRESH.match(value)
        if refresh is not None:
            yield refresh[2].partition(refresh[1])[0] if refresh[1] else refresh[2]
    else:
        yield value


def _candidates(value: str) -> Iterator[str]:
    place = 0
    while (found := _CANDIDATE.match(value, place)) is not None:
        place = found.end()
        address = found[1].rstrip(",")
        if address == found[1]:
            place = _DESCRIPTOR.match(value, place).end()  # type: ignore[union-attr]
        if address:
            yield address


def _character(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return escape[2].strip("\n")
    code = int(escape[1], 16)
    return chr(code) if code <= 0x10FFFF else ""
