"""The address of a mailbox, read out of what stands around it."""

from __future__ import annotations

import pytest

from compliance.outside.mailboxes import is_international, mailbox
from support.odd import ODD


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("zhang@example.cn", "zhang@example.cn"),
        ("zhang＠example.cn", "zhang@example.cn"),
        ("ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｎ", "zhang@example.cn"),
        ("zhang@example。cn", "zhang@example.cn"),
        ("邮箱：zhang@example.cn", "zhang@example.cn"),
        ("邮箱zhang@example.cn或电话13800000000", "zhang@example.cn"),
        ("我的邮箱是zhang@example.cn。", "zhang@example.cn"),
        ("张三 <zhang@example.cn>", "zhang@example.cn"),
        ("E-mail: o'neil+news@example.org.", "o'neil+news@example.org"),
        ("my mail is zhang@example.org", "zhang@example.org"),
        ("QQ:12345@qq.com（微信同号）", "12345@qq.com"),
        ("张三@例子.中国", "张三@例子.中国"),
        ("邮箱：张三@example.cn", "张三@example.cn"),
        ("zhang@mail.例子.中国", "zhang@mail.例子.中国"),
    ],
)
def test_an_address_is_read_out_of_the_words_around_it(text: str, address: str):
    assert mailbox(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a@b", "微信 @wang", "a@example.org,b@example.org", "a@@example.org", "a..b@example.org"),
        # Half of a name: an answer would go to somebody else.
        *("zhang san@example.org", "a b@example.org"),
        *(".a@example.org", "a.@example.org", "a@-", "a@example..org", "13800000000"),
    ],
)
def test_what_is_no_one_address_is_none(text: str):
    assert mailbox(text) is None


@pytest.mark.parametrize("odd", ODD)
def test_whatever_is_sent_is_read_or_not(odd: str):
    assert mailbox(ODD[odd](50_000)) is None


def test_only_the_name_needs_another_kind_of_server():
    assert is_international("张三@example.cn")
    assert not is_international("zhang@例子.中国")
