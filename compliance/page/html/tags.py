"""Start tags: what their attributes say, and the same tag held."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from .syntax import WS

_NAME = re.compile(rb"<([a-zA-Z][^ \t\n\f\r/>]*+)")
_ATTRIBUTE = re.compile(
    rb"[ \t\n\f\r/]*+([^ \t\n\f\r/>][^ \t\n\f\r/>=]*+)(?:" + WS + rb"*+=" + WS + rb"*+"
    rb"(?:\"([^\"]*+)\"|'([^']*+)'|([^ \t\n\f\r\"'>][^ \t\n\f\r>]*+)|(?=>)))?+"
)
_ATTRIBUTE_VALUE = re.compile(WS + rb"*+=" + WS + rb"*+(?:\"([^\"]*+)\"|'([^']*+)'|([^ \t\n\f\r\"'>][^ \t\n\f\r>]*+))")
_QUOTE = re.compile(r"&(?:quot|apos|#3[49]|#[xX]2[27]);")
# In an attribute a reference without its semicolon, with more of a word after it, is none (section 13.2.5.73).
_REFERENCE = re.compile(r"&(?:#[xX]?[0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*(?:;|(?![a-zA-Z0-9=])))")
MARK = "data-compliance-"  # begins the names of the attributes of held tags


@dataclass(frozen=True, slots=True)
class Tag:
    """A whole start tag, from its "<" to its ">"."""

    text: bytes
    name: bytes
    places: tuple[tuple[str, int, int], ...]  # of the names of its attributes
    attributes: dict[str, str]  # the first of each name, as HTML decodes it
    closed: bool  # it ends in "/>", which counts in foreign content

    @classmethod
    def read(cls, text: bytes) -> Tag:
        """Read the tag *text*."""
        name = _NAME.match(text)
        assert name is not None
        places, place = [], name.end()
        attributes: dict[str, str] = {}
        while (found := _ATTRIBUTE.match(text, place)) is not None:
            place = found.end()
            key = found[1].decode("latin-1").lower()
            places.append((key, *found.span(1)))
            value = found[2] or found[3] or found[4] or b""
            attributes.setdefault(key, _decoded(value.decode("utf-8", "replace")))
        return cls(text, name[1].lower(), tuple(places), attributes, text.endswith(b"/>", place))

    def held(
        self,
        category: str,
        renamed: Collection[str],
        style: Callable[[str], str] = str,
        *,
        inert: bool = False,
    ) -> bytes:
        """Return the tag held for *category*, the attributes *renamed* out of the browser's sight.

        A style among them stays as *style* makes it. *inert* makes a script one of no type that runs, its own type kept
        beside.
        """
        gone = {*renamed, "type"} if inert else set(renamed)
        parts, place = [], 1 + len(self.name)
        added = f' {MARK}hold="{category}"' + (' type="text/plain"' if inert else "")
        parts += [self.text[:place], added.encode()]
        if "style" in gone:
            parts.append(b' style="' + self._styled(style) + b'"')
        for name, start, end in self.places:
            if name in gone:
                parts += [self.text[place:start], f"{MARK}{name}".encode()]
                place = end
        return b"".join((*parts, self.text[place:]))

    def _styled(self, changed: Callable[[str], str]) -> bytes:
        """Return the style as *changed* makes it, as the value of an attribute."""
        start = next(end for name, _, end in self.places if name == "style")
        found = _ATTRIBUTE_VALUE.match(self.text, start)
        value = (found[1] or found[2] or found[3] or b"") if found is not None else b""
        # One character for every byte; of references only quotes matter to where an address ends.
        style = _QUOTE.sub(lambda quote: html.unescape(quote[0]), value.decode("latin-1"))
        return changed(style).replace('"', "&quot;").encode("latin-1")


def _decoded(value: str) -> str:
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), value) if "&" in value else value
