from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from gettext import c2py  # type: ignore[attr-defined]  # how gettext itself reads a plural rule
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from flask import Flask
from flask_babel import Babel, force_locale, get_locale, gettext
from markupsafe import Markup

from compliance import i18n
from compliance.i18n import Translator, helpers, translator
from compliance.languages import tag
from compliance.paths import TEMPLATES, TRANSLATIONS

FOLDERS = sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())
FIELD = re.compile(r"%\(\w+\)s")
#: What stands in no translation, by what is wrong with it.
MARKS = {
    "markup": r"[<>]|&\w+;",
    "two spaces": r"\s\s",
    "three dots": r"\.\.\.",
    "direction mark": "[\u200e\u200f\u202a-\u202e\u2066-\u2069]",  # the markup isolates what is filled in
}
_EAST = {
    "half-width mark": r"[\u3040-\u30ff\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u3040-\u30ff\u4e00-\u9fff]",
    "space beside a mark": r"\s[，。、；：？！（）「」《》【】]|[，。、；：？！（）「」《》【】]\s",
    "typewriter's mark": r"[\"']",
}
MARKS_OF = {
    "zh_CN": _EAST | {"traditional": "[這個說請關時間網頁設們務]"},
    "zh_TW": _EAST | {"wording of the mainland": "[这个说请关时间网页设们务]|信息|設置|舉報|賬|默認|網絡"},
    "ja": _EAST,
    "fr": {"mark without its space": r"(?<![\u00a0\u202f])(?:[;!?»]|:(?= |$))", "typewriter's mark": "[\"']"},
    "de": {"typewriter's mark": "[\"']"},
    "es": {"typewriter's mark": "[\"']", "question without its beginning": r"^[^¿]*\?"},
    "ru": {"typewriter's mark": "[\"']"},
    "pt": {"typewriter's mark": "[\"']"},
    "ar": {"mark of another script": r"[\u0600-\u06ff]\s?[,;?]", "typewriter's mark": "[\"']"},
}


def path(folder: str) -> Path:
    return TRANSLATIONS / folder / "LC_MESSAGES" / "compliance.po"


def read(folder: str) -> Catalog:
    with path(folder).open("rb") as file:
        return read_po(file, locale=folder)


def translations(folder: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each message, of two forms the plural, with its translations; English says what the messages say."""
    for message in read(folder):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id:
            yield ids[-1], ids if folder == "en" and not any(texts) else texts


@cache
def template() -> bytes:
    """Return what `make translations` collects."""
    found = Catalog()
    for _, _, message, comments, context in extract_from_dir(TEMPLATES / "compliance", [("**", "jinja2")]):
        found.add(message, None, auto_comments=comments, context=context)
    written = BytesIO()
    write_po(written, found, no_location=True, sort_output=True)
    return written.getvalue()


@pytest.mark.parametrize(
    ("locale", "agree"),
    [("zh_CN", "我同意"), ("zh", "我同意"), ("en", "I Agree"), ("en_GB", "I Agree"), ("eo", "I Agree")],
)
def test_messages_are_in_the_language_asked_for(locale: str, agree: str) -> None:
    assert translator(locale).markup("I Agree") == agree


def test_text_and_values_are_escaped_and_markup_is_kept() -> None:
    link = Markup('<a href="/">a & b</a>')
    text = translator("en").markup("1 < 2 & %(value)s, %(link)s", value="<b>", link=link)
    assert text == f"1 &lt; 2 &amp; &lt;b&gt;, {link}"


def test_percent_sign_without_values_is_only_a_sign() -> None:
    assert translator("en").markup("100% sure") == "100% sure"


@pytest.mark.parametrize(("num", "text"), [(1, "1 day"), (2, "2 days")])
def test_plural_follows_the_number(num: int, text: str) -> None:
    assert translator("en").plural_markup("%(num)d day", "%(num)d days", num) == text


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
    assert Translator("zh_CN").markup("I Agree") == "好"


@pytest.mark.parametrize("folder", FOLDERS)
def test_catalogue_is_what_make_translations_writes(folder: str) -> None:
    held = read(folder)
    held.update(read_po(BytesIO(template())), no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(written, held, ignore_obsolete=True)
    lines = (line for line in written.getvalue().decode().splitlines(True) if not line.startswith('"Generated-By: '))
    assert "".join(lines) == path(folder).read_text(encoding="utf-8"), "run `make translations`"


@pytest.mark.parametrize("folder", FOLDERS)
def test_catalogue_says_how_its_language_counts(folder: str) -> None:
    held, category = read(folder), Locale.parse(folder).plural_form
    form = c2py(held.plural_expr)
    numbers = range(1000)
    assert {form(number) for number in numbers} == set(range(held.num_plurals))
    # Two numbers have one form in the catalogue where they have one in CLDR, which has further ones for fractions,
    # whole millions and the like.
    assert len({(form(number), category(number)) for number in numbers}) == held.num_plurals
    assert str(held.locale_identifier) == folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_message_is_translated(folder: str) -> None:
    assert [message.id for message in read(folder) if message.id and message.fuzzy] == []
    assert [said for said, texts in translations(folder) if not all(texts)] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_translations_fill_in_what_the_message_fills_in(folder: str) -> None:
    form = c2py(read(folder).plural_expr)
    numbers = Counter(form(number) for number in range(1, 1000))
    wrong = []
    for said, texts in translations(folder):
        for index, text in enumerate(texts):
            missing = set(FIELD.findall(said)) ^ set(FIELD.findall(text))
            # A form that is for one number alone need not say it: "One picture".
            if missing and not (len(texts) > 1 and numbers[index] <= 1 and missing == {"%(num)s"}):
                wrong.append(text)
            if "%" in FIELD.sub("", text):
                wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_translations_are_set_as_their_language_sets_text(folder: str) -> None:
    marks = MARKS | MARKS_OF.get(folder, {})
    wrong: dict[str, list[str]] = {}
    for said, texts in translations(folder):
        for text in texts:
            found = [why for why, pattern in marks.items() if re.search(pattern, text)]
            if text != text.strip():
                found.append("space at an end")
            if said[-1] not in ":?" and said.endswith(".") is not text.endswith((".", "。")):
                found.append("end of a sentence")
            if found:
                wrong[text] = found
    assert wrong == {}


def test_our_messages_leave_the_locale_of_the_host_alone() -> None:
    app = Flask("host")
    Babel(app, default_locale="fr")
    with app.test_request_context(), force_locale("de"):
        assert translator("zh_CN").markup("I Agree") == "我同意"
        assert str(get_locale()) == "de"
        assert gettext("I Agree") == "I Agree"
