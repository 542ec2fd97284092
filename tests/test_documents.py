from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from compliance import settings as settings_file
from compliance.documents import Library, load
from compliance.errors import DocumentError
from compliance.paths import TEMPLATES

STARTERS = TEMPLATES / "documents"
TODAY = date(2026, 11, 24)
FRONT = "---\ntitle: T\nversion: {version}\neffective: {effective}\nmaterial: {material}\n---\n"


def write(folder: Path, name: str, text: str = "text", language: str = "en", **front: object) -> None:
    values = {"version": "'1'", "effective": "2026-01-01", "material": "true", **front}
    (folder / language).mkdir(exist_ok=True)
    (folder / language / name).write_text(FRONT.format(**values) + text, encoding="utf-8")


def library(settings: dict[str, Any], *folders: Path) -> Library:
    return load(settings_file.load(settings), folders=folders)


def shown(settings: dict[str, Any], folder: Path, text: str) -> str:
    write(folder, "privacy.md", text)
    document = library(settings, folder).get("privacy", "en", today=TODAY)
    assert document is not None
    return document.html


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("mode", ["notice", "opt-in", "opt-out"])
def test_starter_texts_are_complete_in_both_languages(settings: dict[str, Any], language: str, mode: str) -> None:
    settings["consent"] = {
        "mode": mode,
        "categories": ["analytics"],
        "cookies": [{"name": "_pk_id*", "category": "analytics", "provider": "Matomo", "purpose": "Counts visits."}],
    }
    found = library(settings, STARTERS)
    assert found.names == ("privacy", "cookies", "terms", "about", "contact")
    for name in found.names:
        document = found.get(name, language, today=TODAY)
        assert document is not None
        assert document.language == language
        assert "{{" not in document.html and "{%" not in document.html
    cookies = found.get("cookies", language, today=TODAY)
    assert cookies is not None
    rows = BeautifulSoup(cookies.html, "html.parser").select("tbody tr")
    assert [row.td.text for row in rows if row.td] == ["compliance_consent", "_pk_id*"]
    assert "Matomo" in rows[1].text


# What PIPL art. 17 and GDPR art. 13 ask to be told, as headings of the policy.
@pytest.mark.parametrize(
    ("language", "headings"),
    [
        (
            "en",
            ["Who is responsible", "What we handle, and why", "Consent, and withdrawing it", "Your rights", "Children"],
        ),
        ("zh_CN", ["个人信息处理者", "处理的个人信息", "同意与撤回", "向他人提供", "您的权利", "未成年人保护", "变更"]),
    ],
)
def test_privacy_policy_has_the_headings_that_the_law_asks_for(
    settings: dict[str, Any], language: str, headings: list[str]
) -> None:
    document = library(settings, STARTERS).get("privacy", language, today=TODAY)
    assert document is not None
    assert set(headings) <= {heading.text for heading in document.contents}
    assert "service@ichongqing.info" in document.html


def test_what_is_not_configured_is_left_out(settings: dict[str, Any]) -> None:
    settings["reporting"] = {}
    document = library(settings, STARTERS).get("contact", "zh_CN", today=TODAY)
    assert document is not None
    assert "举报电话" not in document.html and "12377" not in document.html and "地址：" not in document.html


def test_a_sites_own_folder_replaces_and_adds_by_language(settings: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "about.md", "Ours.")
    write(tmp_path, "ethics.md", "Our rules.", language="zh_CN")
    found = library(settings, STARTERS, tmp_path)
    assert found.names[-1] == "ethics"
    assert [found.get("about", language, today=TODAY).version for language in ("en", "zh_CN")] == ["1", "1.0"]  # type: ignore[union-attr]
    fallback = found.get("ethics", "en", today=TODAY)
    assert fallback is not None
    assert fallback.language == "zh_CN"
    assert found.get("nothing", "en", today=TODAY) is None


def test_versions_take_effect_on_their_day_and_earlier_ones_stay(settings: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "privacy.md", "new", version="'2'", effective="2026-11-25")
    write(tmp_path, "privacy.1.md", "old")
    found = library(settings, tmp_path)
    for today, version, versions in [(date(2026, 11, 24), "1", ["1"]), (date(2026, 11, 25), "2", ["2", "1"])]:
        document = found.get("privacy", "en", today=today)
        assert document is not None
        assert document.version == version
        assert [one.version for one in found.versions("privacy", "en", today)] == versions
    old = found.get("privacy", "en", "1", today=date(2026, 11, 25))
    assert old is not None and "old" in old.html
    assert found.get("privacy", "en", "2", today=TODAY) is None


@pytest.mark.parametrize(
    ("name", "material", "changes"),
    [("privacy", "true", True), ("cookies", "true", True), ("privacy", "false", False), ("terms", "true", False)],
)
def test_only_a_material_version_of_a_policy_asks_again(
    settings: dict[str, Any], tmp_path: Path, name: str, material: str, changes: bool
) -> None:
    for document in ("privacy", "cookies", "terms"):
        write(tmp_path, f"{document}.md")
    write(tmp_path, f"{name}.2.md", version="'2'", effective="2026-06-01", material=material)
    found = library(settings, tmp_path)
    assert (found.policy(TODAY) != found.policy(date(2026, 5, 31))) is changes


def test_the_hash_is_that_of_the_text(settings: dict[str, Any], tmp_path: Path) -> None:
    hashes = []
    for text in ("one", "one", "two"):
        write(tmp_path, "privacy.md", text)
        hashes.append(library(settings, tmp_path).get("privacy", "en", today=TODAY).text_hash)  # type: ignore[union-attr]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no front matter", "front matter"),
        ("---\ntitle: [\n---\ntext", "no YAML"),
        ("---\n- a\n---\ntext", "front matter"),
        ("---\ntitle: T\nversion: '1'\n---\ntext", "effective"),
        ("---\ntitle: T\nversion: '1'\neffective: soon\n---\ntext", "'soon'"),
        ("---\ntitle: T\nversion: ../x\neffective: 2026-01-01\n---\ntext", "'../x'"),
        ("---\ntitle: T\nversion: '1'\neffective: 2026-01-01\nauthor: me\n---\ntext", "author"),
        (FRONT.format(version="'1'", effective="2026-01-01", material="true") + "{{ site.nmae }}", "nmae"),
        (FRONT.format(version="'1'", effective="2026-01-01", material="true") + "{% if %}", "placeholder"),
        (
            FRONT.format(version="'1'", effective="2026-01-01", material="true") + "{{ ''.__class__.mro() }}",
            "placeholder",
        ),
    ],
)
def test_a_file_that_cannot_be_shown_is_named_with_its_fault(
    settings: dict[str, Any], tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "privacy.md").write_text(text)
    with pytest.raises(DocumentError) as raised:
        library(settings, tmp_path)
    assert raised.value.path == tmp_path / "en" / "privacy.md"
    assert told in raised.value.reason


def test_versions_given_twice_and_bad_names_are_errors(settings: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "privacy.md")
    write(tmp_path, "privacy.old.md")
    with pytest.raises(DocumentError, match="twice"):
        library(settings, tmp_path)
    (tmp_path / "en" / "privacy.old.md").rename(tmp_path / "en" / "Privacy Old.md")
    with pytest.raises(DocumentError, match="small letters"):
        library(settings, tmp_path)


def test_headings_get_ids_and_links_also_in_chinese(settings: dict[str, Any], tmp_path: Path) -> None:
    html = shown(settings, tmp_path, "## 您的权利\n\n## Your *rights*!\n\n## 您的权利\n\n## ???")
    soup = BeautifulSoup(html, "html.parser")
    ids = [heading["id"] for heading in soup.select("h2")]
    assert ids == ["您的权利", "your-rights", "您的权利-2", "section"]
    assert [link["href"] for link in soup.select("h2 > a")] == [f"#{one}" for one in ids]


def test_links_lead_out_safely_and_tables_scroll(settings: dict[str, Any], tmp_path: Path) -> None:
    html = shown(settings, tmp_path, "[a](https://x.example) [b](https://www.ichongqing.info/b)\n\n| a |\n|---|\n| b |")
    links = BeautifulSoup(html, "html.parser").select("a")
    assert [link.get("rel") for link in links] == [["noopener", "noreferrer"], None]
    assert BeautifulSoup(html, "html.parser").select_one("div[role=region][tabindex='0'] > table")


def test_our_own_pages_are_linked_where_they_are_mounted(settings: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "privacy.md", "[c]({{ prefix }}/consent) [t]({{ prefix }}/legal/terms#x) [o](/other)")
    document = library(settings, tmp_path).get("privacy", "en", today=TODAY)
    assert document is not None
    links = BeautifulSoup(document.shown("/news/compliance", "?lang=zh-CN"), "html.parser").select("a")
    assert [link["href"] for link in links] == [
        "/news/compliance/consent?lang=zh-CN",
        "/news/compliance/legal/terms?lang=zh-CN#x",
        "/other",
    ]


WILD = st.text(max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '"><img src=x onerror=y>',
        "**b** `c` | d",
        "{{ site }}",
        "\n# h",
    ]
)


@given(WILD)
def test_nothing_of_the_markdown_becomes_active(text: str) -> None:
    from compliance.documents import _MARKDOWN

    soup = BeautifulSoup(_MARKDOWN.render(text), "html.parser")
    assert not soup.select("script, img[onerror], style, iframe")
    assert all(
        not str(link.get("href", "")).lower().startswith(("javascript:", "data:", "vbscript:")) for link in soup("a")
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), min_size=1, max_size=30))
def test_words_of_the_settings_stand_as_they_are(words: str) -> None:
    from compliance.documents import _MARKDOWN, _plain

    text = BeautifulSoup(_MARKDOWN.render("x " + _plain(words)), "html.parser").get_text()
    assert text.strip() == f"x {words}"
