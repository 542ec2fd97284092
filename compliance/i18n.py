"""Our own catalogues: messages, dates and lists in a language, apart from whatever the host translates with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from markupsafe import Markup, escape

from .deadlines import SHANGHAI
from .languages import alike, nearest, tag, territory
from .paths import TRANSLATIONS

_DOMAIN = "compliance"


class Translator:
    """Our own messages in one *locale*; those that no translator gave are in English."""

    def __init__(self, locale: str) -> None:
        self._locale = locale
        found = nearest(locale, tuple(sorted(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))))
        self._translations = _load(found) if found else NullTranslations()

    def markup(self, message: str, **values: Any) -> Markup:
        """Translate *message* for HTML: the text, and each of *values* that is not markup yet, is escaped."""
        text = Markup(escape(self._translations.ugettext(message)))
        return text % values if values else text

    def plural_markup(self, singular: str, plural: str, num: int, **values: Any) -> Markup:
        """Translate for HTML in the plural form that *num* takes."""
        text = Markup(escape(self._translations.ungettext(singular, plural, num)))
        return text % {"num": format_decimal(num, locale=self._locale), **values}


@lru_cache(maxsize=64)
def translator(locale: str) -> Translator:
    """Return the catalogue for *locale*, loaded once."""
    return Translator(locale)


def _load(folder: str) -> NullTranslations:
    """Read the compiled catalogue in *folder*, or its source where that is newer (a checkout with nothing built)."""
    source = TRANSLATIONS / folder / "LC_MESSAGES" / f"{_DOMAIN}.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        with compiled.open("rb") as file:
            return Translations(file, _DOMAIN)
    binary = BytesIO()
    with source.open("rb") as file:
        write_mo(binary, read_po(file, locale=folder))
    binary.seek(0)
    return Translations(binary, _DOMAIN)


def _moment(at: datetime, *, locale: str) -> str:
    """Return *at* in words, day and time of China."""
    day = format_date(at.astimezone(SHANGHAI), "long", locale=locale)
    return f"{day} {format_skeleton('Hm', at, tzinfo=SHANGHAI, locale=locale)}"


def _attributes(language: str) -> Markup:
    """Return the attributes of an element that holds a text in *language*."""
    return Markup('lang="{}" dir="{}"').format(tag(language), Locale.parse(language).text_direction)


def _list(items: Iterable[str], shown: Callable[[str], Markup], *, locale: str) -> Markup:
    """Return *items*, each as *shown* writes it, with what the language puts between them."""
    return Markup(format_list([escape(shown(item)) for item in items], locale=locale))


def helpers(locale: str) -> Mapping[str, Any]:
    """Return what a template in *locale* calls by name: its messages, its dates, its language and direction."""
    messages = translator(locale)
    return {
        "locale": locale,
        "lang": tag(locale),
        "tag": tag,
        "dir": Locale.parse(locale).text_direction,
        "gap": "" if locale.startswith(("zh", "ja")) else " ",  # between two sentences
        "in_language": _attributes,
        "reads": partial(alike, locale),  # whether a text in another language is one in this
        "_": messages.markup,
        "ngettext": messages.plural_markup,
        "territory": partial(territory, locale=locale),
        "format_list": partial(_list, locale=locale),
        "format_number": partial(format_decimal, locale=locale),
        "format_date": partial(format_date, locale=locale),
        "format_moment": partial(_moment, locale=locale),
    }
