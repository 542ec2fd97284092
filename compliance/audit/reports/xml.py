"""Text as a document of XML may hold it."""

from __future__ import annotations

import re

# What no document may hold. Source: XML 1.0, section 2.2.
_NO_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return *text* with a mark in the place of what XML does not allow."""
    return _NO_CHARACTERS.sub("\ufffd", text)
