"""A language that nobody speaks: every message longer, accented and in brackets, so that what is in none shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from bs4 import BeautifulSoup, NavigableString, Tag

from compliance.paths import TRANSLATIONS

#: The language in whose place it stands: Babel knows it, and there is neither a catalogue nor a legal text in it.
PSEUDO = "eo"
_FIELD = re.compile(r"(%\(\w+\)s)")
# Each vowel twice: a third longer, word by word.
_LONGER = str.maketrans(
    {vowel: accented + vowel for vowel, accented in zip("aeiouyAEIOUY", "àéîöûýÀÉÎÖÛÝ", strict=True)}
)
#: Attributes that readers see or hear, and those from which scripts take what they show.
_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title", "data-close", "data-copied", "data-saved", "data-sending")
#: What is not ours to translate: names and numbers, dates, what a reader wrote, and what is in a language of its own.
_FOREIGN = ("script", "style", "time", "bdi", "code", "textarea", "svg", "[dir=auto]", ".compliance-languages")


def pseudo(message: str) -> str:
    pieces = _FIELD.split(message)
    return f"⟦{''.join(piece if _FIELD.match(piece) else piece.translate(_LONGER) for piece in pieces)}⟧"


def write_catalogue(folder: Path) -> None:
    """Write the pseudo-language's catalogue, with every message there is, into *folder*."""
    made = Catalog(locale=PSEUDO, domain="compliance")
    with (TRANSLATIONS / "en" / "LC_MESSAGES" / "compliance.po").open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, tuple):
                made.add(message.id, tuple(map(pseudo, message.id)))
            elif message.id:
                made.add(message.id, pseudo(message.id))
    path = folder / PSEUDO / "LC_MESSAGES" / "compliance.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)


def outside(text: str, known: Iterable[str] = ()) -> list[str]:
    """Return the words of *text* that are in no message, less what is *known*."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = inner
    for words in sorted(known, key=len, reverse=True):
        text = text.replace(words, " ")
    return re.findall(r"[^\W\d_][\w'’-]*", text)


def untranslated(html: str, known: Iterable[str] = ()) -> list[str]:
    """Return the words of ours in a page that are in no message: in its text, and in what it says by attributes."""
    soup = BeautifulSoup(html, "html.parser")
    ours = soup.select("[data-compliance]") if not soup.select("main.compliance-page, dialog") else [soup]
    known = tuple(known)
    found = []
    for root in ours:
        for foreign in root.select(f":is({','.join(_FOREIGN)}, [lang]:not([lang={PSEUDO}]))"):
            foreign.clear()
        found += outside("".join(text for text in root.descendants if type(text) is NavigableString), known)
        for element in root.select("*"):
            assert isinstance(element, Tag)
            found += [
                word for name in _ATTRIBUTES if name in element.attrs for word in outside(str(element[name]), known)
            ]
    return found
