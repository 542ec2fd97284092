"""Catalogues of gettext: found by their domain and a language, read as they were compiled."""

from __future__ import annotations

from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from ..languages import nearest
from ..paths import TRANSLATIONS


def catalogue(domain: str, locale: str) -> NullTranslations:
    """Return the messages of *domain* in the language nearest to *locale*; none where there is no such."""
    offered = sorted(path.parts[-3] for path in TRANSLATIONS.glob(f"*/LC_MESSAGES/{domain}.po"))
    found = nearest(locale, tuple(offered))
    return _load(domain, found) if found else NullTranslations()


def _load(domain: str, folder: str) -> NullTranslations:
    """Read the compiled catalogue in *folder*, or its source where that is newer (a checkout with nothing built)."""
    source = TRANSLATIONS / folder / "LC_MESSAGES" / f"{domain}.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        with compiled.open("rb") as file:
            return GNUTranslations(file)
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    binary = BytesIO()
    with source.open("rb") as file:
        write_mo(binary, read_po(file, locale=folder))
    binary.seek(0)
    return GNUTranslations(binary)
