from __future__ import annotations

import os
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache, partial
from gettext import c2py  # type: ignore[attr-defined]  # how gettext itself reads a plural rule
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from flask import Flask
from flask_babel import Babel, force_locale, get_locale, gettext
from markupsafe import Markup

import compliance
from compliance.errors import Message, Problem
from compliance.i18n import Translator, catalogues, helpers, terminal, translate, translator
from compliance.languages import tag
from compliance.paths import TEMPLATES, TRANSLATIONS

#: Every catalogue, as its domain and its folder.
CATALOGUES = sorted((path.stem, path.parts[-3]) for path in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
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
#: What owners are told quotes code.
_OF_CODE = ("markup", "typewriter's mark")
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


def path(domain: str, folder: str) -> Path:
    return TRANSLATIONS / folder / "LC_MESSAGES" / f"{domain}.po"


def read(domain: str, folder: str) -> Catalog:
    with path(domain, folder).open("rb") as file:
        return read_po(file, locale=folder)


def translations(domain: str, folder: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each message, of two forms the plural, with its translations; English says what the messages say."""
    for message in read(domain, folder):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id:
            yield ids[-1], ids if folder == "en" and not any(texts) else texts


@cache
def template(domain: str) -> bytes:
    """Return what `make translations` collects."""
    found = Catalog()
    told = partial(
        extract_from_dir,
        Path(compliance.__path__[0]),
        [("cli/**.py", "compliance.cli.help:extract"), ("**.py", "python")],
        keywords={"Message": None},
    )
    said = {
        "compliance": [partial(extract_from_dir, TEMPLATES / "compliance", [("**", "jinja2")])],
        "compliance-owner": [told, partial(extract_from_dir, TEMPLATES / "console", [("**", "jinja2")])],
    }
    for _, _, message, comments, context in chain.from_iterable(find() for find in said[domain]):
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
    monkeypatch.setattr(catalogues, "TRANSLATIONS", tmp_path)
    assert Translator("zh_CN").markup("I Agree") == "好"


@pytest.mark.parametrize(("domain", "folder"), CATALOGUES)
def test_catalogue_is_what_make_translations_writes(domain: str, folder: str) -> None:
    held = read(domain, folder)
    held.update(read_po(BytesIO(template(domain))), no_fuzzy_matching=True, update_creation_date=False)
    written = BytesIO()
    write_po(written, held, ignore_obsolete=True)
    lines = (line for line in written.getvalue().decode().splitlines(True) if not line.startswith('"Generated-By: '))
    assert "".join(lines) == path(domain, folder).read_text(encoding="utf-8"), "run `make translations`"


@pytest.mark.parametrize(("domain", "folder"), CATALOGUES)
def test_catalogue_says_how_its_language_counts(domain: str, folder: str) -> None:
    held, category = read(domain, folder), Locale.parse(folder).plural_form
    form = c2py(held.plural_expr)
    numbers = range(1000)
    assert {form(number) for number in numbers} == set(range(held.num_plurals))
    # Two numbers have one form in the catalogue where they have one in CLDR, which has further ones for fractions,
    # whole millions and the like.
    assert len({(form(number), category(number)) for number in numbers}) == held.num_plurals
    assert str(held.locale_identifier) == folder


@pytest.mark.parametrize(("domain", "folder"), CATALOGUES)
def test_every_message_is_translated(domain: str, folder: str) -> None:
    assert [message.id for message in read(domain, folder) if message.id and message.fuzzy] == []
    assert [said for said, texts in translations(domain, folder) if not all(texts)] == []


@pytest.mark.parametrize(("domain", "folder"), CATALOGUES)
def test_translations_fill_in_what_the_message_fills_in(domain: str, folder: str) -> None:
    form = c2py(read(domain, folder).plural_expr)
    numbers = Counter(form(number) for number in range(1, 1000))
    wrong = []
    for said, texts in translations(domain, folder):
        for index, text in enumerate(texts):
            missing = set(FIELD.findall(said)) ^ set(FIELD.findall(text))
            # A form that is for one number alone need not say it: "One picture".
            if missing and not (len(texts) > 1 and numbers[index] <= 1 and missing == {"%(num)s"}):
                wrong.append(text)
            if "%" in FIELD.sub("", text):
                wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize(("domain", "folder"), CATALOGUES)
def test_translations_are_set_as_their_language_sets_text(domain: str, folder: str) -> None:
    marks = MARKS | MARKS_OF.get(folder, {})
    if domain == "compliance-owner":
        marks = {why: pattern for why, pattern in marks.items() if why not in _OF_CODE}
    wrong: dict[str, list[str]] = {}
    for said, texts in translations(domain, folder):
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


LOCALE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_CN.GB18030@stroke"}, "zh_CN"),
        ({"LANG": "zh"}, "zh_CN"),
        ({"LANG": "zh_HK.UTF-8"}, "zh_CN"),
        ({"LANG": "eo.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN:en", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "eo:zh_CN:en"}, "zh_CN"),
        ({"LANGUAGE": "en:zh_CN", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "zh_CN", "LANG": "C.UTF-8"}, "zh_CN"),
        ({"LANGUAGE": "zh_CN", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "zh_CN", "LANG": "POSIX"}, "en"),
        ({"LANG": "-"}, "en"),
    ],
    ids=str,
)
def test_terminal_says_its_language_as_gettext_reads_it(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in LOCALE:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert terminal() == language


def test_owners_are_told_in_their_language_and_what_is_filled_in_stays() -> None:
    problem = Problem(key="page", value=Message("a page without the footer"), remedy="footer")
    assert str(problem) == "page is a page without the footer: footer"
    assert translate(problem.message, "zh_CN") == "page：页面没有页脚。footer"
    assert translate("footer", "zh_CN") == "footer"
    assert translate(Message("nobody translated %(this)s", this="50%"), "zh_CN") == "nobody translated 50%"


def test_a_message_survives_a_process_boundary() -> None:
    copy = pickle.loads(pickle.dumps(Message("answered with %(status)s", status=302)))
    assert (copy, translate(copy, "zh_CN")) == ("answered with 302", "返回 302")
