"""Language tags: how settings and pages write them, and which of several languages suits a reader."""

from __future__ import annotations

import re
from functools import lru_cache

from .errors import Message

# RFC 5646 section 2.1, as far as languages of pages go; gettext's folders write an underscore for the hyphen.
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?![a-z0-9])", re.IGNORECASE | re.ASCII)
# The script of languages that most sites are in, as CLDR has it: all of CLDR takes longer to read than all else that a
# site begins with.
_SCRIPTS = {
    **dict.fromkeys(("de", "en", "en_GB", "en_US", "es", "fr", "it", "pt", "pt_BR"), "Latn"),
    **dict.fromkeys(("zh", "zh_CN"), "Hans"),
    **dict.fromkeys(("zh_HK", "zh_TW"), "Hant"),
    "ar": "Arab",
    "ja": "Jpan",
    "ko": "Kore",
    "ru": "Cyrl",
}
# Scripts that are written from right to left (Unicode, property Bidi_Class).
_LEFTWARD = frozenset(["Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"])


def parse(tag: str) -> str:
    """Return *tag* in one spelling: ``zh-cn`` is ``zh_CN``.

    Raises `ValueError` for what is not the tag of a known language (RFC 5646, CLDR).
    """
    match = _TAG.fullmatch(tag.strip())
    spelling = _spell(match) if match else ""
    if spelling in _SCRIPTS:
        return spelling
    from babel import Locale, UnknownLocaleError

    try:
        # "und" (undetermined) is well-formed; Babel answers it with English.
        if match and Locale.parse(spelling).language == match[1].lower():
            return spelling
    except (UnknownLocaleError, ValueError):
        pass
    told = Message("%(tag)s is not the tag of a known language; write it as in 'en', 'zh_CN' or 'zh_TW'", tag=repr(tag))
    raise ValueError(told)


def territory(code: str, locale: str) -> str:
    """Return the name of the country or region *code* (ISO 3166-1) in *locale*; an unknown code as it is.

    Mainland sites name Taiwan with China, as CLDR does with Hong Kong and Macao.
    """
    from babel import Locale

    names = Locale.parse(locale).territories
    if code == "TW":
        return f"{names['CN']}{names[code]}" if locale.startswith("zh") else f"{names[code]}, {names['CN']}"
    return str(names.get(code, code))


def tag(locale: str) -> str:
    """Return *locale* as HTML's `lang` and `Content-Language` write it (RFC 5646)."""
    return locale.replace("_", "-")


def direction(locale: str) -> str:
    """Return the direction of texts in *locale*, as HTML's `dir` writes it.

    By the script: the tables of CLDR, which say it for each language, take megabytes of every process.
    """
    return "rtl" if _script(locale) in _LEFTWARD else "ltr"


def own_name(language: str) -> str:
    """Return what *language* calls itself, with its script where CLDR has a name for both: 简体中文."""
    from babel import Locale

    names = Locale.parse(language).languages
    code = language.partition("_")[0]
    return str(names.get(f"{code}_{_script(language)}") or names.get(code, language))


@lru_cache(maxsize=1024)  # bounded: *wanted* is what a page says of itself
def nearest(wanted: str | None, offered: tuple[str, ...]) -> str | None:
    """Return the language among *offered* that a reader of *wanted* reads best, ``None`` if there is none.

    The very tag first, then the language in the same script (``zh_HK`` is nearer to ``zh_TW`` than to
    ``zh_CN``), then the language; among equals the first.
    """
    match = _TAG.match(wanted.strip()) if wanted else None
    if not match:
        return None
    tag = _spell(match)
    if tag in offered:
        return tag
    related = [other for other in offered if other.partition("_")[0] == match[1].lower()]
    return next((other for other in related if _script(other) == _script(tag)), None) or next(iter(related), None)


def alike(one: str, other: str) -> bool:
    """Return whether a text in *other* is in the language and script of *one*, be it for another country."""
    return one.partition("_")[0] == other.partition("_")[0] and _script(one) == _script(other)


def _spell(match: re.Match[str]) -> str:
    language, script, territory = match.groups()
    return "_".join(filter(None, (language.lower(), script and script.title(), territory and territory.upper())))


def _script(tag: str) -> str | None:
    """Return the script in which *tag* is written, the likely one where it does not say (CLDR)."""
    language, script, territory = _TAG.fullmatch(tag).groups()  # type: ignore[union-attr]  # tags are spelled here
    if script:
        return str(script)
    if tag in _SCRIPTS:
        return _SCRIPTS[tag]
    from babel.core import get_global

    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{territory}") or likely.get(language, "")
    match = _TAG.match(full)
    return match[2] if match else None
