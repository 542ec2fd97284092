"""Language tags: one spelling, and the language that suits a reader."""

from __future__ import annotations

import pytest
from babel import Locale
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from compliance import languages
from compliance.languages import alike, direction, nearest, parse

OFFERED = ("en", "zh_CN", "zh_TW", "sr_Latn", "pt_BR")


@pytest.mark.parametrize(
    ("tag", "spelling"),
    [
        ("en", "en"),
        ("zh-CN", "zh_CN"),
        ("ZH_cn", "zh_CN"),
        (" zh-hant-tw ", "zh_Hant_TW"),
        ("es-419", "es_419"),
    ],
)
def test_tag_has_one_spelling(tag: str, spelling: str):
    assert parse(tag) == spelling


@pytest.mark.parametrize("tag", ["", "x", "und", "chinese", "en_CN", "zh-CN-x-ours", "C", "中文", "en\n_US"])
def test_tag_of_no_language_is_refused(tag: str):
    with pytest.raises(ValueError, match="known language"):
        parse(tag)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh-TW", "zh_TW"),
        ("zh-HK", "zh_TW"),  # the same script
        ("zh-Hant", "zh_TW"),
        ("zh", "zh_CN"),
        ("zh-SG", "zh_CN"),
        ("zh-CN-x-ours", "zh_CN"),
        ("en-CN", "en"),
        ("sr", "sr_Latn"),  # another script is better than another language
        ("pt", "pt_BR"),
        ("fr", None),
        ("english", None),
        ("", None),
        (None, None),
    ],
)
def test_nearest_language(wanted: str | None, language: str | None):
    assert nearest(wanted, OFFERED) == language


ALL = ("ar", "de", "en", "es", "fr", "ja", "ko", "pt", "ru", "zh_CN", "zh_TW")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        *((tag, "zh_TW") for tag in ("zh-Hant", "zh-Hant-HK", "zh-Hant-TW", "zh-TW", "zh-HK", "zh-MO", "ZH_hant")),
        *((tag, "zh_CN") for tag in ("zh", "zh-Hans", "zh-Hans-CN", "zh-Hans-SG", "zh-CN", "zh-SG", "zh-MY")),
        *((tag, "pt") for tag in ("pt-BR", "pt-PT", "pt-AO")),
        *((tag, "ar") for tag in ("ar-EG", "ar-AE", "ar-001")),
        ("de-AT", "de"),
        ("es-419", "es"),
        ("fr-CA", "fr"),
        ("ru-KZ", "ru"),
        ("uk", None),
    ],
)
def test_nearest_of_the_catalogues(wanted: str, language: str | None):
    assert nearest(wanted, ALL) == language


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("en", "en_GB", True),
        ("zh_CN", "zh", True),
        ("zh_TW", "zh_HK", True),
        ("zh_TW", "zh_CN", False),
        ("en", "fr", False),
    ],
)
def test_alike_is_a_text_that_readers_take_for_their_language(one: str, other: str, same: bool):
    assert alike(one, other) is same


def test_the_very_tag_is_nearest():
    assert nearest("en-US", ("en", "en_GB", "en_US")) == "en_US"


@given(st.text())
def test_what_a_page_says_of_its_language_is_never_an_error(wanted: str):
    assert nearest(wanted, OFFERED) in (*OFFERED, None)


@given(st.from_regex(r"[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_][A-Za-z]{2})?", fullmatch=True))
def test_spelling_is_stable(tag: str):
    try:
        spelling = parse(tag)
    except ValueError:
        return
    assert parse(spelling) == spelling
    assert nearest(tag, (spelling,)) == spelling


@pytest.mark.parametrize("locale", ["ar", "ur", "az_Arab", "ks", "ks_Deva", "he", "uz_Arab", "sd", "yi", "en", "zh_TW"])
def test_texts_run_as_cldr_says(locale: str) -> None:
    character_order = Locale.parse(locale).character_order
    assert direction(locale) == {"right-to-left": "rtl", "left-to-right": "ltr"}[character_order]


@pytest.mark.parametrize("tag", languages._SCRIPTS)
def test_scripts_known_without_cldr_are_those_of_cldr(tag: str) -> None:
    locale = Locale.parse(tag)
    likely = get_global("likely_subtags")
    full = likely.get(f"{locale.language}_{locale.territory}") or likely[locale.language]
    assert full.split("_")[1] == languages._SCRIPTS[tag]
    assert languages.parse(tag.lower().replace("_", "-")) == tag
