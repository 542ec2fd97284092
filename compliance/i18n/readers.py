"""What readers are shown: messages, dates and lists in a language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from markupsafe import Markup, escape

from ..deadlines import SHANGHAI
from ..languages import alike, direction, tag, territory
from .catalogues import catalogue

#: The catalogue of what readers are shown.
READERS = "compliance"


class Translator:
    """The messages of one *domain* in one *locale*; those that no translator gave are in English."""

    def __init__(self, locale: str, domain: str = READERS) -> None:
        self._locale = locale
        self._translations = catalogue(domain, locale)

    def markup(self, message: str, **values: Any) -> Markup:
        """Translate *message* for HTML: the text, and each of *values* that is not markup yet, is escaped."""
        text = Markup(escape(self._translations.gettext(message)))
        return text % values if values else text

    def plural_markup(self, singular: str, plural: str, num: int, **values: Any) -> Markup:
        """Translate for HTML in the plural form that *num* takes."""
        text = Markup(escape(self._translations.ngettext(singular, plural, num)))
        return text % {"num": _number(num, locale=self._locale), **values}


@lru_cache(maxsize=64)
def translator(locale: str, domain: str = READERS) -> Translator:
    """Return the catalogue for *locale*, loaded once."""
    return Translator(locale, domain)


# What writes dates, lists and numbers is read for the first page that has one.
def _number(value: float | Decimal, *, locale: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, locale=locale)


def _date(day: date, form: str = "medium", *, locale: str) -> str:
    from babel.dates import format_date

    return format_date(day, form, locale=locale)


def _moment(at: datetime, *, locale: str) -> str:
    """Return *at* in words, day and time of China."""
    from babel.dates import format_skeleton

    day = _date(at.astimezone(SHANGHAI), "long", locale=locale)
    return f"{day} {format_skeleton('Hm', at, tzinfo=SHANGHAI, locale=locale)}"


def _attributes(language: str) -> Markup:
    """Return the attributes of an element that holds a text in *language*."""
    return Markup('lang="{}" dir="{}"').format(tag(language), direction(language))


def _list(items: Iterable[str], shown: Callable[[str], Markup], *, locale: str) -> Markup:
    """Return *items*, each as *shown* writes it, with what the language puts between them."""
    from babel.lists import format_list

    return Markup(format_list([escape(shown(item)) for item in items], locale=locale))


def helpers(locale: str, domain: str = READERS) -> Mapping[str, Any]:
    """Return what a template in *locale* calls by name: its messages, its dates, its language and direction.

    *domain* is the catalogue.
    """
    messages = translator(locale, domain)
    return {
        "locale": locale,
        "lang": tag(locale),
        "tag": tag,
        "dir": direction(locale),
        "gap": "" if locale.startswith(("zh", "ja")) else " ",  # between two sentences
        "in_language": _attributes,
        "reads": partial(alike, locale),  # whether a text in another language is one in this
        "_": messages.markup,
        "ngettext": messages.plural_markup,
        "territory": partial(territory, locale=locale),
        "format_list": partial(_list, locale=locale),
        "format_number": partial(_number, locale=locale),
        "format_date": partial(_date, locale=locale),
        "format_moment": partial(_moment, locale=locale),
    }
