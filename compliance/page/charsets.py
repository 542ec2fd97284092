"""The charset of a page, as a browser finds it, and text written in it."""

from __future__ import annotations

import codecs
import re
from abc import ABC, abstractmethod
from functools import lru_cache

# Where a page names its charset nowhere, browsers guess it from the bytes: ours must be the same in every guess.
UNDECLARED = "us-ascii"
PRESCAN = 1024  # bytes in which a page may name its charset (HTML standard, section 13.2.3.2)

# Its usual labels (Encoding standard, section 4.2). A page in it needs no table of charsets: that is read for others.
_UTF_8 = frozenset({"utf-8", "utf8"})
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xfe\xff": "utf-16be", b"\xff\xfe": "utf-16le"}
_MARK = re.compile(rb"\xef\xbb\xbf|\xfe\xff|\xff\xfe")
# Python's codec where it has another name than the standard's charset, or where its namesake is a smaller one.
_CODECS = {
    "euc-kr": "cp949",
    "ibm866": "cp866",
    "iso-8859-8-i": "iso8859-8",
    "macintosh": "mac-roman",
    "shift_jis": "cp932",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-user-defined": "ascii",
}


@lru_cache(maxsize=256)
def named(label: str) -> str | None:
    """Return the charset that *label* means, in lower case; ``None`` for a label that browsers do not know.

    Source: Encoding standard, section 4.2 (names and labels).
    """
    if label.strip(" \t\n\f\r").lower() in _UTF_8:
        return "utf-8"
    import turbohtml

    try:
        name = turbohtml.parse(b"", encoding=label).encoding
    except LookupError:
        return None
    # A browser shows nothing of a page in a charset of the "replacement" group.
    return name.lower() if name and name != "replacement" else None


def sniff(start: bytes, label: str | None) -> str | None:
    """Return the charset of a page from its first bytes and the *label* of its header; ``None`` for an unknown one.

    The first `PRESCAN` bytes decide, the first 3 where there is a *label*. Source: HTML standard, section 13.2.3.2.
    """
    mark = _MARK.match(start)
    if mark:
        return _MARKS[mark[0]]
    if label is not None:
        return named(label)
    return _declared(start[:PRESCAN])


@lru_cache(maxsize=8)  # a page is asked about before it is changed and after
def _declared(start: bytes) -> str | None:
    """Return the charset that the *start* of a page names in its markup."""
    import turbohtml

    # A stray 0xFF keeps the parser from taking bytes for UTF-8 by their look, which browsers do not do.
    declared = (turbohtml.parse(start + b"\xff").encoding or "").lower()
    return UNDECLARED if declared == "windows-1252" else named(declared)


def encode(text: str, charset: str) -> bytes:
    """Return *text* in *charset*; a character that would not be read back as itself becomes a reference.

    Raises `LookupError` for a *charset* that `sniff` never returns.
    """
    if charset == "utf-8":
        return text.encode()
    import turbohtml.detect  # noqa: F401  # registers the decoders of the Encoding standard as "whatwg-NAME"

    codec = _CODECS.get(charset, charset)
    return "".join(
        character if character.isascii() or _survives(character, codec, charset) else f"&#{ord(character)};"
        for character in text
    ).encode(codec)


def _survives(character: str, codec: str, charset: str) -> bool:
    # Python's tables differ from the standard's in some characters, such as the wave dash of EUC-JP.
    try:
        return character.encode(codec).decode(f"whatwg-{charset}") == character
    except (UnicodeEncodeError, LookupError):
        return False


class Recoder(ABC):
    """Turns a page, piece by piece, into one in which the bytes of ASCII always mean ASCII, and back without loss."""

    charset: str  # that of what is to be injected

    @abstractmethod
    def inward(self, data: bytes) -> bytes:
        """Return what *data* adds to the page in its other form."""

    @abstractmethod
    def outward(self, data: bytes) -> bytes:
        """Return what *data*, a piece in the other form, adds to the page."""

    @abstractmethod
    def rest(self) -> bytes:
        """Return what is left of the page when its last piece went through both ways."""


class UTF16(Recoder):
    """UTF-16 to UTF-8 and back; half a surrogate pair is kept as it stands."""

    charset = "utf-8"

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._reader = codecs.getincrementaldecoder(codec)("surrogatepass")
        self._back = codecs.getincrementaldecoder("utf-8")("surrogatepass")

    def inward(self, data: bytes) -> bytes:
        return self._reader.decode(data).encode("utf-8", "surrogatepass")

    def outward(self, data: bytes) -> bytes:
        return self._back.decode(data).encode(self._codec, "surrogatepass")

    def rest(self) -> bytes:
        return self._reader.getstate()[0]


class ISO2022JP(Recoder):
    """ISO-2022-JP with the two-byte characters moved above ASCII, as EUC-JP has them; all else stays."""

    charset = UNDECLARED  # references read the same in every state of the page

    def __init__(self) -> None:
        self._in = _Shift()
        self._out = _Shift()

    def inward(self, data: bytes) -> bytes:
        return self._in.swap(data)

    def outward(self, data: bytes) -> bytes:
        return self._out.swap(data)

    def rest(self) -> bytes:
        return self._out.held + self._in.held


class _Shift:
    """Follows the escape sequences of ISO-2022-JP and swaps both halves of the byte range outside ASCII."""

    _ESCAPE = re.compile(rb"(\x1b(?:\([BJI]|\$[@B]))")
    _CUT = re.compile(rb"\x1b[($]?\Z")
    _SWAPPED = bytes(byte ^ 0x80 if 0x21 <= byte & 0x7F <= 0x7E else byte for byte in range(256))

    def __init__(self) -> None:
        self.held = b""
        self._shifted = False

    def swap(self, data: bytes) -> bytes:
        data = self.held + data
        cut = self._CUT.search(data)
        end = cut.start() if cut else len(data)
        self.held = data[end:]
        parts = self._ESCAPE.split(data[:end])
        for index, part in enumerate(parts):
            if index % 2:
                self._shifted = part not in (b"\x1b(B", b"\x1b(J")
            elif self._shifted:
                parts[index] = part.translate(self._SWAPPED)
        return b"".join(parts)


def recoder(charset: str) -> Recoder | None:
    """Return what makes pages in *charset* safe to work on; ``None`` where they are as they come."""
    if charset in ("utf-16le", "utf-16be"):
        return UTF16(charset)
    return ISO2022JP() if charset == "iso-2022-jp" else None
