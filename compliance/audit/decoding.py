"""The text of a page: which charset a browser reads it in, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import turbohtml.detect  # noqa: F401  # registers the decoders of the Encoding standard as "whatwg-NAME"
from bs4.dammit import EncodingDetector

from ..page.charsets import UNDECLARED, named, sniff

_LABEL = re.compile(r"charset\s*=\s*[\"']?([^\s\"';>]+)", re.IGNORECASE)
_REPLACED = "\N{REPLACEMENT CHARACTER}"
#: Where nothing names the charset: what Chinese pages are in, the surest first.
_GUESSES = ("utf-8", "gb18030")
_BROKEN = 50  # characters, of which one may be broken in a charset that was guessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The *text* of a page, read in *charset*.

    *header* and *markup* are the charsets that the two name, as they name them. *undecodable* counts the places that
    are no characters in *charset*; they stand in *text* as U+FFFD. *marked* tells of a byte order mark.
    """

    text: str
    charset: str
    header: str | None
    markup: str | None
    undecodable: int
    marked: bool = False

    @property
    def declared(self) -> str | None:
        """The charset as the page names it, None where nothing does."""
        return self.header or self.markup


def decode(content: bytes, headers: Mapping[str, str]) -> Decoded:
    """Read *content* as a browser does: by its byte order mark, its header, its markup, in this order.

    A page in GB2312 is read as GBK and GB18030, which hold all of it and more: browsers do so, and sites rely on it.
    What names no charset is tried as UTF-8 and GB18030; a browser guesses, too.
    """
    header = _LABEL.search(headers.get("content-type", ""))
    # A label that no browser knows counts as none.
    label = header[1] if header and named(header[1]) else None
    charset = sniff(content, label)
    markup = _in_markup(content[:1024])
    if charset is None or charset == UNDECLARED:
        text, bad, charset = _guess(content)
    else:
        text, bad = _read(content, charset)
    return Decoded(
        text=text.removeprefix("\ufeff"),
        charset=charset,
        header=header[1] if header else None,
        markup=markup,
        undecodable=bad,
        marked=text.startswith("\ufeff"),
    )


def _guess(content: bytes) -> tuple[str, int, str]:
    best: tuple[str, int, str] | None = None
    for charset in _GUESSES:
        text, bad = _read(content, charset)
        if not bad:
            return text, bad, charset
        if bad * _BROKEN < len(text) and (best is None or bad < best[1]):
            best = text, bad, charset
    return best or (*_read(content, "windows-1252"), "windows-1252")


def _read(content: bytes, charset: str) -> tuple[str, int]:
    # The decoders of the standard replace of themselves, as browsers do.
    text = content.decode("utf-8" if charset == "utf-8" else f"whatwg-{charset}", "replace")
    return text, text.count(_REPLACED)


@lru_cache(maxsize=64)  # the same head on page after page
def _in_markup(start: bytes) -> str | None:
    return EncodingDetector.find_declared_encoding(start, is_html=True, search_entire_document=True)
