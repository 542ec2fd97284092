"""Numbers of licences as footers print them: whole, in every script, told from what looks alike."""

from __future__ import annotations

import pytest

from compliance.audit.page import Page


def read(foot: str, *, home: bool = True) -> Page:
    return Page("https://news.example/", f"<body><h1>新闻</h1><div class=footer>{foot}</div>".encode(), home=home)


def numbers(foot: str) -> list[tuple[str, str, bool]]:
    return [(one.kind, one.number, one.valid) for one in read(foot).numbers]


ZWSP, BOM, SHY, WJ, RLM = "\u200b", "\ufeff", "\u00ad", "\u2060", "\u200f"


@pytest.mark.parametrize(
    ("foot", "kind", "number"),
    [
        # Telecom licences: nationwide, of provinces and cities, with numbers below them.
        ("增值电信业务经营许可证：合字B2-20170010", "telecom", "合字B2-20170010"),
        ("粤B2-20090059-1892", "telecom", "粤B2-20090059-1892"),
        ("增值电信业务经营许可证B1.B2-20130005", "telecom", "B1.B2-20130005"),
        ("经营许可证编号：深B2-20040100-7", "telecom", "深B2-20040100-7"),
        ("A2.B1.B2-20090001", "telecom", "A2.B1.B2-20090001"),
        # Traditional characters.
        ("滬ICP備13002172號-3", "icp", "沪ICP备13002172号-3"),
        ("粵ICP備13002172號", "icp", "粤ICP备13002172号"),
        *[
            (f"{written}ICP備13002172號", "icp", f"{read}ICP备13002172号")
            for written, read in zip("蘇閩魯遼貴陝晉贛瓊寧雲隴", "苏闽鲁辽贵陕晋赣琼宁云陇", strict=True)
        ],
        ("閩公網安備35020302001234號", "public_security", "闽公网安备35020302001234号"),
        ("互聯網新聞信息服務許可證：35120220004", "news", "35120220004"),
        ("互聯網新聞資訊服務許可證編號：35120220004", "news", "35120220004"),
        # What nobody sees, and what cuts a number in two.
        *[(f"渝ICP备2000{sign}9753号-2", "icp", "渝ICP备20009753号-2") for sign in (ZWSP, BOM, SHY, WJ, RLM, "&shy;")],
        (f"互联网新闻信息服务许可证：5012{ZWSP}0220004", "news", "50120220004"),
        ("渝ICP备<b>2000</b><span>9753</span>号-2", "icp", "渝ICP备20009753号-2"),
        ("渝ICP备2000<br>9753号-2", "icp", "渝ICP备20009753号-2"),
        ("渝<img src=/a.gif>ICP备<img src=/b.gif>20009753号-2", "icp", "渝ICP备20009753号-2"),
        # Apps, mini-programs, quick apps.
        ("京ICP备2024077296号-2A", "icp", "京ICP备2024077296号-2A"),
        ("京ICP备2024077296号-11X", "icp", "京ICP备2024077296号-11X"),
        ("京ICP备2024077296号-3K", "icp", "京ICP备2024077296号-3K"),
        ("京ICP备2024077296-3号", "icp", "京ICP备2024077296-3号"),
        # What police offices gave before there was a platform.
        ("北京市公安局海淀分局备案号：1101083456", "public_security", "北京市公安局海淀分局备案号:1101083456"),
        ("海淀分局备案编号：11010802020134", "public_security", "海淀分局备案编号:11010802020134"),
        ("文网文[2009]042号", "culture", "文网文[2009]042号"),
        ("（署）网出证（京）字第079号", "online_publishing", "(署)网出证(京)字第079号"),
    ],
)
def test_number_is_read_whole(foot: str, kind: str, number: str) -> None:
    assert (kind, number, True) in numbers(foot), numbers(foot)
    assert len(numbers(foot)) == 1


@pytest.mark.parametrize(
    ("foot", "kind", "number"),
    [
        ("京ICP备00000000号", "icp", "京ICP备00000000号"),
        ("京ICP备11111111号-1", "icp", "京ICP备11111111号-1"),
        ("京公网安备00000000000000号", "public_security", "京公网安备00000000000000号"),
        ("公安备案号：50010402001494", "public_security", "公安备案号:50010402001494"),
        ("B2-00000000", "telecom", "B2-00000000"),
    ],
)
def test_number_that_cannot_be_is_read_as_one_that_is_wrong(foot: str, kind: str, number: str) -> None:
    assert numbers(foot) == [(kind, number, False)]


@pytest.mark.parametrize(
    "foot",
    [
        "萌ICP备20240101号",
        "本站已加入 萌ICP备20240101号",
        "本站喵ICP备20240101号",
        "统一社会信用代码：91500000MA5U123456",
        "书号 ISBN 978-7-5366-0001-2 国内统一刊号：CN 50-0001 ISSN 1000-0001",
        "执行标准 GB 45438-2025、GB/T 35273-2020",
        "互联网新闻信息服务许可证 举报电话：023-67158993",
        "据查，该网站盗用“渝ICP备20009753号”，已被关停。",
        "经核实，某网站（渝ICP备20009753号）未经许可开办新闻栏目。",
    ],
)
def test_what_looks_like_a_number_is_none(foot: str) -> None:
    assert numbers(foot) == []


@pytest.mark.parametrize(
    ("foot", "rule"),
    [
        # In an article, not of the site.
        (
            "</div><article><h2>通报</h2><p>渝ICP备20009753号所属网站被约谈。</p><p>渝ICP备20009753号</p></article>",
            "C001",
        ),
        ("互联网新闻信息服务许可证 | 关于我们", "C018"),
        ("渝ICP备20009753号 《互联网新闻信息服务许可证》", "C018"),
        (f"<a href=https://beian.miit.gov.cn/>渝ICP备2000{ZWSP}9753号</a>", "C024"),
        (f"互联网新闻信息服务许可证：5012{WJ}0220004", "C024"),
    ],
)
def test_finding_names_what_is_wrong(foot: str, rule: str) -> None:
    from test_audit_rules import check

    assert rule in {one.rule.id for one in check(read(foot))[0]}


@pytest.mark.parametrize(
    ("foot", "linked"),
    [
        ("<a href='{}'>浙公网安备</a> 33010602001234号", True),
        ("<a href='{}'><img src=/s.png></a> <span>浙公网安备33010602001234号</span>", True),
        ("<span><a href='{}'>浙公网安备</a></span><em>33010602001234号</em>", True),
        ("<a href='{}'>浙公网安备 3301 0602 0012 34号</a>", True),
        ("<a href=/about>关于</a> 浙公网安备33010602001234号", False),
    ],
)
def test_link_is_found_where_the_digits_stand_behind_it(foot: str, linked: bool) -> None:
    from test_audit_rules import check

    href = "https://beian.mps.gov.cn/#/query/webSearch?code=33010602001234"
    page = read(foot.replace("{}", href))
    assert [one.link.address for one in page.numbers if one.link] == [href] * linked
    assert ("C011" in {one.rule.id for one in check(page)[0]}) is not linked


def test_each_of_two_numbers_has_its_own_link() -> None:
    page = read(
        "<a href=/app>渝ICP备20009753号-2A</a> <a href=https://beian.miit.gov.cn/>渝ICP备20009753号</a> "
        "<a href=/x>渝ICP备20009753号-2</a>"
    )
    assert {one.number: one.link and one.link.attribute("href") for one in page.numbers} == {
        "渝ICP备20009753号-2A": "/app",
        "渝ICP备20009753号": "https://beian.miit.gov.cn/",
        "渝ICP备20009753号-2": "/x",
    }
