from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel, force_locale, get_locale, gettext
from markupsafe import Markup

from compliance import i18n
from compliance.i18n import Catalogue, catalogue, helpers, host_locale, tag
from compliance.paths import TEMPLATES, TRANSLATIONS


@pytest.mark.parametrize(
    ("locale", "agree"),
    [("zh_CN", "我同意"), ("zh", "我同意"), ("en", "I Agree"), ("en_GB", "I Agree"), ("eo", "I Agree")],
)
def test_messages_are_in_the_language_asked_for(locale: str, agree: str) -> None:
    assert catalogue(locale).markup("I Agree") == agree


def test_text_and_values_are_escaped_and_markup_is_kept() -> None:
    link = Markup('<a href="/">a & b</a>')
    text = catalogue("en").markup("1 < 2 & %(value)s, %(link)s", value="<b>", link=link)
    assert text == f"1 &lt; 2 &amp; &lt;b&gt;, {link}"


def test_percent_sign_without_values_is_only_a_sign() -> None:
    assert catalogue("en").markup("100% sure") == "100% sure"


@pytest.mark.parametrize(("num", "text"), [(1, "1 day"), (2, "2 days")])
def test_plural_follows_the_number(num: int, text: str) -> None:
    assert catalogue("en").plural_markup("%(num)d day", "%(num)d days", num) == text


@pytest.mark.parametrize(
    ("locale", "lang", "direction", "day"),
    [("zh_CN", "zh-CN", "ltr", "2024年5月1日"), ("en", "en", "ltr", "May 1, 2024"), ("ar", "ar", "rtl", None)],
)
def test_templates_know_language_direction_and_dates(locale: str, lang: str, direction: str, day: str | None) -> None:
    known = helpers(locale)
    assert (known["lang"], known["dir"]) == (lang, direction)
    if day:
        assert known["format_date"](date(2024, 5, 1)) == day


def test_language_tag_has_hyphens() -> None:
    assert tag("zh_Hant_TW") == "zh-Hant-TW"


def test_source_is_read_where_nothing_newer_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, compiled = folder / "compliance.po", folder / "compliance.mo"
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    source.write_text(f'{header}msgid "I Agree"\nmsgstr "好"\n', encoding="utf-8")
    compiled.write_bytes(b"of an earlier day")
    os.utime(compiled, (0, 0))
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    assert Catalogue("zh_CN").gettext("I Agree") == "好"


@pytest.mark.parametrize("folder", sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()))
def test_catalogues_hold_what_the_templates_say(folder: str) -> None:
    with (TRANSLATIONS / folder / "LC_MESSAGES" / "compliance.po").open("rb") as file:
        held = {message.id for message in read_po(file, locale=folder) if message.id}
    said = {message for _, _, message, _, _ in extract_from_dir(TEMPLATES / "compliance", [("**", "jinja2")])}
    assert (said - held, held - said) == (set(), set())


@pytest.mark.parametrize("folder", sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()))
def test_catalogues_are_complete(folder: str) -> None:
    with (TRANSLATIONS / folder / "LC_MESSAGES" / "compliance.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=folder) if message.id]
    assert messages
    if folder != "en":  # the messages themselves are English
        assert [message.id for message in messages if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("folder", sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()))
def test_translations_fill_in_what_the_message_fills_in(folder: str) -> None:
    with (TRANSLATIONS / folder / "LC_MESSAGES" / "compliance.po").open("rb") as file:
        wrong = {message.id: list(message.check()) for message in read_po(file, locale=folder)}
    assert {key: errors for key, errors in wrong.items() if errors} == {}


def test_host_without_babel_has_no_locale() -> None:
    with Flask("host").test_request_context():
        assert host_locale() is None


def test_host_locale_is_what_its_own_babel_selects() -> None:
    app = Flask("host")
    Babel(app, locale_selector=lambda: "zh_CN")
    with app.test_request_context():
        assert host_locale() == "zh_Hans_CN"


def test_our_messages_leave_the_locale_of_the_host_alone() -> None:
    app = Flask("host")
    Babel(app, default_locale="fr")
    with app.test_request_context(), force_locale("de"):
        assert catalogue("zh_CN").markup("I Agree") == "我同意"
        assert str(get_locale()) == "de"
        assert gettext("I Agree") == "I Agree"
