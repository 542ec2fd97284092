from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import ComplianceError
from compliance.words import LONGEST, Words

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


def find(text: str, *words: str) -> tuple[str, ...]:
    return Words(words).find(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("他们说这是赌博网站", "赌博"),
        ("赌博", "赌博"),
        ("赌 博", "赌博"),
        ("赌\u3000博", "赌博"),
        ("赌·博", "赌博"),
        ("赌。。。\n博", "赌博"),
        ("赌_博", "赌博"),
        ("赌🎲博", "赌博"),
        ("赌\u200b博", "赌博"),
        ("赌\u2060 \ufeff博", "赌博"),
        ("赌\ufe0f博", "赌博"),
        ("赌\U000e0100博", "赌博"),
        ("赌博", "赌 博"),
        ("⾦融", "金融"),
        ("Ｃａｓｉｎｏ", "casino"),
        ("CASINO!", "casino"),
        ("ⓒasino", "casino"),
        ("𝐜𝐚𝐬𝐢𝐧𝐨", "casino"),
        ("𝐂𝐀𝐒𝐈𝐍𝐎", "casino"),
        ("ca\u00adsi\u200dno", "casino"),
        ("the casino.", "Casino"),
        ("加ＶＸ联系", "vx"),
        ("加vx13800000000", "vx"),
        ("call 400-123!", "400-123"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
        ("ﬁn", "FIN"),
        ("I ♥ it", "♥"),
        ("buy  now", "buy  now"),
        ("C# and C", "C#"),
        ("𠮷 野", "𠮷野"),
        ("казино", "Казино"),
    ],
)
def test_word_is_found_however_it_is_dressed_up(text: str, word: str):
    assert find(text, word) == (word,)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "赌博"),
        ("赌", "赌博"),
        ("赌x博", "赌博"),
        ("a shade", "ad"),
        ("adapt", "ad"),
        ("head", "ad"),
        ("éad", "ad"),
        ("13900", "139"),
        ("c a s i n o", "casino"),
        ("buynow", "buy now"),
    ],
)
def test_word_is_not_found_where_it_is_not(text: str, word: str):
    assert find(text, word) == ()


def test_words_are_told_as_the_list_spells_them_in_the_order_of_the_text():
    assert find("casino 赌博，CASINO，赌场", "赌场", "Casino", "赌", "赌博") == ("Casino", "赌", "赌博", "赌场")


def test_two_spellings_of_one_word_are_one():
    words = Words(["Casino", "ＣＡＳＩＮＯ"])
    assert len(words) == 1
    assert words.find("casino") == ("Casino",)


def test_empty_list_finds_nothing():
    assert find("赌博") == ()


@given(
    before=st.text(HAN), word=st.text(HAN, min_size=1, max_size=8), after=st.text(HAN), gap=st.sampled_from(" 　,-*\n")
)
def test_chinese_word_is_found_anywhere_with_or_without_gaps(before: str, word: str, after: str, gap: str):
    # What normalisation makes of a rare character may be another one.
    assert find(before + word + after, word) == find(before + gap.join(word) + after, word) == (word,)


@given(text=st.text(), words=st.lists(st.text(min_size=1, max_size=5), max_size=10))
def test_no_text_breaks_the_search(text: str, words: list[str]):
    usable = []
    for word in words:
        try:
            Words([word])
        except ComplianceError:
            continue
        usable.append(word)
    assert set(Words(usable).find(text)) <= set(usable)


@given(text=st.text("ab中文 .,", max_size=30), words=st.lists(st.text("ab中文", min_size=1, max_size=4), max_size=8))
def test_index_finds_what_a_look_at_each_place_finds(text: str, words: list[str]):
    plain = text
    for _ in range(len(text)):  # the slow way to drop what stands between Chinese characters
        for left in range(len(plain) - 2):
            if (
                plain[left] in "中文"
                and plain[left + 1] in " .,"
                and plain[left + 2 :].lstrip(" .,")[:1] in ("中", "文")
            ):
                plain = plain[: left + 1] + plain[left + 2 :]
                break

    def letters(two: str) -> bool:
        return len(two) == 2 and set(two) <= set("ab")

    expected = set()
    for word in words:
        for place in range(len(plain)):
            end = place + len(word)
            if plain[place:end] == word and not (
                letters(plain[max(place - 1, 0) : place] + word[0]) or letters(word[-1] + plain[end : end + 1])
            ):
                expected.add(word)
    assert set(Words(words).find(text)) == expected


def test_list_is_read_from_a_file(tmp_path: Path):
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff# 涉赌\r\n赌博\r\n\r\n  casino  \n#赌场\nC#\n".encode())
    words = Words.load(path)
    assert len(words) == 3
    assert words.find("赌博, casino, 赌场, c#") == ("赌博", "casino", "C#")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("赌博\n赌场\n".encode("gbk"), 1),
        ("赌博\n".encode() + b"caf\xe9\n", 2),
        ("赌博\n".encode("utf-16"), 1),
        ("# 涉赌\n\n\u200b\n".encode(), 3),
        (b"word\n" + b"a" * (LONGEST + 1), 2),
    ],
    ids=["gbk", "latin-1", "utf-16", "invisible", "long"],
)
def test_list_that_cannot_be_used_is_told_by_file_and_line(tmp_path: Path, content: bytes, line: int):
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(ComplianceError) as caught:
        Words.load(path)
    assert f"{path}, line {line}:" in str(caught.value)


def test_list_that_is_not_there_is_told_by_its_file(tmp_path: Path):
    with pytest.raises(ComplianceError, match="missing.txt"):
        Words.load(tmp_path / "missing.txt")


@pytest.mark.parametrize("word", ["", " ", "\u200b", "\u3164", "a" * (LONGEST + 1), "\ufdfa" * 4])
def test_word_that_is_none_is_refused(word: str):
    with pytest.raises(ComplianceError, match="visible"):
        Words([word])


def test_longest_word_counts_as_it_is_searched():
    assert len(unicodedata.normalize("NFKC", "\ufdfa")) == 18
    assert find("a" * LONGEST, "a" * LONGEST)
