"""Telephones for reports: read as they are printed, told from all other numbers of a footer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit.hotlines import hotlines
from compliance.audit.page import tidy

ONE = ["tel:+862367158993"]


@pytest.mark.parametrize(
    ("foot", "uris"),
    [
        ("违法和不良信息举报电话：023-67158993", ONE),
        ("举报电话（24小时）：023-67158993", ONE),
        ("举报电话：023-67158993（24小时）", ONE),
        ("举报电话（工作日9:00-18:00）：023-67158993", ONE),
        ("举报电话：+86 (0)23 6715 8993", ONE),
        ("举报电话：0086-23-67158993 9:00-18:00", ONE),
        ("Hotline for reporting illegal content: +86-23-67158993", ONE),
        ("Illegal and undesirable information can be reported by calling this telephone number:+86-23-67158993", ONE),
        ("To report harmful content, call 023-67158993 or write to us", ONE),
        ("举报电话：０２３－６７１５８９９３", ONE),
        ("举报电话：٠٢٣-٦٧١٥٨٩٩٣", ONE),
        ("举报电话：023\u200b-671\u00ad58993", ONE),
        ("舉報電話：(023)67158993", ONE),
        ("举报电话：023-67158993转801", ["tel:+862367158993;ext=801"]),
        ("举报电话：023-67158993 转 3", ["tel:+862367158993;ext=3"]),
        ("举报电话：4006262233转3", ["tel:4006262233;ext=3"]),
        ("举报热线 400-626-2233", ["tel:4006262233"]),
        ("举报电话：023-67158993/67158994", [*ONE, "tel:+862367158994"]),
        ("举报电话：023-67158993、67158994、67158995", [*ONE, "tel:+862367158994", "tel:+862367158995"]),
        ("举报电话：023-67158993/4", [*ONE, "tel:+862367158994"]),
        ("举报电话：023-67158993（白天） 13800138000（夜间）", [*ONE, "tel:+8613800138000"]),
        ("举报邮箱：jubao@news.example 举报电话：023-67158993", ONE),
        ("举报邮箱：2367158993@qq.com 电话：023-67158993", ONE),
        ("举报：023-67158993", ONE),
        ("投诉举报中心：023-67158993", ONE),
        ("违法和不良信息举报联系电话：023-67158993", ONE),
        # At the end of what is looked at behind the word.
        *[("举报" + "，请注明网页的地址和截图" * n + "，电话 023-67158993", ONE) for n in (1, 2)],
        *[(f"违法和不良信息{'受' * n}举报电话：{' ' * n}023-67158993", ONE) for n in range(60, 100, 7)],
        # Lines of authorities, told apart.
        ("举报电话：12377", []),
        ("全国文化市场举报电话：12318", []),
        ("上海市市民服务热线投诉：021-12345", []),
        (
            "违法和不良信息举报邮箱：jubao@news.example。亲爱的市民朋友，上海警方反诈劝阻电话“962110”系专门针对避免您财产被骗受损而设，"
            "请您一旦收到来电，立即接听",
            [],
        ),
        ("举报中心 上海警方反诈劝阻电话962110", []),
        ("举报电话：023-67158993 亲爱的市民，警方反诈劝阻电话“962110”", ONE),
        # Other numbers.
        ("违法和不良信息举报 新闻热线：023-67158000 广告热线：023-67158001", []),
        ("举报邮箱：jubao@news.example 传真：023-67158000", []),
        ("举报QQ：12345678 举报QQ群：123456789", []),
        ("违法和不良信息举报 | 客服电话：4006262233", []),
        ("举报 许可证编号：50120220004", []),
        ("举报受理时间：2024-01-15", []),
        ("Annual report: call 010-87654321", []),
        ("联系电话：023-67158000", []),
    ],
)  # fmt: skip
def test_telephone_for_reports_is_read(foot: str, uris: list[str]) -> None:
    assert [line.uri for line in hotlines(tidy(foot)) if not line.public] == uris


@pytest.mark.parametrize(
    ("foot", "printed"),
    [
        ("举报电话：67158993", "67158993"),
        ("举报电话：010-1234567", "010-1234567"),
        ("举报热线：86-23-6715", "86-23-6715"),
    ],
)
def test_what_cannot_be_dialled_is_told_as_it_is_printed(foot: str, printed: str) -> None:
    assert [(line.printed, line.uri) for line in hotlines(tidy(foot))] == [(printed, None)]


def test_number_is_printed_without_what_stands_around_it() -> None:
    lines = hotlines(tidy("举报电话：0316-5266032（24小时） 举报热线（工作日 8:30-17:30）：+86 (0)23 67158993。"))
    assert [line.printed for line in lines] == ["0316-5266032", "+86 (0)23 67158993"]


@given(st.text(alphabet="举报电话邮箱：:0123456789-()/、转 @.年小时tel+。a"), st.sampled_from(["", "举报电话："]))
def test_any_text_is_read_to_its_end(text: str, before: str) -> None:
    for line in hotlines(tidy(before + text)):
        assert line.printed and (line.uri is None or line.uri.startswith("tel:"))


@pytest.mark.parametrize("number", ["12377", "12318", "12345", "96110", "962110", "021-962110"])
def test_line_of_an_authority_is_not_the_sites_own(number: str):
    assert [line.public for line in hotlines(f"举报电话：{number}")] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "新闻敲诈举报电话：010-65212870（全国“扫黄打非”办）",
        "举报受理单位：江海市委网信办 电话：0577-88961234",
        "文化市场举报电话：010-65212871",
    ],
)
def test_telephone_of_an_authority_is_told_by_its_name(text: str):
    assert [line.public for line in hotlines(tidy(text))] == [True]
