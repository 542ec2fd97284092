"""The address of a mailbox, read out of what people write around it."""

from __future__ import annotations

import re

from .hosts import ascii_host
from .text import normalised

LONGEST = 320  # characters: 64 of a name, 255 of a domain (RFC 5321, section 4.5.3.1)
#: What looks like the address of a mailbox within a text, for expressions that ask no more.
WRITTEN = r"[\w.+-]{1,64}@[\w-]{1,64}\.\w"
_MARKS = r"\s@<>,;:\"\\()\[\]、，。；：（）【】《》「」“”"
_NAME = rf"[^{_MARKS}]{{1,64}}"
_ASCII_NAME = r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]"
_ASCII_DOMAIN = r"(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}"
_DOMAIN = r"(?:[\w-]{1,63}\.)+[\w-]{2,63}"
# In Latin letters: what stands around it in other letters is no part of it (邮箱zhang@example.cn或电话).
_LATIN = re.compile(
    rf"(?<!{_ASCII_NAME})({_ASCII_NAME}{{1,64}})@({_ASCII_DOMAIN})(?=[^a-z0-9.@-]|\.?$)", re.IGNORECASE | re.ASCII
)
_ANY = re.compile(rf"(?<![^{_MARKS}])({_NAME})@({_DOMAIN})(?![\w@.-])")
_STOP = re.compile("(?<=[a-z0-9])。(?=[a-z])")
# Letters of an alphabet before a space may be the first half of a name: nobody's answer goes to the second half.
_HALF = re.compile(r"[a-z0-9._-]\s+$", re.IGNORECASE)
_LABEL = re.compile(r"(?:e-?mail|mail|mailbox|address|is|at|to|or|and|contact|mél|correo|почта)\s+$", re.IGNORECASE)


def mailbox(text: str) -> str | None:
    """Return the one e-mail address that *text* holds, however it is written in it; None where there is none, or two.

    Full-width characters are folded (zhang＠example.cn), words and punctuation around it left out. A name of two words
    is none: which of them is the mailbox would be guessed.
    """
    text = normalised(text, longest=LONGEST, form="NFKC").strip()
    text = _STOP.sub(".", text)
    if text.count("@") != 1:
        return None
    found = _LATIN.search(text) or _ANY.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    if _HALF.search(before) and not _LABEL.search(before):
        return None
    name, domain = found[1], found[2]
    # Full stops part words of a name (RFC 5322, section 3.2.3).
    return f"{name}@{domain}" if ascii_host(domain) and all(name.split(".")) else None


def is_international(address: str) -> bool:
    """Return whether mail to *address* needs a server that takes names beyond ASCII (SMTPUTF8, RFC 6531)."""
    return not address.rpartition("@")[0].isascii()
