from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given
from hypothesis import strategies as st

from compliance import settings as settings_file
from compliance.deadlines import day
from compliance.documents import Document, Library, load
from compliance.documents.library import Shape
from compliance.documents.markup import shape
from compliance.documents.placeholders import fill, placeholders
from compliance.documents.sources import Source
from compliance.errors import DocumentError
from compliance.paths import TEMPLATES
from support.host import SETTINGS

STARTERS = TEMPLATES / "documents"
NAMES = ("privacy", "cookies", "children", "terms", "about", "contact")
TODAY = date(2026, 11, 24)
FRONT = "---\ntitle: {title}\nversion: {version}\neffective: {effective}\nmaterial: {material}\n---\n"
FIELDS = {"title": "T", "version": "1", "effective": "2026-01-01", "material": "true"}
COOKIES = [
    {"name": "session", "purpose": {"en": "Keeps the form.", "zh_CN": "保持表单内容。"}},
    {"name": "_pk_id*", "category": "analytics", "provider": "Matomo", "purpose": "Counts.", "lifetime": "13 months"},
]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a document into the site's own folder."""

    def written(name: str, text: str = "Text.", *, language: str = "en", **front: str) -> Path:
        path = tmp_path / language / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(FRONT.format(**FIELDS | front) + text, encoding="utf-8")
        return path

    return written


def library(settings: dict[str, Any], *folders: Path) -> Library:
    return load(settings_file.load(settings), folders=folders)


def current(found: Library, name: str, language: str = "en", today: date = TODAY) -> Document:
    document = found.get(name, language, today=today)
    assert document is not None
    return document


def rendered(settings: dict[str, Any], path: Path) -> BeautifulSoup:
    name, language = path.name.partition(".")[0], path.parent.name
    return BeautifulSoup(current(library(settings, path.parent.parent), name, language).html, "html.parser")


# The starter texts


def texts(settings: dict[str, Any], language: str) -> dict[str, str]:
    """The starter texts as a reader sees them."""
    found = library(settings, STARTERS)
    return {name: BeautifulSoup(current(found, name, language).html, "html.parser").get_text() for name in found.names}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("mode", ["notice", "opt-in", "opt-out"])
@pytest.mark.parametrize("cookies", [[], COOKIES], ids=["necessary", "optional"])
def test_starter_texts_come_in_both_languages_with_nothing_left_to_fill(
    settings: dict[str, Any], language: str, mode: str, cookies: list[dict[str, Any]]
) -> None:
    own = {"name": {"en": "Maps", "zh_CN": "地图"}}
    categories = {"analytics": {}, "advertising": {}, "maps": own} if cookies else {}
    settings["consent"] = {"mode": mode, "categories": categories, "cookies": cookies}
    found = library(settings, STARTERS)
    assert found.names == NAMES
    for name in NAMES:
        document = current(found, name, language)
        assert document.language == language
        assert not re.search(r"\{[{%]|[%}]\}|\bNone\b|\*\*|\]\(|\\", document.html)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_both_languages_have_the_same_parts(settings: dict[str, Any], language: str) -> None:
    found = library(settings, STARTERS)
    for name in NAMES:
        levels = [heading.level for heading in current(found, name, language).contents]
        assert levels == [heading.level for heading in current(found, name, "en").contents]
        assert len(levels) >= 3


# What the privacy statement has to tell (PIPL art. 14-17, 21-24, 28-31, 38-39, 44-50; GDPR art. 13; network data
# regulation art. 21), by the words that tell it.
TOLD = {
    "zh_CN": [
        *("通信地址：渝北区", "service@ichongqing.info", "处理目的", "处理方式", "个人信息种类", "保存期限", "依据"),
        *("重新征得您的同意", "撤回同意", "委托处理", "单独同意", "自动化决策", "敏感个人信息", "十四周岁", "监护人"),
        *("境外接收方", "安全评估", "查阅、复制", "转移", "更正、补充", "删除", "要求解释", "近亲属", "15 个工作日"),
        *("说明理由", "人民法院", "12377", "第 6 条第 1 款 f 项", "一个月", "监管机构", "Matomo", "泄露"),
        *(
            "《个人信息保护法》第十三条第一款第五项",
            "《民法典》第一千零二十八条",
            "存储于境内",
            "转移成本",
            "注销账号",
            "登记编号",
        ),
    ],
    "en": [
        *("Post: Yubei", "service@ichongqing.info", "Purpose", "How", "Kept for", "Legal ground", "we ask again"),
        *("Withdrawing", "Processors", "separate consent", "automated means", "Sensitive", "under fourteen"),
        *("security assessment", "access and copy", "transfer", "correct and complete", "delete", "explanation"),
        *("guardian", "close relatives", "15 working days", "the reasons", "people’s court", "12377"),
        *("Art. 6(1)(f)", "one month", "supervisory authority", "Matomo", "leaked", "object to processing"),
        *("Art. 13(1)(5)", "Civil Code, Art. 1028", "is stored there", "what the transfer costs", "close an account"),
    ],
}


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_privacy_statement_tells_what_the_law_asks_for(settings: dict[str, Any], language: str) -> None:
    settings["site"]["address"] = {"en": "Yubei", "zh_CN": "渝北区"}
    settings["consent"] = {"categories": ["analytics"], "cookies": COOKIES}
    text = texts(settings, language)["privacy"]
    assert [words for words in TOLD[language] if words not in text] == []


TRACKERS = [
    {"host": "hm.baidu.com", "category": "analytics", "entrusted": True},
    {
        "host": "c.example",
        "category": "analytics",
        "provider": "Counter",
        "country": "US",
        "policy": "https://c.example/p",
    },
]


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        (
            "en",
            [
                "Baidu Tongji (hm.baidu.com)",
                "China",
                "—",
                "Counter (c.example)",
                "United States, outside mainland",
                "Works for us: your browser sends",
                "IP address, what your browser says of itself",
                "These recipients receive nothing about you before",
            ],
        ),
        (
            "zh_CN",
            [
                "百度统计（hm.baidu.com）",
                "中国",
                "—",
                "Counter（c.example）",
                "美国（境外）",
                "统计访问情况",
                "委托处理：由您的浏览器",
                "IP 地址、浏览器标识、所访问的页面和访问时间；Cookie：Hm_lvt_*",
                "上述接收方在您允许其所属类别之前不会接收您的信息",
            ],
        ),
    ],
)
def test_privacy_statement_lists_who_receives_what(settings: dict[str, Any], language: str, rows: list[str]) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"], "trackers": TRACKERS}
    document = current(library(settings, STARTERS), "privacy", language)
    text = BeautifulSoup(document.html, "html.parser").get_text()
    assert [words for words in rows if words not in text] == []
    assert 'href="https://c.example/p"' in document.html and "1460" in text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_those_in_charge_are_named_where_the_settings_name_them(settings: dict[str, Any], language: str) -> None:
    named = {"officer": {"en": "Office X", "zh_CN": "X 办公室"}, "representative": "Europe GmbH"}
    told, silent = (texts(settings | {"legal": legal}, language)["privacy"] for legal in (named, {}))
    words = {
        "en": ["Office X", "represented (Art. 27) by: Europe GmbH"],
        "zh_CN": ["负责人及联系方式：X 办公室", "代表（第 27 条）：Europe"],
    }
    assert [part for part in words[language] if part not in told] == []
    assert not any(part in silent for part in ("负责人：", "代表（", "In charge of", "Art. 27"))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_cookie_policy_lists_every_cookie(settings: dict[str, Any], language: str) -> None:
    settings["consent"] = {"categories": ["analytics"], "cookies": COOKIES, "lifetime_days": 180}
    soup = BeautifulSoup(current(library(settings, STARTERS), "cookies", language).html, "html.parser")
    rows = [[cell.get_text() for cell in row.select("td")] for row in soup.select("tbody tr")]
    assert [row[0] for row in rows] == ["compliance_consent", "compliance_receipt", "session", "_pk_id*"]
    assert "180" in rows[0][3]
    expected = {
        "en": ["Keeps the form.", "Necessary", "Until the browser closes", settings["site"]["operator"]],
        "zh_CN": ["保持表单内容。", "必要", "关闭浏览器时失效", settings["site"]["operator"]],
    }
    assert rows[2][1:] == expected[language]
    assert rows[3][3:] == ["13 months", "Matomo"]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.slow
def test_texts_do_not_mention_what_is_not_configured(settings: dict[str, Any], language: str) -> None:
    bare = settings | {"reporting": {}, "licences": {}}
    full = settings | {
        "site": settings["site"] | {"address": "Yubei"},
        "reporting": settings["reporting"] | {"email": "report@x.example", "url": "https://report.example/"},
    }
    shown = {
        "contact": ("Yubei", "+86-23-67158993", "report@x.example", "https://report.example/", "12377"),
        "about": ("渝ICP备20009753号-2", "50120220004"),
        "privacy": ("Yubei",),
    }
    for name, words in shown.items():
        assert [word for word in words if word not in texts(full, language)[name]] == []
        assert [word for word in words if word in texts(bare, language)[name] and word != "12377"] == []
    assert "12377" not in texts(bare, language)["contact"]


# A site's own folder


def test_own_folder_replaces_and_adds_by_language(settings: dict[str, Any], tmp_path: Path, write: Write) -> None:
    write("about.md", version="7")
    write("ethics.md", language="zh_CN")
    found = library(settings, STARTERS, tmp_path)
    assert found.names == (*NAMES, "ethics")
    assert [current(found, "about", language).version for language in ("en", "zh_CN")] == ["7", "2026.1"]
    assert [one.version for one in found.versions("about", "en", TODAY)] == ["7"]


@pytest.mark.parametrize(
    ("wanted", "there", "language"),
    [
        ("en", ["en", "zh_CN"], "en"),
        ("zh_CN", ["en"], "en"),
        ("zh_TW", ["en", "zh_CN"], "zh_CN"),
        ("fr", ["zh_CN", "en"], "en"),  # the site's default language
        ("fr", ["ru", "de"], "de"),  # no language of the site
    ],
)
def test_text_in_another_language_stands_in_and_says_so(
    settings: dict[str, Any], tmp_path: Path, write: Write, wanted: str, there: list[str], language: str
) -> None:
    for each in there:
        write("ethics.md", f"In {each}.", language=each)
    document = current(library(settings, tmp_path), "ethics", wanted)
    assert (document.language, document.html.strip()) == (language, f"<p>In {language}.</p>")


def test_language_folders_may_be_spelled_as_tags(settings: dict[str, Any], tmp_path: Path, write: Write) -> None:
    write("about.md", language="zh-cn")
    assert current(library(settings, tmp_path), "about", "zh_CN").language == "zh_CN"


def test_what_systems_and_editors_leave_behind_is_passed_over(
    settings: dict[str, Any], tmp_path: Path, write: Write
) -> None:
    write("about.md")
    for rubbish in (".DS_Store", "en/.about.md.swp", "en/about.md~"):
        (tmp_path / rubbish).write_text("x")
    assert library(settings, tmp_path).names == ("about",)


def test_unknown_documents_and_versions_are_not_there(settings: dict[str, Any]) -> None:
    found = library(settings, STARTERS)
    assert found.get("nothing", "en") is None
    assert found.get("privacy", "en", "0.1") is None
    assert found.versions("nothing", "en") == ()


# Front matter and files that cannot be shown


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("", "begin it with front matter"),
        ("title: T\n", "begin it with front matter"),
        ("---\ntitle: T\n", "begin it with front matter"),
        ("---\ntitle: T\nversion: 1\n---\n", "effective is missing; add a line 'effective: …'; material is missing"),
        ("---\n---\n", "title is missing"),
        (FRONT.format(**FIELDS | {"title": ""}), "title is missing"),
        (FRONT.format(**FIELDS | {"effective": "soon"}), "effective is 'soon'; write the day"),
        (FRONT.format(**FIELDS | {"effective": "2026-02-30"}), "effective is '2026-02-30'"),
        (FRONT.format(**FIELDS | {"material": "yes"}), "material is 'yes'; write true"),
        (FRONT.format(**FIELDS | {"version": "../x"}), "version is '../x'; write up to 16 letters"),
        (FRONT.format(**FIELDS | {"version": "1 b"}), "version is '1 b'"),
        (FRONT.format(**FIELDS | {"version": "1" * 17}), "version is '111"),
        (FRONT.format(**FIELDS).replace("title", "titel"), "titel is unknown; did you mean title?; title is missing"),
        (FRONT.format(**FIELDS).replace("title", "author"), "author is unknown; leave it out"),
        (FRONT.format(**FIELDS | {"title": "T\ntitle: U"}), "title is there twice"),
        (FRONT.format(**FIELDS | {"title": "T\nand more"}), "the line 'and more' is no field"),
    ],
)
def test_front_matter_says_what_to_mend(settings: dict[str, Any], tmp_path: Path, front: str, told: str) -> None:
    path = tmp_path / "en" / "privacy.md"
    path.parent.mkdir()
    path.write_text(front + "Text.")
    with pytest.raises(DocumentError) as raised:
        library(settings, tmp_path)
    assert raised.value.path == path
    assert told in raised.value.reason


def test_front_matter_may_be_typed_on_windows_and_in_quotes(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    text = FRONT.format(title='"A: B"', version="'1.10'", effective='"2026-01-01"', material=" false ")
    (tmp_path / "en" / "about.md").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"Text.")
    document = current(library(settings, tmp_path), "about")
    assert (document.title, document.version, document.material) == ("A: B", "1.10", False)
    assert document.html.strip() == "<p>Text.</p>"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("privacy.md", "put it into a folder that is named by its language"),
        ("english/privacy.md", "not the tag of a known language"),
        ("en/Privacy.md", "small letters"),
        ("en/privacy.txt", "<name>.md"),
        ("en/privacy.2.md", "the file's name says '2'"),
    ],
)
def test_files_out_of_place_are_named(settings: dict[str, Any], tmp_path: Path, name: str, told: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FRONT.format(**FIELDS))
    with pytest.raises(DocumentError) as raised:
        library(settings, tmp_path)
    assert raised.value.path in (path, path.parent)
    assert told in raised.value.reason


def test_text_in_another_encoding_is_named(settings: dict[str, Any], write: Write) -> None:
    path = write("privacy.md")
    path.write_bytes("隐私".encode("gbk"))
    with pytest.raises(DocumentError, match="byte 0 is not UTF-8"):
        library(settings, path.parent.parent)


def test_missing_folder_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"cannot be read.*legal\.directory"):
        library(settings, tmp_path / "nowhere")


def test_two_files_with_one_version_are_an_error(settings: dict[str, Any], tmp_path: Path, write: Write) -> None:
    first = write("privacy.1.md")
    second = write("privacy.md")
    with pytest.raises(DocumentError) as raised:
        library(settings, tmp_path)
    assert raised.value.path == second
    assert str(first) in raised.value.reason and "'1'" in raised.value.reason


# Versions


def test_version_takes_effect_on_its_day_and_earlier_ones_stay(
    settings: dict[str, Any], tmp_path: Path, write: Write
) -> None:
    write("privacy.md", "New.", version="2", effective="2026-11-25")
    write("privacy.1.md", "Old.")
    found = library(settings, tmp_path)
    assert [one.version for one in found.versions("privacy", "en", TODAY)] == ["1"]
    coming = found.get("privacy", "en", "2", today=TODAY)
    assert coming is not None and coming.effective > TODAY
    tomorrow = TODAY + timedelta(days=1)
    assert current(found, "privacy", today=tomorrow).version == "2"
    assert [one.version for one in found.versions("privacy", "en", tomorrow)] == ["2", "1"]
    old = found.get("privacy", "en", "1", today=tomorrow)
    assert old is not None and "Old." in old.html


def test_document_is_not_there_before_its_first_version(settings: dict[str, Any], tmp_path: Path, write: Write) -> None:
    write("ethics.md", effective="2026-11-25")
    found = library(settings, tmp_path)
    assert found.get("ethics", "en", today=TODAY) is None
    assert found.versions("ethics", "en", TODAY) == ()


def test_earlier_version_is_found_in_the_language_that_has_it(
    settings: dict[str, Any], tmp_path: Path, write: Write
) -> None:
    write("terms.1.md", language="zh_CN")
    write("terms.2.md", version="2", effective="2026-06-01", language="zh_CN")
    write("terms.2.md", version="2", effective="2026-06-01")
    found = library(settings, tmp_path)
    document = found.get("terms", "en", "1", today=TODAY)
    assert document is not None and document.language == "zh_CN"
    assert current(found, "terms").language == "en"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 24, 15, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC) - timedelta(days=365), date(2025, 11, 25)),
    ],
)
def test_days_begin_at_midnight_in_china(moment: datetime, expected: date) -> None:
    assert day(moment) == expected


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 400)), min_size=1, unique_by=lambda one: one[0]),
    st.integers(0, 400),
)
@example([(9, 0), (10, 0), (2, 0)], 0)
def test_newest_version_that_has_taken_effect_is_in_force(versions: list[tuple[int, int]], now: int) -> None:
    start = date(2025, 1, 1)
    found = Library(
        (document("terms", version=f"1.{minor}", effective=start + timedelta(days=on)) for minor, on in versions),
        ["en"],
    )
    in_force = sorted(((on, minor) for minor, on in versions if on <= now), reverse=True)
    listed = found.versions("terms", "en", start + timedelta(days=now))
    assert [one.version for one in listed] == [f"1.{minor}" for _, minor in in_force]
    assert found.get("terms", "en", today=start + timedelta(days=now)) == next(iter(listed), None)


def document(name: str, *, version: str = "1", effective: date = date(2026, 1, 1), **values: Any) -> Document:
    rest = {
        "title": "T",
        "language": "en",
        "material": True,
        "prefix": "",
        "fill": lambda: Shape(html="", contents=(), text=""),
    }
    return Document(name=name, version=version, effective=effective, **{**rest, **values})


@pytest.mark.parametrize(
    ("added", "changes"),
    [
        (document("privacy", version="2", effective=TODAY), True),
        (document("cookies", version="2", effective=TODAY), True),
        (document("privacy", version="2", effective=TODAY, material=False), False),
        (document("privacy", version="2", effective=TODAY + timedelta(days=1)), False),
        (document("terms", version="2", effective=TODAY), False),
        (document("privacy", version="1", effective=TODAY, language="zh_CN"), False),  # a translation
        (document("privacy", version="2", effective=TODAY, language="zh_CN"), True),
        (document("privacy", version="2", effective=TODAY, language="fr"), False),  # no language of the site
    ],
)
def test_policy_changes_with_material_versions_only(added: Document, changes: bool) -> None:
    before = [document(name) for name in ("privacy", "cookies", "terms")]
    policies = [Library(documents, ["en", "zh_CN"]).policy(TODAY) for documents in (before, [*before, added])]
    assert (policies[0] != policies[1]) is changes


def test_policy_is_written_as_short_as_the_consent_cookie_needs(settings: dict[str, Any]) -> None:
    assert library(settings, STARTERS).policy(TODAY) == "2026.1"
    long = [document("privacy", version="2026-11-24.12345"), document("cookies", version="2025-11-24.12345")]
    assert len(Library(long, ["en"]).policy(TODAY)) <= 40


@pytest.mark.parametrize("change", [{"text": "Other."}, {"title": "Other"}])
def test_hash_is_that_of_the_very_text(settings: dict[str, Any], write: Write, change: dict[str, str]) -> None:
    def digest(**values: str) -> str:
        path = write("privacy.md", **{"text": "By {{ site.operator }}.", **values})
        return current(library(settings, path.parent.parent), "privacy").text_hash

    first = digest()
    assert first == digest() != digest(**change)
    settings["site"]["operator"] = "Another"
    assert digest() != first


# Placeholders


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ site.nmae }}", "there is no placeholder site.nmae; did you mean name?"),
        ("{{ operator }}", "there is no placeholder operator; there are consent, cookies"),
        ("{% if cookies and false %}{{ site.phone }}{% endif %}", "site.phone"),
        ("{% for cookie in cookies %}{{ cookie.nmae }}{% endfor %}", "nmae"),
        ("{{ site.address }}", "the settings leave out; write the sentence between {% if … %} and {% endif %}"),
        ("\n{% if %}", "line 8: a placeholder cannot be filled"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ site.name.__class__ }}", "unsafe"),
        ("{% include 'x' %}", "a placeholder cannot be filled"),
        ("{{ range(9) }}", "no placeholder range"),
        ("{{ 1 / 0 }}", "a placeholder cannot be filled"),
        ("{{ site.name | nothing }}", "nothing"),
        ("{{ site }}", "a placeholder gives no words but SiteDetails("),
        ("{% for cookie in cookies %}{{ cookie.category }}{% endfor %}", "no words but Category("),
        ("{{ site.name.upper }}", "no words but <built-in method"),
        ("{{ reporting.national_centre }}", "no words but True; name what to write"),
        ("[x](imprint.md)", "the link imprint.md leads to no document; there are about"),
        ("## A\n\n[x](#b)", "the link #b leads to no heading; there are a"),
        ("## A {: #x}\n\n## B {: #x}", "the id x of a heading is taken; give it another one"),
        ("## A {: #contents}", "the id contents of a heading is taken; give it another one"),
        ("![x](https://x.example/a.png)", "is on another host"),
    ],
)
def test_what_cannot_be_filled_or_linked_is_named(settings: dict[str, Any], write: Write, text: str, told: str) -> None:
    settings["consent"] = {"categories": ["analytics"], "cookies": COOKIES}
    path = write("about.md", text)
    with pytest.raises(DocumentError) as raised:
        library(settings, path.parent.parent)
    assert raised.value.path == path
    assert told in raised.value.reason


def filled(text: str, operator: str) -> BeautifulSoup:
    settings = settings_file.load(SETTINGS | {"site": SETTINGS["site"] | {"operator": operator}})
    values = placeholders(settings, "en")
    source = Source(path=Path("x.md"), name="x", language="en", text=text, line=6, **DATED)
    html, _ = shape(fill(source, values), language="en", site="https://x.example", prefix="/compliance", names=())
    return BeautifulSoup(html, "html.parser")


DATED: Any = {"title": "T", "version": "1", "effective": TODAY, "material": True}
# Text between angle brackets alone is what `init` leaves for the owner to fill in.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co"]), min_size=1, max_size=40).filter(
    lambda words: words.strip() and words == words.strip() and not re.fullmatch("<[^<>]+>", words)
)


@given(WORDS)
@example("<script>alert(1)</script>")
@example("[x](javascript:alert(1)) ![y](data:z)")
@example("two\nlines\n\n# and a heading")
@example("{: #operator}")
@example("1. a | b \\| `c` &amp; {{ site }} *d* __e__ # ~~f~~")
def test_words_of_the_settings_mean_nothing_but_themselves(words: str) -> None:
    plain = " ".join(words.split())
    soup = filled("{{ site.operator }}\n\n| h |\n|---|\n| {{ site.operator }} |\n\n# {{ site.operator }}", words)
    assert [tag.name for tag in soup.find_all(True) if tag.name not in FRAME] == []
    heading = soup.select_one("h2")
    assert heading is not None and heading.get("id")
    assert [" ".join(soup.select(part)[0].get_text().split()) for part in ("p", "td", "h2")] == [plain] * 3


FRAME = {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "h2", "a", "span"}

SOUP = st.lists(
    st.sampled_from(
        [
            *("<script>", "</script>", "<img src=x onerror=y>", "<svg onload=", "<!--", "]]>", "<a href='", "<b", ">"),
            *("[x](", "![x](", "<", "javascript:alert(1)", "JaVaScRiPt:", "java\tscript:", "&#106;avascript:", ")"),
            *("vbscript:", "data:text/html,", "\x01javascript:", "javascript&colon;", "[x]: ", "\n\n", "    ", "```"),
            *("# ", "|a|b|\n|:-:|--:|\n|c|d|\n", "*", "_", "`", "\\", '"', "'", "\ue000en\ue001", "\ue002", "> ", "- "),
        ]
    )
    | st.text(max_size=4)
).map("".join)


@given(SOUP)
@example("[x](javascript:alert(1))")
@example("<javascript:alert(1)>")
@example("![x](data:image/svg+xml,<svg/onload=alert(1)>)")
@example("[x](java%0ascript:alert(1))")
@example("\ue000 \ue002")
def test_nothing_in_a_document_becomes_active(markdown: str) -> None:
    try:
        html, _ = shape(markdown, language="en", site="https://x.example", prefix="/compliance", names=())
    except ValueError:
        return
    assert not set(html) & set("\ue000\ue001\ue002")  # the marks of words in another language
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(True):
        assert tag.name in ALLOWED, tag
        assert set(tag.attrs) <= ATTRIBUTES, tag
        for address in (str(tag.get("href", "")), str(tag.get("src", ""))):
            scheme = re.match(r"[\x00-\x20]*([a-z][^/?#:]*):", address.lower())
            assert scheme is None or scheme[1] in {"http", "https", "mailto", "tel"}, tag


ALLOWED = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "span", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
}
ATTRIBUTES = {
    *("href", "src", "alt", "title", "class", "id", "rel", "start", "scope", "lang"),
    *("role", "tabindex", "aria-labelledby", "aria-hidden"),
}


# The shape of what is shown


def test_headings_have_stable_ids_and_link_to_themselves(settings: dict[str, Any], write: Write) -> None:
    path = write("about.md", "# 您的权利\n\n## Your *rights*!\n\n# 您的权利\n\n# ???\n\n# Contents\n\n# Ｃookie 政策")
    soup = rendered(settings, path)
    contents = current(library(settings, path.parent.parent), "about").contents
    assert [(heading.level, heading.id, heading.text) for heading in contents] == [
        (2, "您的权利", "您的权利"),
        (3, "your-rights", "Your rights!"),
        (2, "您的权利-2", "您的权利"),
        (2, "section", "???"),
        (2, "contents-2", "Contents"),  # the page around it has an id "contents"
        (2, "cookie-政策", "Ｃookie 政策"),
    ]
    links = soup.select("h2 + a, h3 + a")
    assert [(link["href"], link["aria-labelledby"]) for link in links] == [
        (f"#{heading.id}", f"permalink {heading.id}") for heading in contents
    ]
    assert all(link.select_one("[aria-hidden=true]") and not link.find(string=True, recursive=False) for link in links)


def test_headings_take_the_ids_that_they_are_given(settings: dict[str, Any], write: Write) -> None:
    text = (
        "## 您的权利 {: #rights}\n\n# Rights\n\n#### `{: #code}` {:#deep }\n\n## {: #Not one}\n\n[a](#rights) {: #no}"
    )
    contents = current(library(settings, write("about.md", text).parent.parent), "about").contents
    assert [(heading.level, heading.id, heading.text) for heading in contents] == [
        (2, "rights", "您的权利"),
        (2, "rights-2", "Rights"),
        (3, "deep", "{: #code}"),  # no level is left out
        (3, "not-one", "{: #Not one}"),
    ]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co"]), max_size=6), max_size=8))
def test_ids_are_unique_whatever_the_headings_say(titles: list[str]) -> None:
    markdown = "\n\n".join(f"## {title}" for title in titles)
    html, contents = shape(markdown, language="zh_CN", site="https://x.example", prefix="/c", names=())
    ids = [tag["id"] for tag in BeautifulSoup(html, "html.parser").select("[id]")]
    assert ids == [heading.id for heading in contents]
    assert len(set(ids)) == len(ids)
    assert all(id and not re.search(r"\s", str(id)) for id in ids)


def test_links_to_other_sites_keep_the_reader_to_themselves(settings: dict[str, Any], write: Write) -> None:
    text = "[a](https://x.example) [b](//x.example) [c](https://www.ichongqing.info/c) [d](/d) [e](mailto:e@x.example)"
    links = rendered(settings, write("about.md", text)).select("a")
    assert [link.get("rel") for link in links] == [["noopener", "noreferrer"]] * 2 + [None] * 3
    assert not any(link.has_attr("target") for link in links)


def test_tables_scroll_in_a_frame_that_a_keyboard_reaches(settings: dict[str, Any], write: Write) -> None:
    soup = rendered(settings, write("about.md", "|x|\n|-|\n|y|\n\n## A\n\n| b | c |\n|:-:|--:|\n| d | e |"))
    first, second = soup.select("div[tabindex='0'] > table")
    assert not first.parent.has_attr("role")  # type: ignore[union-attr]  # a frame is around it
    assert {key: second.parent[key] for key in ("role", "aria-labelledby")} == {"role": "group", "aria-labelledby": "a"}  # type: ignore[index]
    assert [cell["scope"] for cell in second.select("th")] == ["col", "col"]
    assert not soup.select("[style]")


def test_words_in_another_language_say_so(settings: dict[str, Any], write: Write) -> None:
    settings["site"] |= {"name": {"en": "News", "zh_CN": "新闻"}, "operator": "Centre"}
    text = "{{ site.name }} {{ site.operator }} 许可证 {% for licence in licences %}{{ licence.number }} {% endfor %}"
    english = rendered(settings, write("about.md", text))
    assert [(span["lang"], span.get_text()) for span in english.select("span")] == [
        ("zh", "许可证"),
        ("zh-CN", "渝ICP备20009753号-2"),
    ]
    chinese = rendered(settings, write("about.md", text, language="zh_CN"))
    assert [(span["lang"], span.get_text()) for span in chinese.select("span")] == [("en", "Centre")]
    assert "".join(chinese.get_text().split()) == "新闻Centre许可证渝ICP备20009753号-250120220004"


@pytest.mark.parametrize("path", sorted(STARTERS.glob("zh_CN/*.md")), ids=lambda path: path.stem)
def test_chinese_and_latin_words_stand_apart_at_links_too(path: Path) -> None:
    assert re.findall(r"[\u4e00-\u9fff]\[[A-Za-z]|[A-Za-z]\]\([^)]*\)[\u4e00-\u9fff]", path.read_text("utf-8")) == []


def test_links_to_our_own_pages_follow_the_mount_point_and_keep_the_language(
    settings: dict[str, Any], tmp_path: Path, write: Write
) -> None:
    settings["site"]["prefix"] = "/our_pages"
    text = '[a](terms.md#x) [b]({{ urls.consent }} "B") [q]({{ urls.consent }}?lang=en)'
    write("about.md", text + ' [c](/other) `href="/our_pages/x"` [d](#e)\n\n## E')
    write("terms.md", "## X")
    about = current(library(settings, tmp_path), "about")
    addresses = {
        about.html: [
            *("/our_pages/legal/terms#x", "/our_pages/consent"),
            *("/our_pages/consent?lang=en", "/other", "#e", "#e"),
        ],
        about.shown("/news/our_pages", "?lang=zh-CN"): [
            *("/news/our_pages/legal/terms?lang=zh-CN#x", "/news/our_pages/consent?lang=zh-CN"),
            *("/news/our_pages/consent?lang=en", "/other", "#e", "#e"),
        ],
    }
    for html, expected in addresses.items():
        soup = BeautifulSoup(html, "html.parser")
        assert [link["href"] for link in soup.select("a")] == expected
        assert soup.code is not None and soup.code.get_text() == 'href="/our_pages/x"'
