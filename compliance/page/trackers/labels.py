"""How sites label scripts for other consent tools: such a script is `text/plain` until it is let go.

Names of attributes and of categories are those that the tools ask sites to write: vanilla-cookieconsent, Complianz,
Cookiebot, CookieYes, CookieFirst, Cookie-Script, Termly, Osano, iubenda, OneTrust, Klaro.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: The attributes that name one category, or several.
NAMES = (
    *("data-category", "data-cookiecategory", "data-cookieconsent", "data-cookieyes", "data-cookiefirst-category"),
    *("data-categories", "data-osano", "data-iub-purposes", "class"),
)
#: The attributes that keep the address.
ADDRESSES = (
    "data-src",
    "data-cmplz-src",
    "data-src-cmplz",
    "data-cookieblock-src",
    "data-suppressedsrc",
    "suppressedsrc",
)
# What the tools call what we call otherwise; iubenda counts its purposes, OneTrust its groups.
_MEANT = {
    **dict.fromkeys(("statistics", "statistic", "performance", "measurement", "analytical", "4", "c0002"), "analytics"),
    **dict.fromkeys(("marketing", "ads", "advertisement", "targeting", "5", "c0004"), "advertising"),
    **dict.fromkeys(("preferences", "functionality", "personalization", "experience", "2", "3", "c0003"), "functional"),
    **dict.fromkeys(("social-media", "social_media", "c0005"), "social"),
}
_OF_CLASS = re.compile(r"optanon-category-(\w+(?:-C\d+)*)")


def labelled(attributes: Mapping[str, str]) -> Iterator[str]:
    """Yield the categories that *attributes* of a script name, as written and as this package calls them."""
    for name in NAMES:
        value = attributes.get(name, "")
        if name == "class":
            value = " ".join(_OF_CLASS.findall(value)).replace("-", " ")
        for word in re.split(r"[\s,;|]+", value):
            plain = word.removeprefix("cookieyes-")
            if plain and not plain.startswith("!"):  # what runs where a category is refused
                yield plain
                yield _MEANT.get(plain.lower(), plain.lower())
