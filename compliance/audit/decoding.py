"""The text of a page: which charset a browser reads it in, and what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import turbohtml.detect  # noqa: F401  # registers the decoders of the Encoding standard as "whatwg-NAME"
from bs4.dammit import EncodingDetector

from ..page.charsets import UNDECLARED, named, sniff

_LABEL = re.compile(r"charset\s*=\s*[\"']?([^\s\"';>]+)", re.IGNORECASE)
_HEAD = 4_096  # bytes in which a page says its language
_REPLACED = "\N{REPLACEMENT CHARACTER}"
#: What pages in a language, or below a top-level domain, were written in before UTF-8.
_LEGACY = {
    **dict.fromkeys(("de", "fr", "es", "pt", "it", "nl", "da", "sv", "no", "nb", "fi"), "windows-1252"),
    **dict.fromkeys(("at", "ch", "be", "br", "mx", "en"), "windows-1252"),
    **dict.fromkeys(("pl", "cs", "cz", "sk", "hu", "hr", "sl", "si", "ro"), "windows-1250"),
    **dict.fromkeys(("ru", "uk", "ua", "bg", "by", "kz", "mk", "sr", "rs", "su"), "windows-1251"),
    **dict.fromkeys(("el", "gr"), "windows-1253"),
    "tr": "windows-1254",
    **dict.fromkeys(("he", "il"), "windows-1255"),
    **dict.fromkeys(("ar", "fa", "ug", "eg", "sa", "ae", "ir"), "windows-1256"),
    **dict.fromkeys(("lt", "lv", "et", "ee"), "windows-1257"),
    **dict.fromkeys(("vi", "vn"), "windows-1258"),
    "th": "windows-874",
    **dict.fromkeys(("ja", "jp"), "shift_jis"),
    **dict.fromkeys(("ko", "kr"), "euc-kr"),
    **dict.fromkeys(("tw", "hk", "mo", "zh-tw", "zh-hk", "zh-hant"), "big5"),
    **dict.fromkeys(("zh", "cn", "zh-cn", "zh-hans"), "gb18030"),
}
_LANGUAGE = re.compile(rb"<html\b[^>]{0,500}?\blang\s*=\s*[\"']?([a-zA-Z-]{2,20})", re.IGNORECASE)
_ALONE = ("windows-1252", "windows-1250", "windows-1254", "windows-1257", "windows-1258")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LONG_RUN = 4  # bytes above ASCII: two Chinese characters, and hardly ever part of a word in Latin letters
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


def decode(content: bytes, headers: Mapping[str, str], host: str | None = None) -> Decoded:
    """Read *content* as a browser does: by its byte order mark, its header, its markup, in this order.

    A page in GB2312 is read as GBK and GB18030, which hold all of it and more: browsers do so, and sites rely on it.
    What names no charset is guessed, as browsers do: UTF-8 where it can be, else by the look of its bytes, by the
    language that the page names and by the top-level domain of its *host*.
    """
    header = _LABEL.search(headers.get("content-type", ""))
    # A label that no browser knows counts as none.
    label = header[1] if header and named(header[1]) else None
    charset = sniff(content, label)
    markup = _in_markup(content[:1024])
    if charset is None or charset == UNDECLARED:
        text, bad, charset = _guess(content, host)
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


def _guess(content: bytes, host: str | None) -> tuple[str, int, str]:
    best: tuple[str, int, str] | None = None
    for charset in ("utf-8", *_candidates(content, host)):
        text, bad = _read(content, charset)
        if not bad:
            return text, bad, charset
        if bad * _BROKEN < len(text) and (best is None or bad < best[1]):
            best = text, bad, charset
    return best or (*_read(content, "windows-1252"), "windows-1252")


def _candidates(content: bytes, host: str | None) -> Iterator[str]:
    """Yield the charsets, beside UTF-8, that *content* may be in, the likeliest first."""
    language = _LANGUAGE.search(content, 0, _HEAD)
    tag = language[1].decode().lower() if language else ""
    told = [_LEGACY.get(one) for one in (tag, tag.partition("-")[0], (host or "").rpartition(".")[2].lower())]
    runs = _HIGH.findall(content)
    high = sum(map(len, runs))
    together = sum(len(run) for run in runs if len(run) >= _LONG_RUN) * 2 > high
    for charset in filter(None, told):
        # A Chinese page may say that it is in English, as its template does; letters with accents stand alone in words.
        if together if charset == "gb18030" else charset not in _ALONE or not together:
            yield charset
    yield "gb18030" if together else "windows-1252"


def _read(content: bytes, charset: str) -> tuple[str, int]:
    # The decoders of the standard replace of themselves, as browsers do.
    text = content.decode("utf-8" if charset == "utf-8" else f"whatwg-{charset}", "replace")
    return text, text.count(_REPLACED)


@lru_cache(maxsize=64)  # the same head on page after page
def _in_markup(start: bytes) -> str | None:
    return EncodingDetector.find_declared_encoding(start, is_html=True, search_entire_document=True)
