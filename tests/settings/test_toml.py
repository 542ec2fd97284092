"""What is no TOML is told with the line as it should be."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.settings.toml import TomlError, parse


def refusal(content: str | bytes) -> list[tuple[str, str | None, str]]:
    with pytest.raises(TomlError) as caught:
        parse(content.encode() if isinstance(content, str) else content)
    return [(problem.key, problem.value, problem.remedy) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "better", "named"),
    [
        ("name = “City News”", 'name = "City News"', "U+201C"),
        ("name = ＂City News＂", 'name = "City News"', "U+FF02"),
        ("name = 「城市新闻」", 'name = "城市新闻"', "U+300C"),
        ("name = ‘City’", "name = 'City'", "U+2018"),
        ("name ＝ 'City'", "name = 'City'", "U+FF1D"),
        ("name\u3000= 'City'", "name = 'City'", "U+3000"),
        ("name\u00a0= 'City'", "name = 'City'", "U+00A0"),
        ("【site】", "[site]", "U+3010"),
        ("［site］", "[site]", "U+FF3B"),
        ('languages = ["en"，"zh_CN"]', 'languages = ["en","zh_CN"]', "U+FF0C"),
        ("operator = ｛ en = “A”，zh_CN = “中” ｝", 'operator = { en = "A",zh_CN = "中" }', "U+FF5B"),
        ('name = “他说"好"”', 'name = "他说\\"好\\""', "U+201C"),
        ("name = “City", 'name = "City"', "quote"),
        ('name = "City', 'name = "City"', "quote"),
        ('name = City"', 'name = "City"', "quote"),
        ("lifetime_days = ３６５ # 一年", "lifetime_days = 365 # 一年", "digits"),
        ("name = 城市新闻", 'name = "城市新闻"', "quotes"),
        ("icp = 渝ICP备20009753号-2", 'icp = "渝ICP备20009753号-2"', "quotes"),
        ("telephone = 023-67158993", 'telephone = "023-67158993"', "quotes"),
        ("url = https://www.example.org", 'url = "https://www.example.org"', "quotes"),
        ("name = City # ours", 'name = "City" # ours', "quotes"),
        ("languages = [en, zh_CN]", 'languages = ["en", "zh_CN"]', "quotes"),
        ('languages = ["en", "zh_CN"', 'languages = ["en", "zh_CN"]', "closing ]"),
        ("名称 = 'City'", "\"名称\" = 'City'", "key"),
        ("name: City News", 'name = "City News"', "YAML"),
        ("site:", "[site]", "YAML"),
        ("national_centre: true", "national_centre = true", "YAML"),
        ("national_centre = True", "national_centre = true", "small letters"),
        ("[site", "[site]", "closing"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_line_is_shown_as_it_should_be(line: str, better: str, named: str, ends: str):
    tomllib.loads(better)
    [(key, value, remedy)] = refusal(ends.join(("# 设置", "", f"  {line}", "[other]", "a = 'b'")))
    assert (key, value) == ("line 3", line)
    assert remedy.endswith(f"write: {better}")
    assert named in remedy.removesuffix(better)


def test_every_such_line_is_told_at_once():
    found = refusal("【site】\nname = “A”\nlanguages = [\n  'en',\n]\nemail ＝ 'a@example.org'\n")
    assert [key for key, _, _ in found] == ["line 1", "line 2", "line 6"]


@pytest.mark.parametrize("text", ["name = '“City”'", 'name = "a，b＝c" # “d”', "\tname = 'a'", "\ufeffname = 'a'"])
def test_in_strings_and_comments_every_sign_is_text(text: str):
    assert parse(text.encode()) == tomllib.loads(text.removeprefix("\ufeff"))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("name = '城市'".encode("gbk"), "GBK"),
        ("name = 'a'".encode("utf-16"), "UTF-16"),
        (b"name = '\xff\xfe\xfd\x80'", "UTF-8"),
        (b"\xef\xbb\xbf\xef\xbb\xbfname = 'a'", "U+FEFF"),
    ],
)
def test_another_encoding_is_named(content: bytes, named: str):
    [(key, _, remedy)] = refusal(content)
    assert key == "line 1" and named in remedy


@pytest.mark.parametrize(
    "line", ["password = “correct:horse”", "url = mysql://u:correct-horse@db", "deliver_to = [“https://x/?key=horse”]"]
)
def test_no_password_is_repeated(line: str):
    assert "horse" not in str(refusal(line))


@given(st.text(st.sampled_from("a=\"'[]{}#“”＝【，:\n\\ 中1."), max_size=60))
@settings(max_examples=200)
def test_whatever_it_is_it_is_read_or_told(text: str):
    try:
        assert parse(text.encode()) == tomllib.loads(text)
    except TomlError as error:
        assert error.problems and all(problem.remedy for problem in error.problems)
