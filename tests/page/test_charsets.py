from __future__ import annotations

import pytest
import turbohtml.detect  # noqa: F401  # registers the decoders of the Encoding standard
from hypothesis import given
from hypothesis import strategies as st

from compliance.page import charsets


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("gb2312", "gbk"),
        ("GBK", "gbk"),
        ("gb18030", "gb18030"),
        ("big5-hkscs", "big5"),
        ("sjis", "shift_jis"),
        ("windows-31j", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("iso-8859-1", "windows-1252"),
        ("latin1", "windows-1252"),
        ("utf-16", "utf-16le"),
        ("klingon", None),
        ("hz-gb-2312", None),
        ("", None),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label: str, charset: str | None) -> None:
    assert charsets.named(label) == charset


@pytest.mark.parametrize(
    ("start", "label", "charset"),
    [
        (b"\xef\xbb\xbf<html>", "gbk", "utf-8"),
        (b"\xff\xfe<\0", None, "utf-16le"),
        (b"\xfe\xff\0<", "utf-8", "utf-16be"),
        (b"<html>", "GB2312", "gbk"),
        (b"<meta charset=big5>", None, "big5"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=gb2312">', None, "gbk"),
        (b"<!-- <meta charset=gbk> --><meta charset=utf-8>", None, "utf-8"),
        (b"<p>" + b"x" * charsets.PRESCAN + b"<meta charset=big5>", None, charsets.UNDECLARED),
        (b"<html>", None, charsets.UNDECLARED),
        (b"<html>", "klingon", None),
    ],
)
def test_charset_of_a_page(start: bytes, label: str | None, charset: str | None) -> None:
    assert charsets.sniff(start, label) == charset


CHARSETS = [
    "utf-8",
    "gbk",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "windows-1252",
    "windows-1251",
    "us-ascii",
]


@pytest.mark.parametrize("charset", CHARSETS)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=40))
def test_every_text_can_be_written_and_read_back(charset: str, text: str) -> None:
    import html

    data = charsets.encode(text.replace("&", ""), charset)
    codec = {"us-ascii": "ascii"}.get(charset, f"whatwg-{charset}")
    assert html.unescape(data.decode(codec)) == text.replace("&", "")


def test_what_a_charset_lacks_becomes_a_reference() -> None:
    assert charsets.encode("渝ICP备 é", "gbk") == "渝ICP备 é".encode("gbk")
    assert charsets.encode("中é", "windows-1252") == b"&#20013;\xe9"
    assert charsets.encode("中é", "us-ascii") == b"&#20013;&#233;"


@pytest.mark.parametrize("charset", ["utf-16le", "utf-16be", "iso-2022-jp"])
@given(st.text(max_size=60), st.integers(1, 9))
def test_recoded_pages_come_back_without_loss(charset: str, text: str, size: int) -> None:
    data = text.encode(charset, "ignore")
    recoder = charsets.recoder(charset)
    assert recoder is not None
    back = [recoder.outward(recoder.inward(data[at : at + size])) for at in range(0, len(data), size)]
    assert b"".join(back) + recoder.rest() == data


@given(st.binary(max_size=60), st.sampled_from(["utf-16le", "utf-16be", "iso-2022-jp"]))
def test_bytes_that_are_no_text_come_back_too(data: bytes, charset: str) -> None:
    recoder = charsets.recoder(charset)
    assert recoder is not None
    assert recoder.outward(recoder.inward(data)) + recoder.rest() == data


@pytest.mark.parametrize("cut", [b"\x1b", b"\x1b$", b"\x1b(", b"\x1b$B\x46\x1b"])
def test_an_escape_sequence_that_is_cut_off_comes_back(cut: bytes) -> None:
    recoder = charsets.recoder("iso-2022-jp")
    assert recoder.outward(recoder.inward(b"<p>" + cut)) + recoder.rest() == b"<p>" + cut


def test_other_charsets_need_no_recoding() -> None:
    assert charsets.recoder("gbk") is None
